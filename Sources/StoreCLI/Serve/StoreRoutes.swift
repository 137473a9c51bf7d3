// The store's own verbs over HTTP, with the values that the command prints with --json.

import Foundation
import VectorStore

/// Answers the paths below `/api`.
struct StoreRoutes: Sendable {
  let store: Store

  private static let collection = MCPTool.Argument(
    name: "collection", kind: .text, description: "The collection (default: default).")

  /// The arguments of a tool for agents, which this server takes as well.
  private static func arguments(of tool: String) -> [MCPTool.Argument] {
    MCPTool.reading.first { $0.name == tool }?.arguments ?? []
  }

  var routes: [ServeRoute] {
    ["GET", "POST"].map { method in
      ServeRoute(
        method: method, path: "/api/search",
        summary: "The passages that answer a question, best first.",
        arguments: Self.arguments(of: "search"), gives: "SearchAnswer", answer: search)
    } + [
      ServeRoute(
        method: "GET", path: "/api/documents", summary: "Documents, by source.",
        arguments: Self.arguments(of: "list"), gives: "DocumentList", answer: list),
      ServeRoute(
        method: "POST", path: "/api/documents",
        summary: "Add texts as documents. One that is there already is replaced.",
        takes: "NewDocuments", gives: "AddReport", writes: true, answer: add),
      ServeRoute(
        method: "GET", path: "/api/documents/{source…}", summary: "A document with its chunks.",
        arguments: [Self.collection], gives: "StoredDocument", answer: get),
      ServeRoute(
        method: "PUT", path: "/api/documents/{source…}",
        summary:
          "Add a file under this name: its bytes are the body, whatever kind the store reads.",
        arguments: [Self.collection], gives: "AddReport", writes: true, answer: put),
      ServeRoute(
        method: "DELETE", path: "/api/documents/{source…}", summary: "Remove a document.",
        arguments: [Self.collection], gives: "RemoveReport", writes: true, answer: remove),
      ServeRoute(
        method: "GET", path: "/api/collections",
        summary: "Collections with their spaces and counts.",
        gives: "CollectionList"
      ) { _ in
        try HTTPResponse(json: ["collections": try await store.collections()])
      },
      ServeRoute(
        method: "DELETE", path: "/api/collections/{name}",
        summary: "Remove a collection with its documents.", gives: "RemoveReport", writes: true
      ) { call in
        try HTTPResponse(json: try await store.removeCollection(call.value("name")))
      },
      ServeRoute(
        method: "GET", path: "/api/status",
        summary: "The mode, the embedding services and the budget.",
        gives: "HealthReport"
      ) { _ in try HTTPResponse(json: try await store.health()) },
      ServeRoute(
        method: "GET", path: "/api/usage",
        summary: "What was sent to embedding services and what it cost.",
        arguments: [
          MCPTool.Argument(
            name: "days", kind: .integer(StoreConfiguration.supportedDays),
            description: "How many days back, today included (default: 30).")
        ], gives: "UsageReport"
      ) { call in
        let days = try call.arguments()["days"]?.integer ?? 30
        return try HTTPResponse(json: try await store.usage(days: days))
      },
    ]
  }

  // MARK: - Search

  private struct SearchAnswer: Encodable {
    let hits: [SearchHit]
    let degraded: Bool
    /// What the reader of the hits should know.
    let notes: [String]
    let pending: PendingDocuments?
  }

  /// A hit as the command prints it, with the part of it that a person is shown.
  private struct SearchHit: Encodable {
    struct Excerpt: Encodable {
      let text: String
      let line: Int?
      let headings: [String]
      /// Where the question's words are: from and to, in UTF-16 units as JavaScript counts.
      let marks: [[Int]]
      let isCut: Bool
    }

    let line: HitLine
    let excerpt: Excerpt?

    private enum Key: String, CodingKey { case excerpt }

    func encode(to encoder: any Encoder) throws {
      try line.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(excerpt, forKey: .excerpt)
    }
  }

  private func search(_ call: ServeCall) async throws -> HTTPResponse {
    let arguments = try call.arguments()
    let question = arguments["question"]?.string ?? ""
    let result = try await store.query(
      question, in: arguments["collection"]?.string ?? "default",
      options: try MCPTools.queryOptions(arguments))
    let words = LexicalQuery(question)
    return try HTTPResponse(
      json: SearchAnswer(
        hits: result.hits.map { hit in
          SearchHit(line: HitLine(query: 0, hit: hit), excerpt: Self.excerpt(hit, words))
        }, degraded: result.isDegraded,
        notes: result.notes, pending: result.pending))
  }

  private static func excerpt(_ hit: Hit, _ words: LexicalQuery) -> SearchHit.Excerpt? {
    guard let passage = hit.text else { return nil }
    let excerpt = Excerpt(
      of: passage, words, format: hit.format, headings: hit.headings, isStart: hit.start == 0)
    let text = (excerpt.startsInLine ? "…" : "") + excerpt.lines.joined(separator: "\n")
    return SearchHit.Excerpt(
      text: text, line: hit.line.map { $0 + excerpt.firstLine }, headings: excerpt.headings,
      marks: words.matches(in: text).map { match in
        [match.lowerBound, match.upperBound].map { $0.utf16Offset(in: text) }
      }, isCut: excerpt.isCut)
  }

  // MARK: - Documents

  private func list(_ call: ServeCall) async throws -> HTTPResponse {
    struct Page: Encodable {
      let documents: [DocumentSummary]
      /// Where the next page begins; nil if this is the last.
      let next: Int?

      private enum Key: String, CodingKey { case documents, next }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(documents, forKey: .documents)
        try container.encode(next, forKey: .next)
      }
    }
    let arguments = try call.arguments()
    let (limit, offset) = (arguments["limit"]?.integer ?? 50, arguments["offset"]?.integer ?? 0)
    let all = try await store.list(
      in: arguments["collection"]?.string,
      filter: try arguments["filter"]?.string.map { try Filter(parsing: $0) },
      limit: offset + limit + 1)
    return try HTTPResponse(
      json: Page(
        documents: Array(all.dropFirst(offset).prefix(limit)),
        next: all.count > offset + limit ? offset + limit : nil))
  }

  private struct NewDocuments: Decodable {
    struct Entry: Decodable {
      let source: String?
      let text: String
      let metadata: [String: MetadataValue]?
    }
    let documents: [Entry]
    let collection: String?
  }

  private func add(_ call: ServeCall) async throws -> HTTPResponse {
    let new = try call.body(NewDocuments.self)
    return try await added(
      new.documents.map {
        Document(id: $0.source, text: $0.text, metadata: $0.metadata ?? [:])
      }, to: new.collection)
  }

  private func put(_ call: ServeCall) async throws -> HTTPResponse {
    let arguments = try call.arguments()
    let document = try await store.document(
      ofFile: call.request.body, named: call.value("source"))
    return try await added([document], to: arguments["collection"]?.string)
  }

  private func added(
    _ documents: [Document], to collection: String?
  ) async throws -> HTTPResponse {
    try HTTPResponse(json: try await store.add(documents, to: collection ?? "default"))
  }

  private func get(_ call: ServeCall) async throws -> HTTPResponse {
    let collection = try call.arguments()["collection"]?.string ?? "default"
    let source = call.value("source")
    guard let document = try await store.get(source, in: collection) else {
      throw StoreError(.documentNotFound, try await store.missing(source, in: collection))
    }
    return try HTTPResponse(json: document)
  }

  private func remove(_ call: ServeCall) async throws -> HTTPResponse {
    let collection = try call.arguments()["collection"]?.string ?? "default"
    let source = call.value("source")
    let report = try await store.remove([source], from: collection)
    guard report.notFound.isEmpty else {
      throw StoreError(.documentNotFound, try await store.missing(source, in: collection))
    }
    return try HTTPResponse(json: report)
  }
}
