// TokenVocabulary: what a .tiktoken file may hold, and what is said about one that is broken.

import Testing

@testable import VectorStoreText

@Suite struct TokenVocabularyTests {
  @Test func readsTokensByRank() throws {
    let tokens: [[UInt8]] = [[1, 2], [1, 2, 3], [1, 2, 3, 4], Array(" the".utf8), [0xFF, 0xFE]]
    let vocabulary = try TokenVocabulary(parsing: TestTokenizer.file(tokens))
    #expect(vocabulary.count == 261)
    #expect(Array(vocabulary[0]) == [0])
    #expect(Array(vocabulary[255]) == [255])
    #expect((256..<261).map { Array(vocabulary[$0]) } == tokens)
  }

  @Test func takesLinesOfAnyKindAndNoneAtTheEnd() throws {
    let text = String(decoding: TestTokenizer.file([[1, 2]]), as: UTF8.self)
    let windows = "\r\n" + text.split(separator: "\n").joined(separator: "\r\n")
    #expect(try TokenVocabulary(parsing: Array(windows.utf8)).count == 257)
  }

  @Test(arguments: [
    "AQI", "AQI=", "AQI= ", "AQI=256", "AQI= x", "AQI= 256 ", " 256", "A=== 256", "AQ=I 256",
    "AQI== 256", "AQ?= 256", "AQI= -1", "AQI= 1234567890", "AQI=AQI= 256",
  ])
  func refusesAMalformedLine(line: String) {
    let file = TestTokenizer.file([]) + Array((line + "\n").utf8)
    let error = #expect(throws: TokenVocabularyError.self) { try TokenVocabulary(parsing: file) }
    #expect(error == .malformedLine(257))
    #expect(
      error?.description
        == "line 257 of the vocabulary is not a token in base64, a blank and a rank")
  }

  @Test func refusesARankOutOfOrder() {
    let file = TestTokenizer.file([]) + Array("\nAQI= 257\n".utf8)
    let error = #expect(throws: TokenVocabularyError.self) { try TokenVocabulary(parsing: file) }
    #expect(
      error?.description
        == "line 258 of the vocabulary holds rank 257, expected 256: ranks count from 0")
  }

  @Test func refusesAVocabularyWithoutAByte() {
    let error = #expect(throws: TokenVocabularyError.self) {
      try TokenVocabulary(parsing: Array("AA== 0\nAg== 1\nAQI= 2\n".utf8))
    }
    #expect(
      error?.description
        == "the vocabulary has no token for the single byte 1; it needs one for each of the 256")
    #expect(throws: TokenVocabularyError.missingByte(0)) { try TokenVocabulary(parsing: []) }
  }

  @Test func namesBothRanksOfARepeatedToken() {
    #expect(
      TokenVocabularyError.repeatedToken(rank: 300, first: 260).description
        == "ranks 260 and 300 of the vocabulary are the same token")
  }
}
