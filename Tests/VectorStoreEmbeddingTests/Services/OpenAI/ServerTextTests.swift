// ServerText: no key in any text of a server.

import Testing

@testable import VectorStoreEmbedding

@Suite struct ServerTextTests {
  private static let text = ServerText(key: APIKey("my/secret+key"))

  @Test(arguments: [
    ("plain words.", "plain words."),
    ("two\n  lines\t\u{1B}[31mred\u{0} ", "two lines [31mred"),
    ("key my/secret+key, my/secret+key!", "key [key], [key]!"),
    ("accent my/secret+key\u{301}", "accent [key]\u{301}"),
    ("Incorrect API key provided: sk-abc***xyz. See x", "Incorrect API key provided: [key] See x"),
    (
      "(sk-proj-1_2) \"sk-1\": task-force risk-free sk- desk-1",
      "[key] [key] task-force risk-free sk- desk-1"
    ),
    ("masked abcd****wxyz here", "masked [key] here"),
    ("", ""),
  ])
  func showsOneLineWithoutKeys(said: String, shown: String) {
    #expect(Self.text.line(said) == shown)
  }

  @Test func isShort() {
    let line = Self.text.line(String(repeating: "words ", count: 1000))
    #expect(line.count == 301)
    #expect(line.hasSuffix("…"))
  }

  @Test func cutsAfterKeysAreGone() {
    for blanks in 285..<300 {
      let line = Self.text.line(String(repeating: "x", count: blanks) + " my/secret+key")
      #expect(!line.contains("my/"), "\(blanks)")
    }
  }

  @Test(arguments: ["invalid_api_key", "req_0123-abc", "a"])
  func keepsNames(name: String) {
    #expect(Self.text.name(name) == name)
  }

  @Test(arguments: [
    nil, "", "two words", "my/secret+key", "x-my/secret+key", "sk-1234", "a\nb", "grün",
    String(repeating: "a", count: 129),
  ])
  func keepsNothingElseAsAName(name: String?) {
    #expect(Self.text.name(name) == nil)
  }
}
