import Foundation
import TestSupport
import Testing
import VectorStore

@Suite struct StoreBackupTests {
  @Test func aBackupHoldsAllAndIsAStore() async throws {
    let folder = try TemporaryFolder()
    let store = try await Store(
      path: folder.path("store.db"), configuration: StoreConfiguration(mode: .mock))
    try await store.add((0..<300).map { Document(id: "\($0)", text: "text number \($0)") })
    // One writes while the copy is made.
    async let added = store.add([Document(id: "late", text: "written meanwhile")])
    try await store.backup(to: folder.path("copy.db"))
    _ = try await added
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("copy.db"))
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let copy = try await Store(
      path: folder.path("copy.db"), configuration: StoreConfiguration(mode: .mock))
    #expect(try await copy.count(in: "default") >= 300)
    let asked = try await (store.query("text number 7"), copy.query("text number 7"))
    #expect(asked.0.hits[0].source == asked.1.hits[0].source)
    #expect(asked.0.hits[0].score == asked.1.hits[0].score)
    #expect(try await Store.doctor(path: folder.path("copy.db")).isWell)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        .allSatisfy { !$0.contains("-new-") })
    try await copy.close()
    try await store.close()
  }

  @Test func aBackupReplacesNothing() async throws {
    let folder = try TemporaryFolder()
    try folder.write("mine", to: "mine.txt")
    let store = try await Store(
      path: folder.path("store.db"), configuration: StoreConfiguration(mode: .mock))
    try await store.add([Document(id: "a", text: "a text")])
    for name in ["mine.txt", "store.db", "store.db-wal"] {
      await #expect(throws: StoreError.self) { try await store.backup(to: folder.path(name)) }
    }
    #expect(try String(contentsOfFile: folder.path("mine.txt"), encoding: .utf8) == "mine")
    try await store.close()
  }

  @Test func aTemporaryStoreLeavesNothing() async throws {
    let stores = try await [Store.temporary(), Store(path: ":memory:")]
    for store in stores {
      store.mode = .mock
      try await store.add([Document(id: "a", text: "a text")])
      #expect(try await store.query("a text").hits.count == 1)
      #expect(FileManager.default.fileExists(atPath: store.path))
      try await store.close()
      #expect(!FileManager.default.fileExists(atPath: store.path))
    }
    #expect(!FileManager.default.fileExists(atPath: ":memory:"))
  }

  @Test func aTemporaryStoreThatIsLetGoLeavesNothing() async throws {
    var store: Store? = try await Store.temporary()
    let path = try #require(store?.path)
    #expect(FileManager.default.fileExists(atPath: path))
    store = nil
    // Letting go closes in a task of its own, which waits for its turn on a busy machine.
    for _ in 0..<3000 where FileManager.default.fileExists(atPath: path) {
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
