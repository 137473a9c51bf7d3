// OpenAI's vector stores: each is a collection, and each of the store's collections is one.

import Foundation
import VectorStore

/// A vector store as requests name it.
struct VectorStoreID: Sendable {
  /// `vs_` and the collection's name in the alphabet of addresses.
  let text: String
  let collection: String

  init(of collection: String) {
    self.collection = collection
    text = "vs_" + Self.encoded(collection)
  }

  /// - Throws: ``HTTPError`` with 404 for an id that names no collection.
  init(_ text: String) throws(HTTPError) {
    guard text.hasPrefix("vs_"), let name = Self.decoded(text.dropFirst(3)) else {
      throw HTTPError(
        404, "vector_store_not_found",
        "there is no vector store \"\(text.prefix(100))\"; GET /v1/vector_stores lists what there is"
      )
    }
    (self.text, collection) = (text, name)
  }

  /// A text in base64 for addresses, without its padding.
  static func encoded(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
  }

  static func decoded(_ text: Substring) -> String? {
    let base64 = String(text.replacing("-", with: "+").replacing("_", with: "/"))
    let padded = base64 + String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    return Data(base64Encoded: padded).flatMap { String(data: $0, encoding: .utf8) }
  }
}

/// Answers `/v1/vector_stores`, but for their files.
struct OpenAIVectorStores: Sendable {
  /// What a vector store is called and what its maker noted; of a collection that was made otherwise, nothing.
  private struct Notes: Codable {
    var name: String?
    var metadata: [String: String]?
  }

  let store: Store
  let uploads: UploadedFiles
  let files: OpenAIVectorStoreFiles

  init(store: Store, uploads: UploadedFiles) {
    (self.store, self.uploads) = (store, uploads)
    files = OpenAIVectorStoreFiles(store: store, uploads: uploads)
  }

  var routes: [ServeRoute] {
    let one = "/v1/vector_stores/{vector_store_id}"
    return [
      ServeRoute(
        method: "POST", path: "/v1/vector_stores",
        summary: "Make a vector store: an empty collection.",
        takes: "NewVectorStore", gives: "VectorStore", writes: true, answer: create),
      ServeRoute(
        method: "GET", path: "/v1/vector_stores", summary: "All collections, as vector stores.",
        arguments: OpenAIPage.arguments, gives: "VectorStoreList", answer: list),
      ServeRoute(
        method: "GET", path: one, summary: "A vector store.", gives: "VectorStore"
      ) { call in
        try HTTPResponse(
          json: try await described(try VectorStoreID(call.value("vector_store_id"))))
      },
      ServeRoute(
        method: "POST", path: one, summary: "Change its name or metadata.",
        takes: "NewVectorStore", gives: "VectorStore", writes: true, answer: modify),
      ServeRoute(
        method: "DELETE", path: one, summary: "Remove it with its documents.", gives: "Deleted",
        writes: true, answer: delete),
      ServeRoute(
        method: "POST", path: one + "/search",
        summary: "The passages that answer a question, of files whose attributes pass the filters.",
        takes: "VectorStoreSearch", gives: "VectorStoreSearchPage", answer: search),
    ]
  }

  private struct NewVectorStore: Decodable {
    let name: String?
    let metadata: [String: String]?
    let file_ids: [String]?
    let chunking_strategy: OpenAIChunking?
  }

  private func create(_ call: ServeCall) async throws -> HTTPResponse {
    let new = try call.body(NewVectorStore.self)
    let options = AddOptions(chunking: try new.chunking_strategy?.options)
    var uploaded: [UploadedFile] = []
    for id in new.file_ids ?? [] { uploaded.append(try await uploads.file(id)) }
    let taken = Set(try await store.collections().map(\.name))
    var collection = new.name.flatMap { $0.isEmpty ? nil : $0 } ?? "vector-store"
    if taken.contains(collection) || new.name?.isEmpty ?? true {
      // Names of vector stores may be the same, those of collections not.
      collection += "-" + String(format: "%08x", UInt32.random(in: 0 ... .max))
    }
    try await store.add([], to: collection)
    let id = VectorStoreID(of: collection)
    try await keep(Notes(name: new.name ?? "", metadata: new.metadata), of: id)
    for file in uploaded {
      _ = try await files.attach(file, to: id, attributes: [:], options: options)
    }
    return try HTTPResponse(json: try await described(id))
  }

  private func list(_ call: ServeCall) async throws -> HTTPResponse {
    let page = try OpenAIPage(call)
    let all = try await store.collections().sorted {
      ($0.created, $0.name) < ($1.created, $1.name)
    }
    var values: [JSONValue] = []
    for collection in page.isAscending ? all : all.reversed() {
      values.append(try await described(collection))
    }
    return try HTTPResponse(json: page.answer(values))
  }

  private func modify(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    let new = try call.body(NewVectorStore.self)
    _ = try await summary(of: id)
    var notes = try await notes(of: id)
    if let name = new.name { notes.name = name }
    if let metadata = new.metadata { notes.metadata = metadata }
    try await keep(notes, of: id)
    return try HTTPResponse(json: try await described(id))
  }

  private func delete(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    _ = try await summary(of: id)
    _ = try await store.removeCollection(id.collection)
    try await uploads.remove(Self.file(of: id))
    return try HTTPResponse(
      json: ["id": .string(id.text), "object": "vector_store.deleted", "deleted": true] as JSONValue
    )
  }

  // MARK: - Search

  private struct Search: Decodable {
    struct Queries: Decodable {
      let texts: [String]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          texts = [text]
        } else {
          texts = try container.decode([String].self)
        }
      }
    }

    struct Ranking: Decodable {
      let score_threshold: Double?
    }

    let query: Queries
    let filters: OpenAIFilter?
    let max_num_results: Int?
    let ranking_options: Ranking?
  }

  private func search(_ call: ServeCall) async throws -> HTTPResponse {
    let id = try VectorStoreID(call.value("vector_store_id"))
    let search = try call.body(Search.self)
    let limit = search.max_num_results ?? 10
    guard (1...50).contains(limit) else {
      throw HTTPError(
        400, "invalid_argument", "max_num_results is \(limit); give 1 to 50",
        parameter: "max_num_results")
    }
    guard (1...32).contains(search.query.texts.count) else {
      throw HTTPError(
        400, "invalid_argument", "query has \(search.query.texts.count) texts; send 1 to 32",
        parameter: "query")
    }
    _ = try await summary(of: id)
    var options = QueryOptions(limit: limit, filter: try search.filters?.filter, ranking: .fused)
    options.foldsCopies = true
    let results = try await store.query(search.query.texts, in: id.collection, options: options)
    // The best score that each passage has for any of the questions.
    var best: [Int64: Hit] = [:]
    for hit in results.flatMap(\.hits) where hit.score > best[hit.id]?.score ?? -.infinity {
      best[hit.id] = hit
    }
    let threshold = search.ranking_options?.score_threshold ?? -.infinity
    let hits = best.values.filter { $0.score >= threshold }
      .sorted { ($1.score, $0.rank, $0.id) < ($0.score, $1.rank, $1.id) }.prefix(limit)
    return try HTTPResponse(
      json: [
        "object": "vector_store.search_results.page",
        "search_query": .array(search.query.texts.map { .string($0) }),
        "data": .array(
          hits.map { hit in
            let file = OpenAIVectorStoreFiles.Name(source: hit.source, metadata: hit.metadata)
            return [
              "file_id": .string(file.id), "filename": .string(file.name),
              "score": .init(hit.score),
              // As the notes: more than OpenAI says.
              "strength": hit.strength.map { .string($0.rawValue) } ?? .null,
              "attributes": file.attributes,
              "content": .array(hit.text.map { [["type": "text", "text": .string($0)]] } ?? []),
            ]
          }), "has_more": false, "next_page": .null,
        // OpenAI has no such field; clients pass over it.
        "notes": .array(
          Set(results.flatMap(\.notes)).sorted().map { .string($0) }),
      ] as JSONValue)
  }

  // MARK: - Descriptions

  private static func file(of id: VectorStoreID) -> String {
    "vs-" + SHA256.hash(Data(id.collection.utf8)).prefix(16).hexadecimal + ".json"
  }

  private func notes(of id: VectorStoreID) async throws -> Notes {
    try await uploads.read(Self.file(of: id)).flatMap {
      try? JSONDecoder().decode(Notes.self, from: $0)
    } ?? Notes()
  }

  private func keep(_ notes: Notes, of id: VectorStoreID) async throws {
    try await uploads.write(try JSONEncoder().encode(notes), to: Self.file(of: id))
  }

  private func summary(of id: VectorStoreID) async throws -> CollectionSummary {
    guard let found = try await store.collections().first(where: { $0.name == id.collection })
    else {
      throw HTTPError(
        404, "vector_store_not_found",
        "there is no vector store \"\(id.text.prefix(100))\"; GET /v1/vector_stores lists what there is"
      )
    }
    return found
  }

  private func described(_ id: VectorStoreID) async throws -> JSONValue {
    try await described(try await summary(of: id))
  }

  private func described(_ collection: CollectionSummary) async throws -> JSONValue {
    let id = VectorStoreID(of: collection.name)
    let notes = try await notes(of: id)
    let bytes = collection.vectors.reduce(0) { $0 + $1.value * $1.key.dimensions * 4 }
    // Documents that wait for vectors count as failed: nothing here goes on by itself.
    return [
      "id": .string(id.text), "object": "vector_store",
      "created_at": .init(Int(collection.created.timeIntervalSince1970)),
      "name": .string(notes.name ?? collection.name), "usage_bytes": .init(bytes),
      "file_counts": [
        "in_progress": 0, "completed": .init(collection.documents - collection.pending),
        "failed": .init(collection.pending), "cancelled": 0, "total": .init(collection.documents),
      ], "status": "completed", "expires_after": .null, "expires_at": .null,
      "last_active_at": .init(Int(collection.created.timeIntervalSince1970)),
      "metadata": .object((notes.metadata ?? [:]).mapValues { .string($0) }),
    ]
  }
}
