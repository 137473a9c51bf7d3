import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct StoreFileTests {
  static func error(opening path: String, access: StoreConfiguration.Access = .readWrite) async
    -> StoreError?
  {
    var configuration = StoreConfiguration(mode: .mock)
    configuration.access = access
    do {
      let store = try await Store(path: path, configuration: configuration)
      try await store.close()
      return nil
    } catch {
      return error as? StoreError
    }
  }

  static func makeStore(at path: String, texts: Int = 3) async throws {
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try await store.add((0..<texts).map { Document(id: "\($0)", text: "walrus number \($0)") })
    try await store.close()
  }

  @Test func aNewStoreHasTheDocumentedForm() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("new.db")
    try await Self.makeStore(at: path)
    let queue = try DatabaseQueue(path: path)
    let (numbers, mode, tables) = try await queue.read { db in
      (
        try ["application_id", "user_version", "page_size", "auto_vacuum"].map {
          try Int.fetchOne(db, sql: "PRAGMA \($0)")
        },
        try String.fetchOne(db, sql: "PRAGMA journal_mode"),
        try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
      )
    }
    #expect(numbers == [0x5653_7472, Int(Schema.version), 32768, 2])
    #expect(mode == "wal")
    let expected = [
      "spaces", "collections", "documents", "pending_documents", "chunks", "vectors", "staged",
      "chunk_search", "runs", "store_state", "document_fields", "segments", "segment_heads",
      "segment_codes", "segment_fine_codes", "removed_vectors", "claims", "grdb_migrations",
    ]
    #expect(Set(expected).isSubset(of: tables))
  }

  @Test func rowsKeepTheDocumentedLayout() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("layout.db")
    try await Self.makeStore(at: path)
    let queue = try DatabaseQueue(path: path)
    let row = try queue.inDatabase { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT v.data, v.norm, length(c.text_hash) AS hash, c.text, f.text AS indexed
          FROM vectors v JOIN chunks c ON c.id = v.chunk_id JOIN chunk_search f ON f.rowid = c.id
          """)
    }
    let data: Data = try #require(row?["data"])
    #expect(data.count == 4 * 1536)
    let squares = data.withUnsafeBytes { bytes in
      bytes.bindMemory(to: UInt32.self).reduce(0.0) {
        let value = Double(Float(bitPattern: UInt32(littleEndian: $1)))
        return $0 + value * value
      }
    }
    #expect(abs(squares - 1) < 1e-5)
    #expect(row?["hash"] == 32)
    #expect(row?["text"] as String? == row?["indexed"] as String?)
  }

  @Test func theGenerationRisesWithEveryWrite() async throws {
    let folder = try TemporaryFolder()
    let store = try await Store(
      path: folder.path("g.db"), configuration: StoreConfiguration(mode: .mock))
    let before = try await store.file.read { try StoreStateTable.generation($0) }
    try await store.add([Document(text: "one")])
    let after = try await store.file.read { try StoreStateTable.generation($0) }
    #expect(after > before)
    try await store.close()
  }

  @Test func nothingThereIsToldWhenOnlyReading() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("none.db")
    let error = await Self.error(opening: path, access: .readOnly)
    #expect(error?.code == .storeNotFound)
    #expect(
      error?.message
        == "there is no store at \(path); make one by adding documents, or name another")
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func otherFilesAreNoStores() async throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(String(repeating: "no database\n", count: 100), to: "notes.txt")
    let error = await Self.error(opening: text)
    #expect(error?.code == .notAStore)
    #expect(
      error?.message
        == "\(text) is not a store: it is not an SQLite file; choose another path")

    let other = folder.path("other.db")
    let queue = try DatabaseQueue(path: other)
    try await queue.write { try $0.execute(sql: "CREATE TABLE t(x)") }
    try queue.close()
    let foreign = await Self.error(opening: other)
    #expect(foreign?.code == .notAStore)
    #expect(foreign?.message.contains("SQLite file of another program") == true)
    #expect(await Self.error(opening: folder.url.path)?.code == .notAStore)
  }

  @Test func aNewerFileIsTold() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("newer.db")
    try await Self.makeStore(at: path)
    let queue = try DatabaseQueue(path: path)
    try queue.inDatabase { try $0.execute(sql: "PRAGMA user_version = 99") }
    try queue.close()
    let error = await Self.error(opening: path)
    #expect(error?.code == .tooNew)
    #expect(
      error?.message.contains("file format 99, this program knows up to \(Schema.version)") == true)
  }

  @Test func aFileThatWasCutShortIsDamaged() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("cut.db")
    try await Self.makeStore(at: path, texts: 200)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 3 * 32768)
    try handle.close()
    let error = await Self.error(opening: path)
    #expect(error?.code == .damaged)
    #expect(error?.message.contains("restore it from a backup") == true)
  }

  @Test func overwrittenPagesAreDamaged() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("garbage.db")
    try await Self.makeStore(at: path, texts: 200)
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    let size = try handle.seekToEnd()
    for page in 1..<(size / 32768) {
      try handle.seek(toOffset: page * 32768)
      try handle.write(contentsOf: Data(repeating: 0x5A, count: 4096))
    }
    try handle.close()
    var code: StoreError.Code?
    do {
      let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
      _ = try await store.query("walrus")
    } catch {
      code = (error as? StoreError)?.code
    }
    #expect(code == .damaged)
  }

  @Test func anEmptyFileBecomesAStore() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("", to: "empty.db")
    #expect(await Self.error(opening: path, access: .readOnly)?.code == .storeNotFound)
    try await Self.makeStore(at: path)
    try expectWhole(path)
  }

  @Test func leftoversOfAnInterruptedCreationAreReplaced() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("again.db")
    try folder.write("half a store", to: "again.db-new")
    try folder.write("its journal", to: "again.db-new-journal")
    try await Self.makeStore(at: path)
    try expectWhole(path)
    #expect(!FileManager.default.fileExists(atPath: path + "-new"))
  }

  @Test func aLogLeftByADeletedStoreIsNotReadIntoANewOne() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("old.db")
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try await store.add([Document(id: "old", text: "from before")])
    // As after a kill: the log stays, the file goes.
    let old = try await store.file.write { db in
      try db.execute(sql: "UPDATE documents SET metadata = '{}'")
      return try Data(contentsOf: URL(filePath: path + "-wal"))
    }
    try await store.close()
    try FileManager.default.removeItem(atPath: path)
    try old.write(to: URL(filePath: path + "-wal"))
    try await Self.makeStore(at: path, texts: 1)
    let again = try await Store(path: path)
    #expect(try await again.list().map(\.source) == ["0"])
    try await again.close()
    try expectWhole(path)
  }

  @Test func aReaderDoesNotHoldUpWriters() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("busy.db")
    try await Self.makeStore(at: path)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let reader = try DatabaseQueue(path: path, configuration: configuration)
    try reader.inDatabase { db in
      try db.execute(sql: "BEGIN; SELECT * FROM documents")
    }
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    let taken = try await store.file.work {
      let writer = WriterConnection(path: path, lockTimeout: .seconds(5))
      let started = ContinuousClock.now
      try writer.transaction { try StoreStateTable.raiseGeneration($0) }
      try writer.checkpointAndTruncate()
      try writer.close()
      return ContinuousClock.now - started
    }
    #expect(taken < .seconds(10), "SQLite would have waited 30 s for the reader")
    try reader.inDatabase { try $0.execute(sql: "ROLLBACK") }
    try reader.close()
    try await store.close()
  }

  @Test func aLinkSharesTheLockOfItsStore() async throws {
    let folder = try TemporaryFolder()
    try await Self.makeStore(at: folder.path("real.db"))
    let link = folder.path("link.db")
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: folder.path("real.db"))
    try await Self.makeStore(at: link, texts: 1)
    #expect(!FileManager.default.fileExists(atPath: link + "-lock"))
    #expect(await Self.error(opening: "")?.code == .empty)
  }

  @Test func aFolderThatIsNotThereIsTold() async throws {
    let folder = try TemporaryFolder()
    let error = await Self.error(opening: folder.path("nowhere/s.db"))
    #expect(error?.code == .cannotOpen)
    #expect(error?.message.contains("No such file or directory; check the folder") == true)
  }

  @Test func readersWriteNothing() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("read.db")
    try await Self.makeStore(at: path)
    let before = try Data(contentsOf: URL(filePath: path))
    var configuration = StoreConfiguration(mode: .mock)
    configuration.access = .readOnly
    let store = try await Store(path: path, configuration: configuration)
    #expect(try await store.query("walrus").hits.count == 3)
    #expect(await errorCode { try await store.add([Document(text: "x")]) } == .readOnly)
    try await store.close()
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test func aClosedStoreSaysSo() async throws {
    let folder = try TemporaryFolder()
    let store = try await Store(
      path: folder.path("closed.db"), configuration: StoreConfiguration(mode: .mock))
    try await store.add([Document(text: "x")])
    try await store.close()
    #expect(await errorCode { _ = try await store.query("x") } == .closed)
    #expect(await errorCode { try await store.add([Document(text: "y")]) } == .closed)
  }

  @Test func aWriterWaitsForTheLockAndThenSaysSo() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("locked.db")
    try await Self.makeStore(at: path)
    let holder = StoreLock(storePath: path)
    var configuration = StoreConfiguration(mode: .mock)
    configuration.lockTimeout = .milliseconds(200)
    let store = try await Store(path: path, configuration: configuration)
    let error = try await holder.heldWhile {
      await #expect(throws: StoreError.self) { try await store.add([Document(text: "late")]) }
    }
    #expect(error?.code == .locked)
    #expect(error?.message.contains("another process has been writing to the store") == true)
    #expect(try await store.query("walrus").hits.count == 3, "readers do not wait")
    try await store.add([Document(text: "in time")])
    try await store.close()
  }
}

extension StoreLock {
  /// Holds the lock on a thread of its own while `body` runs.
  fileprivate func heldWhile<T: Sendable>(_ body: () async throws -> T) async throws -> T {
    let (release, held) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    nonisolated(unsafe) let lock = self
    Thread {
      try? lock.withLock(timeout: .seconds(5)) {
        held.signal(); release.wait()
      }
    }.start()
    await withCheckedContinuation { continuation in
      Thread {
        held.wait(); continuation.resume()
      }.start()
    }
    defer { release.signal() }
    return try await body()
  }
}
