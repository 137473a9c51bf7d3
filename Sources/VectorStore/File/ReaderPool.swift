// The reading connections of a store: read-only, so that asking never takes a lock and works on a
// file that cannot be written.

import Foundation
import GRDB

/// Read-only connections to one store, checked on opening to be a store that this program knows.
///
/// SQLite reads a store by way of shared memory beside it (`-shm`), by which readers and writers know of
/// each other. Where that cannot be made, because the folder cannot be written or the disk is full, each
/// read opens a connection of its own that needs none, and holds off writers by the store's lock
/// meanwhile.
struct ReaderPool: Sendable {
  /// Nil where each read opens its own.
  private let shared: Shared?
  private let path: String
  private let lockTimeout: Duration?

  private struct Shared: Sendable {
    /// A pool, or one connection where one reader is enough.
    let connection: any DatabaseReader
    let files: OpenFiles
  }

  /// Opens the store at `path`.
  init(path: String, maximumReaders: Int, lockTimeout: Duration?) throws {
    self.path = path
    self.lockTimeout = lockTimeout
    shared = try Self.open(path, maximumReaders: maximumReaders)
    try read(check)
  }

  /// Runs `body` in one read transaction.
  ///
  /// - Throws: ``StoreError/Code/fileReplaced``, or what `body` throws.
  func read<T>(_ body: (Database) throws -> T) throws -> T {
    guard let shared else { return try readAlone(body) }
    return try shared.connection.read { db in
      try shared.files.check()
      return try body(db)
    }
  }

  /// The number of migrations the file has been through.
  func schemaVersion() throws -> Int32 {
    try read { try Int32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
  }

  func close() throws {
    try shared?.connection.close()
  }

  // MARK: - Connections

  private static func configuration() -> Configuration {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "vector-store"
    configuration.busyMode = .timeout(10)
    configuration.prepareDatabase { db in
      db.add(function: VectorsTable.mockVector)
      try db.execute(sql: "PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 2147418112")
    }
    return configuration
  }

  /// Connections with shared memory, or nil where there can be none.
  private static func open(_ path: String, maximumReaders: Int) throws -> Shared? {
    guard !hasNoRoomBeside(path) else { return nil }
    var configuration = configuration()
    configuration.maximumReaderCount = max(1, maximumReaders)
    do {
      // A pool opens two connections before its first read.
      let (connection, files) = try OpenFiles.noted(at: path) { () -> any DatabaseReader in
        maximumReaders > 1
          ? try DatabasePool(path: path, configuration: configuration)
          : try DatabaseQueue(path: path, configuration: configuration)
      }
      return Shared(connection: connection, files: files)
    } catch let error as DatabaseError where isWithoutSharedMemory(error) {
      return nil
    }
  }

  /// Whether the folder cannot be written and no shared memory of others is there.
  private static func hasNoRoomBeside(_ path: String) -> Bool {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    return !FileManager.default.isWritableFile(atPath: folder)
      && !FileManager.default.fileExists(atPath: path + "-shm")
  }

  /// What SQLite says where its shared memory, or the log beside it, cannot be made: mostly for want of
  /// room.
  private static func isWithoutSharedMemory(_ error: DatabaseError) -> Bool {
    let codes: [ResultCode] = [
      .SQLITE_IOERR_SHMOPEN, .SQLITE_IOERR_SHMSIZE, .SQLITE_IOERR_SHMMAP, .SQLITE_IOERR_WRITE,
      .SQLITE_READONLY_CANTINIT, .SQLITE_READONLY_CANTLOCK, .SQLITE_READONLY_RECOVERY,
      .SQLITE_READONLY_DIRECTORY,
    ]
    return codes.contains(error.extendedResultCode)
      || error.resultCode == .SQLITE_FULL || error.resultCode == .SQLITE_CANTOPEN
  }

  // MARK: - Reading alone

  /// Reads without shared memory. Writers take the store's lock for whatever they do, so nothing changes
  /// while it is shared here. Where there is no lock that can be read, the read is made again if the file
  /// has changed meanwhile.
  private func readAlone<T>(_ body: (Database) throws -> T) throws -> T {
    let lock = StoreLock(storePath: path, isShared: true)
    return try lock.withLock(timeout: lockTimeout) {
      let deadline = lockTimeout.map { ContinuousClock.now + $0 }
      while true {
        let before = lock.isHeld ? nil : try restingState()
        let result = Result { () throws in
          let queue = try lone()
          defer { try? queue.close() }
          return try queue.read(body)
        }
        guard let before, before != FileState(path) else { return try result.get() }
        guard deadline.map({ ContinuousClock.now < $0 }) ?? true else { throw neverAtRest() }
      }
    }
  }

  private func lone() throws -> DatabaseQueue {
    var configuration = Self.configuration()
    guard StoreFile.size(of: path + "-wal") > 0 else {
      return try DatabaseQueue(path: Self.uri(path, "immutable=1"), configuration: configuration)
    }
    // SQLite makes the log's index in this process's memory for a connection that has the file to itself;
    // opened like this it asks for no lock of its own, which a reader could not get. The store's lock is
    // held instead. At its end it cannot copy the log into the file, which is open for reading only.
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
    }
    return try DatabaseQueue(path: Self.uri(path, "vfs=unix-none"), configuration: configuration)
  }

  /// What tells whether a file or its log was written to.
  private struct FileState: Equatable {
    private var sizes: [Int64] = []
    private var times: [Double] = []

    init(_ path: String) {
      for name in [path, path + "-wal"] {
        var status = stat()
        guard stat(name, &status) == 0 else { continue }
        sizes += [Int64(status.st_size), Int64(truncatingIfNeeded: status.st_ino)]
        #if canImport(Darwin)
          let time = status.st_mtimespec
        #else
          let time = status.st_mtim
        #endif
        times.append(Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9)
      }
    }

    /// Whether the last write is so long ago that the clock of the file system tells it from the next.
    var isAtRest: Bool {
      times.allSatisfy { abs(Date().timeIntervalSince1970 - $0) > 0.1 }
    }
  }

  private func restingState() throws -> FileState {
    let deadline = lockTimeout.map { ContinuousClock.now + $0 }
    while true {
      let state = FileState(path)
      if state.isAtRest { return state }
      guard deadline.map({ ContinuousClock.now < $0 }) ?? true else { throw neverAtRest() }
      usleep(20_000)
    }
  }

  private func neverAtRest() -> StoreError {
    StoreError(
      .locked,
      "\(path) cannot be read: it is written to all the time, and \(path)-lock and \(path)-shm, by which "
        + "readers and writers take turns, cannot be used; give yourself permission to read them, or try "
        + "again later")
  }

  /// A path as SQLite takes it with an option.
  static func uri(_ path: String, _ option: String) -> String {
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: "?#%")
    let absolute = URL(filePath: path).standardizedFileURL.path
    return "file:\(absolute.addingPercentEncoding(withAllowedCharacters: allowed) ?? absolute)"
      + "?\(option)"
  }

  // MARK: - Checks

  private func check(_ db: Database) throws {
    // The schema is read first: a file that is no database, or cut short, fails here.
    _ = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master")
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    guard application == Schema.applicationID else {
      throw StoreError(
        .notAStore,
        "\(path) is not a store: it is an SQLite file of another program (application_id "
          + "\(application), expected \(Schema.applicationID)); choose another path")
    }
    let format = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard format <= Schema.version else { throw StoreError.tooNew(path, format: format) }
    try checkLength(db)
  }

  /// A file that was cut short is told at once, not when a query happens on a missing page.
  private func checkLength(_ db: Database) throws {
    // All inside one snapshot, which keeps others from making the file shorter meanwhile.
    let pageSize = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0
    let pages = try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0
    let (expected, found) = (pageSize * pages, StoreFile.size(of: path))
    guard found >= expected || StoreFile.size(of: path + "-wal") > 0 else {
      throw StoreError(
        .damaged,
        "\(path) is damaged: it has \(found) bytes and should have \(expected); "
          + "\(StoreError.restoring(path)), or copy out what can be read with `sqlite3 \(path) .recover`"
      )
    }
  }
}
