// What `list` and `get` read: documents with their state, chunks and text.

import Foundation
import VectorStoreText

enum DocumentListing {
  /// Calls `body` for each document of a collection (nil: of all), by collection and source, a text before the
  /// file of the same source: of those after a document as many as `limit`, if they are given.
  ///
  /// - Complexity: one pass over the documents, chunks and the index of vectors; of a page, over its own.
  static func forEach(
    collection: Int64?, ids: [Int64]? = nil, states: Set<DocumentSummary.State>?,
    after last: DocumentSummary? = nil, limit: Int? = nil, identity: SourceIdentity,
    _ db: any SQLTransaction, _ body: (Int64, DocumentSummary) throws -> Void
  ) throws {
    var page = """
      SELECT d.id FROM documents d JOIN collections k ON k.id = d.collection_id WHERE TRUE
      """
    var arguments: [BulkValue] = []
    if let collection {
      page += " AND d.collection_id = ?"
      arguments.append(.integer(collection))
    }
    if let ids {
      let values = db.isPostgres ? "json_array_elements_text(?)::bigint" : "value FROM json_each(?)"
      page += " AND d.id IN (SELECT \(values))"
      arguments.append(.text(String(decoding: try JSONEncoder().encode(ids), as: UTF8.self)))
    }
    if let last {
      // The first of the two finds the place in the index, if there is one collection.
      page += collection == nil ? "" : " AND d.source >= ?"
      if collection != nil { arguments.append(.text(last.source)) }
      page += " AND (k.name, d.source, CASE d.origin WHEN 'file' THEN 1 ELSE 0 END) > (?, ?, ?)"
      arguments += [
        .text(last.collection), .text(last.source), .integer(last.path == nil ? 0 : 1),
      ]
    }
    let order = "k.name, d.source, d.origin = 'file'"
    page += " ORDER BY \(order)"
    if let limit {
      page += " LIMIT ?"
      arguments.append(.integer(Int64(limit)))
    }
    let sql = """
      SELECT d.id, d.source, d.format, d.metadata, d.added_at, d.updated_at, k.name,
        p.reason, COUNT(c.id), COUNT(c.failure_code), MIN(c.failure_message), COUNT(v.id),
        d.origin = 'file', d.left_out
      FROM (\(page)) l CROSS JOIN documents d ON d.id = l.id
      JOIN collections k ON k.id = d.collection_id
      LEFT JOIN pending_documents p ON p.document_id = d.id
      LEFT JOIN chunks c ON c.document_id = d.id
      LEFT JOIN vectors v ON v.chunk_id = c.id AND v.space_id = k.target_space_id
      GROUP BY d.id\(db.isPostgres ? ", d.collection_id, k.id, p.reason" : "") ORDER BY \(order)
      """
    try db.forEachRow(bulk: sql, arguments) { row in
      let summary = try summary(row, identity)
      if let states, !states.contains(summary.state) { return }
      try body(try row.integer(0), summary)
    }
  }

  private static func summary(
    _ row: BulkRow, _ identity: SourceIdentity
  ) throws -> DocumentSummary {
    let source = try row.text(1)
    let (chunks, failed) = (Int(try row.integer(8)), try row.integer(9))
    let inTarget = Int(try row.integer(11))
    let pending = try row.text(orNil: 7)
    let leftOut = try row.text(orNil: 13).flatMap { AddReport.Gone.Reason(rawValue: $0) }
    let state: DocumentSummary.State =
      if leftOut != nil {
        .leftOut
      } else if pending != nil {
        .pending
      } else if failed > 0 {
        .failed
      } else if inTarget < chunks {
        .standIn
      } else {
        .complete
      }
    return DocumentSummary(
      source: source, path: try row.bool(12) ? identity.knownPath(of: source) : nil,
      collection: try row.text(6), state: state, chunks: chunks,
      format: DocumentFormat(stored: try row.text(2)),
      metadata: try MetadataJSON.decode(try row.text(3)), added: try Timestamp.date(row.text(4)),
      updated: try Timestamp.date(row.text(5)),
      reason: try leftOut.map { "its file \($0.words(1))" } ?? pending ?? row.text(orNil: 10))
  }

  /// The chunks of a document, in order, with the names of the spaces they have vectors in.
  static func chunks(document: Int64, _ db: any SQLTransaction) throws -> [StoredChunk] {
    try wholeChunks(document: document, try SpacesTable.byID(db), db).map(\.stored)
  }

  /// The same with what only an export tells of them.
  static func wholeChunks(
    document: Int64, _ spaces: [Int64: EmbeddingSpace], _ db: any SQLTransaction
  ) throws -> [(stored: StoredChunk, textHash: Data?, failure: (code: String?, message: String?))] {
    try db.rows(
      bulk: """
        SELECT c.id, c.ordinal, c.text, c.start_scalar, c.end_scalar, c.line,
          (SELECT GROUP_CONCAT(v.space_id) FROM vectors v WHERE v.chunk_id = c.id), c.headings,
          c.text_hash, c.failure_code, c.failure_message
        FROM chunks c WHERE c.document_id = ? ORDER BY c.ordinal
        """, .integer(document)
    ) { row in
      let ids = (try row.text(orNil: 6) ?? "").split(separator: ",").compactMap { Int64($0) }
      var chunk = StoredChunk(
        id: try row.integer(0), ordinal: try row.count(1), text: try row.text(orNil: 2),
        start: try row.count(orNil: 3), end: try row.count(orNil: 4), line: try row.count(orNil: 5),
        spaces: ids.compactMap { spaces[$0] }.sorted { $0.name < $1.name })
      chunk.place = place(headings: try row.text(orNil: 7))
      return (chunk, try row.data(orNil: 8), (try row.text(orNil: 9), try row.text(orNil: 10)))
    }
  }

  /// The message or row that a chunk is in by its headings; nil if its document has none of them.
  static func place(headings: String?) -> Int? {
    headings?.split(separator: "\n").first.flatMap(TextPlaces.independentNumber)
  }

  /// A document's text put together from its chunks: each chunk without what it repeats of the ones
  /// before, and between two messages or rows the form feeds that are in none of them. Nil where a chunk has no
  /// text.
  ///
  /// - Complexity: O(length of the text).
  static func text(of chunks: [StoredChunk]) -> String? {
    var text = ""
    var end = chunks.first?.start ?? 0
    var (place, line) = (1, 1)
    for chunk in chunks {
      guard let piece = chunk.text else { return nil }
      if let next = chunk.place, next > place {
        text += String(repeating: "\u{0C}", count: next - place)
        text += String(repeating: "\n", count: max(0, (chunk.line ?? line) - line))
        place = next
      }
      let repeated = max(0, end - (chunk.start ?? end))
      let part = Substring(piece.unicodeScalars.dropFirst(repeated))
      text += part
      line += part.utf8.count { $0 == UInt8(ascii: "\n") }
      end = max(end, chunk.end ?? end)
    }
    return text
  }
}
