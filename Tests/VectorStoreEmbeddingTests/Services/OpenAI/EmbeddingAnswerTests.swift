// EmbeddingAnswer: good answers in every form that servers write, and every bad one by its code.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct EmbeddingAnswerTests {
  private static func read(
    _ text: String, texts: Int = 1, dimensions: Int = 2, isUnitLength: Bool = true
  ) throws -> EmbeddingAnswer {
    try Array(text.utf8).withUnsafeBufferPointer { bytes in
      try EmbeddingAnswer(
        bytes,
        expecting: .init(texts: texts, dimensions: dimensions, isUnitLength: isUnitLength))
    }
  }

  private static func base64(_ numbers: [Float]) -> String {
    var data = Data()
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    return "\"\(data.base64EncodedString())\""
  }

  /// An answer with these embeddings, written as JSON.
  private static func answer(_ embeddings: String..., usage: String? = nil) -> String {
    let items = embeddings.enumerated().map {
      #"{"object":"embedding","index":\#($0.offset),"embedding":\#($0.element)}"#
    }
    let usage = usage.map { ",\"usage\":\($0)" } ?? ""
    return #"{"object":"list","data":[\#(items.joined(separator: ","))],"model":"m"\#(usage)}"#
  }

  // MARK: - Good answers

  @Test func readsBase64AndNumbers() throws {
    let read = try Self.read(
      Self.answer(
        Self.base64([0.6, -0.8]), "[0.6, -0.8]", usage: #"{"prompt_tokens":5,"total_tokens":9}"#),
      texts: 2)
    #expect(read.vectors == [[0.6, -0.8], [0.6, -0.8]])
    #expect(read.tokens == 5)
  }

  @Test func ordersByIndex() throws {
    let text = #"""
      {"data":[{"embedding":[0,1],"index":2},{"index":0,"embedding":[1,0]},
        {"embedding":[-1,0],"index":1.0}]}
      """#
    #expect(try Self.read(text, texts: 3).vectors == [[1, 0], [-1, 0], [0, 1]])
  }

  @Test(arguments: [
    (["", "", ""], [0, 1, 2]), (["null", "null", "null"], [0, 1, 2]),
    (["\"0\"", "\"1\"", "\"2\""], [0, 1, 2]), (["2", "1", ""], [2, 1, 0]),
    (["", "1", "2"], [0, 1, 2]),
  ])
  func takesPlacesWhereThereAreNoIndices(indices: [String], order: [Int]) throws {
    let vectors: [[Float]] = [[1, 0], [0, 1], [-1, 0]]
    let items = zip(indices, ["[1,0]", "[0,1]", "[-1,0]"]).map { index, vector in
      #"{\#(index.isEmpty ? "" : "\"index\":\(index),")"embedding":\#(vector)}"#
    }
    let read = try Self.read(#"{"data":[\#(items.joined(separator: ","))]}"#, texts: 3)
    #expect(read.vectors == order.map { vectors[$0] })
  }

  @Test(arguments: [["0", "1", ""], ["", "", "1"], ["1", "1", ""], ["0.5", "0", "1"]])
  func refusesIndicesThatContradict(indices: [String]) {
    let items = indices.map {
      #"{\#($0.isEmpty ? "" : "\"index\":\($0),")"embedding":[1,0]}"#
    }
    #expect(throws: EmbeddingAnswer.Fault.self) {
      try Self.read(#"{"data":[\#(items.joined(separator: ","))]}"#, texts: 3)
    }
  }

  @Test func skipsAByteOrderMark() throws {
    #expect(try Self.read("\u{FEFF}" + Self.answer("[1,0]")).vectors == [[1, 0]])
  }

  @Test func passesOverFieldsItDoesNotKnow() throws {
    let text = #"""
      {"id":"x","created":1.5e9,"extra":{"data":[{"index":0}],"usage":null},"more":[[],{},true],
       "data":[{"object":"embedding","meta":{"index":7},"embedding":[1,0],"index":0,"late":null}],
       "usage":{"prompt_tokens":3,"details":{"prompt_tokens":8}}, "error":null}
      """#
    let read = try Self.read(text)
    #expect(read.vectors == [[1, 0]])
    #expect(read.tokens == 3)
  }

  @Test func takesEscapesAnywhere() throws {
    let base64 = Self.base64([0.6, -0.8])
    #expect(base64.contains("/") == false)
    // 0.0155029297 is written with slashes.
    let slashes = Self.base64([Float(bitPattern: 0x3C7E_FFFF), 1])
    #expect(slashes.contains("/"))
    let text =
      #"{"d\u0061ta":[{"\u0069ndex":0,"embeddin\u0067":\#(slashes.replacing("/", with: "\\/"))}]}"#
    let read = try Self.read(text)
    #expect(read.vectors == [[Float(bitPattern: 0x3C7E_FFFF), 1]])
    let unicode = #"{"data":[{"index":0,"embedding":\#(slashes.replacing("/", with: "\\u002f"))}]}"#
    #expect(try Self.read(unicode).vectors == read.vectors)
  }

  @Test(
    arguments: [
      (#"{"prompt_tokens":5}"#, 5), (#"{"total_tokens":6}"#, 6),
      (#"{"prompt_tokens":null,"total_tokens":7}"#, 7),
      (#"{"prompt_tokens":0,"total_tokens":0}"#, nil),
      (#"{"prompt_tokens":-1}"#, nil), (#"{"prompt_tokens":1.5}"#, nil),
      (#"{"prompt_tokens":1e99}"#, nil),
      (#"{"prompt_tokens":"5"}"#, nil), ("{}", nil), ("null", nil), ("[]", nil), (nil, nil),
    ] as [(String?, Int?)])
  func readsUsageWhereItIsSane(usage: String?, tokens: Int?) throws {
    #expect(try Self.read(Self.answer("[1,0]", usage: usage)).tokens == tokens)
  }

  @Test func takesLengthsCloseToOne() throws {
    let read = try Self.read(Self.answer("[1.0009,0]", "[0.9991,0]"), texts: 2)
    #expect(read.vectors == [[1.0009, 0], [0.9991, 0]])
  }

  @Test func takesAnyLengthOfOtherServers() throws {
    let read = try Self.read(Self.answer("[3,4]", "[1e-30,0]"), texts: 2, isUnitLength: false)
    #expect(read.vectors == [[3, 4], [1e-30, 0]])
  }

  // MARK: - Bad answers

  @Test(arguments: [
    (answer("[1,0,0]"), "wrong_dimensions", "found 3 dimensions in place 1 of 1, expected 2"),
    (answer("[]"), "wrong_dimensions", "found 0 dimensions in place 1 of 1, expected 2"),
    (answer("\"\""), "wrong_dimensions", "found 0 dimensions in place 1 of 1, expected 2"),
    (answer(base64([1])), "wrong_dimensions", "found 1 dimensions in place 1 of 1, expected 2"),
    (answer("\"hello!\""), "not_base64", "found text in place 1 of 1, expected a vector in base64"),
    (
      answer("[NaN,0]"), "not_finite",
      "found NaN or infinity in place 1 of 1, expected finite numbers"
    ),
    (
      answer("[0,-Infinity]"), "not_finite",
      "found NaN or infinity in place 1 of 1, expected finite numbers"
    ),
    (
      answer("[null,0]"), "not_finite",
      "found NaN or infinity in place 1 of 1, expected finite numbers"
    ),
    (
      answer("[1e39,0]"), "not_finite",
      "found NaN or infinity in place 1 of 1, expected finite numbers"
    ),
    (
      answer(base64([.nan, 0])), "not_finite",
      "found NaN or infinity in place 1 of 1, expected finite numbers"
    ),
    (
      answer(base64([1, -.infinity])), "not_finite",
      "found NaN or infinity in place 1 of 1, expected finite numbers"
    ),
    (answer("[0,-0.0]"), "zero_vector", "found the zero vector in place 1 of 1, expected another"),
    (
      answer("[2,0]"), "not_unit_length", "found a vector of length 2.0 in place 1 of 1, expected 1"
    ),
    (
      answer("[1.0011,0]"), "not_unit_length",
      "found a vector of length 1.0011 in place 1 of 1, expected 1"
    ),
    (answer("null"), "missing_vector", "found no vector in place 1 of 1, expected one a text"),
    (answer("true"), "missing_vector", "found no vector in place 1 of 1, expected one a text"),
    (
      #"{"data":[{"index":0}]}"#, "missing_vector",
      "found no vector in place 1 of 1, expected one a text"
    ),
    (#"{"data":[]}"#, "no_data", "found 0 vectors, expected 1, one a text"),
    (answer("[1,0]", "[1,0]"), "wrong_count", "found 2 vectors, expected 1, one a text"),
    (
      #"{"data":[{"index":1,"embedding":[1,0]}]}"#, "index_out_of_range",
      "found a vector of index 1, expected 0 to 0"
    ),
    (
      #"{"data":[{"index":-1,"embedding":[1,0]}]}"#, "index_out_of_range",
      "found a vector of index -1, expected 0 to 0"
    ),
    (#"{"object":"list"}"#, "no_data", "found no \"data\", expected a list of embeddings"),
    (
      #"{"error":{"message":"x"}}"#, "no_data", "found no \"data\", expected a list of embeddings"
    ),
    (
      #"{"data":{}}"#, "wrong_shape",
      "found JSON of another shape, expected a list of embeddings"
    ),
    (
      #"{"data":[[1,0]]}"#, "wrong_shape",
      "found JSON of another shape, expected a list of embeddings"
    ),
    (
      answer("[\"1\",0]"), "wrong_shape",
      "found JSON of another shape, expected a list of embeddings"
    ),
    ("", "not_json", "found nothing, expected JSON"),
    (" \n", "not_json", "found nothing, expected JSON"),
    ("<!DOCTYPE html><html></html>", "not_json", "found a web page, expected JSON"),
    ("[]", "wrong_shape", "found JSON of another shape, expected a list of embeddings"),
    ("Internal error", "not_json", "found something else, expected JSON"),
    (answer("[1,0]") + "{}", "not_json", "found something else, expected JSON"),
  ])
  func refusesBadAnswers(text: String, code: String, problem: String) {
    let fault = #expect(throws: EmbeddingAnswer.Fault.self) { try Self.read(text) }
    #expect(fault?.code == code && fault?.problem == problem)
  }

  @Test func refusesAnIndexThatIsThereTwice() {
    let text = #"{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[0,1]}]}"#
    let fault = #expect(throws: EmbeddingAnswer.Fault.self) { try Self.read(text, texts: 2) }
    #expect(
      fault
        == EmbeddingAnswer.Fault(
          code: "duplicate_index", problem: "found index 0 twice, expected each index once"))
  }

  @Test func refusesTheWholeAnswerForOneBadVector() {
    let text = Self.answer("[1,0]", "[NaN,0]", "[0,1]")
    let fault = #expect(throws: EmbeddingAnswer.Fault.self) { try Self.read(text, texts: 3) }
    #expect(fault?.problem == "found NaN or infinity in place 2 of 3, expected finite numbers")
  }

  @Test func namesEveryTruncation() {
    let bytes = Array(
      Self.answer(Self.base64([1, 0]), "[0.6,0.8]", usage: #"{"prompt_tokens":1}"#).utf8)
    for count in 1..<bytes.count {
      let text = String(decoding: bytes[..<count], as: UTF8.self)
      let fault = #expect(throws: EmbeddingAnswer.Fault.self) { try Self.read(text, texts: 2) }
      #expect(fault?.code == "truncated_json", "\(count) bytes")
    }
  }
}
