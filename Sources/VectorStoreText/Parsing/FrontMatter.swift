// The YAML block at the start of a Markdown text, read as the document's metadata. Called for each
// Markdown file that is added; calls Yams.

internal import Yams

/// The front matter of a Markdown text: YAML between a first line `---` and a line `---` or `...`.
///
/// ```swift
/// let metadata = try FrontMatter.parse(text)?.metadata ?? [:]
/// ```
///
/// The text keeps its front matter: it is embedded too. Values are read by the rule of the command
/// line, ``MetadataValue/init(typed:)``, with YAML's other spellings of true, false and null, so
/// `yes` and `01234` stay strings; a quoted value is a string always. Dates with a time become
/// ISO 8601 strings, `2024-05-01T10:00:00+02:00`.
package struct FrontMatter: Sendable, Equatable {
  /// The values by name; empty where the block is.
  package let metadata: [String: MetadataValue]

  /// The bytes of a block that are read.
  ///
  /// A text whose block is longer is in error.
  package static let maximumBytes = 65_536

  /// Reads the front matter of `text`, or returns nil where the text begins with none: no first
  /// line `---`, no closing line, a blank line after the first (a thematic break, as in Pandoc),
  /// or content that is no list of names and values.
  ///
  /// - Throws: ``FrontMatterError`` with the line, where the block is not valid YAML.
  /// - Complexity: O(*n*) in bytes of the block, at most ``maximumBytes``.
  package static func parse(_ text: String) throws -> FrontMatter? {
    guard let block = try Block(text) else { return nil }
    guard block.hasNames else { return block.isEmpty ? FrontMatter(metadata: [:]) : nil }
    if block.aliases > maximumAliases {
      throw FrontMatterError(line: 1, message: "more than \(maximumAliases) aliases")
    }
    do {
      let root = try Parser(yaml: block.yaml, resolver: .basic, encoding: .utf8).singleRoot()
      guard case .mapping(let mapping)? = root else { return nil }
      var reader = FrontMatterReader()
      return FrontMatter(metadata: try reader.object(mapping))
    } catch let error as YamlError {
      throw FrontMatterError(error)
    }
  }

  /// Aliases nest: a few dozen, each twice in the next, stand for millions of values, and Yams
  /// hashes the keys it meets in full.
  ///
  /// Sixteen stand for a few hundred at most.
  private static let maximumAliases = 16

  /// The lines from `---` to before the closing line.
  private struct Block {
    /// The block as YAML, with the `---`, so that Yams's line numbers are the file's.
    let yaml: String
    /// Whether the block is without content: blank lines and comments.
    let isEmpty: Bool
    /// Whether the first line of content begins with a name and a colon, or an opening brace.
    let hasNames: Bool

    init?(_ text: String) throws {
      let bytes = text.utf8
      guard bytes.starts(with: "---".utf8) else { return nil }
      let window = bytes.prefix(FrontMatter.maximumBytes)
      var content: Substring.UTF8View?
      var lineStart = window.startIndex
      var number = 0
      while true {
        let end = window[lineStart...].firstIndex(of: UInt8(ascii: "\n")) ?? window.endIndex
        let line = Self.trimmed(window[lineStart..<end])
        let isRule = line.elementsEqual("---".utf8)
        if number == 0 {
          guard isRule else { return nil }
        } else if number == 1, line.isEmpty {
          return nil
        } else if isRule || line.elementsEqual("...".utf8) {
          break
        } else if content == nil, let first = line.first, first != UInt8(ascii: "#") {
          content = line
        }
        guard end < window.endIndex else {
          guard window.endIndex < bytes.endIndex, content.map(Self.beginsWithName) == true
          else { return nil }
          throw FrontMatterError(
            line: 1, message: "no closing line within \(FrontMatter.maximumBytes) bytes")
        }
        lineStart = window.index(after: end)
        number += 1
      }
      yaml = String(text[..<lineStart])
      isEmpty = content == nil
      hasNames = content.map(Self.beginsWithName) ?? false
    }

    /// The aliases (`*name`) that the block can hold, counted by their first character where a value
    /// can begin; 0 where it has no anchor (`&name`).
    var aliases: Int {
      var counts: (anchors: Int, aliases: Int) = (0, 0)
      var previous = UInt8(ascii: " ")
      for byte in yaml.utf8 {
        if " \t\n\r[]{},:?-".utf8.contains(previous) {
          if byte == UInt8(ascii: "&") { counts.anchors += 1 }
          if byte == UInt8(ascii: "*") { counts.aliases += 1 }
        }
        previous = byte
      }
      return counts.anchors == 0 ? 0 : counts.aliases
    }

    /// `line` without the white space at its end, the CR of CRLF included.
    private static func trimmed(_ line: Substring.UTF8View) -> Substring.UTF8View {
      var line = line
      while let last = line.last, " \t\r".utf8.contains(last) { line.removeLast() }
      return line
    }

    /// Whether a line reads `name: …` or opens a mapping in braces.
    ///
    /// A colon inside a word, as in an address, ends no name.
    private static func beginsWithName(_ line: Substring.UTF8View) -> Bool {
      guard let first = line.first, !"-*>|".utf8.contains(first) else { return false }
      if first == UInt8(ascii: "{") || first == UInt8(ascii: "?") { return true }
      var isAfterColon = false
      for byte in line {
        if isAfterColon, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { return true }
        isAfterColon = byte == UInt8(ascii: ":")
      }
      return isAfterColon
    }
  }
}

/// Why a front matter block could not be read.
///
/// The document is added without its metadata.
package struct FrontMatterError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The line of the file, from 1.
  package let line: Int
  /// What is wrong, in a few words.
  package let message: String

  package var description: String { "front matter, line \(line): \(message)" }
}
