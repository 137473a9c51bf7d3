// The connections to one store: a pool of readers that never write, one writer under the store's
// lock, and the policy of checkpoints.

import Dispatch
import Foundation
import GRDB
import Synchronization

/// Why a file can only be opened for writing: that brings it to this version's format.
struct OlderFormat: Error {
  let format: Int32
}

/// One open store file.
///
/// All SQL runs on threads of its own, never on Swift's pool. The writer is opened at the first
/// write, so that a process which only asks never takes a lock.
final class StoreFile: StoreStorage {
  let path: String
  private let configuration: StoreConfiguration
  private let readers: ReaderPool
  /// The segments that queries keep in memory.
  let segments: IndexCache
  private let readQueue = DispatchQueue(label: "vector-store.read", attributes: .concurrent)
  /// Where searches by words run, which take longer than those by vectors: one fewer at a time than there are
  /// readers, so that no other reading waits for those that wait themselves.
  private let wordQueues: [DispatchQueue]
  private let wordSearches = Atomic<Int>(0)
  private let writeQueue = DispatchQueue(label: "vector-store.write")
  /// Nil for doctor, which tells of a stranger's schema.
  private let schema: SchemaGuard?
  /// Only used on `writeQueue`.
  private let writer: WriterConnection

  /// Opens the store at `path`, making it where the configuration says so and there is none.
  ///
  /// - Throws: ``StoreError`` with `storeNotFound`, `notAStore`, `tooNew`, `damaged`, `cannotOpen`.
  static func open(path: String, configuration: StoreConfiguration) async throws -> StoreFile {
    let queue = DispatchQueue(label: "vector-store.open")
    return try await Cancellation.run(on: queue) {
      do {
        return try StoreFile(path: path, configuration: configuration)
      } catch {
        throw StoreError.translating(error, path: path)
      }
    }
  }

  private init(path: String, configuration: StoreConfiguration) throws {
    try StoreLock.check(timeout: configuration.lockTimeout)
    let path = try StorePath.resolved(path)
    self.path = path
    self.configuration = configuration
    wordQueues = (0..<max(1, configuration.maximumReaders - 1)).map {
      DispatchQueue(label: "vector-store.words.\($0)")
    }
    segments = IndexCache(segmentRows: configuration.segmentRows, logger: configuration.logger)
    schema = configuration.opensForeignSchemas ? nil : SchemaGuard(path: path)
    writer = WriterConnection(path: path, lockTimeout: configuration.lockTimeout)
    if StoreFile.size(of: path) == 0 {
      guard configuration.access == .readWrite, configuration.makesStore else {
        throw StoreError(
          .storeNotFound,
          "there is no store at \(path); make one by adding documents, or name another"
        )
      }
      try writer.create()
    }
    try LogOwner.check(path, timeout: configuration.lockTimeout)
    readers = try ReaderPool(
      path: path, maximumReaders: configuration.maximumReaders,
      lockTimeout: configuration.lockTimeout)
    let format = try readers.schemaVersion()
    if format < Schema.version {
      guard configuration.access == .readWrite else {
        throw StoreError(
          .readOnly,
          "\(path) was made by an older version and must be upgraded before it can be used; "
            + "open it once for reading and writing, which does that",
          underlying: OlderFormat(format: format))
      }
      try writer.upgrade()
    }
    try readers.read { [schema] in try schema?.check($0) }
  }

  deinit {
    // Closing may wait for the lock: not on the thread that let the store go.
    writeQueue.async { [writer] in try? writer.close() }
  }

  var index: any SearchIndex { segments }

  func read<T: Sendable>(
    isWordSearch: Bool, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T {
    try await readDatabase(isWordSearch: isWordSearch) { try body($0) }
  }

  func write<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T {
    try await writeDatabase { try body($0) }
  }

  /// Runs `body` in one read transaction: a snapshot that no writer changes. If the task is cancelled, SQL
  /// is interrupted and `CancellationError` thrown.
  ///
  /// - Parameter isWordSearch: whether it waits its turn among searches by words.
  func readDatabase<T: Sendable>(
    isWordSearch: Bool = false, _ body: @escaping @Sendable (Database) throws -> T
  ) async throws -> T {
    try await Cancellation.run(on: isWordSearch ? nextWordQueue() : readQueue) {
      [readers, schema, path] in
      do {
        return try readers.read { db in
          try Cancellation.interrupting(db) { db in
            try schema?.check(db)
            return try body(db)
          }
        }
      } catch {
        throw StoreError.translating(error, path: path)
      }
    }
  }

  /// They take turns.
  private func nextWordQueue() -> DispatchQueue {
    let number = wordSearches.wrappingAdd(1, ordering: .relaxed).oldValue
    return wordQueues[Int(UInt(bitPattern: number) % UInt(wordQueues.count))]
  }

  /// Runs `body` in one write transaction under the store's lock, brings the segments up to date and
  /// raises the generation; on an error, and if the task is cancelled, nothing is changed. Then checkpoints
  /// if the write-ahead log has grown large.
  func writeDatabase<T: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> T
  ) async throws -> T {
    try await onWriter { [segments, schema, configuration] writer in
      try writer.transaction { db in
        try schema?.check(db)
        let result = try body(db)
        var maintenance = SegmentMaintenance(db, segmentRows: configuration.segmentRows)
        try maintenance.run(damaged: segments.takeDamaged())
        try StoreStateTable.raiseGeneration(db)
        return result
      }
    }
  }

  /// Runs `body` in one write transaction under the store's lock that changes nothing a query reads and
  /// may be lost if the machine fails: the generation stays, and nobody waits for the disk.
  func writeNote<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T {
    try await onWriter { try $0.transaction(isDurable: false, body) }
  }

  /// Copies the write-ahead log into the file and empties it: at the end of a bulk job.
  func checkpoint() async throws {
    try await onWriter { try $0.checkpointAndTruncate() }
  }

  /// Optimises the word index, rebuilds the file without free pages and empties the log, so that
  /// nothing that was deleted is in any byte of it.
  func compact(_ beforeVacuum: @escaping @Sendable (Database) throws -> Void) async throws {
    try await onWriter { [schema] writer in
      try writer.compact { db in
        try schema?.check(db)
        try beforeVacuum(db)
      }
    }
  }

  /// Puts a new store in the place of what the file holds, in one transaction: `fill` fills it, with the
  /// present one attached as `damaged`. On an error nothing is changed.
  func rebuild(_ fill: @escaping @Sendable (Database) throws -> Void) async throws {
    try await onWriter { try $0.rebuild(fill) }
  }

  /// The size of the file and its write-ahead log, in bytes.
  func size() -> Int64 {
    [path, path + "-wal"].reduce(0) { $0 + StoreFile.size(of: $1) }
  }

  /// Closes all connections, also in a task that is cancelled. Verbs called afterwards throw
  /// ``StoreError/Code/closed``.
  ///
  /// - Throws: ``StoreError/Code/fileReplaced`` where what was written may not be in the file.
  func close() async throws {
    let isHurried = Task.isCancelled
    try await Task { [readers, path, readQueue, writeQueue, writer] in
      // Readers first: the last connection to go takes the log with it, and only a writer can.
      try await Cancellation.run(on: readQueue) {
        do {
          try readers.close()
        } catch {
          throw StoreError.translating(error, path: path)
        }
      }
      try await Cancellation.run(on: writeQueue) { try writer.close(isHurried: isHurried) }
    }.value
  }

  /// Runs blocking work of a verb that is not SQL: reading files, chunking, hashing.
  func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await Cancellation.run(on: readQueue, body)
  }

  private func onWriter<T: Sendable>(
    _ body: @escaping @Sendable (WriterConnection) throws -> T
  ) async throws -> T {
    guard configuration.access == .readWrite else {
      throw StoreError(
        .readOnly,
        "\(path) was opened for reading only; open it for reading and writing to change it")
    }
    return try await Cancellation.run(on: writeQueue) { [writer, path] in
      do {
        return try body(writer)
      } catch {
        throw StoreError.translating(error, path: path)
      }
    }
  }

  func presence(of run: Int64) async throws -> any RunPresence {
    try await work { [path] in try FileRunPresence(storePath: path, run: run) }
  }

  /// The size of a file in bytes, 0 where there is none.
  static func size(of path: String) -> Int64 {
    // Not FileManager: its attributes look up the owner's name too, a millisecond each.
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }
}
