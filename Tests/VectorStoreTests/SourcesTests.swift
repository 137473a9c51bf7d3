// What the sources must not hold. Tests all of Sources/VectorStore.

import Foundation
import Testing

@Suite struct SourcesTests {
  /// GRDB's rows trap on a value of another type than is asked for: rows of a file are read as `BulkRow`,
  /// which throws, or as `RawRow`.
  @Test func noRowOfGRDBsIsRead() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/VectorStore")
    let files = try #require(
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var seen = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      seen += 1
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      where line.contains(/\bRow\.fetch|: Row\b|row\["/) && !line.contains("PRAGMA wal_checkpoint")
      {
        Issue.record("\(file.lastPathComponent): \(line)")
      }
    }
    #expect(seen > 100)
  }
}
