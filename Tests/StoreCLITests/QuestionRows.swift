// Questions with their answers, as the tables beside the tests hold them.

import Foundation
import Testing

/// A table in `Questions`: a row a line, its fields parted by tabs; a line with `#` is a remark.
enum QuestionRows {
  /// Reads the rows of a table.
  static func read(_ name: String, fields count: Int) throws -> [[String]] {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(
      path: "Questions/\(name)")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .filter { !$0.hasPrefix("#") }
      .map { line in
        let fields = line.split(separator: "\t").map(String.init)
        try #require(fields.count == count, "\(line)")
        return fields
      }
  }
}
