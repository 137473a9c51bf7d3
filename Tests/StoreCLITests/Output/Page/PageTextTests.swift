// Nothing of a document becomes markup.

import Testing
@testable import VectorStore

@testable import StoreCLI

@Suite struct PageTextTests {
  @Test(arguments: [
    ("</script><b>", "&lt;/script&gt;&lt;b&gt;"),
    ("a \"b\" 'c' & d", "a &quot;b&quot; &#39;c&#39; &amp; d"),
    ("a\u{0}b\u{1B}c\u{7F}d\u{9B}e", "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e"),
    ("a\nb\tc\r\nd", "a b c  d"), ("\u{FFFE}\u{1FFFF}", "\u{FFFD}\u{FFFD}"), ("שלום 😀", "שלום 😀"),
    ("", ""),
  ])
  func escapesWhatIsMarkup(text: String, expected: String) {
    #expect(HTMLText.escaped(text) == expected)
  }

  @Test func textHasADirectionOfItsOwn() {
    #expect(HTMLText.isolated("\u{202E}abc") == "<bdi>\u{202E}abc</bdi>")
  }

  @Test func aChunkIsNamedByItsPlace() {
    var chunk = StatisticsReport.Chunk(
      id: 1, collection: "c", source: "a.md", ordinal: 0, line: 7)
    #expect(HTMLText.place(chunk) == "a.md:7")
    chunk.line = nil
    #expect(HTMLText.place(chunk) == "a.md")
  }
}
