// Tables in text files, CSV and TSV: each row with the names of its columns.

import Foundation

/// Reads comma- or tab-separated values (RFC 4180): each row becomes a line that names its columns, as
/// `name: Ada, city: London`, so that a row is understood without the header. The line has the number that the row
/// has in the file.
struct TableParser: DocumentParser {
  let endings: Set<String> = ["csv", "tsv", "tab"]
  /// What is longer is no name of a column, and would be in each row.
  private static let longestName = 100
  /// The most bytes that the rows may come to with the names in them.
  private static let mostBytes = 512 << 20

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    let table = try TextDecoder.decode(file.bytes, or: file.encoding)
    var rows = Rows(table, separator: Self.separator(of: table, ending: file.ending))
    guard let header = rows.next() else { throw DocumentParserError.noRow }
    let names = header.enumerated().map { place, name in
      name.isEmpty
        ? "column \(place + 1)"
        : name.utf8.count > Self.longestName ? String(name.prefix(Self.longestName)) : name
    }
    var text = header.joined(separator: ", ") + "\n"
    var line = 2
    while let row = rows.next() {
      guard text.utf8.count <= Self.mostBytes else {
        throw DocumentParserError.rows(moreThanBytes: Self.mostBytes)
      }
      let fields = row.enumerated().filter { !$1.isEmpty }.map { place, value in
        names.indices.contains(place) ? "\(names[place]): \(value)" : value
      }
      guard !fields.isEmpty else { continue }
      text += String(repeating: "\n", count: rows.line - line)
      text += fields.joined(separator: ", ") + "\n"
      line = rows.line + 1
    }
    if let problem = rows.problem { throw problem }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw DocumentParserError.emptyRows
    }
    return ParsedDocument(text: text, format: .text)
  }

  /// A comma, a semicolon or a tab: that which the first line has most of.
  static func separator(of text: String, ending: String) -> UInt8 {
    guard ending == "csv" else { return UInt8(ascii: "\t") }
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == UInt8(ascii: "\n") { break }
      if ",;\t".utf8.contains(byte) { counts[byte, default: 0] += 1 }
    }
    let comma = UInt8(ascii: ",")
    return counts.max { ($0.value, $0.key == comma ? 1 : 0) < ($1.value, $1.key == comma ? 1 : 0) }?
      .key ?? comma
  }

  /// The rows of a table, each a list of fields without white space at their ends.
  struct Rows {
    private let bytes: [UInt8]
    private let separator: UInt8
    private let keepsLines: Bool
    private var place = 0
    private var lines = 0
    /// The line of the file, from 1, in which the last row began.
    private(set) var line = 0
    /// Why the rows are none that can be read, once that is so: fields were left out.
    private(set) var problem: DocumentParserError?

    /// The most fields of a row.
    private static let mostFields = 100_000

    /// - Parameter keepsLines: whether the white space within a field stays as it is.
    init(_ text: String, separator: UInt8, keepsLines: Bool = false) {
      bytes = Array(text.utf8)
      self.separator = separator
      self.keepsLines = keepsLines
    }

    mutating func next() -> [String]? {
      guard place < bytes.count else { return nil }
      let quote = UInt8(ascii: "\"")
      var fields: [String] = []
      var field: [UInt8] = []
      // Whether the field is quoted here, and whether it is only blanks so far.
      var (isQuoted, isBlank) = (false, true)
      line = lines + 1
      func finished() -> String {
        let text = String(decoding: field, as: UTF8.self)
        guard !keepsLines else { return text.trimmingCharacters(in: .whitespacesAndNewlines) }
        var collapsed = ""
        collapsed.append(blanksAsOne: text)
        if collapsed.last == " " { collapsed.removeLast() }
        return collapsed
      }
      while place < bytes.count {
        let byte = bytes[place]
        place += 1
        if byte == UInt8(ascii: "\n") { lines += 1 }
        if isQuoted {
          guard byte == quote else {
            field.append(byte)
            isBlank = isBlank && byte == UInt8(ascii: " ")
            continue
          }
          if place < bytes.count, bytes[place] == quote {
            field.append(quote)
            isBlank = false
            place += 1
          } else {
            isQuoted = false
          }
        } else if byte == quote, isBlank {
          isQuoted = true
        } else if byte == separator {
          if fields.count < Self.mostFields {
            fields.append(finished())
          } else {
            problem = .fields(moreThan: Self.mostFields)
          }
          field = []
          isBlank = true
        } else if byte == UInt8(ascii: "\n") {
          break
        } else if byte != UInt8(ascii: "\r") {
          field.append(byte)
          isBlank = isBlank && byte == UInt8(ascii: " ")
        }
      }
      fields.append(finished())
      return fields
    }
  }
}
