// vectors and staged: what answers, and answers of the service that wait to be placed. Called by
// Adding/ and Ranking/.

import Foundation
import GRDB
import VectorStoreSearch

enum VectorsTable {
  /// Whether a text has a vector in a space already, placed or staged.
  static func knows(textHash: Data, space: Int64, _ db: Database) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        SELECT EXISTS (SELECT 1 FROM chunks c JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?2
            WHERE c.text_hash = ?1)
          OR EXISTS (SELECT 1 FROM staged WHERE space_id = ?2 AND text_hash = ?1)
        """)
    return try Bool.fetchOne(statement, arguments: [textHash, space]) ?? false
  }

  /// Whether a collection has any vector in a space.
  ///
  /// - Complexity: O(log rows) where the collection is the only one with documents, else up to a walk
  ///   of the space's index.
  static func exist(space: Int64, collection: Int64, _ db: Database) throws -> Bool {
    if try CollectionsTable.isAlone(collection, db) {
      return try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM vectors WHERE space_id = ?)", arguments: [space])
        ?? false
    }
    return try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM vectors v JOIN chunks c ON c.id = v.chunk_id
          JOIN documents d ON d.id = c.document_id WHERE v.space_id = ? AND d.collection_id = ?)
        """, arguments: [space, collection]) ?? false
  }

  static func insert(_ vector: StoredVector, chunk: Int64, space: Int64, _ db: Database) throws {
    try db.cachedStatement(
      sql: "INSERT INTO vectors(chunk_id, space_id, data, norm) VALUES (?, ?, ?, ?)"
    ).execute(arguments: [chunk, space, vector.data, vector.norm])
  }

  /// Gives a chunk the vector that its text has in a space, placed or staged. Returns whether there
  /// is one.
  static func copy(
    textHash: Data, space: Int64, toChunk chunk: Int64, _ db: Database
  ) throws -> Bool {
    let placed = try db.cachedStatement(
      sql: """
        INSERT INTO vectors(chunk_id, space_id, data, norm)
        SELECT ?3, ?2, v.data, v.norm
        FROM chunks c JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?2
        WHERE c.text_hash = ?1 LIMIT 1
        """)
    try placed.execute(arguments: [textHash, space, chunk])
    if db.changesCount > 0 { return true }
    let staged = try db.cachedStatement(
      sql: """
        INSERT INTO vectors(chunk_id, space_id, data, norm)
        SELECT ?3, ?2, data, norm FROM staged WHERE space_id = ?2 AND text_hash = ?1
        """)
    try staged.execute(arguments: [textHash, space, chunk])
    return db.changesCount > 0
  }

  /// Keeps an answer of the service until its document is placed.
  static func stage(
    _ vector: StoredVector, textHash: Data, space: Int64, now: String, _ db: Database
  ) throws {
    try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO staged(space_id, text_hash, data, norm, created_at)
        VALUES (?, ?, ?, ?, ?)
        """
    ).execute(arguments: [space, textHash, vector.data, vector.norm, now])
  }

  /// Forgets the staged vectors of a text in the spaces where it has been placed.
  static func unstagePlaced(textHash: Data, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        DELETE FROM staged WHERE text_hash = ?1 AND space_id IN (
          SELECT v.space_id FROM chunks c JOIN vectors v ON v.chunk_id = c.id WHERE c.text_hash = ?1)
        """
    ).execute(arguments: [textHash])
  }

  /// Calls `body` with each vector of a space in a collection, in the order of placing.
  ///
  /// The bytes handed to `body` are SQLite's own and end with the call.
  /// - Complexity: reads 4 bytes × dimensions × rows; the whole space where the collection is the
  ///   only one with documents.
  static func forEach(
    space: SpaceRecord, collection: Int64, _ db: Database,
    _ body: (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let sql =
      try CollectionsTable.isAlone(collection, db)
      ? "SELECT chunk_id, data FROM vectors NOT INDEXED WHERE space_id = ? ORDER BY id"
      : """
      SELECT v.chunk_id, v.data FROM documents d JOIN chunks c ON c.document_id = d.id
      JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
      """
    let statement = try db.cachedStatement(sql: sql)
    let arguments: StatementArguments =
      statement.sql.contains("documents") ? [space.id, collection] : [space.id]
    let rows = try Row.fetchCursor(statement, arguments: arguments)
    let expected = space.space.dimensions * MemoryLayout<Float>.size
    while let row = try rows.next() {
      let chunk: Int64 = row[0]
      try row.withUnsafeData(atIndex: 1) { data in
        guard let data, data.count == expected else {
          throw StoreError(
            .damaged,
            "the vector of chunk \(chunk) has \(data?.count ?? 0) bytes, but the space "
              + "\(space.space) needs \(expected); restore the store from a backup")
        }
        try data.withUnsafeBytes { try body(chunk, $0) }
      }
    }
  }
}

/// A vector as it is stored: little-endian float32 at unit length, and the length it came with.
struct StoredVector: Sendable, Equatable {
  let data: Data
  let norm: Double

  init(data: Data, norm: Double) {
    self.data = data
    self.norm = norm
  }

  /// Checks a vector at the door: right dimensions, finite, not zero; brought to unit length.
  init(checking vector: [Float], dimensions: Int) throws(VectorError) {
    let unit = try UnitVector(vector, dimensions: dimensions)
    data = unit.components.withUnsafeBytes { Data($0) }
    norm = unit.norm
  }
}
