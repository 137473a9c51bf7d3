// Documents that are made to keep a reader busy, or to fill its memory: each ends or is named, and the rest of the
// folder is read.

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: InstalledPrograms.are("pandoc", "prlimit"), "needs pandoc and prlimit"))
struct HostileFolderTests {
  /// A hostile file: what it is called, what it holds, and the words that say why it is not read; nil if it is.
  private typealias Case = (name: String, text: String, reason: String?)

  private static func times(_ text: String, _ count: Int) -> String {
    String(repeating: text, count: count)
  }

  /// Entities that come to 10¹¹ times three letters.
  private static let entities =
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY l0 \"lol\">"
    + (1...11).map { "<!ENTITY l\($0) \"\(times("&l\($0 - 1);", 10))\">" }.joined() + "]>"

  private static let pages: [Case] = [
    ("entities.html", entities + "<html><body>&l11;</body></html>", nil),
    ("entities.svg", entities + "<svg><text>&l11;</text></svg>", nil),
    ("entities.opml", entities + "<opml><body><outline text=\"&l11;\"/></body></opml>", nil),
    (
      "entities.fb2", entities + "<FictionBook><body><p>&l11;</p></body></FictionBook>",
      "pandoc failed"
    ),
    (
      "attributes.html", "<p \((0..<100_000).map { "a\($0)" }.joined(separator: " "))>words</p>",
      "one of its tags has more than 500 attributes"
    ),
    (
      "deep.html", times("<div>", 100_000) + "words" + times("</p>", 100_000),
      "within each other more than 20000 deep"
    ),
    ("open.html", times("<b>", 9_000) + "words" + times("</i>", 100_000), nil),
    (
      "hundred.html",
      times("<!-- \(times("a comment ", 100_000))--><p title=\"\(times("<b ", 9_000))\">text", 100),
      nil
    ),
    ("comments.html", times("<!--", 1_000_000), nil),
  ]

  private static let tables: [Case] = [
    ("quotes.csv", times("\" ", 1_000_000), "its rows are empty"),
    ("header.csv", times("n", 1_000_000) + "\n" + times("x\n", 20_000), nil),
    (
      "columns.csv", times(",", 2_000_000) + "\nx\n",
      "one of its rows has more than 100000 fields"
    ),
    ("line.csv", "a,b\n\"" + times(" ", 50_000_000) + times("word ", 100_000) + "\",x\n", nil),
    ("nul.csv", "a,b\n1,\0\n", "a NUL character at byte 6"),
    ("line.txt", times("x", 2_000_000), nil), ("nul.md", "a\0b", "a NUL character at byte 1"),
    ("headings.md", times("# a\n", 300_000), nil),
    ("deep.json", times("[", 100_000) + times("]", 100_000), nil),
    (
      "deep.ipynb", "{\"cells\": \(times("[", 100_000))\(times("]", 100_000))}",
      "not a Jupyter notebook"
    ),
    ("angles.srt", "1\n00:00:01,000 --> 00:00:02,000\nsaid \(times("<", 200_000))\n", nil),
  ]

  private static let mail: [Case] = [
    (
      "nested.eml",
      (0..<1000).map { "Content-Type: message/rfc822\nSubject: \($0)\n\n" }.joined() + "words", nil
    ),
    (
      "parts.eml",
      "Subject: parts\nContent-Type: multipart/mixed; boundary=b\n\n" + times("--b\n", 1_000_000),
      nil
    ),
    (
      "headers.eml",
      "Subject: headers\n" + (0..<300_000).map { "h\($0):\n" }.joined() + "\nwords", nil
    ),
    (
      "empty.mbox", times("From a@b.org Tue Jun  3 10:15:00 2025\n\n", 100_000), nil
    ),
  ]

  private static let bombs: [(name: String, bytes: Data)] = [
    (
      "bomb.docx",
      ZipBomb.make(
        "word/document.xml",
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>"
          + "<w:p><w:r><w:t>", megabytes: 200, "</w:t></w:r></w:p></w:body></w:document>")
    ),
    (
      "bomb.odt",
      ZipBomb.make(
        "content.xml",
        "<office:document-content xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\">",
        megabytes: 200, "</office:document-content>")
    ),
    ("bomb.epub", ZipBomb.make("a.xhtml", "<html><body><p>", megabytes: 200, "</p></body></html>")),
  ]

  @Test func eachIsBoundedAndNamedAndTheRestGoesOn() async throws {
    var store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    let cases = Self.pages + Self.tables + Self.mail
    for (name, text, _) in cases { try store.folder.write(text, to: "d/\(name)") }
    for (name, bytes) in Self.bombs { try store.folder.write(bytes, to: "d/\(name)") }
    try store.folder.write("flood", to: "d/a.flood")
    try store.folder.write("The walrus sleeps.", to: "d/z.md")
    // Seconds of processor time and bytes of memory: with more it is ended by the system.
    store.launcher = ["/usr/bin/prlimit", "--cpu=60", "--data=1500000000"]
    let added = try await store.run("add", "d", "--json", "-v", "--convert", "flood=yes {}")
    #expect(added.status == 0, "\(added.errors)")
    let report = try CommandTests.object(added.output)
    let leftOut = try #require(report["leftOut"] as? [[String: String]])
    let reasons = Dictionary(
      leftOut.map { ($0["source"] ?? "", $0["reason"] ?? "") }, uniquingKeysWith: { $1 })
    let unread =
      cases.compactMap { item in item.reason.map { (item.name, $0) } }
      + Self.bombs.map { ($0.name, "and at most 64 MB are read") }
      + [("a.flood", "yes printed more than 64 MB")]
    for (name, reason) in unread {
      let found = reasons["d/\(name)"] ?? ""
      #expect(found.contains(reason), "\(name): \(found)")
    }
    #expect(leftOut.count == unread.count, "\(reasons)")
    #expect(try await store.run("query", "walrus", "-n1").output.contains("d/z.md"))
  }
}
