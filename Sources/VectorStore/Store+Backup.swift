// `backup`: a copy of the whole store as it is at one moment. And stores for tests, which nobody keeps.

import Foundation
import GRDB

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Store {
  /// Copies the store into a new file, as it is at one moment. Others may read and write meanwhile.
  ///
  /// The copy is checked before it gets its name, so that a file at `path` is a whole store. Only its
  /// owner may read it.
  ///
  /// - Throws: ``StoreError`` with `invalidArgument` if something is at `path` already or it is a file of
  ///   the store's; `damaged`, `diskFull`, `inputOutput`.
  /// - Complexity: reads and writes all pages of the store.
  public func backup(to path: String) async throws {
    try checkOutputs([path])
    guard try FilePlace(path) == .nothing else { throw Self.inTheWay(path) }
    let draft = "\(path)-new-\(UUID().uuidString)"
    defer { for side in [""] + StorePath.sqliteSides { unlink(draft + side) } }
    try await storeFile(for: "a backup").readDatabase { db in
      let descriptor = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Self.cannotWrite(path, errno) }
      closeFile(descriptor)
      let copy = try DatabaseQueue(path: draft)
      try copy.writeWithoutTransaction { try db.backup(to: $0) }
      let complaint = try copy.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
      try copy.close()
      guard complaint == "ok" else {
        throw StoreError(
          .damaged,
          "the copy for \(path) is damaged: \(complaint ?? "it cannot be read"); try again")
      }
      guard link(draft, path) == 0 else {
        throw errno == EEXIST ? Self.inTheWay(path) : Self.cannotWrite(path, errno)
      }
    }
  }

  private static func inTheWay(_ path: String) -> StoreError {
    StoreError(
      .invalidArgument,
      "\(path) is there already, and a backup replaces nothing; name a new file")
  }

  private static func cannotWrite(_ path: String, _ code: Int32) -> StoreError {
    StoreError(
      code == ENOSPC ? .diskFull : .inputOutput,
      "no backup can be written at \(path): \(String(cString: strerror(code))); check the folder")
  }

  /// A new, empty store for a test or for texts that nobody keeps: a file in a folder of its own, which is
  /// removed when the store is closed or let go.
  ///
  /// `Store(path: ":memory:")` is the same.
  public static func temporary(
    configuration: StoreConfiguration = StoreConfiguration(mode: .mock)
  ) async throws -> Store {
    try await Store(path: memoryPath, configuration: configuration)
  }

  /// The path that stands for a store that is not kept, as in SQLite.
  static let memoryPath = ":memory:"
}

/// `Store` has a `close` of its own.
private func closeFile(_ descriptor: Int32) { close(descriptor) }

/// A folder that is gone when it is let go.
final class PassingFolder: Sendable {
  let path: String

  /// Makes a folder that only its owner may read.
  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appending(path: "vector-store-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  /// Removes it now.
  func remove() { try? FileManager.default.removeItem(atPath: path) }

  deinit { remove() }
}
