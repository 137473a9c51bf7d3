// What the tools do: each a call of the store, its answer as text and as structured content within a number of
// tokens.

import Foundation
import VectorStore
import VectorStoreText

/// The tools on one store, which is opened with the first call.
actor MCPTools {
  static let instructions = """
    Search over the user's own documents. Call search first, with a question in natural language; get reads \
    around a hit, by its source and lines; list shows what documents there are; status says which \
    collections there are and what does not work. Name the source and line of what you use.
    """

  /// The tools that are offered.
  nonisolated let offered: [MCPTool]
  /// The folders below which files may be added, without links.
  nonisolated let roots: [String]
  nonisolated let maximumTokens: Int
  private let open: @Sendable () async throws -> Store
  private var opening: Task<Store, any Error>?

  /// Creates the tools.
  ///
  /// - Parameters:
  ///   - maximumTokens: the most tokens of a result's text, and of its structured content, estimated.
  ///   - writes: whether tools that change the store are offered.
  ///   - roots: the folders below which files may be added, absolute and without links.
  ///   - open: opens the store.
  init(
    maximumTokens: Int, writes: Bool = false, roots: [String] = [],
    open: @escaping @Sendable () async throws -> Store
  ) {
    self.maximumTokens = maximumTokens
    self.roots = roots
    offered = MCPTool.reading + (writes ? MCPTool.writing(roots: roots) : [])
    self.open = open
  }

  /// Calls a tool. What goes wrong stands in the result, for the agent to read.
  ///
  /// - Parameter progress: called now and then with how far a long call is.
  /// - Throws: `CancellationError` alone.
  nonisolated func call(
    _ tool: MCPTool, _ arguments: [String: JSONValue], progress: ProgressHandler? = nil
  ) async throws -> [String: JSONValue] {
    do {
      if let problem = tool.problem(arguments) { throw StoreError(.invalidArgument, problem) }
      let store = try await store()
      switch tool.name {
      case "search": return try await search(store, arguments)
      case "get": return try await get(store, arguments)
      case "list": return try await list(store, arguments)
      case "add_text": return try await addText(store, arguments)
      case "add_path": return try await addPath(store, arguments, progress)
      case "remove": return try await remove(store, arguments)
      default: return try await status(store)
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      let message = Self.message(error)
      return ["content": [["type": "text", "text": .string(message)]], "isError": true]
    }
  }

  /// An error with what an agent can do about it: call a tool, or tell the user.
  private static func message(_ error: any Error) -> String {
    guard let error = error as? StoreError else { return Advice.message(error) ?? "\(error)" }
    return switch error.code {
    case .documentNotFound: "\(error.message); list shows what there is"
    case .collectionNotFound: "\(error.message); status shows the collections"
    default:
      Advice.advice(on: error.code).map { "\(error.message); for the user: \($0)" } ?? error.message
    }
  }

  func store() async throws -> Store {
    let task = opening ?? Task { [open] in try await open() }
    opening = task
    do {
      return try await task.value
    } catch {
      // The next call tries again: the user may have made the store by then.
      opening = nil
      throw error
    }
  }

  /// The options that the arguments of `search` say.
  static func queryOptions(_ arguments: [String: JSONValue]) throws -> QueryOptions {
    var options = QueryOptions(limit: arguments["limit"]?.integer ?? 10)
    options.filter = try arguments["filter"]?.string.map { try Filter(parsing: $0) }
    options.ranking =
      arguments["rank"]?.string.flatMap { RankArgument(rawValue: $0) }?.ranking ?? .fused
    options.neighbours = arguments["context"]?.integer ?? 0
    options.foldsCopies = true
    return options
  }

  private nonisolated func search(
    _ store: Store, _ arguments: [String: JSONValue]
  ) async throws -> [String: JSONValue] {
    var result = try await store.query(
      arguments["question"]?.string ?? "", in: arguments["collection"]?.string ?? "default",
      options: try Self.queryOptions(arguments))
    var notes = result.notes
    let found = result.hits.count
    let (hits, taken) = try fitting(
      result.hits.map { hit in
        let text = hit.text.map { beginning(of: $0, tokens: maximumTokens / 2) }
        var hit = hit
        if text != hit.text { hit.text = (text ?? "") + " …" }
        return try JSONValue(encoding: HitLine(query: 0, hit: hit))
      })
    if taken < found {
      notes.append(
        "\(found - taken) more hits do not fit into \(maximumTokens) tokens; ask more precisely, or with a "
          + "filter or a lower limit")
      result.hits = Array(result.hits.prefix(taken))
    }
    return answer(
      result.context(tokens: maximumTokens), notes, ["hits": .array(hits)])
  }

  private nonisolated func get(
    _ store: Store, _ arguments: [String: JSONValue]
  ) async throws -> [String: JSONValue] {
    let source = arguments["source"]?.string ?? ""
    let collection = arguments["collection"]?.string ?? "default"
    guard let document = try await store.get(source, in: collection) else {
      throw StoreError(.documentNotFound, try await store.missing(source, in: collection))
    }
    guard var text = document.text else {
      throw StoreError(
        .documentNotFound, "\(source) has no text: only its vectors are stored")
    }
    if let page = arguments["page"]?.integer {
      guard let part = TextPlaces.text(of: page, in: text) else {
        throw StoreError(
          .invalidArgument,
          "\(source) has no page \(page); expected a number from 1 to \(TextPlaces.count(in: text))"
        )
      }
      text = String(part)
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    let asked = source.contains(":") ? try await line(of: source, store, collection) : nil
    let first = arguments["first_line"]?.integer ?? asked ?? 1
    let last = min(arguments["last_line"]?.integer ?? lines.count, lines.count)
    guard first <= last else {
      throw StoreError(
        .invalidArgument,
        "the lines \(first) to \(last) are not there; \(source) has \(lines.count) lines")
    }
    var (taken, left) = ([String](), maximumTokens)
    for line in lines[(first - 1)..<last] {
      left -= TokenEstimator().tokens(in: String(line)) + 1
      guard left >= 0 else { break }
      taken.append(String(line))
    }
    var notes: [String] = []
    if taken.isEmpty {
      taken = [beginning(of: String(lines[first - 1]), tokens: maximumTokens)]
      notes.append("line \(first) is too long and was cut")
    }
    let end = first + taken.count - 1
    if end < last {
      notes.append(
        "cut after line \(end) of \(lines.count); for the rest call get with first_line \(end + 1)")
    }
    let shown = taken.joined(separator: "\n")
    return answer(
      shown, notes,
      [
        "document": try JSONValue(encoding: document.summary), "text": .string(shown),
        "first_line": .init(first), "last_line": .init(end), "lines": .init(lines.count),
      ])
  }

  /// The line in a place as hits are shown, if no document has the whole for its source.
  private nonisolated func line(
    of source: String, _ store: Store, _ collection: String
  ) async throws -> Int? {
    try await store.contains(source, in: collection) ? nil : Store.line(of: source)
  }

  private nonisolated func list(
    _ store: Store, _ arguments: [String: JSONValue]
  ) async throws -> [String: JSONValue] {
    let filter = try arguments["filter"]?.string.map { try Filter(parsing: $0) }
    let (limit, offset) = (arguments["limit"]?.integer ?? 50, arguments["offset"]?.integer ?? 0)
    let all = try await store.list(
      in: arguments["collection"]?.string, filter: filter, limit: offset + limit + 1)
    let page = Array(all.dropFirst(offset).prefix(limit))
    let (documents, taken) = try fitting(page.map { try JSONValue(encoding: $0) })
    let text = page.prefix(taken).map { document in
      "\(document.source)  (\(document.collection), \(ListCommand.name(document.state)), "
        + "\(Format.counted(document.chunks, "chunk")))"
    }
    var notes: [String] = []
    if all.count > offset + taken {
      notes.append("there are more; for the next call list with offset \(offset + taken)")
    } else if page.isEmpty {
      notes.append("no documents")
    }
    return answer(text.joined(separator: "\n"), notes, ["documents": .array(documents)])
  }

  private nonisolated func status(_ store: Store) async throws -> [String: JSONValue] {
    let all = try await store.collections()
    let health = try await store.health()
    let (values, taken) = try fitting(all.map { try JSONValue(encoding: $0) })
    let collections = all.prefix(taken)
    var lines = collections.map { collection in
      "\(collection.name): \(Format.counted(collection.documents, "document")), "
        + "\(Format.counted(collection.chunks, "chunk")), \(collection.space)"
        + (collection.pending > 0
          ? "; \(Format.counted(collection.pending, "document")) wait for vectors" : "")
    }
    if collections.isEmpty { lines.append("the store has no documents") }
    if health.services.isEmpty {
      lines.append("No embedding service: search matches words, not meaning.")
    }
    for service in health.services {
      lines.append(
        "service \(service.space): "
          + (service.isWell
            ? "works" : "does not work: \(service.problem?.message ?? "not known why")"))
      for limit in service.budget {
        lines.append(
          "  budget \(limit.limit.rawValue): \(Format.fixed(limit.left, 2)) of "
            + "\(Format.fixed(limit.allowed, 2)) left")
      }
    }
    if let problem = health.ledgerProblem { lines.append("budget: \(problem)") }
    let notes =
      taken < all.count
      ? ["\(all.count - taken) more collections do not fit into \(maximumTokens) tokens"] : []
    return answer(
      lines.joined(separator: "\n"), notes,
      [
        "collections": .array(values),
        "health": try JSONValue(encoding: health),
      ])
  }

  // MARK: - Results

  nonisolated func answer(
    _ text: String, _ notes: [String], _ content: [String: JSONValue], isError: Bool = false
  ) -> [String: JSONValue] {
    var content = content
    if !notes.isEmpty { content["notes"] = .array(notes.map { .string($0) }) }
    let all = ([text] + notes.map { "Note: \($0)" }).filter { !$0.isEmpty }
    return [
      "content": [["type": "text", "text": .string(all.joined(separator: "\n\n"))]],
      "structuredContent": .object(content), "isError": .bool(isError),
    ]
  }

  /// The first values that fit into the tokens of a result, at least one, and their number.
  private nonisolated func fitting(_ values: [JSONValue]) throws -> ([JSONValue], Int) {
    var (taken, left) = ([JSONValue](), maximumTokens)
    for value in values {
      left -= TokenEstimator().tokens(in: try JSONOutput.line(value))
      guard left >= 0 || taken.isEmpty else { break }
      taken.append(value)
    }
    return (taken, taken.count)
  }

  /// The beginning of a text that has so many tokens at most.
  private nonisolated func beginning(of text: String, tokens: Int) -> String {
    var part = text
    while part.count > 1, TokenEstimator().tokens(in: part) > tokens {
      part = String(part.prefix(part.count * 3 / 4))
    }
    return part
  }
}
