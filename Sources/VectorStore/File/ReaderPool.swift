// The reading connections of a store: read-only, so that asking never takes a lock and works on a
// file that cannot be written. Made by StoreFile; calls GRDB.

import Foundation
import GRDB

/// Read-only connections to one store, checked on opening to be a store that this program knows.
struct ReaderPool: Sendable {
  /// A pool, or one connection where one reader is enough.
  let connection: any DatabaseReader
  private let path: String

  /// Opens the store at `path`.
  ///
  /// Where the folder cannot be written and no write-ahead log waits, the file is opened
  /// `immutable`: SQLite then needs no shared memory beside it.
  init(path: String, maximumReaders: Int) throws {
    self.path = path
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "vector-store"
    configuration.maximumReaderCount = max(1, maximumReaders)
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA mmap_size = 2147418112")
    }
    try ReaderPool.checkLog(path)
    let name = ReaderPool.needsImmutable(path) ? ReaderPool.immutableURI(path) : path
    // A pool opens two connections before its first read.
    connection =
      maximumReaders > 1
      ? try DatabasePool(path: name, configuration: configuration)
      : try DatabaseQueue(path: name, configuration: configuration)
    try check()
  }

  /// The number of migrations the file has been through.
  func schemaVersion() throws -> Int32 {
    try connection.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
  }

  private func check() throws {
    let (application, version) = try connection.read { db in
      // The schema is read first: a file that is no database, or cut short, fails here.
      _ = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master")
      return (
        try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0,
        try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      )
    }
    guard application == Schema.applicationID else {
      throw StoreError(
        .notAStore,
        "\(path) is not a store: it is an SQLite file of another program (application_id "
          + "\(application), expected \(Schema.applicationID)); choose another path")
    }
    guard version <= Schema.version else {
      throw StoreError(
        .tooNew,
        "\(path) was written by a newer version of this program (file format \(version), this "
          + "program knows up to \(Schema.version)); use the newer version")
    }
    try checkLength()
  }

  /// A file that was cut short is told at once, not when a query happens on a missing page.
  private func checkLength() throws {
    // All inside one snapshot, which keeps others from making the file shorter meanwhile.
    let (expected, onDisk, waiting) = try connection.read { [path] db in
      let pageSize = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0
      let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      return (pageSize * pages, StoreFile.size(of: path), StoreFile.size(of: path + "-wal"))
    }
    guard onDisk >= expected || waiting > 0 else {
      throw StoreError(
        .damaged,
        "\(path) is damaged: it has \(onDisk) bytes and should have \(expected); restore it "
          + "from a backup, or copy out what can be read with `sqlite3 \(path) .recover`")
    }
  }

  private static func needsImmutable(_ path: String) -> Bool {
    hasNoRoomBeside(path) && StoreFile.size(of: path + "-wal") == 0
  }

  /// Whether SQLite's shared memory is not beside the file and cannot be made there.
  private static func hasNoRoomBeside(_ path: String) -> Bool {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    return !FileManager.default.isWritableFile(atPath: folder)
      && !FileManager.default.fileExists(atPath: path + "-shm")
  }

  /// A log with changes can only be read with shared memory beside it.
  private static func checkLog(_ path: String) throws {
    let bytes = StoreFile.size(of: path + "-wal")
    guard bytes > 0, hasNoRoomBeside(path) else { return }
    throw StoreError(
      .cannotOpen,
      "\(path) cannot be read: \(path)-wal holds \(bytes) bytes of changes that are not in the file "
        + "yet, and its folder cannot be written; open it once as a user who may write there")
  }

  private static func immutableURI(_ path: String) -> String {
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: "?#%")
    let absolute = URL(filePath: path).standardizedFileURL.path
    return "file:\(absolute.addingPercentEncoding(withAllowedCharacters: allowed) ?? absolute)"
      + "?immutable=1"
  }
}
