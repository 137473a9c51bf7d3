// The rows of a .npy file as documents, with the lines of a JSONL file beside them.

import Synchronization
import VectorStoreText

/// Reads vectors and their texts side by side.
final class NPYDocuments: Sendable {
  private struct State {
    var row = 0
    var block: [Float] = []
    var texts: JSONLReader?
    /// Chunks of a document that may go on in the next rows.
    var waiting: [ImportedDocument] = []
  }

  /// The number of rows.
  let count: Int
  /// The numbers of each row.
  let dimensions: Int
  private let reader: NPYReader
  private let textsPath: String?
  private let state: Mutex<State>

  init(path: String, texts: String?) throws {
    reader = try NPYReader(path: path)
    count = reader.rows
    dimensions = reader.dimensions
    textsPath = texts
    if let texts { try Self.checkLines(of: texts, rows: reader.rows) }
    let lines = try texts.map { try JSONLReader(path: $0) }
    state = Mutex(State(texts: lines))
  }

  /// The documents of the next rows, at most `limit` rows, nil after the last. Blocks its thread.
  func next(_ limit: Int) throws -> (rows: Int, documents: [ImportedDocument])? {
    try state.withLock { state in
      let range = state.row..<min(state.row + limit, count)
      guard !range.isEmpty else { return nil }
      try reader.read(rows: range, into: &state.block)
      state.row = range.upperBound
      state.waiting += try range.map { row in
        let start = (row - range.lowerBound) * dimensions
        let vector = Array(state.block[start..<start + dimensions])
        guard let texts = state.texts else {
          return ImportedDocument(
            line: row + 1, id: String(row), text: nil, vector: vector, metadata: [:], norm: nil)
        }
        guard let line = try texts.next() else { throw fewerLines(than: row) }
        var document = ImportedDocument(
          line: line.line, id: line.id ?? String(row), text: line.text, vector: vector,
          metadata: line.metadata, norm: line.norm)
        (document.space, document.chunk) = (line.space, line.chunk)
        return document
      }
      let isLast = range.upperBound == count
      return (range.count, state.waiting.takeDocuments(isLast: isLast))
    }
  }

  private func fewerLines(than row: Int) -> StoreError {
    StoreError(
      .malformedInput,
      "\(textsPath ?? "") ended before row \(row) of \(count): it changed while it was read; try again"
    )
  }

  /// Counts the lines of the texts before anything is written: one a row.
  private static func checkLines(of texts: String, rows: Int) throws {
    let reader = try JSONLReader(path: texts)
    var lines = 0
    while try reader.next() != nil { lines += 1 }
    guard lines == rows else {
      throw StoreError(
        .malformedInput,
        "\(texts) has \(lines) documents and the vectors are \(rows); line i must belong to row i")
    }
  }
}
