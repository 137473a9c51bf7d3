// Pages of lists, and how texts are cut, as OpenAI's clients ask for them.

import VectorStore

/// Which part of a list is asked for.
struct OpenAIPage: Sendable {
  static let arguments = [
    MCPTool.Argument(
      name: "limit", kind: .integer(1...10_000), description: "The most entries (default: 20)."),
    MCPTool.Argument(
      name: "order", kind: .choice(["asc", "desc"]), description: "By time (default: desc)."),
    MCPTool.Argument(
      name: "after", kind: .text, description: "Only entries after the one with this id."),
    MCPTool.Argument(
      name: "before", kind: .text, description: "Only entries before the one with this id."),
  ]

  let limit: Int
  let isAscending: Bool
  let after: String?
  let before: String?

  init(_ call: ServeCall) throws {
    let arguments = try call.arguments()
    limit = arguments["limit"]?.integer ?? 20
    isAscending = arguments["order"]?.string == "asc"
    (after, before) = (arguments["after"]?.string, arguments["before"]?.string)
  }

  /// The part of a whole list, in its order.
  func answer(_ all: [JSONValue]) -> JSONValue {
    var part = all[...]
    if let after, let index = part.firstIndex(where: { $0["id"]?.string == after }) {
      part = part[(index + 1)...]
    }
    if let before, let index = part.firstIndex(where: { $0["id"]?.string == before }) {
      part = part[..<index]
    }
    return Self.answer(Array(part.prefix(limit)), hasMore: part.count > limit)
  }

  /// A page as it is answered.
  static func answer(_ data: [JSONValue], hasMore: Bool) -> JSONValue {
    [
      "object": "list", "data": .array(data), "first_id": data.first?["id"] ?? .null,
      "last_id": data.last?["id"] ?? .null, "has_more": .bool(hasMore),
    ]
  }
}

/// How files are cut.
struct OpenAIChunking: Decodable {
  struct Static: Decodable {
    let max_chunk_size_tokens: Int
    let chunk_overlap_tokens: Int
  }

  let type: String
  let `static`: Static?

  /// The store's options; nil for its own.
  var options: ChunkingOptions? {
    get throws {
      guard type == "static", let given = `static` else { return nil }
      let options = ChunkingOptions(
        maximumTokens: given.max_chunk_size_tokens, overlapTokens: given.chunk_overlap_tokens)
      do {
        try options.validate()
      } catch {
        throw HTTPError(
          400, "invalid_argument", "\(error)", parameter: "chunking_strategy")
      }
      return options
    }
  }
}
