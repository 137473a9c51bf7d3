// A log that was left by a kill, and files that are put beside it.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct LogOwnerTests {
  /// Copies of a store's file and log as a kill would leave them, with some backups.
  private struct Killed {
    let folder: TemporaryFolder
    var path: String { folder.path("killed.db") }

    /// - Parameter checkpointed: whether a part of the log is in the file already.
    init(checkpointed: Bool = false) async throws {
      folder = try TemporaryFolder()
      let live = folder.path("live.db")
      try await StoreFileTests.makeStore(at: live)
      try FileManager.default.copyItem(atPath: live, toPath: folder.path("older.db"))
      try await StoreFileTests.makeStore(at: live, texts: 5)
      // A copy that goes its own way.
      try FileManager.default.copyItem(atPath: live, toPath: folder.path("fork.db"))
      try await StoreFileTests.makeStore(at: folder.path("fork.db"), texts: 7)
      let store = try await Store(path: live, configuration: StoreConfiguration(mode: .mock))
      for number in 0..<6 {
        // Not by `add`, which empties the log at its end.
        try await store.file.write { db in
          try db.execute(
            sql: """
              INSERT INTO documents(collection_id, source, origin, format, metadata, added_at, updated_at)
              VALUES (1, 'late \(number)', 'text', 'text', '{}', '2026-01-01T00:00:00.000Z',
                '2026-01-01T00:00:00.000Z')
              """)
        }
        guard checkpointed, number == 3 else { continue }
        // By another connection, as the log is copied into the file while it grows.
        let queue = try DatabaseQueue(path: live)
        try queue.inDatabase { _ = try Row.fetchAll($0, sql: "PRAGMA wal_checkpoint(PASSIVE)") }
        try queue.close()
      }
      for side in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: live + side, toPath: path + side)
      }
      #expect(StoreFile.size(of: path + "-wal") > 6 * 32768)
      try await store.close()
      try FileManager.default.copyItem(atPath: live, toPath: folder.path("newer.db"))
      try await StoreFileTests.makeStore(at: folder.path("newer.db"), texts: 9)
      try await StoreFileTests.makeStore(at: folder.path("stranger.db"), texts: 2)
    }

    func restore(_ backup: String) throws {
      try FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: folder.path(backup), toPath: path)
    }

    func documents() async throws -> Int {
      let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
      let count = try await store.list().count
      try await store.close()
      return count
    }
  }

  @Test(arguments: [false, true])
  func theLogOfAKilledWriterIsReadIntoItsFile(checkpointed: Bool) async throws {
    let killed = try await Killed(checkpointed: checkpointed)
    #expect(try await killed.documents() == 11)
    try expectWhole(killed.path)
  }

  @Test(arguments: ["older.db", "fork.db", "newer.db", "stranger.db"], [false, true])
  func aLogOfAnotherFileIsRefused(backup: String, checkpointed: Bool) async throws {
    let killed = try await Killed(checkpointed: checkpointed)
    try killed.restore(backup)
    let before = try Data(contentsOf: URL(filePath: killed.path))
    for access in [StoreConfiguration.Access.readOnly, .readWrite] {
      let error = await StoreFileTests.error(opening: killed.path, access: access)
      #expect(error?.code == .foreignLog)
      #expect(
        error?.message.contains(
          "delete \(killed.path)-wal and \(killed.path)-shm and open it again") == true)
    }
    let report = try await Store.doctor(path: killed.path)
    #expect(report[.file]?.message.contains("does not belong to") == true)
    #expect(try Data(contentsOf: URL(filePath: killed.path)) == before)
    // As the message says.
    try FileManager.default.removeItem(atPath: killed.path + "-wal")
    #expect(try await killed.documents() > 0)
    try expectWhole(killed.path)
  }

  /// What earlier versions wrote tells nothing, and is opened.
  @Test func aLogThatTellsNothingIsOpened() async throws {
    let killed = try await Killed()
    let queue = try DatabaseQueue(path: killed.folder.path("older.db"))
    try await queue.write { try $0.execute(sql: "UPDATE store_state SET generation = 12") }
    try queue.close()
    try killed.restore("older.db")
    try LogOwner.check(killed.path, timeout: .seconds(1))
    try Data([1, 2, 3]).write(to: URL(filePath: killed.path + "-wal"))
    try LogOwner.check(killed.path, timeout: .seconds(1))
  }

  @Test func generationsTellTheOneBefore() async throws {
    try await withStore { store, _ in
      var before: Int64 = 0
      for _ in 0..<50 {
        try await store.file.write { _ in }
        let now = try await store.file.read { try StoreStateTable.generation($0) }
        #expect(now > before && StoreStateTable.tellsItsPredecessor(now))
        if before > 0 {
          #expect(StoreStateTable.mayFollow(now, on: before))
          #expect(!StoreStateTable.mayFollow(now, on: before + 1))
          #expect(!StoreStateTable.mayFollow(before, on: now))
        }
        before = now
      }
    }
  }
}
