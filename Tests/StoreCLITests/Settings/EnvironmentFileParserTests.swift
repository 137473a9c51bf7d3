import Testing

@testable import StoreCLI

/// The values are those of python-dotenv 1.2.4, unless a test says otherwise.
@Suite struct EnvironmentFileParserTests {
  private static func entries(_ text: String) throws -> [EnvironmentFile.Entry] {
    try EnvironmentFile(name: ".env.base", text: text).entries
  }

  private static func message(_ text: String) -> String? {
    do {
      _ = try entries(text)
      return nil
    } catch {
      return "\(error)"
    }
  }

  static let values: [(text: String, value: String)] = [
    ("A=b", "b"), ("A = b ", "b"), (" \tA=b", "b"), ("export A=b", "b"), ("export  \tA=b", "b"),
    ("'A'=b", "b"), ("A=", ""), ("A=   ", ""), ("A=''", ""), ("A=\"\"", ""), ("A=b c", "b c"),
    ("A=b=c", "b=c"), ("A=5.00 # usd", "5.00"), ("A=b\t#c", "b"), ("A=b#c", "b#c"),
    ("A=#c", "#c"), ("A=#c #d", "#c"), ("A= #c", ""), ("A='b # c' # d", "b # c"),
    ("A=\"b # c\"#d", "b # c"), ("A=it's", "it's"), ("A=b\"c\"", "b\"c\""), ("A=b\\n", "b\\n"),
    ("A='b\\'c\\\\d\\n\\x'", "b'c\\d\\n\\x"), ("A=\"b\\n\\t\\r\\\"\\\\\\'\"", "b\n\t\r\"\\'"),
    ("A=\"\\a\\b\\f\\v\"", "\u{07}\u{08}\u{0C}\u{0B}"), ("A=\"\\d\\u0041\"", "\\d\\u0041"),
    ("A=\"b\nc\"", "b\nc"), ("A='b\nc'", "b\nc"), ("A=\"\\\\\" ", "\\"), ("A=b\r\n", "b"),
    ("A=\"b\"\r\n", "b"), ("A=b\r", "b"), ("\u{FEFF}A=b", "b"), ("A=é日", "é日"),
    ("A=\u{A0}b\u{A0}", "b"), ("A=$B", "$B"), ("A=b\nA=c", "c"),
  ]

  @Test(arguments: values)
  func readsAsPythonDotenvDoes(text: String, value: String) throws {
    let last = try #require(try Self.entries(text).last)
    #expect(last.name == "A")
    #expect(last.value?.revealed == value)
    #expect(!last.refersToVariable)
  }

  @Test(arguments: ["", "\n\n", "# A=b", "  # A=b\r\n", "export # A=b", "\u{FEFF}", "\u{FEFF}#"])
  func readsNothing(text: String) throws {
    #expect(try Self.entries(text).isEmpty)
  }

  @Test func aNameWithoutEqualsHasNoValue() throws {
    for text in ["A", "A ", "A # c", "A#c", "export A", "A\nB=c"] {
      let first = try #require(try Self.entries(text).first)
      #expect(first.name == "A")
      #expect(first.value == nil)
    }
    #expect(try Self.entries("export=b").map(\.name) == ["export"])
    #expect(try Self.entries("exported=b").map(\.name) == ["exported"])
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func countsLines(end: String) throws {
    let text = ["# c", "A=1", "", "B=\"x", "y\"", "C=3"].joined(separator: end)
    let entries = try Self.entries(text)
    #expect(entries.map(\.name) == ["A", "B", "C"])
    #expect(entries.map(\.line) == [2, 4, 6])
  }

  @Test(arguments: [
    ("A b", "is not of the form NAME=value"), ("A: b", "is not of the form NAME=value"),
    ("=b", "is not of the form NAME=value"), ("export =b", "is not of the form NAME=value"),
    ("''=b", "is not of the form NAME=value"), ("{\"A\": 1}", "is not of the form NAME=value"),
    ("if [ -f x ]; then", "is not of the form NAME=value"),
    // python-dotenv takes the quotes as a part of the name, and so sets nothing that is read.
    ("\"A\"=b", "is not of the form NAME=value"),
    ("'A=b", "has a name whose ' is not closed"),
    ("A='b", "opens a quote that is never closed"),
    ("A=\"b\\\"", "opens a quote that is never closed"),
    ("A='it's'", "goes on after its closing quote"),
    ("A=\"b\" c", "goes on after its closing quote"),
  ])
  func refusesWhatPythonDotenvPassesOver(line: String, problem: String) {
    #expect(
      Self.message("B=c\n\(line)\nD=e")
        == ".env.base, line 2 \(problem); correct it, or put # before it")
  }

  @Test func marksVariablesButNotInSingleQuotes() throws {
    for text in ["A=${B}", "A=\"x${B}y\"", "A=${B:-c}", "A=a${}"] {
      #expect(try Self.entries(text).map(\.refersToVariable) == [true])
    }
    for text in ["A='${B}'", "A=$B", "A=${B", "A=}${", "A", "A="] {
      #expect(try Self.entries(text).map(\.refersToVariable) == [false])
    }
  }

  @Test func noMessageHoldsAValue() {
    for text in ["OPENAI_API_KEY walrus", "OPENAI_API_KEY='walrus", "OPENAI_API_KEY='x'walrus"] {
      let message = Self.message(text)
      #expect(message?.hasPrefix(".env.base, line 1 ") == true)
      #expect(message?.contains("walrus") == false)
    }
  }
}
