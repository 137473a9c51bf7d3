// Models that run on this machine, through the command.

import Foundation
import TestSupport
import Testing

@Suite struct ModelCommandTests {
  private let store: Command
  private let fixture: ModelFixture

  init() throws {
    store = Command(folder: try TemporaryFolder())
    fixture = try ModelFixture()
  }

  private func addModel(_ fixture: ModelFixture, _ name: String = "tiny") async throws {
    let outcome = try await store.run("model", "add", fixture.folder.url.path, "--name", name)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func newCollectionsGetTheModelWithoutAKey() async throws {
    #expect(
      try await store.run("model", "list").output
        == "no models; `store model pull all-MiniLM-L6-v2` fetches one\n")
    let added = try await store.run("model", "add", fixture.folder.url.path, "--name", "tiny")
    #expect(
      added.output == "tiny is ready (local/tiny/64); new collections use it unless a key is set\n")
    let texts = try await store.run("add", "--text", "money back", "--id", "a")
    #expect(texts.status == 0)
    #expect(texts.output.hasSuffix("; 1 passage embedded\n"), "\(texts.output)")
    let answer = try await store.run("query", "refund money", "--json")
    #expect(answer.errors.isEmpty)
    let hit = try CommandTests.object(answer.output)
    #expect(hit["space"] as? String == "local/tiny/64")
    #expect(hit["degraded"] as? Bool != true)
    // A key makes no difference to a collection of the model.
    var withKey = store
    withKey.environment["OPENAI_API_KEY"] = "sk-none"
    withKey.environment["OPENAI_API_URL"] = "http://127.0.0.1:9"
    #expect(try await withKey.run("query", "refund money", "--json").output == answer.output)
  }

  @Test func aCollectionWithoutMeaningGetsItByReembed() async throws {
    #expect(
      try await store.run("add", "--text", "money back").output.hasSuffix(
        "word search only until you set OPENAI_API_KEY or run `store model pull all-MiniLM-L6-v2`\n"
      ))
    try await addModel(fixture)
    let hint = try await store.run("query", "refund")
    #expect(hint.errors.contains("`store reembed`"), "\(hint.errors)")
    let moved = try await store.run("reembed")
    #expect(moved.status == 0, "\(moved.errors)")
    #expect(moved.output.contains("to local/tiny/64: 1 passage embedded"), "\(moved.output)")
    #expect(try await store.run("query", "refund").errors.isEmpty)
  }

  @Test func reembedsToAModelByName() async throws {
    try await addModel(fixture)
    try await addModel(try ModelFixture(seed: 2), "other")
    try await store.run("add", "--text", "money back").expectSuccess()
    let moved = try await store.run("reembed", "--to", "local/other")
    #expect(moved.output.contains("from local/tiny/64 to local/other/64"), "\(moved.errors)")
    let chosen = try await store.run("add", "--text", "refund", "-c", "new", "--model", "other")
    #expect(chosen.status == 0, "\(chosen.errors)")
    let refused = try await store.run("add", "--text", "refund", "-c", "new", "--model", "tiny")
    #expect(refused.status == 1)
    let unknown = try await store.run("reembed", "--to", "local/none")
    #expect(
      unknown.errors.hasPrefix(
        "Error: there is no model none on this machine; there are other, tiny; "))
  }

  @Test func anotherModelUnderTheSameNameIsRefused() async throws {
    try await addModel(fixture)
    try await store.run("add", "--text", "money back").expectSuccess()
    try await store.run("model", "remove", "tiny").expectSuccess()
    let without = try await store.run("query", "money")
    #expect(without.status == 0)
    try await addModel(try ModelFixture(seed: 2))
    for command in [["query", "money"], ["add", "--text", "refund"], ["reembed"]] {
      let outcome = try await store.run(command)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("has other weights"), "\(outcome.errors)")
    }
    // The old one is welcome again.
    try await store.run("model", "remove", "tiny").expectSuccess()
    try await addModel(fixture)
    #expect(try await store.run("query", "money").errors.isEmpty)
  }

  @Test func refusesAFolderThatIsNoModel() async throws {
    let outcome = try await store.run("model", "add", store.folder.url.path)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("has no config.json; expected the folder of a model"))
    let known = try await store.run("model", "pull", "gpt-9")
    #expect(
      known.errors.hasPrefix("Error: gpt-9 is not a known model; known are all-MiniLM-L6-v2, "))
    #expect(
      try await store.run("model", "list", "--known").output.contains("multilingual-e5-small"))
  }
}

extension Command.Outcome {
  fileprivate func expectSuccess() { #expect(status == 0, "\(errors)") }
}
