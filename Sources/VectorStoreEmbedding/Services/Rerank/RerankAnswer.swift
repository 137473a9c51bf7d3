// Reads the answer to a request for reranking, in the three forms that servers write.

/// The scores of an answer, in the order of the passages, each of them good.
///
/// The forms: `{"results": [{"index": 0, "relevance_score": 0.9}]}` (Jina, Cohere, vLLM, infinity, llama.cpp),
/// `{"data": […]}` of the same (Voyage), and a bare list of `{"index": 0, "score": 0.9}` (TEI).
struct RerankAnswer {
  typealias Fault = AnswerFault

  private(set) var scores: [Float] = []
  /// The tokens that the server counted, where it says so.
  private(set) var tokens: Int?
  private var items: [(index: Int?, score: Double?)] = []
  private var hasItems = false
  private var hasError = false

  /// Reads an answer. Fields that are not known are passed over.
  ///
  /// - Throws: ``Fault``.
  /// - Complexity: O(bytes).
  init(_ body: [UInt8], passages count: Int) throws(Fault) {
    do {
      try body.withUnsafeBufferPointer { bytes in
        var json = JSONReader(bytes)
        if try json.peek() == UInt8(ascii: "[") {
          try readItems(&json)
        } else {
          try json.object { key, json in try readMember(key, &json) }
        }
        try json.finish()
      }
    } catch let fault as Fault {
      throw fault
    } catch {
      throw .broken(error, body, isWholeFrom: "{[", expected: "a list of scores")
    }
    scores = try ordered(count)
  }

  /// The scores by their indices, each of which is there once.
  private func ordered(_ count: Int) throws(Fault) -> [Float] {
    guard hasItems, !hasError || !items.isEmpty else {
      throw Fault(
        code: "no_data", problem: "found no list of scores, expected \"results\"",
        isServersError: hasError)
    }
    guard items.count == count else {
      throw Fault(
        code: "wrong_count",
        problem: "found \(items.count) scores, expected \(count), one a passage")
    }
    var scores = [Float?](repeating: nil, count: count)
    // Protobuf's JSON leaves out what is 0.
    for (index, score) in items.map({ ($0.index ?? 0, $0.score ?? 0) }) {
      guard scores.indices.contains(index) else {
        throw .index(index, of: "score", expected: count)
      }
      guard scores[index] == nil else {
        throw .twice(index)
      }
      guard Float(score).isFinite else { throw Self.notFinite }
      scores[index] = Float(score)
    }
    return scores.compactMap { $0 }
  }

  private static let notFinite = Fault(
    code: "not_finite", problem: "found NaN or infinity, expected finite scores")

  // MARK: - Reading

  private mutating func readMember(_ key: String, _ json: inout JSONReader) throws {
    switch key {
    case "results", "data": if try isList(&json) { try readItems(&json) } else { try json.skip() }
    case "usage", "meta": try readUsage(&json)
    case "error":
      hasError = try json.peek() != UInt8(ascii: "n")
      try json.skip()
    default: try json.skip()
    }
  }

  private func isList(_ json: inout JSONReader) throws -> Bool {
    try json.peek() == UInt8(ascii: "[")
  }

  private mutating func readItems(_ json: inout JSONReader) throws {
    hasItems = true
    try json.array { json in
      var item: (index: Int?, score: Double?) = (nil, nil)
      try json.object { key, json in
        switch key {
        case "index": item.index = Int(exactly: try json.number()) ?? -1
        case "relevance_score", "score":
          do {
            item.score = try json.number()
          } catch JSONReader.Fault.wrongKind {
            // NaN, Infinity and null, which JSON has no numbers for.
            throw Self.notFinite
          }
        default: try json.skip()
        }
      }
      items.append(item)
    }
  }

  /// Reads how many tokens were counted: `usage.total_tokens`, or Cohere's `meta.tokens.input_tokens`.
  private mutating func readUsage(_ json: inout JSONReader) throws {
    guard try json.peek() == UInt8(ascii: "{") else { return try json.skip() }
    try json.object { key, json in
      switch key {
      case "total_tokens", "prompt_tokens", "input_tokens":
        let first = try json.peek()
        guard first &- UInt8(ascii: "0") < 10 else { return try json.skip() }
        let told = Int(exactly: try json.number()) ?? 0
        if told > 0 { tokens = max(tokens ?? 0, told) }
      case "tokens": try readUsage(&json)
      default: try json.skip()
      }
    }
  }
}
