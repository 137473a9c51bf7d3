import GRDB
import TestSupport
import Testing

@testable import VectorStore

struct LexicalQueryTests {
  @Test(arguments: [
    ("red cats", ["red", "cats"], ["cats"], ["red cats"]),
    ("interceptions", ["interceptions"], ["interc"], []),
    ("1536 dims", ["1536", "dims"], ["dims"], ["1536 dims"]),
    ("黑豹队", ["黑豹", "豹队"], [], []),
    ("Tesla's", ["tesla"], ["tesla"], []),
    ("l’eau", ["eau"], [], []),
    ("Größe", ["grosse|groesse"], ["grosse"], []),
    ("Mueller", ["mueller|muller"], ["muelle"], []),
    ("true value", ["true", "value"], ["true", "value"], ["true value"]),
    ("getUser", ["getuser", "get", "user"], ["user"], ["get user"]),
  ])
  func takesAQuestionApart(
    text: String, spellings: [String], prefixes: [String], pairs: [String]
  ) {
    let query = LexicalQuery(text)
    #expect(query.terms.map { $0.spellings.joined(separator: "|") } == spellings)
    #expect(query.terms.flatMap(\.prefixes) == prefixes)
    #expect(query.pairs.map { $0.words.joined(separator: " ") } == pairs)
    #expect(query.phrases.isEmpty && query.excluded.isEmpty)
  }

  @Test(arguments: ["", " ", "!?", "\"\"", "“ ”", "\0", "* ^ : - ( ) {}", "\"", "\u{FE0F}"])
  func isEmptyWhereNothingCanBeSearchedFor(text: String) {
    #expect(LexicalQuery(text).isEmpty)
  }

  @Test func dropsStopWordsOfTheQuestionsOwnLanguage() {
    func words(_ text: String) -> [String] { LexicalQuery(text).terms.flatMap(\.spellings) }
    #expect(words("What year did Tesla die?") == ["year", "tesla", "die"])
    let german = words("Wie viele Punkte gab die Verteidigung der Panthers ab?")
    #expect(!german.contains("die") && german.contains("punkte"))
  }

  @Test(arguments: ["the", "to be or not to be", "die hard", "don't", "der die das"])
  func keepsStopWordsWhereTheyAreAllThatIsAsked(text: String) {
    #expect(!LexicalQuery(text).isEmpty)
  }

  @Test func stopWordsAreNeverTheOnlyReason() throws {
    let index = try LexicalIndex()
    try index.add([(1, "the sea"), (2, "the zebra"), (3, "a zebra")])
    #expect(try Set(index.search("the zebra")) == [2, 3])
    #expect(try Set(index.search("the")) == [1, 2])
  }

  @Test func everyResultHoldsEveryQuotedPhrase() throws {
    let index = try LexicalIndex()
    try index.add([
      (1, "the quick brown fox"), (2, "a brown quick fox"), (3, "the quick brown dog barks"),
      (4, "quick brown, but no animal"), (5, "黑豹队的防守"), (6, "豹与黑队"),
    ])
    func found(_ text: String) throws -> Set<Int64> { Set(try index.search(text)) }
    #expect(try found("\"quick brown\" fox") == [1, 3, 4])
    #expect(try found("“quick brown” „dog barks“") == [3])
    #expect(try found("«quick brown» zebra") == [1, 3, 4])
    #expect(try found("\"黑豹队\"") == [5])
    #expect(try found("\"quick brown\" \"zebra\"").isEmpty)
    #expect(try found("\"quick zebra") == [1, 2, 3, 4])
  }

  @Test(arguments: [
    ("red -cats", "red", ["cats"]), ("red NOT cats dogs", "red dogs", ["cats"]),
    ("red -\"wild cats\"", "red", ["wild cats"]), ("red NOT \"wild cats\"", "red", ["wild cats"]),
    ("-cats", "-cats", []), ("DO NOT ENTER", "DO NOT ENTER", []), ("well-known", "well-known", []),
    ("--error-on-warnings now", "--error-on-warnings now", []), ("5 -3", "5 -3", []),
    ("red - cats", "red - cats", []),
  ])
  func leavesOutWhatFollowsAMinusOrNot(text: String, rest: String, excluded: [String]) {
    let query = LexicalQuery(text)
    #expect(query.text.split(separator: " ").joined(separator: " ") == rest)
    #expect(query.excluded.map { $0.words.joined(separator: " ") } == excluded)
  }

  @Test func noResultHoldsWhatIsLeftOut() throws {
    let index = try LexicalIndex()
    try index.add([(1, "apple pie"), (2, "apple tart"), (3, "apple, wild cats")])
    #expect(try Set(index.search("apple -tart")) == [1, 3])
    #expect(try Set(index.search("apple NOT pie")) == [2, 3])
    #expect(try Set(index.search("apple -\"wild cats\"")) == [1, 2])
  }

  @Test func everyMatchScoresAboveZero() throws {
    let index = try LexicalIndex()
    try index.add([(1, "red apple")])
    #expect(try index.ranked("red").allSatisfy { $0.score > 0.05 })
    try index.add([(2, "red pear"), (3, "red plum")])
    let ranked = try index.ranked("red")
    #expect(ranked.count == 3 && ranked.allSatisfy { $0.score > 0.05 })
  }

  @Test func nothingTypedIsSyntax() throws {
    let index = try LexicalIndex()
    try index.add(1, "some words to search")
    for seed in UInt64(0)..<500 {
      let text = RandomText.make(seed: seed)
      #expect(throws: Never.self, "seed \(seed): \(text.debugDescription)") {
        try index.search(text)
      }
    }
  }

  @Test func takesPastedTextsAndManyPhrases() throws {
    let index = try LexicalIndex()
    try index.add(1, "word7 and more")
    let pasted = (0..<5_000).map { "word\($0)" }.joined(separator: " ")
    #expect(try index.search(pasted) == [1])
    #expect(try index.search((0..<600).map { "\"w\($0) x\"" }.joined(separator: " ")).isEmpty)
    #expect(LexicalQuery(String(repeating: "“„«", count: 3_000)).isEmpty)
  }
}
