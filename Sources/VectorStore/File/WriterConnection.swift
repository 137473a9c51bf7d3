// The one writing connection of a store: making the file, transactions, checkpoints, compaction,
// all under the store's lock.

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
  /// How long a store that is closed waits for the lock at most, in seconds.
  private static let closingPatience = Duration.seconds(30)

  private let path: String
  private let lockTimeout: Duration?
  private let lock: StoreLock
  private var queue: DatabaseQueue?
  private var files: OpenFiles?
  private var isClosed = false

  init(path: String, lockTimeout: Duration?) {
    self.path = path
    self.lockTimeout = lockTimeout
    lock = StoreLock(storePath: path)
  }

  /// Makes an empty store at the path: whole or not at all, since it is made under another name and
  /// moved into place. Does nothing where another process was faster.
  ///
  /// - Throws: ``StoreError``, also where something is at the path that a store must not replace. The
  ///   draft is gone then.
  func create() throws {
    try lock.withLock(timeout: lockTimeout) {
      guard try Self.isVacant(path) else { return }
      let draft = path + "-new"
      let drafts = [draft] + StorePath.sqliteSides.map { draft + $0 }
      try drafts.forEach(Self.removeLeftover)
      do {
        try makeDraft(draft)
        // What a store left beside this path that has been deleted since must not be read into it.
        try StorePath.sqliteSides.forEach { try Self.removeLeftover(path + $0) }
        try place(draft)
      } catch {
        for file in drafts { unlink(file) }
        throw error
      }
    }
  }

  /// Whether a new store may be put at a path: nothing is there, or an empty file.
  private static func isVacant(_ path: String) throws -> Bool {
    let place = try FilePlace(path)
    if let obstacle = place.obstacle {
      throw StoreError(
        .notAStore, "\(path) is \(obstacle), not a store, and is left alone; name a file")
    }
    return place == .nothing || place == .file(bytes: 0)
  }

  /// Removes a file that was left beside a store. Anything else is not this program's.
  private static func removeLeftover(_ path: String) throws {
    let place = try FilePlace(path)
    if let obstacle = place.obstacle {
      throw StoreError(
        .cannotOpen,
        "no store can be made: \(path) is in the way, which is \(obstacle); remove it, or choose another "
          + "path")
    }
    guard place != .nothing, unlink(path) != 0, errno != ENOENT else { return }
    throw StoreError(
      .inputOutput, "\(path) cannot be removed: \(String(cString: strerror(errno)))")
  }

  /// Makes an empty file for this user only. SQLite makes the files beside it with the same permissions.
  private static func makeFile(_ draft: String) throws {
    let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0, fchmod(descriptor, 0o600) == 0, Foundation.close(descriptor) == 0 else {
      let code = errno
      throw StoreError(
        code == ENOSPC || code == EDQUOT ? .diskFull : .cannotOpen,
        "\(draft) cannot be made: \(String(cString: strerror(code))); check the folder and its disk"
      )
    }
  }

  private func makeDraft(_ draft: String) throws {
    try Self.makeFile(draft)
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
  }

  /// Moves the draft to the path, where nothing or an empty file is.
  private func place(_ draft: String) throws {
    // Unlike a renamed file, a second name never replaces what has come to the path meanwhile.
    if try FilePlace(path) == .nothing, link(draft, path) == 0 {
      unlink(draft)
      return
    }
    // An empty file is there, or the file system knows no second names.
    guard try Self.isVacant(path) else {
      throw StoreError(
        .inputOutput,
        "\(path) has come to be while a store was made there, and is left alone; try again"
      )
    }
    guard rename(draft, path) == 0 else {
      throw StoreError(
        .inputOutput, "cannot move the new store to \(path): \(String(cString: strerror(errno)))")
    }
  }

  /// Runs the migrations that the file has not been through, if it is what those make.
  func upgrade() throws {
    try lock.withLock(timeout: lockTimeout) {
      let connection = try connection()
      try connection.read { try SchemaGuard.check($0, path: path) }
      try Schema.migrator.migrate(connection)
    }
  }

  /// Runs `body` in one transaction and commits it.
  ///
  /// - Parameter isDurable: whether it is on the disk when this returns; if not, it is with the next
  ///   one that is.
  func transaction<T>(isDurable: Bool = true, _ body: (Database) throws -> T) throws -> T {
    try lock.withLock(timeout: lockTimeout) {
      let connection = try connection()
      func write() throws -> T {
        try connection.write { db in
          let result = try Cancellation.interrupting(db, body)
          try checkFiles()
          return result
        }
      }
      let result = try isDurable ? write() : Self.undurably(connection, write)
      try checkFiles()
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
      try connection.write { db in
        try Cancellation.interrupting(db, beforeVacuum)
        try checkFiles()
      }
      try connection.writeWithoutTransaction { db in
        try Cancellation.interrupting(db) { try $0.execute(sql: "VACUUM") }
        let row = try Row.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        guard row?[0] == 0 else {
          throw StoreError(
            .locked,
            "\(path) was compacted, but a reader still holds the old pages in \(path)-wal; close "
              + "the other programs that have it open and compact it again")
        }
      }
      try checkFiles()
    }
  }

  /// See ``StoreFile/rebuild(_:)``. Others who have the store open go on with the new contents.
  func rebuild(_ fill: (Database) throws -> Void) throws {
    try lock.withLock(timeout: lockTimeout) {
      let draft = path + "-new"
      let drafts = [draft] + StorePath.sqliteSides.map { draft + $0 }
      try drafts.forEach(Self.removeLeftover)
      defer { drafts.forEach { unlink($0) } }
      try Self.makeFile(draft)
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
      try checkFiles()
      try queue.close()
    }
    try checkpointAndTruncate()
  }

  /// Closes the connection. SQLite may then copy the log into the file, so this too is done under
  /// the lock where it is to be had.
  ///
  /// - Parameter isHurried: whether not to wait for another process's lock.
  /// - Throws: ``StoreError/Code/fileReplaced``; the connection is closed all the same.
  func close(isHurried: Bool = false) throws {
    // Once: by the time that a closed store is let go, its file may be deleted, and opening would make it again.
    guard !isClosed else { return }
    isClosed = true
    guard let queue else { return removeEmptyLog() }
    self.queue = nil
    let check = Result { try checkFiles() }
    do {
      let timeout =
        isHurried ? .zero : min(lockTimeout ?? Self.closingPatience, Self.closingPatience)
      try lock.withLock(timeout: timeout) { try queue.close() }
    } catch {
      // Without the lock the connection still has to go; nothing is lost, the log stays behind.
      try? queue.close()
    }
    try check.get()
  }

  /// Removes an empty log and its index, which readers leave, unless somebody uses the store.
  private func removeEmptyLog() {
    var status = stat()
    guard stat(path + "-wal", &status) == 0, status.st_size == 0, access(path, W_OK) == 0,
      access(path + "-lock", W_OK) == 0
    else { return }
    try? lock.withLock(timeout: .zero) {
      // The last connection to close takes both with it, if it may write.
      let queue = try DatabaseQueue(path: path, configuration: Self.configuration(creating: false))
      _ = try queue.read { try Int32.fetchOne($0, sql: "PRAGMA schema_version") }
      try queue.close()
    }
  }

  private static func undurably<T>(
    _ connection: DatabaseQueue, _ body: () throws -> T
  ) throws -> T {
    func setSynchronous(_ level: String) throws {
      try connection.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA synchronous = \(level)")
      }
    }
    try setSynchronous("NORMAL")
    let result = Result { try body() }
    try setSynchronous("FULL")
    return try result.get()
  }

  private func connection() throws -> DatabaseQueue {
    if let queue { return queue }
    guard !isClosed else {
      throw StoreError(.closed, "the store \(path) was closed; open it again")
    }
    let (queue, files) = try OpenFiles.noted(at: path) {
      try DatabaseQueue(path: path, configuration: Self.configuration(creating: false))
    }
    self.queue = queue
    self.files = files
    return queue
  }

  private func checkFiles() throws {
    try files?.check()
  }

  private static func configuration(creating: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.label = "vector-store.writer"
    configuration.busyMode = .timeout(Double(busyMilliseconds) / 1000)
    configuration.prepareDatabase { db in
      db.add(function: VectorsTable.mockVector)
      if creating {
        try db.execute(sql: "PRAGMA page_size = \(Schema.pageSize)")
        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
      }
      try db.execute(
        sql: """
          PRAGMA trusted_schema = OFF;
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
