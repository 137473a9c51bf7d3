// Tables in text files, CSV and TSV: each row with the names of its columns.

import Foundation

/// Reads comma- or tab-separated values (RFC 4180): each row becomes a line that names its columns, as
/// `name: Ada, city: London`, so that a row is understood without the header.
struct TableParser: DocumentParser {
  let endings: Set<String> = ["csv", "tsv", "tab"]

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    let table = try TextDecoder.decode(file.bytes, or: file.encoding)
    var rows = Rows(table, separator: Self.separator(of: table, ending: file.ending))
    guard let header = rows.next() else { throw DocumentParserError.noText("it holds no row") }
    let names = header.enumerated().map { $1.isEmpty ? "column \($0 + 1)" : $1 }
    var text = ""
    var isHeaderAlone = true
    while let row = rows.next() {
      isHeaderAlone = false
      let fields = row.enumerated().filter { !$1.isEmpty }.map { place, value in
        names.indices.contains(place) ? "\(names[place]): \(value)" : value
      }
      guard !fields.isEmpty else { continue }
      text += fields.joined(separator: ", ") + "\n"
    }
    // A header alone, or a list of one column without any.
    if isHeaderAlone { text = header.joined(separator: ", ") }
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
      var isQuoted = false
      func finished() -> String {
        let text = String(decoding: field, as: UTF8.self)
        return keepsLines
          ? text.trimmingCharacters(in: .whitespacesAndNewlines)
          : text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      }
      while place < bytes.count {
        let byte = bytes[place]
        place += 1
        if isQuoted {
          guard byte == quote else {
            field.append(byte)
            continue
          }
          if place < bytes.count, bytes[place] == quote {
            field.append(quote)
            place += 1
          } else {
            isQuoted = false
          }
        } else if byte == quote, field.allSatisfy({ $0 == UInt8(ascii: " ") }) {
          isQuoted = true
        } else if byte == separator {
          fields.append(finished())
          field = []
        } else if byte == UInt8(ascii: "\n") {
          break
        } else if byte != UInt8(ascii: "\r") {
          field.append(byte)
        }
      }
      fields.append(finished())
      return fields
    }
  }
}
