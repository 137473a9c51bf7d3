// FrontMatter: values, dates, texts that only look alike, errors by line, and hostile blocks.

import TestSupport
import Testing
import VectorStoreText

struct FrontMatterTests {
  private func metadata(_ yaml: String) throws -> [String: MetadataValue]? {
    try FrontMatter.parse("---\n\(yaml)\n---\n# Title\n")?.metadata
  }

  private func failure(_ text: String) -> FrontMatterError? {
    do {
      _ = try FrontMatter.parse(text)
      return nil
    } catch {
      return error as? FrontMatterError
    }
  }

  @Test func readsValuesOfAllKinds() throws {
    let values = try metadata(
      """
      # a comment
      title: "A: B"
      count: 3
      ratio: 0.5
      draft: true
      none:
      tilde: ~
      tags: [a, 'b', 7]
      author:
        name: Ana
        links:
          - https://example.org/a#b
      text: |
        one
        two
      """)
    #expect(
      values == [
        "title": "A: B", "count": 3, "ratio": 0.5, "draft": true, "none": .null, "tilde": .null,
        "tags": .array(["a", "b", 7]),
        "author": .object(["name": "Ana", "links": .array(["https://example.org/a#b"])]),
        "text": "one\ntwo\n",
      ])
  }

  @Test func readsPlainValuesAsTheCommandLineDoes() throws {
    let values = try metadata(
      """
      zip: 01234
      country: NO
      answer: yes
      time: 12:30
      quoted: "7"
      tagged: !!str 7
      shout: TRUE
      hex: 0x1F
      infinite: .inf
      big: 9223372036854775807
      1: one
      """)
    #expect(
      values == [
        "zip": "01234", "country": "NO", "answer": "yes", "time": "12:30", "quoted": "7",
        "tagged": "7", "shout": true, "hex": "0x1F", "infinite": ".inf",
        "big": .integer(.max), "1": "one",
      ])
  }

  @Test(arguments: [
    ("2024-05-01", "2024-05-01"),
    ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"),
    ("2024-5-1 9:05:07.25 -5", "2024-05-01T09:05:07.25-05:00"),
    ("2024-05-01 10:00:00 +02:30", "2024-05-01T10:00:00+02:30"),
    ("2024-05-01t10:00:00+0230", "2024-05-01T10:00:00+02:30"),
    ("2024-05-01 10:00:00", "2024-05-01T10:00:00"),
    ("2024-13-01 10:00:00", "2024-13-01 10:00:00"),
    ("2024-05-01 10:00", "2024-05-01 10:00"),
  ])
  func writesDatesAsISO(yaml: String, iso: String) throws {
    #expect(try metadata("date: \(yaml)") == ["date": .string(iso)])
  }

  @Test func acceptsBothEndsAndLineEnds() throws {
    #expect(
      try FrontMatter.parse("---\r\na: 1\r\nb: x\r\n---\r\nBody")?.metadata == ["a": 1, "b": "x"])
    #expect(try FrontMatter.parse("--- \na: 1\n...\t")?.metadata == ["a": 1])
    #expect(try FrontMatter.parse("---\n---\n")?.metadata == [:])
    #expect(try FrontMatter.parse("---\n# nothing yet\n---")?.metadata == [:])
    #expect(try FrontMatter.parse("---\n{a: 1}\n---")?.metadata == ["a": 1])
  }

  @Test(arguments: [
    "", "# Title", "----\na: 1\n---", " ---\na: 1\n---", "text\n---\na: 1\n---",
    "---\na: 1\n", "---", "---\n", "---\n\na: 1\n---\n", "---\nJust some *prose* here.\n---\n",
    "---\n- a\n- b\n---\n", "---\nsee https://example.org\n---\n", "---\nOne\n***\nTwo\n\n---\n",
    "---\n> Note: quoted\n---\n",
  ])
  func leavesOtherTextsAlone(text: String) throws {
    #expect(try FrontMatter.parse(text) == nil)
  }

  @Test func namesTheLineOfAnError() {
    #expect(failure("---\na: 1\nb: [1, 2\nc: 3\n---\n")?.line == 4)
    #expect(failure("---\na: 1\nb: c: d\n---\n")?.line == 3)
    #expect(failure("---\r\na: 1\r\nb: \u{1}\r\n---\r\n")?.line == 3)
    #expect(failure("---\na: *nobody\n---\n")?.line == 2)
    #expect(failure("---\nb: 0\n? [x]\n: 1\n---\n")?.line == 3)
    let twice = failure("---\na: 1\nb: 2\na: 3\n---\n")
    #expect(twice?.message == "key \"a\" is there twice")
    #expect(twice?.description.hasPrefix("front matter, line ") == true)
  }

  @Test func refusesWhatWouldGrow() throws {
    var bomb = "a0: &a0 x\n"
    for level in 1...40 {
      bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n"
    }
    #expect(failure("---\n\(bomb)? *a40\n: 1\n---\n")?.message == "more than 16 aliases")
    let wide = "a: &a [\(Array(repeating: "x", count: 2_000).joined(separator: ","))]\n"
    let uses = (0..<6).map { "b\($0): *a\n" }.joined()
    #expect(failure("---\n\(wide)\(uses)---\n")?.message == "more than 10000 values")
    #expect(try metadata("a: &x 1\nb: *x") == ["a": 1, "b": 1])
    // Asterisks are no aliases where there is no anchor.
    let stars = (0..<30).map { "k\($0): \"*bold*\"" }.joined(separator: "\n")
    #expect(try metadata(stars)?.count == 30)
  }

  @Test func survivesDeepAndLongBlocks() {
    #expect(failure("---\na: \(String(repeating: "[", count: 30_000))\n---\n") != nil)
    let long = "---\na: 1\n" + String(repeating: "# padding\n", count: 10_000) + "---\n"
    #expect(failure(long)?.message == "no closing line within 65536 bytes")
    let prose = "---\n" + String(repeating: "A paragraph.\n\n", count: 10_000) + "---\n"
    #expect(failure(prose) == nil)
    #expect(failure("---\n" + String(repeating: "a:", count: 20_000) + "b\n---\n") == nil)
  }

  @Test func neverCrashesOnRandomText() {
    let pieces = [
      "---\n", "a: ", "b", "- ", "\n", "  ", "[", "]", "{", "}", "\"", "'", "&x ", "*x", "!!int ",
      "? ", ": ", "|", ">", "#", "%YAML 1.1\n", "...\n", "<<: ", "\t", "é", "2024-05-01 10:00:00",
    ]
    for seed in 0..<400 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let body = (0..<20).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      _ = failure("---\na: 1\n\(body)\n---\n")
    }
  }
}
