// Rows of a table, or lines of JSON, of which one field is the text and the others are metadata.

internal import Foundation

/// The rows of a CSV, TSV or JSON-lines file, of which one field is the text.
package struct TextRows: Sendable {
  /// The endings of the names of such files.
  package static let endings: Set<String> = ["csv", "tsv", "tab", "jsonl", "ndjson"]

  /// A row.
  package struct Row: Sendable {
    /// Its line of a JSON-lines file; of a table its number from 1, without the header.
    package let number: Int
    /// Nil if it has none.
    package let text: String?
    package let fields: [String: MetadataValue]
  }

  package let rows: [Row]

  /// Reads a file.
  ///
  /// - Parameter field: the name of the column or field that is the text.
  /// - Throws: ``DocumentParserError`` if there is no such field, or a line is no JSON object, and
  ///   ``TextDecodingError``.
  /// - Complexity: O(bytes).
  package init(_ file: ParsedFile, field: String) throws {
    let text = try TextDecoder.decode(file.bytes, or: file.encoding)
    rows =
      ["jsonl", "ndjson"].contains(file.ending)
      ? try Self.lines(of: text, field) : try Self.table(text, field, ending: file.ending)
  }

  private static func table(_ text: String, _ field: String, ending: String) throws -> [Row] {
    var rows = TableParser.Rows(
      text, separator: TableParser.separator(of: text, ending: ending), keepsLines: true)
    let names = rows.next() ?? []
    guard let column = names.firstIndex(of: field) else {
      throw missing(field, among: names, "column")
    }
    var all: [Row] = []
    while let values = rows.next() {
      var fields: [String: MetadataValue] = [:]
      for (name, value) in zip(names, values)
      where name != field && !name.isEmpty && !value.isEmpty {
        fields[name] = MetadataValue(typed: value)
      }
      all.append(
        Row(
          number: all.count + 1, text: values.indices.contains(column) ? values[column] : nil,
          fields: fields))
    }
    if let problem = rows.problem { throw problem }
    return all
  }

  private static func lines(of text: String, _ field: String) throws -> [Row] {
    var all: [Row] = []
    var names: Set<String> = []
    let decoder = JSONDecoder()
    // Not by characters: a line end of Windows is one of its own.
    let bytes = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in bytes.map(Substring.init).enumerated()
    where line.contains(where: { !$0.isWhitespace }) {
      guard
        var fields = try? decoder.decode([String: MetadataValue].self, from: Data(line.utf8))
      else {
        throw DocumentParserError.noObject(line: index + 1)
      }
      names.formUnion(fields.keys)
      let value = fields.removeValue(forKey: field)
      all.append(
        Row(
          number: index + 1, text: value.flatMap { $0.isNull ? nil : $0.string ?? $0.json },
          fields: fields))
    }
    guard names.contains(field) else { throw missing(field, among: names.sorted(), "field") }
    return all
  }

  private static func missing(
    _ field: String, among names: [String], _ what: String
  ) -> DocumentParserError {
    let known = names.filter { !$0.isEmpty }.prefix(20).joined(separator: ", ")
    return .no(what, field, known: known)
  }
}

/// Reads one field of each row as the text. A form feed begins the next row.
package struct TextFieldParser: DocumentParser {
  package let endings = TextRows.endings
  private let field: String

  /// The most values of a field that a document of rows has as metadata.
  private static let mostValues = 32

  package init(field: String) { self.field = field }

  package func parse(_ file: ParsedFile) throws -> ParsedDocument {
    let rows = try TextRows(file, field: field).rows
    var whole = PlacedText()
    var values: [String: [MetadataValue]] = [:]
    for row in rows {
      guard let text = row.text, text.contains(where: { !$0.isWhitespace }) else { continue }
      // A form feed within a field begins no row.
      whole.append(text.replacing("\u{0C}", with: " "), at: row.number)
      for (name, value) in row.fields {
        var known = values[name] ?? []
        guard known.count <= Self.mostValues, !known.contains(value) else { continue }
        known.append(value)
        values[name] = known
      }
    }
    guard !whole.text.isEmpty else {
      throw DocumentParserError.emptyField(field)
    }
    let metadata = values.compactMapValues { known -> MetadataValue? in
      guard known.count <= Self.mostValues else { return nil }
      return known.count == 1 ? known[0] : .array(known)
    }
    return ParsedDocument(text: whole.text, format: .text, metadata: metadata)
  }
}
