// Files that another program replaces or deletes under an open store.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct OpenFilesTests {
  /// What another program does.
  enum Deed: String, CaseIterable {
    case replaces, deletes, deletesLog, replacesLog

    func act(on path: String) throws {
      let files = FileManager.default
      switch self {
      case .replaces: #expect(rename(path + ".backup", path) == 0)
      case .deletes: try files.removeItem(atPath: path)
      case .deletesLog: try files.removeItem(atPath: path + "-wal")
      case .replacesLog:
        try files.copyItem(atPath: path + "-wal", toPath: path + ".log")
        #expect(rename(path + ".log", path + "-wal") == 0)
      }
    }
  }

  @Test(arguments: Deed.allCases)
  func nothingIsAcknowledgedThatIsNotInTheFile(deed: Deed) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    try await StoreFileTests.makeStore(at: path)
    try FileManager.default.copyItem(atPath: path, toPath: path + ".backup")
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try await store.add([Document(text: "before")])
    try deed.act(on: path)
    #expect(
      await errorCode { try await store.add([Document(text: "after")]) } == .fileReplaced)
    #expect(await errorCode { _ = try await store.query("walrus") } == .fileReplaced)
    #expect(await errorCode { _ = try await store.list() } == .fileReplaced)
    #expect(await errorCode { try await store.close() } == .fileReplaced)
  }

  /// The last moment: the transaction is done but for its commit.
  @Test func aFileReplacedDuringATransactionIsTold() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    try await StoreFileTests.makeStore(at: path)
    try FileManager.default.copyItem(atPath: path, toPath: path + ".backup")
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    let code = await errorCode {
      try await store.file.write { db in
        try db.execute(sql: "UPDATE documents SET metadata = '{\"a\":1}'")
        try Deed.replaces.act(on: path)
      }
    }
    #expect(code == .fileReplaced)
    try? await store.close()
  }

  @Test func theErrorSaysWhatToDo() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    try await StoreFileTests.makeStore(at: path)
    let store = try await Store(path: path, configuration: StoreConfiguration(mode: .mock))
    try Deed.deletes.act(on: path)
    let error = await #expect(throws: StoreError.self) { try await store.query("walrus") }
    #expect(error?.message.contains("\(path) was replaced or deleted while") == true)
    #expect(error?.message.contains("delete \(path)-wal and \(path)-shm") == true)
    try? await store.close()
  }
}
