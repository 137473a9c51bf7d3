// The text as the word index holds it, and the index's declaration.

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
