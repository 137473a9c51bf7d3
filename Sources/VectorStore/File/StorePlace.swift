// Where a store is: a file, or a schema of a PostgreSQL database.

import Foundation
import VectorStoreText

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

  /// Whether it was meant as an address, and is written as none.
  private var isMistyped: Bool {
    let start = name.prefix(11).lowercased()
    return !isPostgres && (start.hasPrefix("postgres:") || start.hasPrefix("postgresql:"))
  }

  /// Whether an address holds a password.
  package var hasPassword: Bool { shown != name }

  /// The name as it may be shown: without a password.
  package var shown: String {
    guard isPostgres || isMistyped else { return name }
    // What stands before the last @ of the first part, and any parameter of that name.
    let parts = name.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    var start = String(parts[0])
    if let at = start.lastIndex(of: "@"),
      let slashes = start.range(of: ":") ?? start.range(of: "/"),
      let colon = start[slashes.upperBound..<at].lastIndex(of: ":")
    {
      start.removeSubrange(colon..<at)
    }
    guard parts.count > 1 else { return start }
    let others = parts[1].split(separator: "&").filter { !$0.lowercased().hasPrefix("password=") }
    return start + "?" + others.joined(separator: "&")
  }

  /// What keeps a ledger there. Nothing is opened yet.
  var ledger: any LedgerDatabase {
    guard isPostgres else { return UserDatabase(path: name, form: LedgerSchema.form) }
    #if Postgres
      return PostgresLedger(address: name)
    #else
      return NoPostgres()
    #endif
  }

  /// Opens what keeps the store. Sources of files are relative to its folder, if they are below that.
  func open(
    _ configuration: StoreConfiguration
  ) async throws -> (storage: any StoreStorage, folder: String) {
    guard !isMistyped else {
      throw StoreError(
        .invalidArgument,
        "found \(shown) as the store, expected a file or an address as postgres://user@host/database; correct it"
      )
    }
    guard isPostgres else {
      let file = try await StoreFile.open(path: name, configuration: configuration)
      return (file, URL(filePath: file.path).deletingLastPathComponent().path)
    }
    #if Postgres
      let storage = try await PostgresStorage.open(address: name, configuration: configuration)
      return (storage, storage.address.folder ?? SourceIdentity.nowhere)
    #else
      throw NoPostgres.error
    #endif
  }
}

#if !Postgres
  /// A ledger at an address of PostgreSQL, which this program cannot reach.
  private struct NoPostgres: LedgerDatabase {
    static let error = StoreError(
      .invalidArgument,
      "this program was built without PostgreSQL, and an address of it is named; build it with `--traits "
        + "Postgres`, or name a file")

    let path = "on PostgreSQL"

    func write<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T { throw Self.error }

    func read<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T? { throw Self.error }
  }
#endif
