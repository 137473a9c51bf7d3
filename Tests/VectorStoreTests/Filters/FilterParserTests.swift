import TestSupport
import Testing
@testable import VectorStore

/// What the language means, and that a filter's description is read back as it was.
@Suite struct FilterParserTests {
  static let good: [(String, Filter)] = [
    ("lang = 'de'", .equals("lang", "de")),
    ("lang='de'", .equals("lang", "de")),
    ("lang = \"de\"", .equals("lang", "de")),
    ("lang != 'de'", .notEquals("lang", "de")),
    ("year < 2020", .less("year", 2020)),
    ("year <= 2020.5", .atMost("year", 2020.5)),
    ("year > -3", .greater("year", -3)),
    ("year >= 1e3", .atLeast("year", 1000.0)),
    ("n = 9223372036854775807", .equals("n", Int.max)),
    ("n = 9223372036854775808", .equals("n", "9223372036854775808")),
    ("draft = true", .equals("draft", true)),
    ("draft = FALSE", .equals("draft", false)),
    ("draft = 'true'", .equals("draft", "true")),
    ("author = null", .equals("author", MetadataValue.null)),
    ("name = 'it''s'", .equals("name", "it's")),
    ("name = ''", .equals("name", "")),
    ("name = \"say \"\"so\"\"\"", .equals("name", "say \"so\"")),
    ("lang in ('de', 'en')", .oneOf("lang", ["de", "en"])),
    ("n IN (1, 2.5, 'x', true, null)", .oneOf("n", [1, 2.5, "x", true, .null])),
    ("n in ()", .oneOf("n", [])),
    ("title like 'Die %'", .like("title", "Die %")),
    ("title LIKE '_'", .like("title", "_")),
    ("exists author.name", .exists(.metadata(["author", "name"]))),
    ("author.name = 'x'", .equals("author.name", "x")),
    ("\"author.name\" = 'x'", .equals(.metadata(["author.name"]), "x")),
    ("author.\"first name\" = 'x'", .equals(.metadata(["author", "first name"]), "x")),
    ("\"a \"\"b\"\"\" = 1", .equals(.metadata(["a \"b\""]), 1)),
    ("a.in.not = 1", .equals(.metadata(["a", "in", "not"]), 1)),
    ("last-modified = 1", .equals("last-modified", 1)),
    ("größe = 1", .equals("größe", 1)),
    ("日付 = 1", .equals("日付", 1)),
    ("source like 'docs/%'", .like(.source, "docs/%")),
    ("\"source\" = 'x'", .equals(.metadata(["source"]), "x")),
    ("source.url = 'x'", .equals(.metadata(["source", "url"]), "x")),
    ("Source = 'x'", .equals(.metadata(["Source"]), "x")),
    ("collection = 'notes'", .equals(.collection, "notes")),
    ("ordinal = 0", .equals(.ordinal, 0)),
    ("added >= '2026-11-25'", .atLeast(.added, "2026-11-25")),
    ("a = 1 and b = 2", .equals("a", 1) && .equals("b", 2)),
    ("a = 1 or b = 2 and c = 3", .equals("a", 1) || (.equals("b", 2) && .equals("c", 3))),
    ("(a = 1 or b = 2) and c = 3", (.equals("a", 1) || .equals("b", 2)) && .equals("c", 3)),
    ("a = 1 and b = 2 and c = 3", (.equals("a", 1) && .equals("b", 2)) && .equals("c", 3)),
    ("a = 1 and (b = 2 and c = 3)", .equals("a", 1) && (.equals("b", 2) && .equals("c", 3))),
    ("not a = 1 and b = 2", !.equals("a", 1) && .equals("b", 2)),
    ("NOT (a = 1 AND b = 2)", !(.equals("a", 1) && .equals("b", 2))),
    ("not not exists a", !(!.exists("a"))),
    ("not exists a or exists b", !.exists("a") || .exists("b")),
    ("  (\n(a = 1)\t) ", .equals("a", 1)),
  ]

  @Test(arguments: good.indices)
  func reads(index: Int) throws {
    let (text, expected) = Self.good[index]
    #expect(try Filter(parsing: text) == expected, "\(text)")
    #expect(try Filter(parsing: expected.description) == expected, "\(expected)")
  }

  @Test func writesAsFewParenthesesAsItMay() {
    let filter: Filter =
      .equals("a", 1) && (.equals("b", 2) || !.exists("c")) || !(.exists("d") && .exists("and"))
    #expect(
      filter.description
        == "a = 1 and (b = 2 or not exists c) or not (exists d and exists \"and\")")
  }

  @Test func theTypedFormIsBuiltByHand() throws {
    let filters: [Filter] = [.equals("a", 1), .exists("b"), .like("c", "x%")]
    #expect(try Filter.all(filters) == Filter(parsing: "a = 1 and exists b and c like 'x%'"))
    #expect(try Filter.any(filters) == Filter(parsing: "a = 1 or exists b or c like 'x%'"))
    #expect(Filter.all([]) == nil && Filter.any([]) == nil)
  }

  @Test(arguments: (1...40).map(UInt64.init))
  func descriptionsAreReadBack(seed: UInt64) throws {
    var random = RandomFilters(seed: seed)
    for _ in 0..<100 {
      let filter = random.filter()
      let read = try Filter(parsing: filter.description)
      #expect(read == filter, "seed \(seed): \(filter)")
      #expect(read.description == filter.description, "seed \(seed)")
    }
  }

  /// A regular expression for each number made them fifty times as slow as texts.
  @Test func manyNumbersAreReadAsFastAsTexts() throws {
    let numbers = "n in (\((0..<9999).map { "\($0)" }.joined(separator: ",")))"
    let texts = "n in (\((0..<9999).map { "'\($0)'" }.joined(separator: ",")))"
    let ratio = try processorTimeRatio(
      { _ = try Filter(parsing: numbers) }, over: { _ = try Filter(parsing: texts) })
    #expect(ratio < 8, "\(ratio) times as long as texts")
  }

  /// Whatever is read, it is a filter or an error that shows the place; never a crash.
  @Test(arguments: (1...20).map(UInt64.init))
  func noTextIsTooStrange(seed: UInt64) {
    var random = RandomFilters(seed: seed)
    let pieces = [
      "a", "lang", "=", "!=", "<", "(", ")", "'", "\"", ",", ".", " ", " ", "and", "or", "not",
      "in", "like",
      "exists", "1", "-2.5", "''", "'de'", "null", "\0", "\n", "é", "e\u{301}", "👩‍👩‍👧", "‘",
      "\u{202E}",
    ]
    for _ in 0..<300 {
      let text = (0..<Int.random(in: 0...14, using: &random.random)).map { _ in random.pick(pieces)
      }
      .joined()
      do {
        let filter = try Filter(parsing: text)
        #expect(try Filter(parsing: filter.description) == filter, "seed \(seed): \(text)")
      } catch {
        #expect(error.code == .invalidFilter, "seed \(seed): \(text)")
        let lines = error.message.split(separator: "\n")
        #expect(lines.count == 3 && lines.last?.last == "^", "seed \(seed): \(text)")
      }
    }
  }
}
