// The user's models: brought in from folders and from a server, chosen, removed.

import Foundation
import TestSupport
import Testing
import VectorStoreText

@testable import VectorStoreEmbedding

@Suite struct ModelLibraryTests {
  private let home: TemporaryFolder
  private let library: ModelLibrary

  init() throws {
    home = try TemporaryFolder()
    library = ModelLibrary(folder: home.path("data/models"))
  }

  private func message(_ body: () async throws -> Void) async -> String {
    do {
      try await body()
      return "done"
    } catch { return "\(error)" }
  }

  @Test func addsListsChoosesAndRemoves() async throws {
    let (one, two) = (try ModelFixture(seed: 1), try ModelFixture(seed: 2))
    #expect(library.models().isEmpty)
    #expect(library.chosen == nil)
    try await library.add(folder: one.folder.url.path, name: "one")
    try await library.add(folder: two.folder.url.path, name: "two")
    #expect(library.models().map(\.name) == ["one", "two"])
    #expect(library.chosen?.space.name == "local/one/64")
    try library.use("TWO")
    #expect(library.chosen?.name == "two")
    #expect(
      await message { try await library.add(folder: two.folder.url.path, name: "one") }
        == "there is a model one already; remove it first, or choose another name")
    try library.remove("two")
    #expect(library.chosen?.name == "one")
    #expect(
      await message { try library.use("two") }
        == "there is no model two on this machine; there are one")
    #expect(
      await message { try await library.add(folder: home.path("nothing")) }.hasSuffix(
        "has no config.json; expected the folder of a model"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: library.folder).sorted() == [
        "chosen", "one",
      ])
  }

  @Test func aServiceOpensItsModelWhenItIsAsked() async throws {
    let fixture = try ModelFixture()
    try await library.add(folder: fixture.folder.url.path, name: "tiny")
    let service = try library.service("tiny")
    let direct = try fixture.open()
    #expect(service.space == direct.space)
    #expect(service.terms == direct.terms)
    #expect(try await service.embed(["money"]).vectors == direct.embed(["money"]).vectors)
    #expect(await service.tokenCounter().count("money back") == 4)
    // Other weights in its folder are found out.
    let other = try ModelFixture(seed: 2)
    let path = library.folder + "/tiny/model.safetensors"
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.copyItem(atPath: other.folder.path("model.safetensors"), toPath: path)
    let second = try library.service("tiny")
    #expect(
      await message { _ = try await second.embed(["money"]) }.contains(
        "are not those that were added"))
  }

  @Test func pullsAModelFromAServer() async throws {
    let fixture = try ModelFixture()
    let server = try TemporaryFolder()
    let place = "owner/tiny/resolve/main/"
    for file in ["config.json", "modules.json", "model.safetensors"] {
      let data = try Data(contentsOf: fixture.folder.url.appending(path: file))
      try server.write(data, to: place + file)
    }
    let vocabulary = ModelFixture.pieces.enumerated().map { "\"\($1)\": \($0)" }.joined(
      separator: ", ")
    try server.write(
      #"{"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "#
        + #""post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 2], "sep": ["[SEP]", 3]}, "#
        + "\"model\": {\"type\": \"WordPiece\", \"vocab\": {\(vocabulary)}}}",
      to: place + "tokenizer.json")
    let weights = try Data(contentsOf: fixture.folder.url.appending(path: "model.safetensors"))
    func known(_ sha256: String) -> KnownLocalModel {
      KnownLocalModel(
        name: "tiny", repository: "owner/tiny", sha256: sha256, bytes: weights.count,
        licence: "MIT",
        languages: "none", dimensions: 64, maximumTokens: 32, remark: "")
    }
    let hash = SHA256.hash(weights).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    try await withFileServer(server.url) { address in
      let wrong = known(String(repeating: "0", count: 64))
      #expect(
        await message { try await library.pull(wrong, from: address) }.contains(
          "has the SHA-256 \(hash)"))
      #expect(library.models().isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: library.folder).isEmpty)
      // By way of redirects.
      try await library.pull(known(hash), from: address + "/old")
    }
    #expect(library.chosen?.name == "tiny")
    #expect(
      try await library.service("tiny").embed(["money"]).vectors
        == fixture.open().embed(["money"]).vectors)
    let gone = known(hash)
    try library.remove("tiny")
    #expect(
      await message { try await library.pull(gone, from: "http://127.0.0.1:9") }
        .hasPrefix("tiny cannot be fetched from http://127.0.0.1:9: "))
  }
}
