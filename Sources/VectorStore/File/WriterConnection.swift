// The one writing connection of a store: making the file, transactions, checkpoints, compaction,
// all under the store's lock. Used by StoreFile on its writer thread; calls GRDB and StoreLock.

import Foundation
import GRDB

/// The writing connection, opened at the first write.
///
/// `@unchecked Sendable`: its state is only touched on the writer thread of the StoreFile that owns
/// it, and in that file's initialiser before anybody else has it.
final class WriterConnection: @unchecked Sendable {
  /// The write-ahead log is copied into the file when it grows beyond this many bytes.
  private static let checkpointBytes: Int64 = 64 << 20
  /// How long SQLite waits for a lock of its own.
  private static let busyMilliseconds = 30_000

  private let path: String
  private let lockTimeout: Double
  private let lock: StoreLock
  private var queue: DatabaseQueue?
  private var isClosed = false

  init(path: String, lockTimeout: Double) {
    self.path = path
    self.lockTimeout = lockTimeout
    lock = StoreLock(storePath: path)
  }

  /// Makes an empty store at the path: whole or not at all, since it is made under another name and
  /// moved into place. Does nothing where another process was faster.
  func create() throws {
    try lock.withLock(timeout: lockTimeout) {
      guard StoreFile.size(of: path) == 0 else { return }
      let draft = path + "-new"
      let drafts = [draft, draft + "-journal", draft + "-wal", draft + "-shm"]
      for file in drafts where FileManager.default.fileExists(atPath: file) {
        try FileManager.default.removeItem(atPath: file)
      }
      let queue = try DatabaseQueue(path: draft, configuration: Self.configuration(creating: true))
      try Schema.migrator.migrate(queue)
      try queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
        let mode = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
          throw StoreError(
            .cannotOpen,
            "\(path) cannot be a store: its file system does not support SQLite's write-ahead log "
              + "(journal mode \(mode ?? "unknown")); use a local disk")
        }
      }
      try queue.close()
      // What a store left beside this path that has been deleted since must not be read into it.
      for side in ["-wal", "-shm", "-journal"]
      where FileManager.default.fileExists(atPath: path + side) {
        try FileManager.default.removeItem(atPath: path + side)
      }
      guard rename(draft, path) == 0 else {
        throw StoreError(
          .inputOutput, "cannot move the new store to \(path): \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Runs the migrations that the file has not been through.
  func upgrade() throws {
    try lock.withLock(timeout: lockTimeout) {
      try Schema.migrator.migrate(try connection())
    }
  }

  /// Runs `body` in one transaction and commits it.
  ///
  /// - Parameter isDurable: whether it is on the disk when this returns; if not, it is with the next
  ///   one that is.
  func transaction<T>(isDurable: Bool = true, _ body: (Database) throws -> T) throws -> T {
    try lock.withLock(timeout: lockTimeout) {
      let connection = try connection()
      let result =
        try isDurable ? connection.write(body) : Self.undurably(connection) { try $0.write(body) }
      if StoreFile.size(of: path + "-wal") > Self.checkpointBytes {
        try connection.writeWithoutTransaction { db in
          _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(PASSIVE)")
        }
      }
      return result
    }
  }

  /// Copies the log into the file and cuts it to nothing, unless a reader still needs it.
  func checkpointAndTruncate() throws {
    guard queue != nil else { return }
    try lock.withLock(timeout: lockTimeout) {
      try connection().writeWithoutTransaction { db in
        // Without waiting for readers: that would be under the lock, and stall every writer.
        try db.execute(sql: "PRAGMA busy_timeout = 0")
        _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        try db.execute(sql: "PRAGMA busy_timeout = \(Self.busyMilliseconds)")
      }
    }
  }

  /// See ``StoreFile/compact(_:)``.
  func compact(_ beforeVacuum: (Database) throws -> Void) throws {
    try lock.withLock(timeout: lockTimeout) {
      let connection = try connection()
      try connection.write(beforeVacuum)
      try connection.writeWithoutTransaction { db in
        try db.execute(sql: "VACUUM")
        let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        guard row?[0] == 0 else {
          throw StoreError(
            .locked,
            "\(path) was compacted, but a reader still holds the old pages in \(path)-wal; close "
              + "the other programs that have it open and run `store compact` again")
        }
      }
    }
  }

  /// See ``StoreFile/rebuild(_:)``. Others who have the store open go on with the new contents.
  func rebuild(_ fill: (Database) throws -> Void) throws {
    try lock.withLock(timeout: lockTimeout) {
      let draft = path + "-new"
      func removeDraft() { ["", "-journal", "-wal", "-shm"].forEach { unlink(draft + $0) } }
      removeDraft()
      defer { removeDraft() }
      let queue = try DatabaseQueue(path: draft, configuration: Self.configuration(creating: true))
      try Schema.migrator.migrate(queue)
      try queue.writeWithoutTransaction { db in
        try db.execute(
          sql: "PRAGMA application_id = \(Schema.applicationID); PRAGMA foreign_keys = OFF")
        try db.execute(
          sql: "ATTACH ? AS damaged", arguments: [URL(filePath: path).standardizedFileURL.path])
      }
      try queue.write(fill)
      try queue.writeWithoutTransaction { try $0.execute(sql: "DETACH damaged") }
      // As one transaction of the store's own file (`sqlite3_backup_step`).
      try queue.backup(to: try connection())
      try queue.close()
    }
    try checkpointAndTruncate()
  }

  /// Closes the connection. SQLite may then copy the log into the file, so this too is done under
  /// the lock where it is to be had.
  func close() {
    isClosed = true
    guard let queue else { return }
    self.queue = nil
    do {
      try lock.withLock(timeout: lockTimeout) { try queue.close() }
    } catch {
      // Without the lock the connection still has to go; nothing is lost, the log stays behind.
      try? queue.close()
    }
  }

  private static func undurably<T>(
    _ connection: DatabaseQueue, _ body: (DatabaseQueue) throws -> T
  ) throws -> T {
    func setSynchronous(_ level: String) throws {
      try connection.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA synchronous = \(level)")
      }
    }
    try setSynchronous("NORMAL")
    let result = Result { try body(connection) }
    try setSynchronous("FULL")
    return try result.get()
  }

  private func connection() throws -> DatabaseQueue {
    if let queue { return queue }
    guard !isClosed else {
      throw StoreError(.closed, "the store \(path) was closed; open it again")
    }
    let queue = try DatabaseQueue(path: path, configuration: Self.configuration(creating: false))
    self.queue = queue
    return queue
  }

  private static func configuration(creating: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.label = "vector-store.writer"
    configuration.busyMode = .timeout(Double(busyMilliseconds) / 1000)
    configuration.prepareDatabase { db in
      if creating {
        try db.execute(sql: "PRAGMA page_size = \(Schema.pageSize)")
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      }
      try db.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = 0;
          PRAGMA journal_size_limit = \(checkpointBytes);
          PRAGMA secure_delete = ON;
          PRAGMA cache_size = -131072;
          """)
    }
    return configuration
  }
}
