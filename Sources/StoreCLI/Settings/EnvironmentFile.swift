// A `.env` file: reading it, and taking its text apart by python-dotenv's rules.

import Foundation
import VectorStore

/// The entries of a `.env` file.
///
/// Read by python-dotenv's rules (``EnvironmentFileParser``). What cannot be read is an error that
/// names the file and the line, never a value.
struct EnvironmentFile: Sendable {
  /// One `NAME=value`.
  struct Entry: Sendable, Hashable {
    let name: String
    /// The value, or nil if the name stands without `=`.
    let value: HiddenText?
    /// The line on which the entry begins, from 1.
    let line: Int
    /// Whether the value names another variable, as `${NAME}` outside single quotes.
    let refersToVariable: Bool
  }

  /// What stands at a path.
  enum Reading: Sendable {
    case nothing
    /// A folder, a pipe or a device: not read.
    case notRegular
    case file(EnvironmentFile)
  }

  /// Far more than any file of settings holds.
  static let maximumBytes = 1 << 20

  /// The file's name, for messages.
  let name: String
  /// The entries in the file's order. Of entries of one name the last one counts.
  let entries: [Entry]

  /// Takes apart the text of a file.
  ///
  /// - Throws: ``SettingsError`` for a line that is no entry and no comment.
  init(name: String, text: String) throws {
    self.name = name
    var parser = EnvironmentFileParser(name: name, text: text)
    entries = try parser.entries()
  }

  /// Reads a file of a folder, if it is there and a regular file.
  ///
  /// - Throws: ``SettingsError`` for a file that cannot be read, is no text or has a wrong line.
  /// - Complexity: O(bytes of the file), at most ``maximumBytes``.
  static func read(_ name: String, in folder: String) throws -> Reading {
    let path = URL(filePath: folder, directoryHint: .isDirectory).appending(path: name).path
    func unreadable(_ reason: String) -> SettingsError {
      SettingsError(
        message: "cannot read \(name): \(reason); mend it, or work in another folder")
    }
    do {
      let text = try TextDecoder.decode(try WholeFile.read(path, limit: maximumBytes))
      return .file(try EnvironmentFile(name: name, text: text))
    } catch let reason as FileProblem.Reason {
      switch reason {
      case .missing: return .nothing
      case .notFile: return .notRegular
      default: throw unreadable(reason.description)
      }
    } catch let problem as TextDecodingError {
      throw unreadable(problem.description)
    }
  }
}

/// A parser of `.env` files that follows python-dotenv's rules (read in 1.2.4), strictly.
///
/// - `NAME=value`, with spaces around the `=` if wanted and `export` before it; a name may stand in
///   single quotes; a name without `=` has no value.
/// - A value without quotes ends before ` #` or at the line's end and is trimmed.
/// - In single quotes only `\'` and `\\` are escapes, in double quotes also `\" \a \b \f \n \r \t \v`;
///   any other backslash stays. Both may span lines.
/// - Lines end in LF, CRLF or CR. Of entries of one name the last one counts.
///
/// It is stricter in three points. A line that python-dotenv would pass over is an error. So is a
/// name with a double quote in it. And `${NAME}` is only marked, for the reader of a setting to
/// refuse: a file that could name `${OPENAI_API_KEY}` could send it anywhere. In single quotes it is
/// plain text, as in a shell.
struct EnvironmentFileParser {
  private let name: String
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var line = 1

  /// - Parameter text: a whole file, its byte order mark removed or not.
  init(name: String, text: String) {
    self.name = name
    scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { position = 1 }
  }

  /// All entries, in order.
  ///
  /// - Throws: ``SettingsError`` with the file and the line.
  /// - Complexity: O(characters).
  mutating func entries() throws -> [EnvironmentFile.Entry] {
    var entries: [EnvironmentFile.Entry] = []
    skip(while: \.properties.isWhitespace)
    while next != nil {
      if let entry = try entry() { entries.append(entry) }
      skip(while: \.properties.isWhitespace)
    }
    return entries
  }

  /// The entry that begins here, or nil for a comment. Ends at the end of its line.
  private mutating func entry() throws -> EnvironmentFile.Entry? {
    let start = line
    skipExport()
    guard next != "#" else {
      skipToLineEnd()
      return nil
    }
    let name = try readName(from: start)
    skipBlanks()
    var value: String?
    var isLiteral = false
    if next == "=" {
      advance()
      skipBlanks()
      isLiteral = next == "'"
      value = try readValue(from: start)
    }
    skipBlanks()
    if next == "#" { skipToLineEnd() }
    guard next == nil || isLineEnd else {
      throw problem(
        start, value == nil ? "is not of the form NAME=value" : "goes on after its closing quote")
    }
    return EnvironmentFile.Entry(
      name: name, value: value.map(HiddenText.init), line: start,
      refersToVariable: !isLiteral && Self.refersToVariable(value ?? ""))
  }

  private mutating func skipExport() {
    let word = Array("export".unicodeScalars)
    let end = position + word.count
    guard scalars[position...].starts(with: word), end < scalars.count, Self.isBlank(scalars[end])
    else { return }
    position = end
    skipBlanks()
  }

  private mutating func readName(from start: Int) throws -> String {
    let name: String
    if next == "'" {
      advance()
      name = read { $0 != "'" }
      guard next == "'" else { throw problem(start, "has a name whose ' is not closed") }
      advance()
    } else {
      name = read { $0 != "=" && $0 != "#" && !$0.properties.isWhitespace }
    }
    guard !name.isEmpty, !name.contains("\"") else {
      throw problem(start, "is not of the form NAME=value")
    }
    return name
  }

  /// The value after `=` and its blanks.
  private mutating func readValue(from start: Int) throws -> String {
    switch next {
    case "'": return try readQuoted(from: start, escapes: ["'": "'", "\\": "\\"])
    case "\"":
      return try readQuoted(
        from: start,
        escapes: [
          "'": "'", "\\": "\\", "\"": "\"", "a": "\u{07}", "b": "\u{08}", "f": "\u{0C}",
          "n": "\n", "r": "\r", "t": "\t", "v": "\u{0B}",
        ])
    case "#" where Self.isBlank(scalars[position - 1]): return ""
    default: return readUnquoted()
    }
  }

  private mutating func readQuoted(
    from start: Int, escapes: [Unicode.Scalar: Unicode.Scalar]
  ) throws -> String {
    let quote = next
    var text = String.UnicodeScalarView()
    advance()
    while let scalar = next, scalar != quote {
      advance()
      guard scalar == "\\", let escaped = next else {
        text.append(scalar)
        continue
      }
      advance()
      if let meant = escapes[escaped] {
        text.append(meant)
      } else {
        text.append(contentsOf: [scalar, escaped])
      }
    }
    guard next == quote else { throw problem(start, "opens a quote that is never closed") }
    advance()
    return String(text)
  }

  /// The rest of the line up to a comment, trimmed.
  private mutating func readUnquoted() -> String {
    var kept = position
    let start = position
    while let scalar = next, !isLineEnd {
      if scalar == "#", position > start, Self.isBlank(scalars[position - 1]) { break }
      advance()
      if !Self.isBlank(scalar) { kept = position }
    }
    return String(String.UnicodeScalarView(scalars[start..<kept]))
  }

  /// Whether a text holds `${…}`.
  private static func refersToVariable(_ text: String) -> Bool {
    text.firstRange(of: "${").map { text[$0.upperBound...].contains("}") } ?? false
  }

  private func problem(_ line: Int, _ what: String) -> SettingsError {
    SettingsError(
      message: "\(name), line \(line) \(what); correct it, or put # before it")
  }
}

extension EnvironmentFileParser {
  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private var isLineEnd: Bool { next == "\n" || next == "\r" }

  /// White space that ends no line.
  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace && scalar != "\n" && scalar != "\r"
  }

  private mutating func advance() {
    let scalar = scalars[position]
    position += 1
    if scalar == "\n" || (scalar == "\r" && next != "\n") { line += 1 }
  }

  private mutating func skip(while condition: (Unicode.Scalar) -> Bool) {
    while let scalar = next, condition(scalar) { advance() }
  }

  private mutating func skipBlanks() { skip(while: Self.isBlank) }

  private mutating func skipToLineEnd() {
    skip { $0 != "\n" && $0 != "\r" }
  }

  private mutating func read(while condition: (Unicode.Scalar) -> Bool) -> String {
    let start = position
    skip(while: condition)
    return String(String.UnicodeScalarView(scalars[start..<position]))
  }
}
