// vectors and staged: what answers, and answers of the service that wait to be placed.

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

  // MARK: - Vectors that are not stored

  /// Makes the mock vector of a text in SQL, for those that are not stored.
  static let mockVector = DatabaseFunction("mock_vector", argumentCount: 2, pure: true) { values in
    guard let text = String.fromDatabaseValue(values[0]),
      let service = String.fromDatabaseValue(values[1]).flatMap(EmbeddingSpace.init)
        .flatMap(MockService.init(space:))
    else { return nil }
    let vector = service.vector(of: text)
    return try StoredVector(checking: vector, dimensions: vector.count).data
  }

  /// The bytes of the vectors `v` of a space, in SQL. A mock vector that only answers until its chunk has a real
  /// one is not stored: it is made of the chunk's text when it is read.
  static func data(in space: EmbeddingSpace, _ db: any SQLTransaction) -> String {
    guard space.isStandIn, !db.isPostgres else { return "v.data" }
    return """
      CASE WHEN length(v.data) > 0 THEN v.data
        ELSE mock_vector((SELECT m.text FROM chunks m WHERE m.id = v.chunk_id), '\(space.name)') END
        AS data
      """
  }

  /// Gives a chunk the mock vector of its text.
  ///
  /// - Parameter isStored: whether the vector itself is stored, since the text is not.
  static func insertMade(
    of text: String, isStored: Bool, chunk: Int64, space: SpaceRecord, _ db: any SQLTransaction
  ) throws {
    if isStored || db.isPostgres, let vector = try MadeVector.of(text, in: space.space) {
      return try insert(vector, chunk: chunk, space: space.id, db)
    }
    try insertMade(chunk: chunk, space: space.id, db)
  }

  /// Says that a chunk has the mock vector of its text.
  static func insertMade(chunk: Int64, space: Int64, _ db: any SQLTransaction) throws {
    try db.run(
      bulk: "INSERT INTO vectors(chunk_id, space_id, data, norm) VALUES (?, ?, x'', 1)",
      .integer(chunk), .integer(space))
  }

  private static let insertion =
    "INSERT INTO vectors(chunk_id, space_id, data, norm, checksum) VALUES (?, ?, ?, ?, ?)"
  private static let insertionOnPostgres = """
    INSERT INTO vectors(collection_id, chunk_id, space_id, data, norm, checksum)
    VALUES ((SELECT collection_id FROM chunks WHERE id = ?1), ?1, ?2, ?3, ?4, ?5)
    """

  /// Whether the last vector of a space is one that is not stored.
  static func isLastMade(space: Int64, _ db: any SQLTransaction) throws -> Bool {
    try db.firstRow(
      bulk: "SELECT length(data) = 0 FROM vectors WHERE space_id = ? ORDER BY id DESC LIMIT 1",
      .integer(space)
    ) { try $0.bool(0) } ?? false
  }

  // MARK: - Looking up

  /// Whether a text has a vector in a space already, placed or staged.
  static func knows(textHash: Data, space: Int64, _ db: any SQLTransaction) throws -> Bool {
    // A dry run's space need not be in the store.
    guard space > 0 else { return false }
    return try Bool.fetchOne(
      db,
      sql: """
        SELECT (SELECT 1 \(firstOfText(in: space, db))) IS NOT NULL
          OR EXISTS (SELECT 1 FROM staged WHERE space_id = ?2 AND text_hash = ?1)
        """, arguments: [textHash, space]) ?? false
  }

  /// What `SELECT` reads one of a text's placed vectors in a space from; `?1` is the text's hash.
  ///
  /// PostgreSQL is left nothing to choose: no join, no space, and an order that one index has. It does not know how
  /// many rows a new table has, and would read all vectors of the space for each text.
  private static func firstOfText(in space: Int64, _ db: any SQLTransaction) -> String {
    db.isPostgres
      ? """
      FROM vectors_\(space) v
      WHERE v.chunk_id = ANY(ARRAY(SELECT c.id FROM chunks c WHERE c.text_hash = ?1))
      ORDER BY v.chunk_id LIMIT 1
      """
      : """
      FROM chunks c CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = \(space)
      WHERE c.text_hash = ?1 LIMIT 1
      """
  }

  /// Whether a collection has any vector in a space.
  ///
  /// - Complexity: O(log rows) where the collection is the only one with documents, else up to a walk
  ///   over its chunks.
  static func exist(space: Int64, collection: Int64, _ db: any SQLTransaction) throws -> Bool {
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
    _ space: EmbeddingSpace?, of collection: CollectionRecord, _ db: any SQLTransaction
  ) throws -> EmbeddingSpace {
    guard let space, space != collection.target.space else { return collection.target.space }
    let record = try SpacesTable.find(space, db)
    if let record, try exist(space: record.id, collection: collection.id, db) { return space }
    throw StoreError(
      .spaceMismatch,
      "the collection \"\(collection.name)\" has no vector of \(space); its vectors are of "
        + "\(collection.target.space): name that space, or embed the collection again in \(space)")
  }

  /// Stores a vector of a chunk.
  static func insert(_ vector: StoredVector, chunk: Int64, space: Int64, _ db: any SQLTransaction)
    throws
  {
    try db.run(
      bulk: db.isPostgres ? insertionOnPostgres : insertion,
      .integer(chunk), .integer(space), .vector(vector.data), .real(vector.norm),
      .integer(vector.checksum))
  }

  /// The vector that a text has in a space, placed or staged.
  static func find(textHash: Data, space: SpaceRecord, _ db: any SQLTransaction) throws
    -> StoredVector?
  {
    guard space.id > 0 else { return nil }
    let placed = """
      SELECT v.id, \(data(in: space.space, db)), v.norm, v.checksum
      \(firstOfText(in: space.id, db))
      """
    let staged = """
      SELECT rowid, data, norm, checksum FROM staged
      WHERE text_hash = ?1 AND space_id = \(space.id)
      """
    for sql in [placed, staged] {
      let found = try db.firstRow(bulk: sql, .blob(textHash)) { row in
        StoredVector(
          data: Data(try row.vector(1, norm: 2, checksum: 3, dimensions: space.space.dimensions)),
          norm: try row.real(2))
      }
      if let found { return found }
    }
    return nil
  }

  /// Keeps an answer of the service until its document is placed.
  static func stage(
    _ vector: StoredVector, textHash: Data, space: Int64, now: String, _ db: any SQLTransaction
  ) throws {
    try db.run(
      bulk: """
        INSERT INTO staged(space_id, text_hash, data, norm, checksum, created_at)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """, .integer(space), .blob(textHash), .vector(vector.data), .real(vector.norm),
      .integer(vector.checksum), .text(now))
  }

  /// Keeps the vectors that a document's shelved chunks have in a space until the end of a run.
  static func stageReplaced(
    document: Int64, space: Int64, run: Int64, now: String, _ db: any SQLTransaction
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO staged(space_id, text_hash, data, norm, checksum, created_at, run_id)
        SELECT v.space_id, c.text_hash, v.data, v.norm, v.checksum, ?3, ?4 FROM chunks c
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?2
        WHERE c.document_id = ?1 AND c.ordinal < 0 AND c.text_hash IS NOT NULL AND length(v.data) > 0
        ON CONFLICT DO NOTHING
        """, arguments: [document, space, now, run])
  }

  /// Forgets what runs kept that never came to their end.
  static func unstageReplaced(_ db: any SQLTransaction) throws {
    try db.execute(sql: "DELETE FROM staged WHERE run_id IS NOT NULL")
  }

  /// Forgets what ``stageReplaced(document:run:now:_:)`` kept for a run and nobody needed.
  static func unstageReplaced(of run: Int64, _ db: any SQLTransaction) throws {
    try db.execute(sql: "DELETE FROM staged WHERE run_id = ?", arguments: [run])
  }

  /// Gives checksums to some rows that an earlier version wrote, of vectors that are sound. Returns the
  /// last row looked at; nil where there was none.
  ///
  /// - Complexity: rewrites the rows.
  static func addChecksums(
    to table: ChecksummedTable, after: Int64, limit: Int, _ db: any SQLTransaction
  ) throws -> Int64? {
    var dimensions: [Int64: Int] = [:]
    for space in try SpacesTable.all(db) { dimensions[space.id] = space.space.dimensions }
    var last: Int64?
    var checksums: [(row: Int64, checksum: Int64)] = []
    try db.forEachRawRow(
      bulk: """
        SELECT rowid, data, norm, space_id FROM \(table.rawValue)
        WHERE rowid > ? AND checksum IS NULL AND length(data) > 0 ORDER BY rowid LIMIT ?
        """, .integer(after), .integer(Int64(limit))
    ) { row in
      last = row.integer(0)
      let bytes = row.blob(1)
      guard let expected = dimensions[row.integer(3)], bytes.count == 4 * expected,
        UnitVector.isUnitLength(Kernels.norm(ofUnaligned: bytes))
      else { return }
      checksums.append((row.integer(0), Kernels.checksum(ofVector: bytes, norm: row.real(2))))
    }
    for (row, checksum) in checksums {
      try db.run(
        bulk: "UPDATE \(table.rawValue) SET checksum = ? WHERE rowid = ?", .integer(checksum),
        .integer(row))
    }
    return last
  }

  /// Forgets the staged vectors of a text in the spaces where it has been placed.
  static func unstagePlaced(textHash: Data, _ db: any SQLTransaction) throws {
    let spaces =
      db.isPostgres
      ? """
      = ANY(ARRAY(SELECT v.space_id FROM vectors v
        WHERE v.chunk_id = ANY(ARRAY(SELECT c.id FROM chunks c WHERE c.text_hash = ?1))))
      """
      : """
      IN (SELECT v.space_id FROM chunks c JOIN vectors v ON v.chunk_id = c.id
        WHERE c.text_hash = ?1)
      """
    try db.execute(
      sql: "DELETE FROM staged WHERE text_hash = ?1 AND space_id \(spaces)", arguments: [textHash])
  }

  /// The greatest id that a vector ever had, as far as it is known.
  static func newest(_ db: any SQLTransaction) throws -> Int64 {
    var newest: Int64 = 0
    try db.forEachRawRow(
      bulk: """
        SELECT MAX(0, COALESCE((SELECT MAX(id) FROM vectors), 0),
          COALESCE((SELECT CAST(seq AS INTEGER) FROM sqlite_sequence WHERE name = 'vectors'), 0))
        """
    ) { newest = $0.integer(0) }
    return newest
  }

  /// The ids of a space's vectors in (after, through], rising, at most `limit`.
  ///
  /// - Complexity: O(ids): the index of spaces alone is read.
  static func ids(
    space: Int64, after: Int64, through: Int64 = .max, limit: Int = .max, _ db: any SQLTransaction
  ) throws -> [Int64] {
    var ids: [Int64] = []
    try db.forEachRow(
      bulk: "SELECT id FROM vectors WHERE space_id = ? AND id > ? AND id <= ? ORDER BY id LIMIT ?",
      .integer(space), .integer(after), .integer(through), .integer(Int64(limit))
    ) { ids.append(try $0.integer(0)) }
    return ids
  }

  /// Calls `body` with each vector of a space in a collection, or of the chunks of it that a filter
  /// selects, in no promised order.
  ///
  /// The bytes handed to `body` are SQLite's own and end with the call.
  /// - Complexity: reads 4 bytes × dimensions × rows; the whole space where the collection is the
  ///   only one with documents.
  static func forEach(
    space: SpaceRecord, collection: Int64, selection: FilterSelection?, _ db: any SQLTransaction,
    body: (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let (sql, values): (String, [BulkValue])
    if let selection {
      sql = """
        SELECT v.chunk_id, \(data(in: space.space, db)) FROM (\(selection.chunks)) s
        CROSS JOIN vectors v ON v.chunk_id = s.id AND v.space_id = ?
        """
      values = selection.arguments + [.integer(space.id)]
    } else if try CollectionsTable.isAlone(collection, db) {
      sql = """
        SELECT v.chunk_id, \(data(in: space.space, db)) FROM vectors v NOT INDEXED
        WHERE v.space_id = ? ORDER BY v.id
        """
      values = [.integer(space.id)]
    } else {
      sql = "SELECT v.chunk_id, \(data(in: space.space, db)) FROM \(ofCollection)"
      values = [.integer(space.id), .integer(collection)]
    }
    try db.forManyRows(bulk: sql, values, keeps: selection == nil) {
      try body(try $0.integer(0), try $0.blob(1))
    }
  }

  /// The same for the vectors of a space with ids in (after, through], whatever their collections.
  static func forEach(
    space: SpaceRecord, after: Int64, through: Int64, _ db: any SQLTransaction,
    body: (_ chunk: Int64, _ bytes: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try db.forEachRow(
      bulk: """
        SELECT v.chunk_id, \(data(in: space.space, db)) FROM vectors v
        WHERE v.space_id = ? AND v.id > ? AND v.id <= ?
        """, .integer(space.id), .integer(after), .integer(through)
    ) { try body(try $0.integer(0), try $0.blob(1)) }
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
  /// rising id. Codes are made of these: one that is damaged must not keep the others from having them.
  static func forEachNamed(
    space: SpaceRecord, after: Int64, through: Int64, _ db: any SQLTransaction,
    body: (NamedVector) throws -> Void
  ) throws {
    try db.forEachRawRow(
      bulk: """
        SELECT v.id, v.chunk_id, c.document_id, d.collection_id, \(data(in: space.space, db))
        FROM vectors v
        CROSS JOIN chunks c ON c.id = v.chunk_id CROSS JOIN documents d ON d.id = c.document_id
        WHERE v.space_id = ? AND v.id > ? AND v.id <= ? ORDER BY v.id
        """, .integer(space.id), .integer(after), .integer(through)
    ) { row in
      try body(
        NamedVector(
          id: row.integer(0), chunk: row.integer(1), document: row.integer(2),
          collection: row.integer(3), bytes: row.blob(4)))
    }
  }
}

/// Tables whose rows are vectors with checksums.
enum ChecksummedTable: String, CaseIterable {
  case vectors, staged
}

extension BulkRow {
  /// The bytes of a stored vector, by their number and checksum, if there is one: those that an earlier
  /// version wrote have none.
  func vector(
    _ column: Int32, norm: Int32, checksum: Int32, dimensions: Int
  ) throws(DamagedValue) -> UnsafeRawBufferPointer {
    let bytes = try blob(column, count: 4 * dimensions)
    guard !isNull(checksum) else { return bytes }
    let found = Kernels.checksum(ofVector: bytes, norm: try real(norm))
    guard try integer(checksum) == found else {
      throw damage(column, "other bytes", "those of its checksum")
    }
    return bytes
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

  /// What a stored vector is checked by.
  var checksum: Int64 { data.withUnsafeBytes { Kernels.checksum(ofVector: $0, norm: norm) } }

  /// The components, at unit length.
  var components: [Float] { data.withUnsafeBytes { Self.components($0) } }

  /// The components in the bytes of a vector, at any address.
  static func components(_ bytes: UnsafeRawBufferPointer) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count / 4) { buffer, count in
      count = bytes.count / 4
      UnsafeMutableRawBufferPointer(buffer).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: bytes.prefix(4 * count)))
    }
  }

  /// Checks a vector at the door: right dimensions, finite, not zero; brought to unit length.
  init(checking vector: [Float], dimensions: Int) throws(VectorError) {
    let unit = try UnitVector(vector, dimensions: dimensions)
    data = unit.components.withUnsafeBytes { Data($0) }
    norm = unit.norm
  }
}
