// Reads the answer to a request for embeddings (CreateEmbeddingResponse of the API's description) and
// refuses it if a vector is not good.

/// The vectors of an answer, in the order of the texts, each of them good.
struct EmbeddingAnswer {
  /// What an answer has to be.
  struct Expectation {
    /// The texts that were sent.
    var texts: Int
    /// The dimensions of each vector; nil for whatever a space may have.
    var dimensions: Int?
    /// Whether vectors have to be of length 1 within 1e-3.
    var isUnitLength: Bool
  }

  typealias Fault = AnswerFault

  /// One vector a text.
  let vectors: [[Float]]
  /// The tokens that the server counted, where it says so.
  let tokens: Int?

  /// Reads an answer. Fields that are not known are passed over.
  ///
  /// - Throws: ``Fault``.
  /// - Complexity: O(bytes).
  init(
    _ bytes: UnsafeBufferPointer<UInt8>, expecting expectation: Expectation
  ) throws(Fault) {
    var reading = Reading(expectation: expectation)
    do {
      try reading.read(bytes)
    } catch let fault as Fault {
      throw fault
    } catch {
      throw .broken(error, bytes, isWholeFrom: "{", expected: "a list of embeddings")
    }
    vectors = try reading.orderedVectors()
    tokens = reading.tokens
  }
}

/// An answer while it is read.
private struct Reading {
  typealias Fault = AnswerFault

  let expectation: EmbeddingAnswer.Expectation
  var tokens: Int?
  private var items: [(index: Int?, vector: [Float])] = []
  private var hasData = false
  private var hasError = false

  init(expectation: EmbeddingAnswer.Expectation) { self.expectation = expectation }

  mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    var json = JSONReader(bytes)
    try json.object { key, json in
      switch key {
      case "data" where try json.peek() != UInt8(ascii: "n"):
        hasData = true
        try json.array { json in try readItem(&json) }
      case "usage": try readUsage(&json)
      case "error":
        hasError = try json.peek() != UInt8(ascii: "n")
        try json.skip()
      default: try json.skip()
      }
    }
    try json.finish()
  }

  /// The vectors by their indices, each of which is there once; without indices by their places.
  func orderedVectors() throws(Fault) -> [[Float]] {
    let count = expectation.texts
    guard hasData, !hasError || !items.isEmpty else {
      throw Fault(
        code: "no_data", problem: "found no \"data\", expected a list of embeddings",
        isServersError: hasError)
    }
    guard items.count == count else {
      throw Fault(
        code: items.isEmpty ? "no_data" : "wrong_count",
        problem: "found \(items.count) vectors, expected \(count), one a text")
    }
    guard items.contains(where: { $0.index != nil }) else { return items.map(\.vector) }
    // Protobuf's JSON leaves out what is 0.
    let isZeroLeftOut =
      items.count { $0.index == nil } == 1 && !items.contains { $0.index == 0 }
    var vectors = [[Float]](repeating: [], count: count)
    for item in items {
      guard let index = item.index ?? (isZeroLeftOut ? 0 : nil) else {
        throw Fault(
          code: "missing_index",
          problem: "found a vector without an index, expected 0 to \(count - 1)")
      }
      guard vectors.indices.contains(index) else {
        throw .index(index, of: "vector", expected: count)
      }
      guard vectors[index].isEmpty else {
        throw .twice(index)
      }
      vectors[index] = item.vector
    }
    return vectors
  }

  // MARK: - Private

  private mutating func readItem(_ json: inout JSONReader) throws {
    var index: Int?
    var vector: [Float]?
    try json.object { key, json in
      switch key {
      case "index": index = try readIndex(&json)
      case "embedding": vector = try readVector(&json)
      default: try json.skip()
      }
    }
    guard let vector else {
      throw Fault(code: "missing_vector", problem: "found no vector\(place), expected one a text")
    }
    try check(vector)
    items.append((index, vector))
  }

  /// Reads a number, also one that is written as text; nil for anything else, as null.
  private func readIndex(_ json: inout JSONReader) throws -> Int? {
    switch try json.peek() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return Int(exactly: try json.number())
    case UInt8(ascii: "\""): return Int(try json.string())
    default:
      try json.skip()
      return nil
    }
  }

  /// Reads base64 or numbers, whichever the server wrote; nil for null.
  private func readVector(_ json: inout JSONReader) throws -> [Float]? {
    switch try json.peek() {
    case UInt8(ascii: "\""):
      guard let vector = try json.stringBytes(Base64Floats.decode) else {
        throw Fault(
          code: "not_base64", problem: "found text\(place), expected a vector in base64")
      }
      return vector
    case UInt8(ascii: "["):
      var vector: [Float] = []
      vector.reserveCapacity(expectation.dimensions ?? 0)
      try json.array { json in vector.append(try readComponent(&json)) }
      return vector
    default:
      try json.skip()
      return nil
    }
  }

  /// Reads a number. Rounding it to a double first can miss the nearest float32 by one unit in its last
  /// place, once in some hundred million numbers.
  private func readComponent(_ json: inout JSONReader) throws -> Float {
    let first = try json.peek()
    do {
      return Float(try json.number())
    } catch .wrongKind where "nNiI-".utf8.contains(first) {
      // NaN, Infinity and null, which JSON has no numbers for.
      throw notFinite
    }
  }

  private func check(_ vector: [Float]) throws {
    let allowed = expectation.dimensions.map { $0...$0 } ?? EmbeddingSpace.supportedDimensions
    guard allowed.contains(vector.count) else {
      let expected =
        expectation.dimensions.map(String.init) ?? "\(allowed.lowerBound) to \(allowed.upperBound)"
      throw Fault(
        code: "wrong_dimensions",
        problem: "found \(vector.count) dimensions\(place), expected \(expected)",
        dimensions: expectation.dimensions == nil ? nil : vector.count)
    }
    var squares = 0.0
    for component in vector { squares += Double(component) * Double(component) }
    guard squares.isFinite else { throw notFinite }
    guard squares > 0 else {
      throw Fault(code: "zero_vector", problem: "found the zero vector\(place), expected another")
    }
    if expectation.isUnitLength, abs(squares.squareRoot() - 1) > 1e-3 {
      throw Fault(
        code: "not_unit_length",
        problem: "found a vector of length \(Float(squares.squareRoot()))\(place), expected 1")
    }
  }

  private var notFinite: Fault {
    Fault(
      code: "not_finite", problem: "found NaN or infinity\(place), expected finite numbers")
  }

  /// Which vector is read now, in the answer's own order.
  private var place: String { " in place \(items.count + 1) of \(expectation.texts)" }

  private mutating func readUsage(_ json: inout JSONReader) throws {
    guard try json.peek() == UInt8(ascii: "{") else { return try json.skip() }
    var prompt: Int?
    var total: Int?
    try json.object { key, json in
      switch key {
      case "prompt_tokens": prompt = try readCount(&json)
      case "total_tokens": total = try readCount(&json)
      default: try json.skip()
      }
    }
    tokens = prompt ?? total
  }

  /// Reads a whole number above 0, or nil for whatever else stands there.
  private func readCount(_ json: inout JSONReader) throws -> Int? {
    let first = try json.peek()
    guard first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else {
      try json.skip()
      return nil
    }
    return Int(exactly: try json.number()).flatMap { $0 > 0 ? $0 : nil }
  }
}

/// Why an answer of a server cannot be used.
struct AnswerFault: Error, Equatable {
  /// The reason in one word: `truncated_json`, `wrong_count`.
  var code: String
  /// What was found and what was expected, as part of a sentence.
  var problem: String
  /// The dimensions that were found, if they were not those expected.
  var dimensions: Int?
  /// Whether the server says in the answer that something went wrong.
  var isServersError = false

  /// Broken JSON.
  ///
  /// - Parameters:
  ///   - starts: the characters with which an answer may begin that is only cut off.
  ///   - list: what was expected in it.
  static func broken(
    _ error: any Error, _ bytes: some Sequence<UInt8>, isWholeFrom starts: String,
    expected list: String
  ) -> AnswerFault {
    let first = bytes.first { $0 > 0x20 }
    switch error as? JSONReader.Fault {
    case .truncated where first.map({ starts.utf8.contains($0) }) == true:
      return AnswerFault(
        code: "truncated_json", problem: "found JSON that ends in the middle, expected all of it")
    case .wrongKind where first == UInt8(ascii: "{") || first == UInt8(ascii: "["):
      return AnswerFault(
        code: "wrong_shape", problem: "found JSON of another shape, expected \(list)")
    default:
      let found =
        first == nil ? "nothing" : first == UInt8(ascii: "<") ? "a web page" : "something else"
      return AnswerFault(code: "not_json", problem: "found \(found), expected JSON")
    }
  }

  /// An item with an index that there is not.
  static func index(_ index: Int, of item: String, expected count: Int) -> AnswerFault {
    AnswerFault(
      code: "index_out_of_range",
      problem: "found a \(item) of index \(index), expected 0 to \(count - 1)")
  }

  /// Two items with one index.
  static func twice(_ index: Int) -> AnswerFault {
    AnswerFault(
      code: "duplicate_index", problem: "found index \(index) twice, expected each index once")
  }
}
