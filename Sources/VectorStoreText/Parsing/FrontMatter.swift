// The YAML block at the start of a Markdown text, read as the document's metadata.

internal import Yams

/// The front matter of a Markdown text: YAML between a first line `---` and a line `---` or `...`.
///
/// ```swift
/// let metadata = try FrontMatter.parse(text)?.metadata ?? [:]
/// ```
///
/// The text keeps its front matter: it is embedded too. Values are read by the rule of the command
/// line, ``MetadataValue/init(typed:)``, with YAML's other spellings of true, false and null, so
/// `yes`, `01234` and `1234e56` stay strings, but a number such as `4.50` is one; a quoted value is a
/// string always. Dates with a time become
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

/// Turns the nodes of one YAML block into metadata values, with a limit on their number.
struct FrontMatterReader {
  /// Values read so far.
  ///
  /// Aliases make one node stand for many values.
  private var count = 0
  private static let maximumValues = 10_000

  /// The values of a mapping by name.
  ///
  /// Keys that are not strings count by their spelling.
  ///
  /// - Throws: ``FrontMatterError`` for a key that is a list or a mapping, and for too many values.
  mutating func object(_ mapping: Node.Mapping) throws -> [String: MetadataValue] {
    var object: [String: MetadataValue] = [:]
    for (key, node) in mapping {
      guard case .scalar(let name) = key else {
        throw FrontMatterError(line: key.mark?.line ?? 1, message: "a key is not a name")
      }
      object[name.string] = try value(node)
    }
    return object
  }

  private mutating func value(_ node: Node) throws -> MetadataValue {
    count += 1
    guard count <= Self.maximumValues else {
      throw FrontMatterError(
        line: node.mark?.line ?? 1, message: "more than \(Self.maximumValues) values")
    }
    switch node {
    case .scalar(let scalar): return Self.value(scalar)
    case .sequence(let sequence): return .array(try sequence.map { try value($0) })
    case .mapping(let mapping): return .object(try object(mapping))
    case .alias: return .null  // Yams's parser puts the anchor's node in an alias's place.
    }
  }

  private static func value(_ scalar: Node.Scalar) -> MetadataValue {
    guard scalar.style == .plain, scalar.tag.description.isEmpty else {
      return .string(scalar.string)
    }
    switch scalar.string {
    case "", "~", "Null", "NULL": return .null
    case "True", "TRUE": return .bool(true)
    case "False", "FALSE": return .bool(false)
    default:
      return timestamp(scalar.string) ?? decimal(scalar.string)
        ?? MetadataValue(typed: scalar.string)
    }
  }

  /// A fraction in any form, as `4.50`, of no more digits than a double holds; nil for all else.
  private static func decimal(_ text: String) -> MetadataValue? {
    guard text.utf8.contains(UInt8(ascii: ".")), text.utf8.count <= 17 else { return nil }
    return MetadataValue.number(written: text)
  }

  /// Made once, since making it takes longer than most blocks take to read. Unsafe only by its type: a
  /// Regex never changes, and its program is compiled under an atomic.
  private nonisolated(unsafe) static let form =
    #/(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(\.\d+)?[ \t]*(Z|z|[-+]\d\d?(?::?\d\d)?)?/#
    .asciiOnlyDigits()

  /// A date with a time, in YAML 1.1's looser spellings (https://yaml.org/type/timestamp.html),
  /// as ISO 8601; nil for all else, days that do not exist included.
  private static func timestamp(_ text: String) -> MetadataValue? {
    guard text.utf8.count >= 14, text.utf8.dropFirst(4).first == UInt8(ascii: "-") else {
      return nil
    }
    guard let match = text.wholeMatch(of: form)?.output else { return nil }
    let date = [match.2, match.3].map(twoDigits)
    let time = [match.4, match.5, match.6].map(twoDigits)
    guard "01"..."12" ~= date[0], "01"..."31" ~= date[1], time[0] < "24", time[1] < "60",
      time[2] <= "60"
    else { return nil }
    let day = ([String(match.1)] + date).joined(separator: "-")
    let clock = time.joined(separator: ":") + (match.7.map(String.init) ?? "")
    return .string("\(day)T\(clock)\(match.8.map(offset) ?? "")")
  }

  /// A zone as ISO 8601 writes it: `Z`, or a sign, hours and minutes.
  private static func offset(_ zone: Substring) -> String {
    guard let sign = zone.first, sign == "+" || sign == "-" else { return "Z" }
    let digits = zone.dropFirst().filter { $0 != ":" }
    let hours = digits.count > 2 ? digits.dropLast(2) : digits[...]
    let minutes = digits.count > 2 ? digits.suffix(2) : "00"
    return "\(sign)\(twoDigits(hours)):\(minutes)"
  }

  private static func twoDigits(_ number: Substring) -> String {
    number.count == 1 ? "0\(number)" : String(number)
  }
}

extension FrontMatterError {
  /// Says a YAML error in one line.
  ///
  /// Yams counts lines from the `---`, which is the file's first.
  init(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(line: mark.line, message: problem)
    case .reader(let problem, let offset, _, let yaml):
      let before = yaml.prefix(offset ?? 0)
      self.init(line: 1 + before.lazy.filter(\.isNewline).count, message: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
      self.init(line: context.mark.line, message: "key \(names) is there twice")
    default:
      self.init(line: 1, message: "not valid YAML")
    }
  }
}
