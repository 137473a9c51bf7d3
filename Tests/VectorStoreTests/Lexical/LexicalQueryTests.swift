import GRDB
import TestSupport
import Testing

@testable import VectorStore

struct LexicalQueryTests {
  @Test(arguments: [
    ("red cats", #""red" OR "cats" OR "cats"* OR "red cats""#),
    ("interceptions", #""interceptions" OR "interc"*"#),
    ("1536 dims", #""1536" OR "dims" OR "dims"* OR "1536 dims""#),
    ("k \"b c\" x", #"("b c") AND ("b c" OR "k" OR "x")"#),
    ("黑豹队", #""黑豹" OR "豹队""#),
    ("猫", #""猫"*"#),
    ("Straße", #""straße" OR "straße"* OR "strasse" OR "strass"*"#),
    ("\"NFL 豹\"", #"("nfl 豹"*) AND ("nfl 豹"*)"#),
    ("Tesla's", #""tesla" OR "tesla"*"#),
    ("l’eau", #""eau""#),
  ])
  func searchesForAnyWordAndEveryPhrase(text: String, expected: String) {
    #expect(LexicalQuery(text).match == expected)
  }

  @Test(arguments: ["", " ", "!?", "😀 👍🏽", "\"\"", "“ ”", "\0", "* ^ : - ( ) {}", "\"", "❤\u{FE0F}"])
  func isEmptyWhereNothingCanBeSearchedFor(text: String) {
    #expect(LexicalQuery(text).match == nil)
  }

  @Test func dropsStopWordsOfTheQuestionsOwnLanguage() {
    #expect(LexicalQuery("What year did Tesla die?").match?.contains("\"die\"") == true)
    #expect(LexicalQuery("What year did Tesla die?").match?.contains("what") == false)
    let german = LexicalQuery("Wie viele Punkte gab die Verteidigung der Panthers ab?").match
    #expect(german?.contains("\"die\"") == false)
    #expect(german?.contains("\"punkte\"") == true)
  }

  @Test(arguments: ["the", "to be or not to be", "die hard", "don't", "der die das"])
  func keepsStopWordsWhereTheyAreAllThatIsAsked(text: String) {
    #expect(LexicalQuery(text).match != nil)
  }

  @Test func everyResultHoldsEveryQuotedPhrase() throws {
    let index = try LexicalIndex()
    try index.add([
      (1, "the quick brown fox"), (2, "a brown quick fox"), (3, "the quick brown dog barks"),
      (4, "quick brown, but no animal"), (5, "黑豹队的防守"), (6, "豹与黑队"),
    ])
    func found(_ text: String) throws -> Set<Int64> {
      Set(try index.search(try #require(LexicalQuery(text).match)))
    }
    #expect(try found("\"quick brown\" fox") == [1, 3, 4])
    #expect(try found("“quick brown” „dog barks“") == [3])
    #expect(try found("«quick brown» zebra") == [1, 3, 4])
    #expect(try found("\"黑豹队\"") == [5])
    #expect(try found("\"quick brown\" \"zebra\"").isEmpty)
    #expect(try found("\"quick zebra") == [1, 2, 3, 4])
  }

  @Test(arguments: ["防守", "防", "黑豹", "队的防"])
  func findsPartsOfUnspacedRuns(text: String) throws {
    let index = try LexicalIndex()
    try index.add([(1, "黑豹队的防守"), (2, "unrelated")])
    #expect(try index.search(try #require(LexicalQuery(text).match)) == [1])
  }

  @Test(arguments: ["Strasse", "STRASSE", "Straße", "strassen"])
  func sharpSIsDoubleS(text: String) throws {
    let index = try LexicalIndex()
    try index.add([(1, "an der Straße"), (2, "am Ufer")])
    #expect(try index.search(try #require(LexicalQuery(text).match)) == [1])
  }

  @Test func nothingTypedIsSyntax() throws {
    let index = try LexicalIndex()
    try index.add(1, "some words to search")
    for seed in UInt64(0)..<2_000 {
      let text = RandomText.make(seed: seed)
      guard let match = LexicalQuery(text).match else { continue }
      #expect(throws: Never.self, "seed \(seed): \(text.debugDescription)") {
        try index.search(match)
      }
    }
  }

  @Test func takesPastedTextsAndManyPhrases() throws {
    let index = try LexicalIndex()
    try index.add(1, "word7 and more")
    let pasted = (0..<5_000).map { "word\($0)" }.joined(separator: " ")
    #expect(try index.search(try #require(LexicalQuery(pasted).match)) == [1])
    let phrases = (0..<600).map { "\"w\($0) x\"" }.joined(separator: " ")
    #expect(try index.search(try #require(LexicalQuery(phrases).match)).isEmpty)
    #expect(LexicalQuery(String(repeating: "“„«", count: 3_000)).match == nil)
  }
}
