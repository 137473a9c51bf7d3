// A chunk as the word index holds it: its text, what is known of it from its document, and the form of both.

import Foundation
import VectorStoreText

/// The columns of a row of the word index, and how they are made.
struct IndexedChunk {
  /// The chunk's id.
  let id: Int64
  /// The words of each column.
  private(set) var columns: [IndexedText.Column: String]

  /// The same with other words as its text.
  func with(text: String) -> IndexedChunk {
    var chunk = self
    chunk.columns[.text] = text
    return chunk
  }

  /// Calls `body` for chunks with text: for those of a list, or for all by rising id.
  ///
  /// - Complexity: O(their text).
  static func forEach(
    _ ids: [Int64]?, _ db: any SQLTransaction, _ body: (IndexedChunk) throws -> Void
  ) throws {
    let sql = """
      SELECT c.id, c.text, c.headings, d.source, d.origin, d.format, d.metadata
      FROM chunks c CROSS JOIN documents d ON d.id = c.document_id WHERE c.text IS NOT NULL
      """
    var title = Title()
    func take(_ row: BulkRow) throws {
      let (text, format) = (try row.text(1), DocumentFormat(stored: try row.text(5)))
      let above = (try row.text(orNil: 2) ?? "").split(separator: "\n")
        .filter { !TextPlaces.isLabel($0) }.joined(separator: "\n")
      let inside = Headings(of: text, format: format).titles.joined(separator: "\n")
      try body(
        IndexedChunk(
          id: try row.integer(0),
          columns: [
            .text: IndexedText.make(from: text),
            .title: try title.words(
              source: row.text(3), isFile: row.text(4) == DocumentOrigin.file.rawValue,
              metadata: row.text(6)),
            .headings: IndexedText.make(from: above + "\n" + inside),
            .names: format == .code ? DefinedNames.words(in: text) : "",
          ]))
    }
    guard let ids else { return try db.forEachRow(bulk: sql + " ORDER BY c.id", body: take) }
    try db.forEachRow(bulk: sql + " AND c.id", ofIDs: ids.sorted(), body: take)
  }

  /// Adds the row to the word index.
  func insert(_ db: any SQLTransaction) throws {
    try db.run(
      bulk: """
        INSERT INTO chunk_search(rowid, text, title, headings, names) VALUES (?, ?, ?, ?, ?)
        """, .integer(id), .text(columns[.text] ?? ""), .text(columns[.title] ?? ""),
      .text(columns[.headings] ?? ""), .text(columns[.names] ?? ""))
  }

  /// The title of the document read last: many chunks of one document come one after the other.
  private struct Title {
    private var key: (source: String, metadata: String)?
    private var words = ""

    mutating func words(source: String, isFile: Bool, metadata: String) throws -> String {
      if let key, key == (source, metadata) { return words }
      key = (source, metadata)
      var parts: [String] = []
      if case .string(let title)? = try MetadataJSON.decode(metadata)["title"] {
        parts.append(title)
      }
      if isFile || source.contains(where: \.isLetter) { parts.append(Self.name(of: source)) }
      words = IndexedText.make(from: parts.joined(separator: "\n"))
      return words
    }

    /// The name of a file without its folders and its extension; with the folder of a name that every
    /// folder may have.
    private static func name(of source: String) -> String {
      let parts = source.split(separator: "/")
      guard let last = parts.last else { return source }
      let stem = last.lastIndex(of: ".").map { $0 > last.startIndex ? last[..<$0] : last } ?? last
      let isCommon = ["readme", "index", "main", "mod", "__init__", "lib", "page"]
        .contains(stem.lowercased())
      return isCommon && parts.count > 1 ? "\(parts[parts.count - 2])\n\(last)" : String(last)
    }
  }
}

/// The names that a piece of code defines.
enum DefinedNames {
  /// The words before a name that is defined, in the languages that people write.
  private static let keywords: Set<String> = [
    "func", "fn", "def", "function", "fun", "sub", "proc", "class", "struct", "enum", "protocol",
    "interface", "trait", "actor", "record", "type", "typealias", "module", "namespace", "package",
    "macro", "define", "table", "view", "union", "object", "defn", "defmodule", "extension", "impl",
  ]

  /// The words of the names, as they are indexed.
  static func words(in text: String) -> String {
    var names: [String] = []
    var isDefining = false
    /// Where the name ends whose parts may follow.
    var end = 0
    var afterKeyword = 0
    let bytes = Array(text.utf8)
    WordScanner.forEachWord(in: text) { word in
      if word.kind == .word, keywords.contains(word.text) {
        (isDefining, afterKeyword) = (true, word.range.upperBound)
        return
      }
      if word.range.upperBound <= end, word.kind == .part {
        names.append(word.text)
        return
      }
      defer { isDefining = false }
      guard isDefining, word.kind == .word || word.kind == .whole,
        bytes[afterKeyword..<word.range.lowerBound].allSatisfy({ $0 == 0x20 || $0 == 0x09 })
      else { return }
      names.append(word.text)
      end = word.range.upperBound
    }
    return names.joined(separator: " ")
  }
}

/// The form in which a text is indexed for search by words: its words, folded, a space between them.
///
/// ```swift
/// IndexedText.make(from: "NFL的黑豹队!")         // "nfl 的黑 黑豹 豹队"
/// IndexedText.make(from: "call getUserName()")  // "call getusername get user name"
/// ```
///
/// It is what the table stores, so that any `sqlite3` shell can read, check and rebuild the index.
package enum IndexedText {
  /// The columns of the word index and the weight of a word in each, against one in the text.
  package enum Column: Int, CaseIterable, Sendable {
    /// The chunk's text.
    case text
    /// The document's title, and the name of its file in words.
    case title
    /// The headings above the chunk and in it.
    case headings
    /// What the chunk defines: functions, types.
    case names

    /// The column's name.
    var name: String { "\(self)" }

    /// How often a word counts that stands here.
    var weight: Float {
      switch self {
      case .text: 1
      case .title: 3
      case .headings: 2
      case .names: 3
      }
    }
  }

  /// The arguments of `CREATE VIRTUAL TABLE chunk_search USING fts5(…)`.
  ///
  /// Only tokenizers of SQLite itself. Every character but the space belongs to a word: what a word is
  /// has been decided by ``make(from:)``.
  package static let declaration =
    Column.allCases.map(\.name).joined(separator: ", ")
    + ", tokenize=\"porter ascii tokenchars '@#.$+'\""

  /// The text as it is indexed.
  ///
  /// - Complexity: O(n) in the text's bytes.
  package static func make(from text: String) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    append(text, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  private static func append(_ text: String, to output: inout [UInt8]) {
    WordScanner.forEachWord(in: text) { word in
      if !output.isEmpty { output.append(0x20) }
      output += word.folded
    }
  }
}
