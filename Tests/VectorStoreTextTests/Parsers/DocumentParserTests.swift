import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct DocumentParserTests {
  private static func parse(_ text: String, _ name: String) throws -> ParsedDocument {
    try parse(Data(text.utf8), name)
  }

  private static func parse(_ bytes: Data, _ name: String) throws -> ParsedDocument {
    let parser = try #require(ParserTable.builtIn.parser(of: name, start: bytes.prefix(1024)))
    return try parser.parse(ParsedFile(bytes: bytes, name: name))
  }

  // MARK: - The table

  @Test(arguments: [
    ("a/Page.HTML", "", "HTMLParser"), ("page", "<!DOCTYPE html><p>x", "HTMLParser"),
    ("x.ipynb", "", "NotebookParser"), ("x.csv", "", "TableParser"), ("x.eml", "", "MailParser"),
    ("inbox", "From a@b.org Tue Jun  3 10:15:00 2025\n", "MailParser"),
    ("x.vtt", "", "SubtitleParser"), ("x.bin", "%PDF-1.7", "PDFParser"),
    ("x.docx", "", "PandocParser"),
  ])
  func filesFindTheirParsers(name: String, start: String, parser: String) throws {
    let found = try #require(ParserTable.builtIn.parser(of: name, start: Data(start.utf8)))
    #expect("\(type(of: found))" == parser)
  }

  @Test(arguments: ["README", "a.md", "notes.txt", "x.swift", "x.json", "From", "page.md"])
  func plainTextHasNone(name: String) {
    #expect(ParserTable.builtIn.parser(of: name, start: Data("From here on <html>".utf8)) == nil)
  }

  @Test func anOwnParserComesFirst() throws {
    struct Own: DocumentParser {
      let endings: Set<String> = ["html", "invoice"]
      func parse(_ file: ParsedFile) throws -> ParsedDocument { ParsedDocument(text: "own") }
    }
    let table = ParserTable([Own()])
    for name in ["a.html", "b.invoice"] {
      let parser = try #require(table.parser(of: name, start: Data()))
      #expect(try parser.parse(ParsedFile(bytes: Data(), name: name)).text == "own")
    }
  }

  // MARK: - HTML

  @Test func aPageIsWhatItsReaderSees() throws {
    let page = """
      <!doctype html><html lang="de"><head><title>Über &amp; unter</title><style>p { color: red }</style>
      <meta name="author" content="Ada"><script>var hidden = "<p>no</p>";</script></head>
      <body><nav><a href="/">Home</a></nav><h1>Kapitel <em>Eins</em></h1>
      <p>Ein Satz&nbsp;mit <a href="https://a.org/x">Verweis</a>.<br>Neue Zeile</p>
      <ul><li>eins<li>zwei<ol><li>innen</ol></ul>
      <table><tr><th>Name<th>Stadt</tr><tr><td>Ada<td>London | UK</tr></table>
      <pre>let a = 1
        let b = 2</pre><p hidden>versteckt</p><div aria-hidden="true">x</div>
      <img src="a.png" alt="Ein Baum"><footer>Impressum</footer></body></html>
      """
    let document = try Self.parse(page, "x.html")
    #expect(
      document.text == """
        # Kapitel Eins

        Ein Satz mit Verweis.
        Neue Zeile

        - eins
        - zwei
          - innen

        | Name | Stadt |
        | --- | --- |
        | Ada | London \\| UK |

        ```
        let a = 1
          let b = 2
        ```

        Ein Baum
        """)
    #expect(
      document.metadata == ["title": "Über & unter", "language": "de", "author": "Ada"])
    #expect(document.format == .markdown)
  }

  @Test func theMainPartIsTakenWhereAPageMarksIt() throws {
    let story = String(repeating: "The story goes on and on. ", count: 20)
    let page =
      "<body><div>Menu of the site</div><main><h2>Story</h2><p>\(story)</p></main><div>Ads</div>"
    let text = try Self.parse(page, "x.html").text
    #expect(text.hasPrefix("## Story") && !text.contains("Menu") && !text.contains("Ads"))
    // One that is all but empty is none.
    let shell = "<body><p>\(story)</p><main></main>"
    #expect(try Self.parse(shell, "x.html").text.contains("The story goes on"))
  }

  @Test func aPageIsInTheEncodingThatItNames() throws {
    var page = Data("<html><meta charset=\"windows-1251\"><p>".utf8)
    page += [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2]
    #expect(try Self.parse(page, "x.html").text == "Привет")
    let latin = Data("<p>caf".utf8) + [0xE9]
    #expect(try Self.parse(latin, "x.html").text == "café")
  }

  @Test(
    .timeLimit(.minutes(1)),
    arguments: [
      "<div>", "<p>a", "a &amp; ", "<table><tr><td>", "<ul><li>", "<b><i>", "</p>", "<!--",
    ])
  func nonsenseEnds(part: String) throws {
    let page = String(repeating: part, count: 20_000) + "end"
    _ = try Self.parse(page, "x.html")
  }

  // MARK: - Notebooks

  @Test func aNotebookIsItsCells() throws {
    let notebook = """
      {"nbformat": 4, "metadata": {"language_info": {"name": "python"}}, "cells": [
        {"cell_type": "markdown", "source": ["# Title\\n", "Words."]},
        {"cell_type": "code", "source": "print(6 * 7)", "outputs": [
          {"output_type": "stream", "text": ["42\\n"]},
          {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo"}}]},
        {"cell_type": "raw", "source": ""},
        {"cell_type": "markdown", "source": "The end."}]}
      """
    let document = try Self.parse(notebook, "x.ipynb")
    #expect(
      document.text
        == "# Title\nWords.\n\u{0C}\n```python\nprint(6 * 7)\n```\n\n```\n42\n```\n\u{0C}\u{0C}\nThe end.\n"
    )
    let places = try #require(TextPlaces(of: document.text, source: "a/x.ipynb"))
    let end = document.text.unicodeScalars.count
    #expect(places.label(of: 0..<15) == "cell 1" && places.label(of: end - 1..<end) == "cell 4")
    #expect(places.label(of: 0..<end) == "cells 1 to 4")
    #expect(TextPlaces.text(of: 4, in: document.text) == "The end.\n")
    #expect(TextPlaces.text(of: 5, in: document.text) == nil)
    #expect(
      TextPlaces.isLabel("cell 12") && TextPlaces.isLabel("pages 3 to 5")
        && !TextPlaces.isLabel("cell division 2"))
    #expect(TextPlaces(of: "one page", source: "x.pdf") == nil)
    #expect(throws: DocumentParserError.self) { try Self.parse("[1]", "x.ipynb") }
  }

  // MARK: - Tables

  @Test(arguments: [
    ("name,city\n\"Ada, Countess\",London\n\nBob,\"a \"\"b\"\"\nc\"\n", "x.csv"),
    ("name;city\n\"Ada, Countess\";London\n;\nBob;\"a \"\"b\"\"\nc\"", "x.csv"),
    ("name\tcity\r\nAda, Countess\tLondon\r\n\t\r\nBob\t\"a \"\"b\"\"\nc\"\r\n", "x.tsv"),
  ])
  func aRowNamesItsColumns(text: String, name: String) throws {
    let document = try Self.parse(text, name)
    #expect(
      document.text
        == "name, city\nname: Ada, Countess, city: London\n\nname: Bob, city: a \"b\" c\n"
    )
  }

  @Test func aTableOfAHeaderAloneIsKept() throws {
    #expect(try Self.parse("just one line", "x.csv").text == "just one line\n")
    #expect(throws: DocumentParserError.self) { try Self.parse("", "x.csv") }
  }

  // MARK: - Subtitles

  @Test func subtitlesAreWhatIsSaidAndWhen() throws {
    let text = """
      WEBVTT

      NOTE a comment

      1
      00:00:01.000 --> 00:00:04.000 align:start
      <v Ada>Hello <i>there</i>.

      01:02:03,500 --> 01:02:04,000
      Hello there.
      {\\an8}Good bye.

      """
    let document = try Self.parse(text, "x.vtt")
    #expect(document.text == "[0:00:01] Hello there.\n[1:02:03] Good bye.\n")
  }

  // MARK: - Mail

  private static let message = """
    From: =?utf-8?Q?J=C3=BCrgen?= <j@a.org>\r
    To: Ada <ada@b.org>,\r
     Bob <bob@b.org>\r
    Subject: =?iso-8859-1?B?R3L832U=?=\r
    Date: Tue, 3 Jun 2025 10:15:00 +0200\r
    Content-Type: multipart/mixed; boundary="b 1"\r
    \r
    preamble\r
    --b 1\r
    Content-Type: multipart/alternative; boundary=inner\r
    \r
    --inner\r
    Content-Type: text/html; charset=utf-8\r
    \r
    <p>HTML</p>\r
    --inner\r
    Content-Type: text/plain; charset=iso-8859-1\r
    Content-Transfer-Encoding: quoted-printable\r
    \r
    Sch=F6ne Gr=\r
    =FC=DFe\r
    --inner--\r
    --b 1\r
    Content-Type: application/pdf; name="plan.pdf"\r
    Content-Disposition: attachment; filename*=utf-8''p%C3%A9.pdf\r
    Content-Transfer-Encoding: base64\r
    \r
    JVBERi0=\r
    --b 1--\r

    """

  @Test func aMessageIsItsTextAndItsHeaders() throws {
    let document = try Self.parse(Self.message, "x.eml")
    #expect(
      document.text == """
        # Grüße

        From: Jürgen <j@a.org>
        To: Ada <ada@b.org>, Bob <bob@b.org>
        Date: Tue, 3 Jun 2025 10:15:00 +0200
        Attachments: pé.pdf

        Schöne Grüße

        """)
    #expect(
      document.metadata == [
        "title": "Grüße", "from": "Jürgen <j@a.org>", "to": "Ada <ada@b.org>, Bob <bob@b.org>",
        "date": "2025-06-03T10:15:00+02:00", "attachments": ["pé.pdf"],
      ])
    #expect(throws: DocumentParserError.self) { try Self.parse("no mail at all", "x.eml") }
  }

  @Test func aMailboxIsItsMessages() throws {
    let box = """
      From a@b.org Tue Jun  3 10:15:00 2025
      Subject: One

      First.
      From here it is text.

      From here on too.
      >From was quoted.

      From a@b.org Tue Jun  3 10:16:00 2025
      Subject: Two
      Content-Type: text/html

      <p>Second.</p>
      """
    let document = try Self.parse(box, "x.mbox")
    #expect(document.text.contains("First.\nFrom here it is text.\n\nFrom here on too.\nFrom was"))
    #expect(TextPlaces.text(of: 1, in: document.text)?.hasPrefix("# One\n") == true)
    #expect(TextPlaces.text(of: 2, in: document.text)?.hasSuffix("Second.\n") == true)
    #expect(TextPlaces.text(of: 3, in: document.text) == nil)
    // Each is cut by itself.
    let chunks = Chunker(checked: ChunkingOptions()).chunks(
      of: document.text, format: .markdown, source: "x.mbox")
    #expect(chunks.count == 2)
    for chunk in chunks {
      let scalars = Array(document.text.unicodeScalars)[chunk.range]
      #expect(String(String.UnicodeScalarView(scalars)) == chunk.text)
    }
    #expect(chunks.last?.line == 9 && chunks.last?.text.hasPrefix("# Two") == true)
  }

  @Test(.timeLimit(.minutes(1))) func mailInMailEnds() throws {
    var message = "Subject: innermost\n\nthe core"
    for level in 0..<1000 {
      message = "Content-Type: multipart/mixed; boundary=b\(level)\n\n--b\(level)\n" + message
    }
    _ = try Self.parse(message, "x.eml")
  }

  // MARK: - Programs

  @Test(.enabled(if: (try? Program("pdftotext", package: "")) != nil, "needs pdftotext"))
  func aPDFIsItsPages() throws {
    let document = try Self.parse(MadePDF.twoPages, "x.pdf")
    #expect(document.text == "Hello page one\n\u{0C}\nSecond page\n")
    #expect(throws: DocumentParserError.self) {
      try Self.parse(Data("%PDF-1.4 broken".utf8), "x.pdf")
    }
  }

  @Test(.enabled(if: (try? Program("pandoc", package: "")) != nil, "needs pandoc"))
  func aDocumentOfAWordProcessorIsMarkdown() throws {
    let document = try Self.parse(#"{\rtf1\ansi Hello {\b walrus} sea.}"#, "x.rtf")
    #expect(document.text == "Hello **walrus** sea.\n" && document.format == .markdown)
    #expect(throws: DocumentParserError.self) { try Self.parse("PK broken", "x.docx") }
    // Markup that it does not understand is text as before.
    #expect(try Self.parse("\\begin{x} words", "x.tex").text.contains("words"))
  }

  /// As pandoc writes and reads it: chapters are places, and the tags of its sections are no words.
  @Test(.enabled(if: (try? Program("pandoc", package: "")) != nil, "needs pandoc"))
  func aBookIsItsChapters() throws {
    let book = try Self.parse(
      """
      <?xml version="1.0"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><body>
      <title><p>The Book</p></title>
      <section id="one"><title><p>One</p></title><p>The walrus swims.</p>
      <section><title><p>Within</p></title><p>It eats clams.</p></section></section>
      <section><title><p>Two</p></title><p>The tern flies.</p></section></body></FictionBook>
      """, "x.fb2")
    #expect(!book.text.contains("<") && book.text.contains("# The Book\n"))
    #expect(TextPlaces.text(of: 1, in: book.text)?.contains("### Within\n\nIt eats clams.") == true)
    #expect(TextPlaces.text(of: 2, in: book.text) == "## Two\n\nThe tern flies.\n")
    let end = book.text.unicodeScalars.count
    #expect(TextPlaces(of: book.text, source: "x.fb2")?.label(of: end - 5..<end) == "chapter 2")
    let program = try Program("pandoc", package: "pandoc")
    let epub = try program.run(
      ["--from=markdown", "--to=epub", "--output=-", "--metadata=title:T", "{}"],
      on: ParsedFile(
        bytes: Data("# One\n\nWalrus.\n\n## Within\n\nClams.\n\n# Two\n\nTern.\n".utf8),
        name: "x.md"))
    let text = try PandocParser().parse(ParsedFile(bytes: epub, name: "x.epub")).text
    #expect(TextPlaces.text(of: 2, in: text) == "# Two\n\nTern.\n" && !text.contains("<div"))
  }

  @Test func whatNeedsAProgramSaysWhichPackage() throws {
    #expect(
      throws: DocumentParserError.needsProgram("no-such-program", package: "its-package")
    ) { try Program("no-such-program", package: "its-package") }
    // Not one that lies in the working folder.
    #expect(throws: DocumentParserError.self) { try Program("./tool", package: "p") }
  }
}
