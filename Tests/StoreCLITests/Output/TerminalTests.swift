// What may reach a terminal: nothing of a document, a name, an error or a server that could steer it.

import Foundation
import TestSupport
import Testing

@testable import StoreCLI
@testable import VectorStore

@Suite struct TerminalTests {
  /// Every kind of character that steers: C0 and DEL, C1, OSC and CSI, directions of writing, breaks of
  /// lines, marks of styles.
  static let evil =
    "a\u{1B}[31mb\u{1B}]0;x\u{7}c\u{9B}1md\u{9D}e\u{85}f\u{202E}g\u{2066}h\u{200F}i\u{61C}j\u{7F}k"
    + "\u{2028}l\u{1}m\u{8}n\u{C}o\u{90}p"

  static let plain = Terminal(descriptor: 1, isTerminal: true, isStyled: false)
  static let styled = Terminal(descriptor: 1, isTerminal: true, isStyled: true)

  /// What is left on a screen that could steer the terminal, the command's own styles aside.
  static func steering(_ screen: String) -> [Unicode.Scalar] {
    var screen = screen
    for own in ["\u{1B}[1m", "\u{1B}[2m", "\u{1B}[1;33m", "\u{1B}[0m", "\u{1B}[K"] {
      screen = screen.replacingOccurrences(of: own, with: "")
    }
    screen = screen.replacingOccurrences(
      of: "\u{1B}\\]8;;(file:///[A-Za-z0-9%._~/-]*)?\u{1B}\\\\", with: "",
      options: .regularExpression)
    return screen.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && $0.steersTerminals }
  }

  @Test func cleansEveryCharacterThatSteers() {
    for value in Array(UInt32(0)...0x2FFF) + Array(0xD7F0...0x1_01FF) + Array(0xE_0000...0xE_01FF) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = Terminal.clean(String(Character(scalar)))
      let isOrdered = !scalar.properties.isBidiControl
      let category = scalar.properties.generalCategory
      if category == .control || !isOrdered || category == .lineSeparator {
        #expect(["\u{FFFD}", "\n", "    ", ""].contains(text), "U+\(String(value, radix: 16))")
      } else if category != .paragraphSeparator {
        #expect(text.unicodeScalars.elementsEqual([scalar]), "U+\(String(value, radix: 16))")
      }
    }
    #expect(Terminal.clean("a\tb\r\nc") == "a    b\nc")
    #expect(Terminal.oneLine("a\r\nb\u{2028}c\u{85}\nd") == "a b c d")
    #expect(Self.steering(Terminal.clean(Self.evil)).isEmpty)
  }

  @Test func onlyItsOwnStylesAreShown() {
    let text = "x \(Self.styled.styled("y", .match)) \(Terminal.clean(Self.evil))"
    #expect(Self.styled.shown(text).hasPrefix("x \u{1B}[1;33my\u{1B}[0m a"))
    #expect(Self.steering(Self.styled.shown(Self.evil)).isEmpty)
    // A mark that somebody slipped in ends with the text.
    #expect(Self.styled.shown("\u{1}a").hasSuffix("\u{1B}[0m"))
    #expect(Self.plain.shown(Self.plain.styled("y", .bold)) == "y")
    #expect(!Self.plain.shown(Self.evil).contains("\u{1B}"))
  }

  @Test func placesOfFilesAreLinks() {
    let link = Self.styled.linked("docs/a b.md:3", to: "/home/x/docs/a b\u{1B}é.md")
    #expect(
      Self.styled.shown("1 \(link) 2")
        == "1 \u{1B}]8;;file:///home/x/docs/a%20b%1B%C3%A9.md\u{1B}\\docs/a b.md:3\u{1B}]8;;\u{1B}\\ 2"
    )
    #expect(Self.plain.linked("a", to: "/a") == "a")
    // Marks that somebody slipped in make no link to anywhere else.
    for evil in [
      "\u{5}https://a.org\u{6}x\u{7}", "\u{5}file:///a;b\u{6}x\u{7}", "\u{5}file:///a\u{6}x",
      "\u{5}", "\u{6}\u{7}", "\u{5}file:///a\u{1B}\u{6}x\u{7}",
    ] {
      #expect(!Self.styled.shown(evil).contains("\u{1B}"), "\(evil)")
    }
  }

  @Test func jsonEscapesWhatSteers() throws {
    let line = try JSONOutput.line(["text": Self.evil])
    #expect(Self.steering(line).isEmpty && line.hasSuffix("}\n"))
    #expect(line.contains("\\u009b") && line.contains("\\u202e"))
    #expect(
      try JSONDecoder().decode([String: String].self, from: Data(line.utf8)) == ["text": Self.evil])
  }

  @Test func tablesKeepTheirRows() {
    #expect(Format.table([["a\nb", "c"], ["d", "e\r\nf"]]) == ["a b  c", "d    e f"])
  }

  /// Nobody else writes to standard output or standard error.
  @Test func thereIsOneWayOut() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources")
    let ways =
      #/(^|[^.\w])(print|debugPrint|dump|fputs|puts|printf|fprintf|putchar|fwrite)\(|FileHandle\.standard(Output|Error)|StreamLogHandler|STD(OUT|ERR)_FILENO|\.exit\(withError|\\u\{1B\}|Foundation\.write\((?!descriptor|Interruption)|\.main\(\)/#
    let exceptions = [
      "StoreCLI/Output/Terminal.swift",
      // JSON's own bytes, which the writer escapes.
      "VectorStore/Store+Export.swift",
    ]
    var files = 0
    for target in ["StoreCLI", "store", "VectorStore", "VectorStoreEmbedding", "VectorStoreSearch"]
    {
      let folder = sources.appending(path: target)
      for case let file as URL in FileManager.default.enumerator(
        at: folder, includingPropertiesForKeys: nil) ?? .init()
      where file.pathExtension == "swift" {
        files += 1
        if exceptions.contains(where: { file.path.hasSuffix($0) }) { continue }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        for line in lines where !line.drop(while: { $0 == " " }).hasPrefix("//") {
          #expect(line.firstMatch(of: ways) == nil, "\(file.lastPathComponent): \(line)")
        }
      }
    }
    #expect(files > 200)
  }
}
