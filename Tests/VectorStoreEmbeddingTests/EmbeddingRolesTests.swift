// EmbeddingRoles: what models want, what a request holds for it, and how it is kept.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct EmbeddingRolesTests {
  @Test(
    arguments: [
      ("intfloat/e5-small-v2", "query: ", "passage: "),
      ("intfloat/multilingual-e5-base", "query: ", "passage: "),
      (
        "intfloat/multilingual-e5-large-instruct",
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ",
        ""
      ),
      ("nomic-embed-text:latest", "search_query: ", "search_document: "),
      ("text-embedding-nomic-embed-text-v1.5", "search_query: ", "search_document: "),
      ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
      ("BAAI/bge-m3", "", ""),
      (
        "Qwen/Qwen3-Embedding-0.6B",
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
        ""
      ),
      ("google/embeddinggemma-300m", "task: search result | query: ", "title: none | text: "),
      ("snowflake-arctic-embed2", "query: ", ""),
      ("all-MiniLM-L6-v2", "", ""), ("text-embedding-3-small", "", ""), ("own", "", ""),
    ])
  func knowsThePrefixesOfModels(model: String, query: String, document: String) {
    let roles = EmbeddingRoles.ofModel(model)
    #expect(roles.query == EmbeddingRole(prefix: query))
    #expect(roles.document == EmbeddingRole(prefix: document))
  }

  @Test(
    arguments: [
      ("voyage/voyage-3-large", "input_type", "query", "document"),
      ("jina-embeddings-v3", "task", "retrieval.query", "retrieval.passage"),
      ("embed-multilingual-v3.0", "input_type", "search_query", "search_document"),
    ])
  func knowsTheFieldsOfServices(model: String, field: String, query: String, document: String) {
    let roles = EmbeddingRoles.ofModel(model)
    #expect(roles.query == EmbeddingRole(fields: [field: query]))
    #expect(roles.document == EmbeddingRole(fields: [field: document]))
  }

  @Test func everyFamilyHasANameAndRoles() throws {
    for family in EmbeddingRoles.families {
      let roles = try #require(EmbeddingRoles(family: family.uppercased()))
      #expect(roles != .none, "\(family)")
      try roles.validate()
    }
    #expect(EmbeddingRoles(family: "none") == nil)
  }

  @Test func aRequestHoldsThePrefixAndTheFields() throws {
    var body = EmbeddingRequestBody(texts: ["a\"b", "c"], model: "m")
    body.role = EmbeddingRole(prefix: "query: ", fields: ["task": "q\"", "input_type": "query"])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(body.bytes())) as? [String: Any])
    #expect(object["input"] as? [String] == ["query: a\"b", "query: c"])
    #expect(object["task"] as? String == "q\"" && object["input_type"] as? String == "query")
  }

  @Test func areKeptWithoutWhatIsPlain() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    for (roles, json) in [
      (EmbeddingRoles.none, "{}"),
      (
        .ofModel("e5-base"),
        #"{"document":{"prefix":"passage: "},"query":{"prefix":"query: "}}"#
      ),
      (
        EmbeddingRoles(query: EmbeddingRole(fields: ["task": "q"])),
        #"{"query":{"fields":{"task":"q"}}}"#
      ),
    ] {
      let data = try encoder.encode(roles)
      #expect(String(decoding: data, as: UTF8.self) == json)
      #expect(try JSONDecoder().decode(EmbeddingRoles.self, from: data) == roles)
    }
  }

  @Test func describeThemselvesOnOneLine() {
    #expect("\(EmbeddingRoles.none)" == "none")
    #expect(
      "\(EmbeddingRoles.ofModel("qwen3-embedding"))"
        == #"questions "Instruct: Given a web search query, retrieve relevant passages that answer "#
        + #"the query\nQuery:…", documents as they are"#)
    #expect(
      "\(EmbeddingRoles.ofModel("voyage-3"))"
        == "questions input_type=query, documents input_type=document")
  }

  @Test func refuseWhatEveryRequestHasAndWhatIsEndless() {
    let input = EmbeddingRoles(document: EmbeddingRole(fields: ["input": "x"]))
    #expect(throws: SettingError.self) { try input.validate() }
    let long = EmbeddingRoles(query: EmbeddingRole(prefix: String(repeating: "x", count: 5000)))
    #expect(throws: SettingError.self) { try long.validate() }
  }

  @Test func fieldsThatTheExtraBodySetsAreItsOwn() throws {
    var configuration = OpenAIConfiguration()
    configuration.baseURL = "http://127.0.0.1:1"
    configuration.model = "voyage-3"
    configuration.extraBody = #"{"input_type": "document"}"#
    #expect(try configuration.resolvedRoles == .none)
    configuration.roles = .ofModel("voyage-3")
    #expect(throws: OpenAIConfigurationError.self) { try configuration.resolvedRoles }
  }
}
