import TestSupport
import Testing

@testable import VectorStore

struct LexicalPassageTests {
  private func marked(_ query: String, _ passage: String) -> [String] {
    LexicalQuery(query).matches(in: passage).map { String(passage[$0]) }
  }

  @Test func marksFormsOfTheWordsInOrder() {
    #expect(
      marked("Which panthers were running?", "He runs; the Panther ran, running on.")
        == ["runs", "Panther", "running"])
    #expect(marked("the of and", "of the sea") == ["of", "the"])
    #expect(marked("Who wrote the book?", "the book, who?") == ["book"])
    #expect(marked("?", "anything").isEmpty)
    #expect(marked("word", "").isEmpty)
  }

  @Test func mergesPairsOfUnspacedRuns() {
    #expect(marked("黑豹队防守", "NFL的黑豹队的防守!") == ["黑豹队", "防守"])
    #expect(marked("猫", "我的猫。") == ["猫"])
  }

  @Test func marksTheWordsOfPhrases() {
    #expect(marked("\"quick brown\"", "Quick, brown") == ["Quick", "brown"])
  }

  @Test func marksAreInOrderApartAndOnWords() {
    for seed in UInt64(0)..<300 {
      let passage = RandomText.make(seed: seed)
      let ranges = LexicalQuery(RandomText.make(seed: seed + 1_000)).matches(in: passage)
      for (left, right) in zip(ranges, ranges.dropFirst()) {
        #expect(left.upperBound < right.lowerBound, "seed \(seed)")
      }
      for range in ranges { #expect(!range.isEmpty, "seed \(seed)") }
    }
  }

  @Test func shortPassagesAreShownWhole() {
    let text = "short passage"
    #expect(
      LexicalQuery("zebra").bestExcerpt(of: text, limit: 13) == text.startIndex..<text.endIndex)
    #expect(LexicalQuery("zebra").bestExcerpt(of: "", limit: 5).isEmpty)
    #expect(LexicalQuery("zebra").bestExcerpt(of: text, limit: 0).isEmpty)
  }

  @Test func showsTheStartWhereNothingMatches() {
    let text = "one two three four five six"
    #expect(text[LexicalQuery("zebra").bestExcerpt(of: text, limit: 9)] == "one two ")
  }

  @Test func showsTheWindowWithTheMostDistinctWords() {
    let filler = String(repeating: "lorem ipsum dolor sit amet ", count: 10)
    let text = "panther panther panther " + filler + "the panther defense won " + filler
    let excerpt = text[LexicalQuery("panthers defense").bestExcerpt(of: text, limit: 60)]
    #expect(excerpt.contains("panther defense"))
    #expect(excerpt.count <= 60)
    #expect(excerpt.first?.isWhitespace == false)
  }

  @Test func cutsAtWordsWithinTheLimit() {
    for seed in UInt64(0)..<300 {
      var generator = SeededGenerator(seed: seed)
      let words = (0..<60).map { _ in
        String(repeating: "ab", count: Int.random(in: 1...5, using: &generator))
      }
      let text = words.joined(separator: " ")
      let limit = Int.random(in: 12...80, using: &generator)
      let range = LexicalQuery(words.randomElement(using: &generator) ?? "").bestExcerpt(
        of: text, limit: limit)
      let excerpt = text[range]
      #expect(excerpt.count <= limit && !excerpt.isEmpty, "seed \(seed)")
      for word in excerpt.split(separator: " ") {
        #expect(words.contains(String(word)), "seed \(seed): \(excerpt)")
      }
    }
  }

  @Test func anEndlessWordIsCutAtTheLimit() {
    let text = String(repeating: "x", count: 100)
    #expect(text[LexicalQuery("zebra").bestExcerpt(of: text, limit: 10)].count == 10)
    let han = String(repeating: "黑豹队的防守", count: 30)
    #expect(han[LexicalQuery("防守").bestExcerpt(of: han, limit: 20)].count == 20)
  }

  @Test func excerptsOfAnyTextAreWithinIt() {
    for seed in UInt64(0)..<300 {
      let text = (0..<6).map { RandomText.make(seed: seed * 7 + $0) }.joined()
      let query = LexicalQuery(RandomText.make(seed: seed))
      #expect(text[query.bestExcerpt(of: text, limit: 12)].count <= 12, "seed \(seed)")
    }
  }
}
