// Cancelled tasks: SQL that would go on for ever, the lock of another process, work that has not begun. Tests
// Sources/VectorStore/File/Cancellation.swift and StoreLock.swift.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct CancellationTests {
  /// A query without an end.
  private static let endless = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n
    """

  /// Long enough for a machine that runs other tests, and nothing to what would be waited for without the
  /// cancellation: 30 s, or for ever.
  private static let deadline = Duration.seconds(4)

  /// Runs `body` in a task, cancels that when `body` has been at work for a while, and expects it to end
  /// soon.
  private func expectEndsWhenCancelled(
    _ comment: Comment, location: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let task = Task { try await body() }
    try await Task.sleep(for: .milliseconds(200))
    let started = ContinuousClock.now
    task.cancel()
    await #expect(throws: CancellationError.self, comment, sourceLocation: location) {
      try await task.value
    }
    #expect(ContinuousClock.now - started < Self.deadline, comment, sourceLocation: location)
  }

  @Test(.aboutFiles) func sqlWithoutEndIsInterrupted() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "a walrus has tusks")])
      try await expectEndsWhenCancelled("a statement") {
        _ = try await store.file.read { try Int.fetchOne($0, sql: Self.endless) }
      }
      try await expectEndsWhenCancelled("many statements") {
        try await store.file.read { db in
          while true { _ = try Int.fetchOne(db, sql: "SELECT 1") }
        }
      }
      try await expectEndsWhenCancelled("bulk rows") {
        try await store.file.read { db in
          try db.forEachRow(bulk: Self.endless) { _ in }
        }
      }
      // FTS5 may leave a statement behind, which would keep SQLite interrupted.
      let words = Self.endless.replacing(
        "FROM n)", with: "FROM n, chunk_search WHERE chunk_search MATCH 'walrus')")
      try await expectEndsWhenCancelled("words") {
        _ = try await store.file.read { try Int.fetchOne($0, sql: words) }
      }
      for _ in 0..<8 {
        #expect(try await store.query("tusks").hits.map(\.source) == ["a"])
      }
    }
  }

  @Test func aCancelledWriteIsRolledBack() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "a walrus has tusks")])
      try await expectEndsWhenCancelled("a write") {
        try await store.file.write { db in
          try db.execute(sql: "DELETE FROM documents")
          _ = try Int.fetchOne(db, sql: Self.endless)
        }
      }
      #expect(try await store.list().count == 1)
      try await store.add([Document(id: "b", text: "a gnu has horns")])
      #expect(try await store.list().count == 2)
    }
  }

  /// The writer's thread is busy: a write that waits for it is given up without it.
  @Test func workThatHasNotBegunIsGivenUpAtOnce() async throws {
    try await withStore { store, _ in
      let busy = Task {
        _ = try await store.file.write { try Int.fetchOne($0, sql: Self.endless) }
      }
      try await Task.sleep(for: .milliseconds(50))
      try await expectEndsWhenCancelled("a waiting write") {
        try await store.add([Document(id: "a", text: "a")])
      }
      busy.cancel()
      await #expect(throws: CancellationError.self) { try await busy.value }
      #expect(try await store.list().isEmpty)
    }
  }

  private func storeError(_ body: () async throws -> Void) async -> StoreError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? StoreError
    }
  }

  /// Holds the lock of a store as another process would.
  private struct HeldLock: ~Copyable {
    private let descriptor: Int32

    init(_ store: String) throws {
      descriptor = open(store + "-lock", O_RDWR | O_CREAT, 0o644)
      try #require(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    }

    deinit { close(descriptor) }
  }

  @Test(arguments: [.seconds(30), nil, .seconds(365 * 86400)] as [Duration?])
  func aCancelledAddDoesNotWaitForTheLockOfAnother(timeout: Duration?) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    var configuration = StoreConfiguration(mode: .mock)
    configuration.lockTimeout = timeout
    let store = try await Store(path: path, configuration: configuration)
    do {
      let held = try HeldLock(path)
      try await expectEndsWhenCancelled("add") {
        try await store.add([Document(id: "a", text: "a")])
      }
      try await expectEndsWhenCancelled("make a store") { [configuration] in
        let other = folder.path("t.db")
        let held = try HeldLock(other)
        _ = try await Store(path: other, configuration: configuration)
        _ = consume held
      }
      _ = consume held
    }
    try await store.add([Document(id: "a", text: "a")])
    #expect(try await store.list().count == 1)
    try await store.close()
  }

  /// A run that holds pages of the log is cancelled while another has the lock: closing does not wait either.
  @Test func aCancelledTaskClosesTheStoreWithoutTheLock() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try await store.add([Document(id: "a", text: "a")])
    do {
      let held = try HeldLock(path)
      try await expectEndsWhenCancelled("add, then close") {
        do {
          try await store.add([Document(id: "b", text: "b")])
        } catch {
          try await store.close()
          throw error
        }
      }
      _ = consume held
    }
    try expectWhole(path)
  }

  @Test func theTimeOfWaitingForTheLockIsToldAsItIs() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    var configuration = StoreConfiguration(mode: .mock)
    configuration.lockTimeout = .milliseconds(200)
    let store = try await Store(path: path, configuration: configuration)
    let held = try HeldLock(path)
    let error = await storeError { try await store.add([Document(id: "a", text: "a")]) }
    #expect(error?.code == .locked)
    let message = error?.message ?? ""
    #expect(message.contains("for 0.2 s"), "\(message)")
    _ = consume held
    try await store.close()
  }

  @Test(arguments: [.seconds(-1), .seconds(366 * 86400), .seconds(Int64.max)] as [Duration])
  func aTimeThatIsNoneIsRefused(timeout: Duration) async throws {
    let folder = try TemporaryFolder()
    var configuration = StoreConfiguration(mode: .mock)
    configuration.lockTimeout = timeout
    let error = await storeError {
      _ = try await Store(path: folder.path("s.db"), configuration: configuration)
    }
    #expect(error?.code == .invalidArgument)
    let message = error?.message ?? ""
    #expect(message.hasPrefix("the lock timeout is \(timeout); give 0 seconds"), "\(message)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("s.db")))
  }

  /// What an interrupt keeps from being read is not damaged, and what is in memory stays right.
  @Test(arguments: 0..<30)
  func queriesCancelledAnywhereLeaveTheIndexRight(part: Int) async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 16)
    var made = MadeVectors(seed: UInt64(part))
    try await indexed.add(made.next(400), prefix: "d")
    let reader = try await IndexedStore.open(indexed.path, segmentRows: 16, access: .readOnly)
    let queries = made.next(40)
    let task = Task { try await reader.query(vectors: queries, options: QueryOptions(limit: 5)) }
    try await Task.sleep(for: .milliseconds(part / 2))
    task.cancel()
    if case .failure(let error) = await task.result { #expect(error is CancellationError) }
    #expect(try reader.storeFile(for: "").segments.takeDamaged().isEmpty)
    try await reader.expectExact(queries, limit: 5)
    try await reader.close()
    try await indexed.store.close()
  }

  @Test func statisticsAndExportEndWhenTheyAreCancelled() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 4096)
    var made = MadeVectors(seed: 1)
    try await indexed.add(made.next(1500), prefix: "d")
    for milliseconds in [1, 20, 100, 300] {
      for isExport in [true, false] {
        let task = Task {
          if isExport {
            try await indexed.store.export(to: folder.path("e.jsonl"))
          } else {
            _ = try await indexed.store.statistics()
          }
        }
        try await Task.sleep(for: .milliseconds(milliseconds))
        let started = ContinuousClock.now
        task.cancel()
        if case .failure(let error) = await task.result { #expect(error is CancellationError) }
        #expect(ContinuousClock.now - started < Self.deadline)
      }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(!left.contains { $0.hasSuffix(".partial") }, "\(left)")
    try await indexed.store.close()
  }
}
