// vectors and staged: what answers, and answers of the service that wait to be placed. Called by
// Adding/ and Ranking/.

import Foundation
import GRDB
import VectorStoreSearch

enum VectorsTable {
  // CROSS JOIN throughout: SQLite then joins in the order written, and does not start from the index
  // of a space, which holds every row of it.

  /// The vectors of one space in one collection; `?` is the space, the next the collection.
  private static let ofCollection = """
    documents d CROSS JOIN chunks c ON c.document_id = d.id
    CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
    """

  /// Whether a text has a vector in a space already, placed or staged.
  static func knows(textHash: Data, space: Int64, _ db: Database) throws -> Bool {
    let statement = try db.cachedStatement(
      sql: """
        SELECT EXISTS (SELECT 1 FROM chunks c CROSS JOIN vectors v
            ON v.chunk_id = c.id AND v.space_id = ?2 WHERE c.text_hash = ?1)
          OR EXISTS (SELECT 1 FROM staged WHERE space_id = ?2 AND text_hash = ?1)
        """)
    return try Bool.fetchOne(statement, arguments: [textHash, space]) ?? false
  }

  /// Whether a collection has any vector in a space.
  ///
  /// - Complexity: O(log rows) where the collection is the only one with documents, else up to a walk
  ///   over its chunks.
  static func exist(space: Int64, collection: Int64, _ db: Database) throws -> Bool {
    let anywhere = try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM vectors WHERE space_id = ?)", arguments: [space])
    guard anywhere == true, try !CollectionsTable.isAlone(collection, db) else {
      return anywhere ?? false
    }
    return try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM \(ofCollection))", arguments: [space, collection])
      ?? false
  }

  /// The space asked for, or the collection's target where none is; throws where the collection has
  /// documents and no vector of it.
  static func checked(
    _ space: EmbeddingSpace?, of collection: CollectionRecord, _ db: Database
  ) throws -> EmbeddingSpace {
    guard let space, space != collection.target.space else { return collection.target.space }
    let record = try SpacesTable.find(space, db)
    if let record, try exist(space: record.id, collection: collection.id, db) { return space }
    throw StoreError(
      .spaceMismatch,
      "the collection \"\(collection.name)\" has no vector of \(space); its target space is "
        + "\(collection.target.space), and `store collections` shows what else it has")
  }

  /// Stores a vector of a chunk.
  static func insert(_ vector: StoredVector, chunk: Int64, space: Int64, _ db: Database) throws {
    try db.run(
      bulk: "INSERT INTO vectors(chunk_id, space_id, data, norm) VALUES (?, ?, ?, ?)",
      .integer(chunk), .integer(space), .blob(vector.data), .real(vector.norm))
  }

  /// The vector that a text has in a space, placed or staged.
  static func find(textHash: Data, space: Int64, _ db: Database) throws -> StoredVector? {
    let placed = try db.cachedStatement(
      sql: """
        SELECT v.data, v.norm FROM chunks c CROSS JOIN vectors v
          ON v.chunk_id = c.id AND v.space_id = ?2
        WHERE c.text_hash = ?1 LIMIT 1
        """)
    let staged = try db.cachedStatement(
      sql: "SELECT data, norm FROM staged WHERE text_hash = ?1 AND space_id = ?2")
    for statement in [placed, staged] {
      if let row = try Row.fetchOne(statement, arguments: [textHash, space]) {
        return StoredVector(data: row[0], norm: row[1])
      }
    }
    return nil
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

  /// What the time of a staged vector begins with that came from a document, not from the service.
  private static let replaced = "replaced "

  /// Keeps the vectors that a document's shelved chunks have in a space until the end of the run, by
  /// its time.
  static func stageReplaced(
    document: Int64, space: Int64, now: String, _ db: Database
  ) throws {
    try db.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO staged(space_id, text_hash, data, norm, created_at)
        SELECT v.space_id, c.text_hash, v.data, v.norm, ?3 FROM chunks c
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?2
        WHERE c.document_id = ?1 AND c.ordinal < 0 AND c.text_hash IS NOT NULL
        """
    ).execute(arguments: [document, space, replaced + now])
  }

  /// Forgets what runs kept that never came to their end.
  static func unstageReplaced(_ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM staged WHERE created_at LIKE ?", arguments: [replaced + "%"])
  }

  /// Forgets what ``stageReplaced(document:now:_:)`` kept for a run and nobody needed.
  static func unstageReplaced(at now: String, _ db: Database) throws {
    try db.execute(sql: "DELETE FROM staged WHERE created_at = ?", arguments: [replaced + now])
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

  /// The ids of a space's vectors in (after, through], rising, at most `limit`.
  ///
  /// - Complexity: O(ids): the index of spaces alone is read.
  static func ids(
    space: Int64, after: Int64, through: Int64 = .max, limit: Int = .max, _ db: Database
  ) throws -> [Int64] {
    var ids: [Int64] = []
    try db.forEachRow(
      bulk: "SELECT id FROM vectors WHERE space_id = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?",
      .integer(space), .integer(after), .integer(through), .integer(Int64(limit))
    ) { ids.append($0.integer(0)) }
    return ids
  }

  /// Calls `body` with each vector of a space in a collection, or of the chunks of it that a filter
  /// selects, in no promised order.
  ///
  /// The bytes handed to `body` are SQLite's own and end with the call.
  /// - Complexity: reads 4 bytes × dimensions × rows; the whole space where the collection is the
  ///   only one with documents.
  static func forEach(
    space: SpaceRecord, collection: Int64, selection: FilterSelection?, _ db: Database,
    body: (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if let selection {
      try db.forEachRow(
        bulk: """
          SELECT v.chunk_id, v.data FROM (\(selection.chunks)) s
          CROSS JOIN vectors v ON v.chunk_id = s.id AND v.space_id = ?
          """, selection.arguments.map(BulkValue.init) + [.integer(space.id)], keeps: false
      ) { try body($0.integer(0), $0.blob(1)) }
    } else if try CollectionsTable.isAlone(collection, db) {
      try db.forEachRow(
        bulk: "SELECT chunk_id, data FROM vectors NOT INDEXED WHERE space_id = ? ORDER BY id",
        .integer(space.id)
      ) { try body($0.integer(0), $0.blob(1)) }
    } else {
      try db.forEachRow(
        bulk: "SELECT v.chunk_id, v.data FROM \(ofCollection)", .integer(space.id),
        .integer(collection)
      ) { try body($0.integer(0), $0.blob(1)) }
    }
  }

  /// The same for the vectors of a space with ids in (after, through], whatever their collections.
  static func forEach(
    space: Int64, after: Int64, through: Int64, _ db: Database,
    body: (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try db.forEachRow(
      bulk: "SELECT chunk_id, data FROM vectors WHERE space_id = ? AND id > ? AND id <= ?",
      .integer(space), .integer(after), .integer(through)
    ) { try body($0.integer(0), $0.blob(1)) }
  }

  /// A vector with what names it; its bytes are SQLite's own.
  struct NamedVector {
    let id: Int64
    let chunk: Int64
    let document: Int64
    let collection: Int64
    let bytes: UnsafeRawBufferPointer
  }

  /// Calls `body` with each vector of a space with an id in (after, through], whatever its collection, by
  /// rising id.
  static func forEachNamed(
    space: Int64, after: Int64, through: Int64, _ db: Database, body: (NamedVector) throws -> Void
  ) throws {
    try db.forEachRow(
      bulk: """
        SELECT v.id, v.chunk_id, c.document_id, d.collection_id, v.data FROM vectors v
        CROSS JOIN chunks c ON c.id = v.chunk_id CROSS JOIN documents d ON d.id = c.document_id
        WHERE v.space_id = ? AND v.id > ? AND v.id <= ? ORDER BY v.id
        """, .integer(space), .integer(after), .integer(through)
    ) { row in
      try body(
        NamedVector(
          id: row.integer(0), chunk: row.integer(1), document: row.integer(2),
          collection: row.integer(3), bytes: row.blob(4)))
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

  /// The components, at unit length.
  var components: [Float] {
    data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// Checks a vector at the door: right dimensions, finite, not zero; brought to unit length.
  init(checking vector: [Float], dimensions: Int) throws(VectorError) {
    let unit = try UnitVector(vector, dimensions: dimensions)
    data = unit.components.withUnsafeBytes { Data($0) }
    norm = unit.norm
  }
}
