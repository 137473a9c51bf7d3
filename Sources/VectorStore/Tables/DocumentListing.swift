// What `list` and `get` read: documents with their state, chunks and text. Called by Store+Get.

import Foundation
import GRDB

enum DocumentListing {
  /// Calls `body` for each document of a collection (nil: of all), by collection and source.
  ///
  /// - Complexity: one pass over the documents, chunks and the index of vectors.
  static func forEach(
    collection: Int64?, sources: [String]? = nil, states: Set<DocumentSummary.State>?,
    _ db: Database, _ body: (Int64, DocumentSummary) throws -> Void
  ) throws {
    var sql = """
      SELECT d.id, d.source, d.format, d.metadata, d.added_at, d.updated_at, k.name AS collection,
        p.reason AS pending_reason,
        COUNT(c.id) AS chunks,
        COUNT(c.failure_code) AS failed,
        MIN(c.failure_message) AS failure,
        COUNT(v.id) AS in_target
      FROM documents d JOIN collections k ON k.id = d.collection_id
      LEFT JOIN pending_documents p ON p.document_id = d.id
      LEFT JOIN chunks c ON c.document_id = d.id
      LEFT JOIN vectors v ON v.chunk_id = c.id AND v.space_id = k.target_space_id
      WHERE 1
      """
    var arguments = StatementArguments()
    if let collection {
      sql += " AND d.collection_id = ?"
      arguments += [collection]
    }
    if let sources {
      sql += " AND d.source IN (SELECT value FROM json_each(?))"
      arguments += [String(decoding: try JSONEncoder().encode(sources), as: UTF8.self)]
    }
    sql += " GROUP BY d.id ORDER BY k.name, d.source"
    let rows = try Row.fetchCursor(db, sql: sql, arguments: arguments)
    while let row = try rows.next() {
      let summary = try summary(row)
      if let states, !states.contains(summary.state) { continue }
      try body(row["id"], summary)
    }
  }

  private static func summary(_ row: Row) throws -> DocumentSummary {
    let (chunks, failed, inTarget): (Int, Int, Int) = (
      row["chunks"], row["failed"], row["in_target"]
    )
    let pending: String? = row["pending_reason"]
    let state: DocumentSummary.State =
      if pending != nil {
        .pending
      } else if failed > 0 {
        .failed
      } else if inTarget < chunks {
        .standIn
      } else {
        .complete
      }
    return DocumentSummary(
      document: row["source"], collection: row["collection"], state: state, chunks: chunks,
      format: DocumentFormat(rawValue: row["format"]) ?? .text,
      metadata: try MetadataJSON.decode(row["metadata"]), added: row["added_at"],
      updated: row["updated_at"], reason: pending ?? row["failure"])
  }

  /// The chunks of a document, in order, with the names of the spaces they have vectors in.
  static func chunks(document: Int64, _ db: Database) throws -> [StoredChunk] {
    let names = try SpacesTable.names(db)
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT c.id, c.ordinal, c.text, c.start_scalar, c.end_scalar, c.line,
          (SELECT GROUP_CONCAT(v.space_id) FROM vectors v WHERE v.chunk_id = c.id) AS spaces
        FROM chunks c WHERE c.document_id = ? ORDER BY c.ordinal
        """, arguments: [document])
    return rows.map { row in
      let spaces = ((row["spaces"] as String?) ?? "").split(separator: ",")
      return StoredChunk(
        id: row["id"], ordinal: row["ordinal"], text: row["text"], start: row["start_scalar"],
        end: row["end_scalar"], line: row["line"],
        spaces: spaces.compactMap { Int64($0).flatMap { names[$0] } }.sorted())
    }
  }

  /// A document's text put together from its chunks: each chunk without what it repeats of the ones
  /// before. Nil where a chunk has no text.
  ///
  /// - Complexity: O(length of the text).
  static func text(of chunks: [StoredChunk]) -> String? {
    var text = ""
    var end = chunks.first?.start ?? 0
    for chunk in chunks {
      guard let piece = chunk.text else { return nil }
      let repeated = max(0, end - (chunk.start ?? end))
      text += Substring(piece.unicodeScalars.dropFirst(repeated))
      end = max(end, chunk.end ?? end)
    }
    return text
  }
}
