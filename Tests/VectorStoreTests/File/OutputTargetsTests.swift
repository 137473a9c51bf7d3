import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct OutputTargetsTests {
  @Test func noOutputGoesOverTheStoreOrWhatBelongsToIt() async throws {
    let folder = try TemporaryFolder()
    var configuration = StoreConfiguration(mode: .mock)
    configuration.budget.ledgerPath = try folder.write("", to: "ledger.db")
    configuration.queryCachePath = folder.path("queries.db")
    let path = folder.path("s.db")
    let store = try await Store(path: path, configuration: configuration)
    try await store.add([Document(id: "a", text: "walrus")])
    try folder.write("1 0 a 1", to: "qrels")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: path)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("here"), withDestinationPath: folder.url.path)
    try folder.write("OPENAI_API_KEY=secret", to: "deep/.env")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("settings"), withDestinationPath: "deep/.env")
    try FileManager.default.linkItem(atPath: path, toPath: folder.path("second"))
    let refused = [
      "s.db", "s.db-wal", "s.db-shm", "s.db-journal", "s.db-lock", "s.db-new", "S.db-NEW", "link",
      "second",
      "here/s.db", "here/s.db-new", "./s.db", "ledger.db", "ledger.db-journal", "queries.db",
      "queries.db-journal", "servers.db", "servers.db-journal", "qrels", "here/qrels", ".env",
      "here/.ENV", ".env.base", "settings",
    ]
    for name in refused {
      let error = #expect(throws: StoreError.self, "\(name)") {
        try store.checkOutputs([folder.path(name)], inputs: [folder.path("qrels")])
      }
      #expect(error?.code == .invalidArgument)
      #expect(error?.message.contains("name another file") == true)
    }
    for name in ["other", "s.db.html", "here/other", "ledger.db.jsonl", "a.env", ".environment"] {
      try store.checkOutputs([folder.path(name)], inputs: [folder.path("qrels")])
    }
    #expect(throws: StoreError.self) {
      try store.checkOutputs([folder.path("out"), folder.path("here/out")])
    }
    #expect(
      await errorCode { try await store.export(to: folder.path("ledger.db")) } == .invalidArgument)
    #expect(
      await errorCode {
        try await store.export(to: folder.path("v.npy"), texts: folder.path("second"))
      } == .invalidArgument)
    #expect(try await store.query("walrus").hits.count == 1)
    try await store.close()
    try expectWhole(path)
  }
}
