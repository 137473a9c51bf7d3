// statistics: saved summaries; and what statistics read of other tables. Called by Store+Statistics and
// Statistics/.

import Foundation
import GRDB
import VectorStoreSearch

enum StatisticsTable {
  /// The table, as its migration makes it.
  static let schema = """
    CREATE TABLE statistics (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      space_id INTEGER NOT NULL REFERENCES spaces(id),
      collection TEXT NOT NULL,
      saved_at TEXT NOT NULL,
      rows INTEGER NOT NULL,
      last_chunk_id INTEGER NOT NULL,
      mean BLOB NOT NULL,
      covariance BLOB NOT NULL,
      figures TEXT NOT NULL,
      UNIQUE (name, space_id, collection)
    ) STRICT;
    """

  /// Keeps a summary; one of the same name, space and collection is replaced.
  static func save(_ summary: SavedSummary, space: Int64, _ db: Database) throws {
    let figures = String(decoding: try JSONEncoder().encode(summary.figures), as: UTF8.self)
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO statistics(name, space_id, collection, saved_at, rows, last_chunk_id,
          mean, covariance, figures)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        summary.name, space, summary.collection, summary.savedAt, summary.rows, summary.lastChunk,
        summary.gaussian.mean.withUnsafeBytes { Data($0) },
        summary.gaussian.triangle.withUnsafeBytes { Data($0) }, figures,
      ])
  }

  /// The summary of a name, space and collection (empty for all); nil where there is none.
  ///
  /// - Throws: ``StoreError`` with `damaged` where it cannot be read.
  static func find(
    _ name: String, space: SpaceRecord, collection: String, _ db: Database
  ) throws -> SavedSummary? {
    let row = try Row.fetchOne(
      db, sql: "SELECT * FROM statistics WHERE name = ? AND space_id = ? AND collection = ?",
      arguments: [name, space.id, collection])
    guard let row else { return nil }
    let mean = numbers(row["mean"], as: Double.self)
    let json = Data((row["figures"] as String).utf8)
    guard mean.count == space.space.dimensions,
      let gaussian = GaussianSummary(
        mean: mean, triangle: numbers(row["covariance"], as: Float.self)),
      let figures = try? JSONDecoder().decode(SavedSummary.Figures.self, from: json)
    else {
      throw StoreError(
        .damaged,
        "the statistics saved as \"\(name)\" for \(space.space) cannot be read; save them again with "
          + "`store stats --save \(name)`")
    }
    return SavedSummary(
      name: name, collection: collection, savedAt: row["saved_at"], rows: row["rows"],
      lastChunk: row["last_chunk_id"], gaussian: gaussian, figures: figures)
  }

  /// The names under which summaries of a collection (empty for all) are saved.
  static func names(collection: String, _ db: Database) throws -> [String] {
    try String.fetchAll(
      db, sql: "SELECT DISTINCT name FROM statistics WHERE collection = ? ORDER BY name",
      arguments: [collection])
  }

  private static func numbers<Number: BitwiseCopyable>(_ data: Data, as: Number.Type) -> [Number] {
    data.withUnsafeBytes { bytes in
      (0..<bytes.count / MemoryLayout<Number>.stride).map {
        bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.stride, as: Number.self)
      }
    }
  }

  // MARK: - What is read of other tables

  /// The lengths that the vectors of a space came with, of one collection.
  ///
  /// - Complexity: a walk over the collection's chunks.
  static func norms(space: Int64, collection: Int64, _ db: Database) throws -> [Double] {
    try Double.fetchAll(
      db,
      sql: """
        SELECT v.norm FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
        """, arguments: [space, collection])
  }

  /// The chunks of a collection that have a vector in a space.
  ///
  /// - Complexity: a walk over the collection's chunks; reads no vector.
  static func chunks(space: Int64, collection: Int64, _ db: Database) throws -> [Int64] {
    try Int64.fetchAll(
      db,
      sql: """
        SELECT c.id FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
        """, arguments: [space, collection])
  }

  /// The bytes of a chunk's vector in a space; nil where it has none.
  static func vector(of chunk: Int64, space: Int64, _ db: Database) throws -> Data? {
    let statement = try db.cachedStatement(
      sql: "SELECT data FROM vectors WHERE chunk_id = ? AND space_id = ?")
    return try Data.fetchOne(statement, arguments: [chunk, space])
  }

  /// Chunks without any vector, of one collection or of all.
  static func chunksWithoutVector(collection: Int64?, _ db: Database) throws -> Int {
    try Int.fetchOne(
      db,
      sql: """
        SELECT COUNT(*) FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        WHERE (?1 IS NULL OR d.collection_id = ?1)
          AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id)
        """, arguments: [collection]) ?? 0
  }

  /// What commands refused so far, by the counts in their reports, most rows first.
  static func refusals(_ db: Database) throws -> [StatisticsReport.Refusal] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT e.key AS name, SUM(e.value) AS n, COUNT(*) AS runs
        FROM runs r, json_each(r.report, '$.refused') e WHERE json_valid(r.report)
        GROUP BY e.key ORDER BY n DESC, name
        """)
    return rows.map { row in
      let parts = (row["name"] as String).split(separator: "/", maxSplits: 1).map(String.init)
      return StatisticsReport.Refusal(
        code: StoreError.Code(rawValue: parts.first ?? ""),
        reason: parts.count > 1 ? parts[1] : nil, rows: row["n"],
        runs: row["runs"])
    }
  }

  /// Chunks as statistics name them, by id; those that are not there are left out.
  ///
  /// - Complexity: O(ids · log rows).
  static func references(_ ids: some Sequence<Int64>, _ db: Database) throws
    -> [Int64: ChunkReference]
  {
    let statement = try db.cachedStatement(
      sql: """
        SELECT k.name, d.source, c.ordinal, c.line, substr(c.text, 1, 400) AS text
        FROM chunks c JOIN documents d ON d.id = c.document_id
        JOIN collections k ON k.id = d.collection_id WHERE c.id = ?
        """)
    var result: [Int64: ChunkReference] = [:]
    for id in Set(ids) {
      guard let row = try Row.fetchOne(statement, arguments: [id]) else { continue }
      result[id] = ChunkReference(
        id: id, collection: row["name"], document: row["source"], ordinal: row["ordinal"],
        line: row["line"], excerpt: (row["text"] as String?).map(excerpt))
    }
    return result
  }

  /// The beginning of a text on one line.
  private static func excerpt(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 160 ? line.prefix(159) + "…" : line
  }
}
