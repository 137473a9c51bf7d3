import TestSupport
import Testing
@testable import VectorStore

/// Each error shows the text with a caret under the wrong place, and says what to do.
@Suite struct FilterErrorTests {
  private func message(_ text: String) -> String {
    do {
      return "no error: \(try Filter(parsing: text))"
    } catch {
      #expect(error.code == .invalidFilter)
      return error.message
    }
  }

  @Test func aBareWordWantsQuotes() {
    #expect(
      message("lang = de-AT and year > 3") == """
        the filter is wrong at character 8: found the bare word de-AT, expected a value; texts stand in \
        single quotes: 'de-AT'
          lang = de-AT and year > 3
                 ^
        """)
  }

  @Test func theEndIsShownBehindTheText() {
    #expect(
      message("lang = ") == """
        the filter is wrong at character 8: the text ends here, expected a value: a text in single \
        quotes, a number, true, false or null
          lang = 
                 ^
        """)
  }

  @Test func aLongTextIsShownAroundThePlace() {
    let text =
      String(repeating: "a = 1 and ", count: 20) + "lang ~ 'x' and "
      + String(repeating: "b = 2 and ", count: 20)
    #expect(
      message(text) == """
        the filter is wrong at character 206: found ~, expected a field, a value or a sign; forms of \
        text are written with like, % and _
          … a = 1 and a = 1 and a = 1 and lang ~ 'x' and b = 2 and b = 2 and b = 2 …
                                               ^
        """)
  }

  @Test(arguments: [
    ("", 1, "found nothing, expected a condition, such as lang = 'de'"),
    ("lang", 5, "the text ends here, expected = != < <= > >= in or like after the field lang"),
    ("lang == 'de'", 6, "found ==, expected = != < <= > or >=; write = for equal"),
    ("lang <> 'de'", 6, "found <>, expected = != < <= > or >=; write != for not equal"),
    (
      "!draft", 1,
      "found !, expected = != < <= > or >=; write not before the condition, or != for not equal"
    ),
    ("a = 1 && b = 2", 7, "found &, expected a field, a value or a sign; write and"),
    ("a = 1 b = 2", 7, "found b, expected and, or, or the end"),
    ("a = 1)", 6, "found a ) that closes nothing; remove it, or open it before"),
    ("(a = 1", 1, "found a ( that none closes, expected a ) after the condition"),
    ("(a = 1 b)", 8, "found b, expected and, or, or )"),
    (
      "a = 'x", 5,
      "found a ' that none closes, expected another after the text; write two for one inside it"
    ),
    (
      "a = ‘x’", 5, "found ‘, expected a field, a value or a sign; quotes are straight ones: 'text'"
    ),
    (
      "'lang' = 'de'", 1,
      "found a text, expected a field; keys stand without quotes or in double ones: lang"
    ),
    (
      "3 = a", 1,
      "found a number, expected a field; a key of that name is written in double quotes: \"3\""
    ),
    (
      "in = 3", 1,
      "found the keyword in, expected a field; a key of that name is written in double quotes: \"in\""
    ),
    (
      "a. = 3", 4,
      "found =, expected a key after the dot; in double quotes if it is not a plain word"
    ),
    ("a and b", 3, "found and, expected = != < <= > >= in or like after the field a"),
    (
      "a not in (1)", 3,
      "found not after the field, expected it before the condition: not a in (…)"
    ),
    ("a is null", 3, "found is, expected an operator; write a = null, exists a, or not exists a"),
    ("a in 1", 6, "found 1, expected a list in parentheses: a in ('a', 'b')"),
    ("a in (1 2)", 9, "found 2, expected a comma or ) in the list"),
    (
      "a in (1,", 9,
      "the text ends here, expected a value: a text in single quotes, a number, true, false or null"
    ),
    ("a in (1", 6, "found a ( that none closes, expected a ) after the list"),
    (
      "a like 3", 8,
      "found 3, expected a text in single quotes: like compares texts, with % for any characters and _ for one"
    ),
    (
      "a = 2026-11-25", 5,
      "found 2026-11-25, expected a number as JSON writes it, such as 20, -3 or 1.5e3; a text stands in single quotes"
    ),
    (
      "a = 007", 5,
      "found 007, expected a number as JSON writes it, such as 20, -3 or 1.5e3; a text stands in single quotes"
    ),
    (
      "a < null", 5,
      "found null, which has no order; compare it by = or !=, or give a number or a text"
    ),
    ("source = 3", 10, "found 3, but source is a text; write it in single quotes"),
    ("ordinal = '3'", 11, "found '3', but ordinal is a number, from 0 in each document"),
    (
      "added > '25.11.2026'", 9,
      "found '25.11.2026', but added is a time; write an ISO 8601 date or time, such as '2026-11-25' or '2026-11-25T20:00:00Z'"
    ),
    (
      "added like '2026%'", 12,
      "added is a time, and like takes texts; use = < or >, as in added >= '2026-11-25'"
    ),
    (
      "a = (1)", 5,
      "found (, expected a value: a text in single quotes, a number, true, false or null"
    ),
    ("a = 1 and", 10, "the text ends here, expected a condition, such as lang = 'de'"),
    ("a = 'x\0y'", 7, "found a NUL character, expected text; remove it"),
  ])
  func tellsThePlaceAndTheNextStep(text: String, character: Int, what: String) {
    let shown = text.replacing("\0", with: " ")
    #expect(
      message(text) == """
        the filter is wrong at character \(character): \(what)
          \(shown)
          \(String(repeating: " ", count: character - 1))^
        """)
  }

  @Test func limitsAreErrors() {
    let deep = String(repeating: "(", count: 100_000)
    #expect(
      message(deep).hasPrefix(
        "the filter is wrong at character 33: nested more than 32 levels deep;"))
    let nots = String(repeating: "not ", count: 50_000) + "exists a"
    #expect(message(nots).contains("nested more than 32 levels deep"))
    let long = "a = '" + String(repeating: "x", count: 1 << 20) + "'"
    #expect(
      message(long)
        == "the filter has 1048582 bytes, at most 262144 are expected; ask for fewer values at once"
    )
    let many = repeatElement("a = 1", count: 600).joined(separator: " and ")
    #expect(
      message(many)
        == "the filter has more than 500 conditions; use `in` for many values of one field")
    let values = "a in (" + repeatElement("1", count: 10_001).joined(separator: ",") + ")"
    #expect(
      message(values) == "the filter has more than 10000 values in lists; ask for fewer at once")
    let form = "a like '" + String(repeating: "%", count: 1001) + "'"
    #expect(
      message(form).contains("the pattern has 1001 bytes, at most 1000 are expected; shorten it"))
  }

  @Test func whatIsMadeInSwiftIsCheckedByTheQuery() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "a", text: "text")])
      for (filter, what) in [
        (Filter.equals(.added, "tomorrow"), "the filter's condition added = 'tomorrow' is wrong: "),
        (.equals("a", [1]), "found a list or an object, expected one value; use oneOf"),
        (.equals("a", Double.nan), "found nan, expected a finite number"),
        (.oneOf("a", ["x\0"]), "found a text with a NUL character; remove it"),
        (.exists(.metadata([])), "found a field of no keys, expected at least one"),
        (.less("a", true), "which has no order"),
        (
          (0..<40).reduce(Filter.exists("a")) { inner, _ in !inner },
          "nested more than 32 levels deep"
        ),
      ] {
        var options = QueryOptions()
        options.filter = filter
        do {
          _ = try await store.query("text", options: options)
          Issue.record("no error: \(filter)")
        } catch {
          #expect((error as? StoreError)?.code == .invalidFilter)
          #expect("\(error)".contains(what), "\(error)")
        }
      }
    }
  }
}
