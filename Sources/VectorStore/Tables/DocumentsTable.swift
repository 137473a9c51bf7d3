// documents and pending_documents: one row a document, and the version of it that waits for its
// vectors.

import Foundation

/// What names a document in its collection. A text may have the id that is some file's source: they are two
/// documents.
struct DocumentKey: Sendable, Hashable {
  let source: String
  let isFile: Bool
}

/// A file as it was when it was read.
struct FileStamp: Sendable, Hashable {
  /// The root that the file was found by; nil if none is remembered.
  var root: Int64?
  /// When it was last changed.
  var modified: String?
  var bytes: Int64?
  /// Why the file is not taken any more, if so: its document does not answer.
  var leftOut: AddReport.Gone.Reason?
  /// SHA-256 of its bytes and of what read them, if reading it again would come to the same; else nil.
  var readHash: Data?
}

/// What the store has of a file that is not read again as long as it stays as it is.
struct ReadFile: Sendable, Hashable {
  let hash: Data
  let chunkTokens: Int?
  let overlapTokens: Int?
}

/// What the store knows about a document when a new version of it comes.
struct DocumentRecord: Sendable, Equatable {
  let id: Int64
  /// Of a file: where it comes from. All nil in a store of an earlier format, and of a text.
  let file: FileStamp
  let contentHash: Data?
  let metadata: String
  let format: String
  let chunkTokens: Int?
  let overlapTokens: Int?
  let isPending: Bool
  let chunks: Int
  let failedChunks: Int
  /// Chunks with a vector in the target space.
  let chunksInTarget: Int
  /// What of the metadata was given beside the text; nil if an earlier version of the program wrote it.
  let givenMetadata: String?
}

enum DocumentsTable {
  /// The document of a collection by its key; `target` is the space its vectors are counted in.
  static func find(
    collection: Int64, _ key: DocumentKey, target: Int64, _ db: any SQLTransaction
  ) throws -> DocumentRecord? {
    try db.firstRow(
      bulk: """
        SELECT d.id, d.content_hash, d.metadata, d.format, d.chunk_tokens, d.overlap_tokens,
          EXISTS (SELECT 1 FROM pending_documents p WHERE p.document_id = d.id),
          (SELECT COUNT(*) FROM chunks c WHERE c.document_id = d.id),
          (SELECT COUNT(failure_code) FROM chunks c WHERE c.document_id = d.id),
          (SELECT COUNT(*) FROM chunks c JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?
            WHERE c.document_id = d.id),
          d.root_id, d.modified_at, d.file_bytes, d.given_metadata, d.left_out, d.read_hash
        FROM documents d WHERE d.collection_id = ? AND d.source = ? AND (d.origin = 'file') = ?
        """, .integer(target), .integer(collection), .text(key.source), .integer(key.isFile ? 1 : 0)
    ) { row in
      DocumentRecord(
        id: try row.integer(0),
        file: FileStamp(
          root: try row.isNull(10) ? nil : row.integer(10), modified: try row.text(orNil: 11),
          bytes: try row.isNull(12) ? nil : row.integer(12),
          leftOut: try row.text(orNil: 14).map { AddReport.Gone.Reason(rawValue: $0) ?? .ignored },
          readHash: try row.data(orNil: 15)),
        contentHash: try row.data(orNil: 1), metadata: try row.text(2),
        format: try row.text(3), chunkTokens: try row.count(orNil: 4),
        overlapTokens: try row.count(orNil: 5), isPending: try row.bool(6),
        chunks: Int(try row.integer(7)), failedChunks: Int(try row.integer(8)),
        chunksInTarget: Int(try row.integer(9)), givenMetadata: try row.text(orNil: 13))
    }
  }

  /// What an import compares a row with: the version that answers now, and the run that placed it; nil
  /// where an earlier version of the program did.
  static func placed(
    collection: Int64, _ key: DocumentKey, _ db: any SQLTransaction
  ) throws -> (id: Int64, contentHash: Data?, metadata: String, run: Int64?)? {
    try db.firstRow(
      bulk: """
        SELECT id, content_hash, metadata, run_id FROM documents
        WHERE collection_id = ? AND source = ? AND (origin = 'file') = ?
        """, .integer(collection), .text(key.source), .integer(key.isFile ? 1 : 0)
    ) { row in
      (
        try row.integer(0), try row.data(orNil: 1), try row.text(2),
        try row.isNull(3) ? nil : row.integer(3)
      )
    }
  }

  /// The row id of a document.
  static func id(collection: Int64, _ key: DocumentKey, _ db: any SQLTransaction) throws -> Int64? {
    try Int64.fetchOne(
      db,
      sql: """
        SELECT id FROM documents WHERE collection_id = ? AND source = ? AND (origin = 'file') = ?
        """, arguments: [collection, key.source, key.isFile])
  }

  /// Makes the row of a document that is not there yet: of one that answers at once, or of one of
  /// which nothing answers yet. Returns its id, or nil where the collection has one of that source.
  static func insert(
    _ document: CutDocument, collection: Int64, answers: Bool, run: Int64, now: String,
    _ db: any SQLTransaction
  ) throws -> Int64? {
    let id = try db.insert(
      bulk: """
        INSERT INTO documents(collection_id, source, origin, format, content_hash, metadata,
          chunk_tokens, overlap_tokens, added_at, updated_at, run_id, root_id, modified_at,
          file_bytes, given_metadata, title, read_hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (collection_id, source, (origin = 'file')) DO NOTHING
        """,
      [
        .integer(collection), .text(document.source), .text(document.origin.rawValue),
        .text(document.format.rawValue), answers ? .blob(document.contentHash) : .null,
        .text(document.metadata), .integer(orNull: document.chunking?.maximumTokens),
        .integer(orNull: document.chunking?.overlapTokens), .text(now), .text(now),
        .integer(run), document.file.root.map(BulkValue.integer) ?? .null,
        .text(orNull: document.file.modified),
        document.file.bytes.map(BulkValue.integer) ?? .null,
        try document.given.map { .text(try $0.stored()) } ?? .null, .text(orNull: document.title),
        .blob(orNull: document.file.readHash),
      ])
    guard let id else { return nil }
    try DocumentFieldsTable.insert(document.metadata, document: id, collection: collection, db)
    return id
  }

  /// Says which version of a known document answers now; one that was pending is so no longer.
  static func update(
    _ id: Int64, _ document: CutDocument, run: Int64, now: String, _ db: any SQLTransaction
  ) throws {
    try db.execute(
      sql: """
        UPDATE documents SET origin = ?, format = ?, content_hash = ?, metadata = ?,
          chunk_tokens = ?, overlap_tokens = ?, updated_at = ?, run_id = ?, root_id = ?,
          modified_at = ?, file_bytes = ?, given_metadata = COALESCE(?, given_metadata),
          title = ?, left_out = NULL, read_hash = ?
        WHERE id = ?
        """,
      arguments: [
        document.origin.rawValue, document.format.rawValue, document.contentHash,
        document.metadata, document.chunking?.maximumTokens, document.chunking?.overlapTokens, now,
        run, document.file.root, document.file.modified, document.file.bytes,
        try document.given?.stored(), document.title, document.file.readHash, id,
      ])
    try DocumentFieldsTable.replace(document.metadata, document: id, db)
    try db.execute(sql: "DELETE FROM pending_documents WHERE document_id = ?", arguments: [id])
  }

  /// Keeps a version that waits, in place of one that waited; its values are in this order.
  static func pendingInsertion(_ db: any SQLTransaction) -> String {
    let owner = ("collection_id, ", "(SELECT collection_id FROM documents WHERE id = ?1), ")
    return """
      INSERT INTO pending_documents(\(db.isPostgres ? owner.0 : "")document_id, origin, format,
        content_hash, text, metadata, chunk_tokens, overlap_tokens, reason, since, chunks)
      VALUES (\(db.isPostgres ? owner.1 : "")?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
      ON CONFLICT (\(db.isPostgres ? "collection_id, " : "")document_id) DO UPDATE SET origin = excluded.origin, format = excluded.format,
        content_hash = excluded.content_hash, text = excluded.text, metadata = excluded.metadata,
        chunk_tokens = excluded.chunk_tokens, overlap_tokens = excluded.overlap_tokens,
        reason = excluded.reason, since = excluded.since, chunks = excluded.chunks
      """
  }

  /// Keeps a version of a document until it can be embedded.
  ///
  /// - Parameter space: the space of the vectors that its chunks may have brought.
  static func setPending(
    _ id: Int64, _ document: CutDocument, space: EmbeddingSpace, reason: String, now: String,
    _ db: any SQLTransaction
  ) throws {
    let chunks =
      try document.bringsChunks ? PendingChunks.encode(document.chunks, space: space) : nil
    try db.execute(
      sql: pendingInsertion(db),
      arguments: [
        id, document.origin.rawValue, document.format.rawValue, document.contentHash,
        document.text ?? "", document.metadata, document.chunking?.maximumTokens,
        document.chunking?.overlapTokens, reason, now, chunks,
      ])
    try db.run(
      bulk: """
        UPDATE documents SET given_metadata = COALESCE(?, given_metadata), left_out = NULL,
          read_hash = NULL WHERE id = ?
        """, .text(orNull: try document.given?.stored()), .integer(id))
  }

  /// The documents of a collection whose file had this content: in the version that answers, or in the
  /// one that waits, by row id.
  static func files(
    collection: Int64, contentHash: Data, _ db: any SQLTransaction
  ) throws -> [(id: Int64, source: String)] {
    try db.rows(
      bulk: """
        SELECT id, source FROM documents
        WHERE collection_id = ?1 AND content_hash = ?2 AND origin = 'file'
        UNION SELECT d.id, d.source FROM pending_documents p JOIN documents d ON d.id = p.document_id
        WHERE p.content_hash = ?2 AND p.origin = 'file' AND d.collection_id = ?1 ORDER BY 1
        """, .integer(collection), .blob(contentHash)
    ) { (try $0.integer(0), try $0.text(1)) }
  }

  /// Gives a document another source: its file was moved there.
  static func rename(_ id: Int64, to source: String, _ db: any SQLTransaction) throws {
    try db.run(
      bulk: "UPDATE documents SET source = ? WHERE id = ?", .text(source), .integer(id))
    // The file's name is found by its words.
    try SearchTable.refresh(document: id, db)
  }

  /// Keeps where a document comes from.
  static func keep(_ stamp: FileStamp, of id: Int64, _ db: any SQLTransaction) throws {
    try db.run(
      bulk: """
        UPDATE documents SET root_id = ?, modified_at = ?, file_bytes = ?, left_out = ?, read_hash = ?
        WHERE id = ?
        """,
      stamp.root.map(BulkValue.integer) ?? .null, .text(orNull: stamp.modified),
      stamp.bytes.map(BulkValue.integer) ?? .null, .text(orNull: stamp.leftOut?.rawValue),
      .blob(orNull: stamp.readHash), .integer(id))
  }

  /// Keeps why the file of a document is not taken any more: it does not answer from then on.
  static func leaveOut(
    _ id: Int64, because reason: AddReport.Gone.Reason, _ db: any SQLTransaction
  ) throws {
    try db.run(
      bulk:
        "UPDATE documents SET left_out = ?1 WHERE id = ?2 AND (left_out IS NULL OR left_out <> ?1)",
      .text(reason.rawValue), .integer(id))
  }

  /// Whether a collection has documents that do not answer since their files are not taken any more.
  static func hasLeftOut(collection: Int64, _ db: any SQLTransaction) throws -> Bool {
    try db.firstRow(
      bulk: """
        SELECT EXISTS (SELECT 1 FROM documents WHERE collection_id = ? AND left_out IS NOT NULL)
        """, .integer(collection)
    ) { try $0.bool(0) } ?? false
  }

  /// Counts the documents of a collection, ?1, or of all for NULL, that wait, and tells the last one.
  ///
  /// CROSS JOIN keeps the order of the tables: SQLite would look at every document of the collection, in each
  /// query, to find that none waits.
  static let pendingCount = """
    SELECT COUNT(*), COALESCE(MAX(d.id), 0) FROM pending_documents p
    CROSS JOIN documents d ON d.id = p.document_id WHERE (CAST(?1 AS BIGINT) IS NULL OR d.collection_id = ?1)
    """

  /// The documents of a collection, or of all where it is nil, that wait for their vectors; nil if
  /// none does.
  ///
  /// - Complexity: reads the keys of the documents that wait, and counts all if any does.
  static func pending(collection: Int64?, _ db: any SQLTransaction) throws -> PendingDocuments? {
    let scope = collection.map(BulkValue.integer) ?? .null
    let found = try db.firstRow(bulk: pendingCount, scope) {
      (count: Int(try $0.integer(0)), last: try $0.integer(1))
    }
    guard let found, found.count > 0 else { return nil }
    // Not in the same statement: the reason stands behind the text, which is long.
    let reason = try db.firstRow(
      bulk: "SELECT reason FROM pending_documents WHERE document_id = ?", .integer(found.last)
    ) { try $0.text(0) }
    let all = try db.firstRow(
      bulk:
        "SELECT COUNT(*) FROM documents d WHERE (CAST(?1 AS BIGINT) IS NULL OR d.collection_id = ?1)",
      scope
    ) { Int(try $0.integer(0)) }
    return PendingDocuments(count: found.count, documents: all ?? 0, reason: reason ?? "")
  }

  /// Deletes a document with its chunks and vectors, and forgets the root that is its file. Returns its number
  /// of chunks, nil if it is not there.
  @discardableResult
  static func delete(
    _ id: Int64, _ words: inout SearchTable.Changes, _ db: any SQLTransaction
  ) throws -> Int? {
    let removed = try ChunksTable.deleteAll(document: id, onlyShelved: false, &words, db)
    try db.run(
      bulk: """
        DELETE FROM roots WHERE is_folder = 0
          AND id = (SELECT root_id FROM documents WHERE id = ?)
        """, .integer(id))
    let isDeleted = try db.changes(bulk: "DELETE FROM documents WHERE id = ?", .integer(id)) > 0
    return isDeleted ? removed : nil
  }

  /// The files of a collection that need not be read again as long as they stay as they are, by source: none of
  /// those whose documents wait or, if `hasService`, have passages without a vector in `target`.
  static func readFiles(
    collection: Int64, target: Int64, hasService: Bool, _ db: any SQLTransaction
  ) throws -> [String: ReadFile] {
    var files: [String: ReadFile] = [:]
    try db.forEachRow(
      bulk: """
        SELECT d.source, d.read_hash, d.chunk_tokens, d.overlap_tokens FROM documents d
        WHERE d.collection_id = ?1 AND d.origin = 'file' AND d.read_hash IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM pending_documents p WHERE p.document_id = d.id)
          AND NOT (?3 AND EXISTS (SELECT 1 FROM chunks c
            WHERE c.document_id = d.id AND c.failure_code IS NULL
              AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id AND v.space_id = ?2)))
        """, [.integer(collection), .integer(target), .integer(hasService ? 1 : 0)]
    ) { row in
      files[try row.text(0)] = ReadFile(
        hash: try row.data(orNil: 1) ?? Data(), chunkTokens: try row.count(orNil: 2),
        overlapTokens: try row.count(orNil: 3))
    }
    return files
  }

  /// The document of a file, as ``all(collection:_:_:)`` has it.
  static func file(
    _ source: String, collection: Int64, _ db: any SQLTransaction
  ) throws -> (id: Int64, key: DocumentKey, root: Int64?)? {
    try db.firstRow(
      bulk: """
        SELECT id, root_id FROM documents
        WHERE collection_id = ? AND source = ? AND (origin = 'file') = ?
        """, .integer(collection), .text(source), .integer(1)
    ) { row in
      (
        try row.integer(0), DocumentKey(source: source, isFile: true),
        try row.isNull(1) ? nil : row.integer(1)
      )
    }
  }

  /// Which of a collection's documents are read.
  enum Selection {
    case all
    case files
    /// Those of files that no root took, as an earlier version of the program added them.
    case filesWithoutRoot
  }

  /// The documents of a collection by their keys, in the order of their sources.
  static func all(
    collection: Int64, _ selection: Selection, _ db: any SQLTransaction
  ) throws -> [(id: Int64, key: DocumentKey, root: Int64?)] {
    try db.rows(
      bulk: "SELECT id, source, origin = 'file', root_id FROM documents WHERE collection_id = ?"
        + (selection == .all ? "" : " AND origin = 'file'")
        + (selection == .filesWithoutRoot ? " AND root_id IS NULL" : "") + " ORDER BY source",
      .integer(collection)
    ) { row in
      (
        try row.integer(0), DocumentKey(source: try row.text(1), isFile: try row.bool(2)),
        try row.isNull(3) ? nil : row.integer(3)
      )
    }
  }
}
