// The vectors, queries and texts of SearchBenchmark.

import Foundation
import VectorStore

/// Base vectors in a file, queries in memory, and texts made for each row.
struct SearchData {
  /// A .npy file of `rows` rows.
  let base: String
  let rows: Int
  let queries: [[Float]]
  /// For files that are made, gone with the benchmark.
  let folder: URL

  /// Given vectors, the first `rows` of them, or made ones where none are given.
  init(base: String?, queries: String?, rows: Int?, folder: URL) throws {
    self.folder = folder
    guard let base, let queries else {
      let made = MadeVectors(rows: rows ?? 100_000)
      self.base = folder.appending(path: "base.npy").path
      self.rows = made.rows
      self.queries = made.queries(100)
      try made.write(npy: self.base)
      return
    }
    let given = try NPYFile(base)
    let asked = try NPYFile(queries)
    self.queries = asked.vectors(0..<asked.rows)
    self.rows = min(rows ?? given.rows, given.rows)
    guard self.rows < given.rows else {
      self.base = base
      return
    }
    self.base = folder.appending(path: "base.npy").path
    try given.write(first: self.rows, to: self.base)
  }

  /// A JSONL file with a text and metadata for each row: `topic` has a thousand values.
  func writeTexts() throws -> String {
    let path = folder.appending(path: "texts.jsonl").path
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    defer { try? file.close() }
    var random = SplitMix64(seed: 7)
    var lines = Data()
    for row in 0..<rows {
      let words = (0..<40).map { _ in Self.word(Int(random.next() % 20_000)) }
      lines += Data(
        """
        {"id":"\(row)","text":"\(words.joined(separator: " "))","metadata":{"topic":\(row * 7919 % 1000)}}

        """.utf8)
      if lines.count > 1 << 22 {
        try file.write(contentsOf: lines)
        lines.removeAll(keepingCapacity: true)
      }
    }
    try file.write(contentsOf: lines)
    return path
  }

  /// A made word of two to five syllables.
  private static func word(_ number: Int) -> String {
    let syllables = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe"]
    var (rest, word) = (number + 12, "")
    while rest > 0 {
      word += syllables[rest % 12]
      rest /= 12
    }
    return word
  }
}
