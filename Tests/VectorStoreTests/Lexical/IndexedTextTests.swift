import GRDB
import TestSupport
import Testing

@testable import VectorStore

struct IndexedTextTests {
  @Test(arguments: [
    ("plain words stay", "plain words stay"),
    ("Größe – naïve “quotes”", "Größe – naïve “quotes”"),
    ("黑豹队", "黑豹 豹队"),
    ("NFL的黑豹队!", "NFL 的黑 黑豹 豹队 !"),
    ("在 24 次拦截", "在 24 次拦 拦截"),
    ("水", "水"),
    ("第3章。", "第 3 章 。"),
    ("カタカナー・ひら", "カタ タカ カナ ナー ・ ひら"),
    ("한국어 text", "한국 국어 text"),
    ("ที่นั่น", "ที่นั่ นั่น"),
    ("", ""),
    ("nul\0byte", "nul byte"),
    ("I ❤\u{FE0F}love 1\u{FE0F}", "I ❤love 1"),
    ("葛\u{E0100}城市", "葛城 城市"),
    ("𠮷野家", "𠮷野 野家"),
  ])
  func cutsUnspacedRunsIntoPairs(text: String, expected: String) {
    #expect(IndexedText.make(from: text) == expected)
  }

  @Test func agreesWithTheSegmentsOfQuestions() {
    // Questions are cut by TextSegments, passages byte by byte: both must come out the same.
    for seed in UInt64(0)..<200 {
      let text = RandomText.make(seed: seed)
      let words = TextSegments.of(text[...]).flatMap { segment -> [String] in
        let part = text[segment.range]
        let pieces = segment.kind == .run ? TextSegments.pairs(of: part) : [part]
        return pieces.map { RandomText.withoutSelectors(String($0)) }
      }
      let indexed = IndexedText.make(from: text)
      let again = TextSegments.of(indexed[...]).map { String(indexed[$0.range]) }
      #expect(again.map(scalars) == words.map(scalars), "seed \(seed)")
    }
  }

  @Test func declaresATableThatFoldsAndStems() throws {
    let index = try LexicalIndex()
    try index.add(1, "Running in the cafe\u{301} नमस्ते ที่นั่น")
    for word in ["run", "café", "CAFE", "नमस्ते", "\"ที่นั่น\""] {
      let query = try #require(LexicalQuery(word).match)
      #expect(try index.search(query) == [1], "\(word)")
    }
    #expect(try index.search("\"नम\"").isEmpty)
  }

  private func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }
}
