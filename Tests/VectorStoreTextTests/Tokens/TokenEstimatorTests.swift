// TokenEstimator against true token counts of real texts, and on texts that nobody writes.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct TokenEstimatorTests {
  private let estimator = TokenEstimator()

  @Test func countsCommonWordsAsOneToken() {
    #expect(estimator.tokens(in: "") == 0)
    #expect(estimator.tokens(in: "a") == 1)
    #expect(estimator.tokens(in: "the of and to") == 4)
    #expect(estimator.tokens(in: "I'm sure it's what they've said") == 9)
  }

  @Test func countsDigitsInThrees() {
    #expect(estimator.tokens(in: "123") == 1)
    #expect(estimator.tokens(in: "1234567") == 3)
  }

  @Test(arguments: [
    (String(repeating: "a", count: 20000), 2500),
    (String(repeating: "7", count: 3000), 1000),
    (String(repeating: "\0", count: 3000), 3000),
    (String(repeating: "\n", count: 5000), 157),
    (String(repeating: " ", count: 5000), 40),
    (String(repeating: ". ", count: 2000), 2001),
    (String(repeating: "Ab", count: 2000), 2000),
    (String(repeating: "\u{301}", count: 3000), 3000),
    (String(repeating: "😀", count: 1000), 2000),
  ])
  func isNeverFarBelowTheTruthOnRepetitions(text: String, truth: Int) {
    let estimate = estimator.tokens(in: text)
    #expect(estimate * 2 >= truth, "\(text.prefix(4))… \(estimate) for \(truth)")
    #expect(estimate <= text.utf8.count)
  }

  /// Uniform scalars are nearly all unknown to the vocabulary: 3.3 to 3.9 tokens each.
  @Test(arguments: 0..<4)
  func isCloseOnRandomUnicode(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let text = TextMaker.uniformScalars(2000, using: &generator)
    let estimate = estimator.tokens(in: text)
    #expect((6400...8000).contains(estimate), "seed \(seed): \(estimate)")
  }

  @Test(arguments: 0..<20)
  func neverCountsMoreTokensThanBytes(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    for kind in TextMaker.Kind.allCases {
      let text = TextMaker.text(kind, pieces: 30, using: &generator)
      let estimate = estimator.tokens(in: text)
      #expect(estimate <= text.utf8.count, "seed \(seed) \(kind)")
      #expect(text.isEmpty || estimate > 0, "seed \(seed) \(kind)")
    }
  }

  @Test(arguments: 0..<20)
  func costsOfSlicesAddUpAtWordEnds(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let words = ["The", "naïve", "Größe", "42", "слово", "日本", "foo"]
    let parts = (0..<20).map { _ in
      [" ", "\n\n", "  ", "\n    "].randomElement(using: &generator)!
        + words.randomElement(using: &generator)!
    }
    let sum = parts.reduce(0) { $0 + cost($1) }
    #expect(sum == cost(parts.joined()), "seed \(seed)")
  }

  /// Measured means over all texts: cranfield 0.026, xquad-en 0.053, xquad-de 0.036,
  /// xquad-zh 0.072.
  @Test(
    .enabled(if: SharedData.folder != nil),
    arguments: [("cranfield", 0.05), ("xquad-en", 0.07), ("xquad-de", 0.07), ("xquad-zh", 0.10)])
  func isCloseToTrueCountsOfRealTexts(collection: String, bound: Double) throws {
    let texts = try RealTexts.corpus(collection)
    let counts = try #require(TokenCounts.load().counts[collection])
    try #require(texts.count == counts.count)
    var sum = 0.0
    var measured = 0
    // Every fourth text of the large collection, since debug builds are slow.
    let step = texts.count > 1000 ? 4 : 1
    for index in stride(from: 0, to: texts.count, by: step) where counts[index] > 0 {
      let estimate = estimator.tokens(in: texts[index])
      sum += abs(Double(estimate - counts[index])) / Double(counts[index])
      measured += 1
    }
    let mean = sum / Double(measured)
    print("TokenEstimator on \(collection): mean error \(mean) over \(measured) texts")
    #expect(mean < bound)
  }

  private func cost(_ text: String) -> Int {
    var text = text
    return text.withUTF8 { estimator.cost(of: $0) }
  }
}

/// True token counts by collection, in the order of its corpus.
private struct TokenCounts: Decodable {
  let counts: [String: [Int]]

  static func load() throws -> TokenCounts {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/token-counts.json")
    return try JSONDecoder().decode(TokenCounts.self, from: Data(contentsOf: file))
  }
}
