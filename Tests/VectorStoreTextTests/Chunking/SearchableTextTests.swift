import TestSupport
import Testing

@testable import VectorStoreText

/// Binary data in a text is not cut into chunks, and every chunk knows where it stands in the whole.
@Suite struct SearchableTextTests {
  private static func base64(_ count: Int, seed: UInt64 = 1) -> String {
    var random = SeededGenerator(seed: seed)
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return String((0..<count).map { _ in letters.randomElement(using: &random) ?? "A" })
  }

  private static func lines(_ text: String, _ width: Int, _ end: String) -> String {
    let letters = Array(text)
    return stride(from: 0, to: letters.count, by: width)
      .map { String(letters[$0..<min($0 + width, letters.count)]) }.joined(separator: end)
  }

  @Test func leavesOutWhatNobodySearchesFor() {
    let image = Self.base64(3000)
    for (text, expected) in [
      (
        "before ![a](data:image/png;base64,\(image)) after",
        "before ![a](data:image/png;base64,) after"
      ),
      ("mail:\n\n\(Self.lines(image, 76, "\n"))\n\nRegards", "mail:\n\n\n\nRegards"),
      ("mail:\r\n\(Self.lines(image, 76, "\r\n"))\r\n--b", "mail:\r\n\r\n--b"),
      (
        "{\"png\": \"\(Self.lines(image, 76, "\\n"))\\n\", \"x\": 1}",
        "{\"png\": \"\\n\", \"x\": 1}"
      ),
      (
        "<path d=\"\(String(repeating: "M10.5 20L30,40 ", count: 40))\"/><text>hi</text>",
        "<path d=\"\"/><text>hi</text>"
      ),
      (
        "{\"v\": [\((0..<400).map { "0.\($0)" }.joined(separator: ", "))], \"n\": 1}",
        "{\"v\": [], \"n\": 1}"
      ),
    ] {
      #expect(SearchableText(text).text == expected, "\(text.prefix(40))")
    }
    let minified = "function a(b){return b+1};" + String(repeating: "var c=a(2);", count: 300)
    #expect(
      SearchableText("/* licence */\n\(minified)\nlet x = 1", isScript: true).text
        == "/* licence */\n\nlet x = 1")
  }

  @Test func leavesTextAsItIs() {
    for text in [
      "", "words", String(repeating: "a", count: 5000), String(repeating: "word ", count: 2000),
      "https://example.com/" + String(repeating: "path/to/", count: 60),
      String(repeating: "getUserProfileById", count: 30), String(repeating: "日本語の文", count: 500),
      (0..<300).map { "\($0),\($0 * 7)" }.joined(separator: "\n"),
      "sha256: " + String(Self.base64(64)), String(repeating: "-", count: 400),
    ] {
      let searchable = SearchableText(text)
      #expect(searchable.text == text && searchable.gaps.isEmpty, "\(text.prefix(40))")
    }
  }

  /// The text of a chunk, with what was left out put back, is the text of its range.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func chunksStandWhereTheySay(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var text = ""
    for part in 0..<12 {
      let words = (0..<Int.random(in: 1...80, using: &random)).map { "wörd\($0)" }
      text += words.joined(separator: part % 3 == 0 ? "\n" : " ")
      if Bool.random(using: &random) {
        text += " (data:image/png;base64,\(Self.base64(500, seed: seed &+ UInt64(part))))"
      }
    }
    let searchable = SearchableText(text)
    let options = ChunkingOptions(maximumTokens: 64, overlapTokens: 16)
    let chunks = searchable.placed(
      Chunker(checked: options).chunks(of: searchable.text, format: .text))
    let scalars = Array(text.unicodeScalars)
    var end = 0
    for chunk in chunks {
      let whole = String(String.UnicodeScalarView(scalars[chunk.range]))
      #expect(SearchableText(whole).text == chunk.text || whole == chunk.text, "seed \(seed)")
      #expect(chunk.line == 1 + scalars[..<chunk.range.lowerBound].count { $0 == "\n" })
      // What repeats the chunk before holds no data, so that the text can be put together again.
      if chunk.range.lowerBound < end {
        let repeated = String(String.UnicodeScalarView(scalars[chunk.range.lowerBound..<end]))
        #expect(SearchableText(repeated).gaps.isEmpty, "seed \(seed)")
      }
      end = chunk.range.upperBound
    }
    #expect(chunks.count > 2)
  }
}
