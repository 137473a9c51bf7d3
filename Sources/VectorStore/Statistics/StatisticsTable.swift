// The table of saved summaries, and what statistics read of other tables.

import Foundation
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
  static func save(_ summary: SavedSummary, space: Int64, _ db: any SQLTransaction) throws {
    let figures = String(decoding: try JSONEncoder().encode(summary.figures), as: UTF8.self)
    try db.execute(
      sql: """
        INSERT INTO statistics(name, space_id, collection, saved_at, rows, last_chunk_id,
          mean, covariance, figures)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (name, space_id, collection) DO UPDATE SET saved_at = excluded.saved_at,
          rows = excluded.rows, last_chunk_id = excluded.last_chunk_id, mean = excluded.mean,
          covariance = excluded.covariance, figures = excluded.figures
        """,
      arguments: [
        summary.name, space, summary.collection, Timestamp.of(summary.savedAt), summary.rows,
        summary.lastChunk,
        summary.gaussian.mean.withUnsafeBytes { Data($0) },
        summary.gaussian.triangle.withUnsafeBytes { Data($0) }, figures,
      ])
  }

  /// The summary of a name, space and collection (empty for all); nil if there is none.
  ///
  /// - Throws: ``StoreError`` with `damaged` if it cannot be read.
  static func find(
    _ name: String, space: SpaceRecord, collection: String, _ db: any SQLTransaction
  ) throws -> SavedSummary? {
    do {
      return try db.firstRow(
        bulk: """
          SELECT saved_at, rows, last_chunk_id, mean, covariance, figures FROM statistics
          WHERE name = ? AND space_id = ? AND collection = ?
          """, .text(name), .integer(space.id), .text(collection)
      ) { row in
        let d = space.space.dimensions
        let mean = numbers(try row.blob(3, count: 8 * d), as: Double.self)
        let triangle = numbers(try row.blob(4, count: 2 * d * (d + 1)), as: Float.self)
        let json = Data(try row.text(5).utf8)
        guard mean.allSatisfy(\.isFinite), triangle.allSatisfy(\.isFinite),
          let gaussian = GaussianSummary(mean: mean, triangle: triangle),
          let figures = try? JSONDecoder().decode(SavedSummary.Figures.self, from: json)
        else { throw row.damage(5, "other figures", "those of a summary") }
        guard let savedAt = Timestamp.time(writtenAs: try row.text(0)) else {
          throw row.damage(0, "another text", "a time")
        }
        return SavedSummary(
          name: name, collection: collection, savedAt: savedAt,
          rows: Int(try row.integer(1)), lastChunk: try row.integer(2), gaussian: gaussian,
          figures: figures)
      }
    } catch let error as DamagedValue {
      throw StoreError(
        .damaged,
        "the statistics saved as \"\(name)\" for \(space.space) cannot be read (\(error)); save "
          + "statistics under that name again", underlying: error)
    }
  }

  /// The names under which summaries of a collection (empty for all) are saved.
  static func names(collection: String, _ db: any SQLTransaction) throws -> [String] {
    try String.fetchAll(
      db, sql: "SELECT DISTINCT name FROM statistics WHERE collection = ? ORDER BY name",
      arguments: [collection])
  }

  private static func numbers<Number: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, as: Number.Type
  ) -> [Number] {
    (0..<bytes.count / MemoryLayout<Number>.stride).map {
      bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.stride, as: Number.self)
    }
  }

  // MARK: - What is read of other tables

  /// The lengths that the vectors of a space came with, of one collection.
  ///
  /// - Complexity: a walk over the collection's chunks.
  static func norms(space: Int64, collection: Int64, _ db: any SQLTransaction) throws -> [Double] {
    try db.rows(
      bulk: """
        SELECT v.id, v.norm FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
        """, .integer(space), .integer(collection)
    ) { try $0.real(1) }
  }

  /// The chunks of a collection that have a vector in a space.
  ///
  /// - Complexity: a walk over the collection's chunks; reads no vector.
  static func chunks(space: Int64, collection: Int64, _ db: any SQLTransaction) throws -> [Int64] {
    try Int64.fetchAll(
      db,
      sql: """
        SELECT c.id FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
        """, arguments: [space, collection])
  }

  /// The bytes of a chunk's vector in a space; nil where it has none.
  static func vector(of chunk: Int64, space: SpaceRecord, _ db: any SQLTransaction) throws -> Data?
  {
    try db.firstRow(
      bulk: """
        SELECT v.id, \(VectorsTable.data(in: space.space, db)) FROM vectors v
        WHERE v.chunk_id = ? AND v.space_id = ?
        """, .integer(chunk), .integer(space.id)
    ) { Data(try $0.blob(1, count: 4 * space.space.dimensions)) }
  }

  /// Chunks without any vector, of one collection or of all.
  static func chunksWithoutVector(collection: Int64?, _ db: any SQLTransaction) throws -> Int {
    try Int.fetchOne(
      db,
      sql: """
        SELECT COUNT(*) FROM documents d CROSS JOIN chunks c ON c.document_id = d.id
        WHERE (CAST(?1 AS BIGINT) IS NULL OR d.collection_id = ?1)
          AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id)
        """, arguments: [collection]) ?? 0
  }

  /// What commands refused so far, by the counts in their reports, most rows first.
  static func refusals(_ db: any SQLTransaction) throws -> [StatisticsReport.Refusal] {
    // A report that counts otherwise is passed over: it says nothing of what is in the store.
    try db.rows(
      bulk: db.isPostgres
        ? """
        SELECT e.key AS name, SUM(e.value::bigint) AS n, COUNT(*)
        FROM runs r, json_each_text(r.report::json -> 'refused') e
        WHERE e.value ~ '^[0-9]{1,12}$' GROUP BY e.key ORDER BY n DESC, name
        """
        : """
        SELECT e.key AS name, SUM(e.value) AS n, COUNT(*)
        FROM runs r, json_each(r.report, '$.refused') e
        WHERE json_valid(r.report) AND typeof(e.key) = 'text' AND typeof(e.value) = 'integer'
          AND e.value BETWEEN 0 AND 1 << 40
        GROUP BY e.key ORDER BY n DESC, name
        """
    ) { row in
      let parts = try row.text(0).split(separator: "/", maxSplits: 1).map(String.init)
      return StatisticsReport.Refusal(
        code: StoreError.Code(rawValue: parts.first ?? ""),
        reason: parts.count > 1 ? parts[1] : nil, rows: Int(try row.integer(1)),
        runs: Int(try row.integer(2)))
    }
  }

  /// Chunks as statistics name them, by id; those that are not there are left out.
  ///
  /// - Complexity: O(ids · log rows).
  static func references(_ ids: some Sequence<Int64>, _ db: any SQLTransaction) throws
    -> [Int64: StatisticsReport.Chunk]
  {
    var result: [Int64: StatisticsReport.Chunk] = [:]
    for id in Set(ids) {
      result[id] = try db.firstRow(
        bulk: """
          SELECT k.name, d.source, c.ordinal, c.line, substr(c.text, 1, 400)
          FROM chunks c JOIN documents d ON d.id = c.document_id
          JOIN collections k ON k.id = d.collection_id WHERE c.id = ?
          """, .integer(id)
      ) { row in
        StatisticsReport.Chunk(
          id: id, collection: try row.text(0), source: try row.text(1),
          ordinal: try row.count(2), line: try row.count(orNil: 3),
          excerpt: try row.text(orNil: 4).map(excerpt))
      }
    }
    return result
  }

  /// The beginning of a text on one line.
  private static func excerpt(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return line.count > 160 ? line.prefix(159) + "…" : line
  }
}
