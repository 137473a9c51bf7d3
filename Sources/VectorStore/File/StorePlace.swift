// Where a store is: a file, or a schema of a PostgreSQL database.

import Foundation

#if Postgres
  import VectorStorePostgres
#endif

/// What somebody names as a store: the path of a file, or an address.
package struct StorePlace: Sendable {
  private let name: String

  package init(_ name: String) { self.name = name }

  /// Whether it is an address of PostgreSQL.
  package var isPostgres: Bool {
    name.hasPrefix("postgres://") || name.hasPrefix("postgresql://")
  }

  /// Opens what keeps the store. Sources of files are relative to its folder, if they are below that.
  func open(
    _ configuration: StoreConfiguration
  ) async throws -> (storage: any StoreStorage, folder: String) {
    guard isPostgres else {
      let file = try await StoreFile.open(path: name, configuration: configuration)
      return (file, URL(filePath: file.path).deletingLastPathComponent().path)
    }
    #if Postgres
      let storage = try await PostgresStorage.open(address: name, configuration: configuration)
      // Below this no file can be: all are called by their absolute paths.
      return (storage, storage.address.folder ?? "/dev/null")
    #else
      throw StoreError(
        .invalidArgument,
        "this program was built without PostgreSQL, and the store is an address of it; build it with "
          + "`--traits Postgres`, or name a file")
    #endif
  }
}
