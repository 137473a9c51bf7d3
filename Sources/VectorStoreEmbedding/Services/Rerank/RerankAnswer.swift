// Reads the answer to a request for reranking, in the three forms that servers write.

/// The scores of an answer, in the order of the passages, each of them good.
///
/// The forms: `{"results": [{"index": 0, "relevance_score": 0.9}]}` (Jina, Cohere, vLLM, infinity, llama.cpp),
/// `{"data": […]}` of the same (Voyage), and a bare list of `{"index": 0, "score": 0.9}` (TEI).
struct RerankAnswer {
  /// Why an answer cannot be used.
  struct Fault: Error, Equatable {
    /// The reason in one word: `wrong_count`.
    var code: String
    /// What was found and what was expected, as part of a sentence.
    var problem: String
    /// Whether the server says in the answer that something went wrong.
    var isServersError = false
  }

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
      let first = body.first { $0 > 0x20 }
      let isJSON = first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
      switch error as? JSONReader.Fault {
      case .truncated where isJSON:
        throw Fault(
          code: "truncated_json",
          problem: "found JSON that ends in the middle, expected all of it")
      case .wrongKind where isJSON:
        throw Fault(
          code: "wrong_shape", problem: "found JSON of another shape, expected a list of scores")
      default:
        let found =
          first == nil ? "nothing" : first == UInt8(ascii: "<") ? "a web page" : "something else"
        throw Fault(code: "not_json", problem: "found \(found), expected JSON")
      }
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
        throw Fault(
          code: "index_out_of_range",
          problem: "found a score of index \(index), expected 0 to \(count - 1)")
      }
      guard scores[index] == nil else {
        throw Fault(
          code: "duplicate_index", problem: "found index \(index) twice, expected each index once")
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
