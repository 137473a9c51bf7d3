// EmbeddingRequestBody: JSON that Foundation reads back the same.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct EmbeddingRequestBodyTests {
  private struct Read: Decodable, Equatable {
    var model: String
    var input: [String]
    var encoding_format: String
    var dimensions: Int?
  }

  @Test func holdsWhatTheAPIDescribes() {
    let body = EmbeddingRequestBody(
      texts: ["a", "b"], model: "m", dimensions: 512)
    #expect(
      String(decoding: body.bytes(), as: UTF8.self)
        == #"{"model":"m","encoding_format":"base64","dimensions":512,"input":["a","b"]}"#)
  }

  @Test func leavesDimensionsOutWhereTheyAreTheModelsOwn() {
    let body = EmbeddingRequestBody(texts: ["a"], model: "m", encoding: .float)
    #expect(
      String(decoding: body.bytes(), as: UTF8.self)
        == #"{"model":"m","encoding_format":"float","input":["a"]}"#)
  }

  @Test func leavesTheFormOutAndAddsMembers() {
    let body = EmbeddingRequestBody(
      texts: ["a"], model: "m", encoding: .unsaid, extraMembers: #""truncate":"END""#)
    #expect(
      String(decoding: body.bytes(), as: UTF8.self)
        == #"{"model":"m","truncate":"END","input":["a"]}"#)
  }

  @Test func writesTextsThatReadBackTheSame() throws {
    let controls = (0..<0x20).compactMap(UnicodeScalar.init).map { String($0) }.joined()
    let texts = [
      "", "plain", "\"quoted\" \\ back / slash", controls, "\u{7F}\u{80}\u{2028}\u{2029}",
      "Größe 黑豹队 👩🏽‍🚀 \u{10FFFF} e\u{301}", String(repeating: "\"\n", count: 5000),
    ]
    let body = EmbeddingRequestBody(
      texts: texts, model: "a\"b")
    let read = try JSONDecoder().decode(Read.self, from: Data(body.bytes()))
    #expect(read.model == "a\"b")
    // By bytes, since strings that only look the same are equal.
    #expect(read.input.map { Array($0.utf8) } == texts.map { Array($0.utf8) })
  }
}
