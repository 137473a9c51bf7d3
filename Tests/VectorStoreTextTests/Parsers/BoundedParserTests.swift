// What hostile files and programs may not do: take time without end, leave something behind, or be taken for
// something else.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct BoundedParserTests {
  private static func parse(_ text: String, _ name: String) throws -> ParsedDocument {
    let parser = try #require(ParserTable.builtIn.parser(of: name, start: Data()))
    return try parser.parse(ParsedFile(bytes: Data(text.utf8), name: name))
  }

  private static func times(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  // MARK: - Pages

  @Test func aPageIsAsDeepAsItsEndTagsAllow() throws {
    let deep = Self.times("<div>", 9_998) + "words" + Self.times("</p>", 200_000)
    #expect(try Self.parse(deep, "x.html").text == "words")
    #expect(throws: DocumentParserError.nested(deeperThan: 10_000)) {
      try Self.parse("<div><div>" + deep, "x.html")
    }
    let ends = Self.times("</p>", 1_000_000)
    #expect(try HTMLBounds.deepest(in: ends) == 2_000)
    #expect(try HTMLBounds.deepest(in: Self.times("</p>", 10_000_000)) == 500)
    // What is no end tag does not count.
    let none = "<!-- \(ends) --><script>\(ends)</script><p title='\(ends)'>"
    #expect(try HTMLBounds.deepest(in: none) == 2_000_000_000)
  }

  @Test func attributesAreCountedAsTheParserDoes() throws {
    func page(_ attributes: String) -> String { "<p \(attributes)>words</p>" }
    let most = (0..<500).map { "a\($0)" }.joined(separator: " ")
    #expect(try Self.parse(page(most), "x.html").text == "words")
    for more in [
      most + " b", most + "\nb=c", most + "='x'b", most + "/b",
      most + " b=\"\(Self.times("c ", 9))\"",
    ] {
      #expect(throws: DocumentParserError.self, "\(more.suffix(20))") {
        try Self.parse(page(more), "x.html")
      }
    }
    let words = Self.times("word ", 2_000)
    for fine in [
      page("title=\"\(words)\""), page("title = '\(words)'"), "a < b \(words)",
      "<!-- <p \(words) -->x",
      "<script>if (a<b) \(words)</script>x", "<STYLE><p \(words)</Style>x",
    ] {
      #expect(throws: Never.self) { try HTMLBounds.deepest(in: fine) }
    }
  }

  // MARK: - Tables, subtitles and mail

  @Test func aRowKeepsItsLine() throws {
    let table = "name,note\n\nAda,\"two\nlines\"\nBob,\"\"\n\"\",\"\"\nCarl,x\n"
    let lines = try Self.parse(table, "x.csv").text.split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(
      lines == [
        "name, note", "", "name: Ada, note: two lines", "", "name: Bob", "", "name: Carl, note: x",
        "",
      ])
    #expect(throws: DocumentParserError.noText("its rows are empty")) {
      try Self.parse("\"\"\n\"\"\n", "x.csv")
    }
    let long = try Self.parse(Self.times("n", 500) + ",b\n1,2\n", "x.csv").text
    #expect(long.hasSuffix("\n\(Self.times("n", 100)): 1, b: 2\n"))
  }

  @Test(arguments: [
    ("<i>a</i> b", "a b"), ("{\\an8}a {\\b1}b", "a b"), ("a < b", "a < b"), ("a {b} <", "a {b} <"),
    ("{\\an8 a <i>b</i>", "{\\an8 a b"), ("a > b <c>d", "a > b d"), ("<<i>a", "a"),
  ])
  func marksOfSubtitlesAreNoWords(line: String, words: String) throws {
    let text = try Self.parse("1\n00:00:01,000 --> 00:00:02,000\n\(line)\n", "x.srt").text
    #expect(text == "[0:00:01] \(words)\n")
  }

  /// As Apple Mail and others write them.
  @Test func aBoundaryIsNotTheBeginningOfAnother() throws {
    let message = """
      Subject: s
      Content-Type: multipart/mixed; boundary="b"

      --b
      Content-Type: multipart/alternative; boundary="b-2"

      --b-2
      Content-Type: text/html

      <p>page</p>
      --b-2
      Content-Type: text/plain

      plain
      --b-2--
      --b\t
      Content-Type: text/plain

      after
      --b--
      epilogue
      """
    #expect(try Self.parse(message, "x.eml").text == "# s\n\nplain\n\n\nafter\n")
  }

  // MARK: - Archives

  @Test(arguments: ["docx", "odt", "epub"])
  func anArchiveIsJudgedBeforeItIsUnpacked(format: String) throws {
    func check(_ bytes: Data) -> String {
      do {
        try ZippedDocument.check(bytes, format: format)
        return ""
      } catch {
        return "\(error)"
      }
    }
    let fine = ZipBomb.make("word/document.xml", "<a>", megabytes: 63, "</a>")
    #expect(check(fine) == "")
    #expect(check(fine.dropLast(30)).contains("its end is missing"))
    #expect(check(Data("words".utf8)).contains("it is not a .\(format) document"))
    #expect(check(Data()).contains("it is not a .\(format) document"))
    let bomb = ZipBomb.make("word/document.xml", "<a>", megabytes: 66, "</a>")
    #expect(check(bomb).contains("unpacks to 65 MB of markup"))
    // Pictures may be large.
    #expect(check(ZipBomb.make("media/a.bmp", "", megabytes: 66, "")) == "")
    let older = Data([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1])
    #expect(check(older).contains("an older Office"))
    let name = Data("EncryptedPackage".utf8.flatMap { (byte: UInt8) -> [UInt8] in [byte, 0] })
    #expect(check(older + name) == "\(DocumentParserError.encrypted)")
    for cut in stride(from: 0, to: fine.count, by: 101) { _ = check(fine.prefix(cut)) }
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<200 {
      var damaged = fine.suffix(120)
      damaged = Data("PK\u{3}\u{4}".utf8) + damaged
      damaged[Int.random(in: 4..<damaged.count, using: &generator)] =
        UInt8.random(in: 0...255, using: &generator)
      _ = check(damaged)
    }
  }

  // MARK: - Programs

  /// Whether a process is gone, or dead and not yet buried.
  private static func isGone(_ process: Int32) -> Bool {
    guard kill(process, 0) == 0 else { return true }
    let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
    return status?.contains("State:\tZ") ?? true
  }

  /// A script that a converter runs, and the process that it notes.
  private static func script(
    _ text: String, in folder: TemporaryFolder, limit: Duration = Program.timeLimit
  ) throws -> CommandParser {
    try folder.write(text, to: "run.sh")
    return CommandParser(
      try FileConverter(ending: "x", command: ["/bin/sh", folder.path("run.sh"), "{}"]),
      timeLimit: limit)
  }

  @Test func aProgramIsEndedWithAllThatItStarted() throws {
    let folder = try TemporaryFolder()
    let file = ParsedFile(bytes: Data("x".utf8), name: "a.x")
    let noted = folder.path("child")
    // On a busy machine it may be ended before it has noted its child.
    for seconds in [1, 4, 16, 64] where !FileManager.default.fileExists(atPath: noted) {
      let limit = Duration.seconds(seconds)
      let endless = try Self.script(
        "(while :; do sleep 300; done) & echo $! > \(noted)\nwhile :; do sleep 300; done\n",
        in: folder, limit: limit)
      #expect(throws: DocumentParserError.timedOut(limit)) { try endless.parse(file) }
    }
    let child = try #require(Int32(try String(contentsOfFile: noted, encoding: .utf8).dropLast()))
    while !Self.isGone(child) { usleep(1000) }
    // One that ends, and leaves a child behind.
    let brief = try Self.script("sleep 300 & echo $! > \(noted)\necho words\n", in: folder)
    #expect(try brief.parse(file).text == "words\n")
    let left = try #require(Int32(try String(contentsOfFile: noted, encoding: .utf8).dropLast()))
    while !Self.isGone(left) { usleep(1000) }
  }

  @Test(.enabled(if: InstalledPrograms.are("prlimit"), "needs prlimit"))
  func aProgramThatPrintsWithoutEndIsEnded() throws {
    let converter = try FileConverter(ending: "x", command: ["yes", "{}"])
    #expect(throws: DocumentParserError.failed("yes printed more than 64 MB")) {
      try CommandParser(converter).parse(ParsedFile(bytes: Data("x".utf8), name: "a.x"))
    }
  }

  /// Forms that draw each other ten times each, twelve deep.
  @Test(.enabled(if: InstalledPrograms.are("pdftotext"), "needs pdftotext"))
  func aPDFThatHangsItsReaderIsEnded() throws {
    var objects = [
      "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        + "/Resources << /XObject << /X 5 0 R >> >> >>",
      "<< /Length 5 >>\nstream\n/X Do\nendstream",
    ]
    for number in 5..<17 {
      let content = Self.times("/X Do ", 10)
      objects.append(
        "<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Length \(content.utf8.count) "
          + "/Resources << /XObject << /X \(number + 1) 0 R >> >> >>\nstream\n\(content)\nendstream"
      )
    }
    objects.append(
      "<< /Type /XObject /Subtype /Form /BBox [0 0 600 800] /Length 2 >>\nstream\nq Q\nendstream")
    let file = ParsedFile(bytes: MadePDF.file(objects), name: "hang.pdf")
    let program = try Program("pdftotext", package: "poppler-utils")
    #expect(throws: DocumentParserError.timedOut(.seconds(1))) {
      try program.run(["{}", "-"], on: file, limit: .seconds(1))
    }
  }
}
