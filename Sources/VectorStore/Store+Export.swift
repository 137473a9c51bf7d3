// `export`: documents out with all that the store has of them, or their chunks or vectors for other
// programs.

import Foundation
import Synchronization
import VectorStoreSearch
import VectorStoreText

extension Store {
  /// Writes a collection to a file that ``import(from:texts:textField:space:into:keepsText:spending:progress:)`` reads back.
  ///
  /// JSONL has a line a document, with its metadata, its chunks and their vectors, what waits and what
  /// was refused: imported into a new store it makes the same documents and answers, and costs nothing.
  /// The article on the file format has each field.
  ///
  /// - Parameters:
  ///   - path: the file; a name that ends in `.npy` is written as such, a row a chunk that has a vector;
  ///     `-` is JSONL to standard output.
  ///   - texts: for `.npy`, a JSONL file beside it for ids, texts and metadata.
  ///   - byChunk: whether JSONL has a line a chunk, for other programs: its text and its vector in one
  ///     space. What waits or was refused is left out.
  ///   - space: the vectors' space, of chunks and rows; nil is the collection's target space.
  ///   - collection: the collection's name.
  ///   - progress: called now and then with how far it is.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `invalidArgument`, `inputOutput`.
  /// - Complexity: reads the collection once, with memory for one document.
  @discardableResult
  public func export(
    to path: String, texts: String? = nil, byChunk: Bool = false, space: EmbeddingSpace? = nil,
    from collection: String = "default", progress: ProgressHandler? = nil
  ) async throws -> ExportReport {
    let started = ContinuousClock.now
    let isNPY = path.hasSuffix(".npy")
    guard texts == nil || isNPY else {
      throw StoreError(
        .invalidArgument, "texts beside the vectors go with a .npy file; \(path) is JSONL")
    }
    guard space == nil || isNPY || byChunk else {
      throw StoreError(
        .invalidArgument,
        "whole documents are written with the vectors of all their spaces; name a space only for chunks "
          + "or a .npy file")
    }
    try checkOutputs((path == "-" ? [] : [path]) + (texts.map { [$0] } ?? []))
    let hasBegun = Mutex(false)
    return try await file.read { db in
      // What has gone to standard output cannot be taken back: a read whose connection was lost is not repeated.
      guard
        !hasBegun.withLock({ begun in
          defer { begun = true }; return begun
        }) || path != "-"
      else {
        throw StoreError(
          .inputOutput, "the connection was lost in the midst of the export; run it again")
      }
      let record = try CollectionsTable.require(collection, db)
      let space = try VectorsTable.checked(space, of: record, db)
      var report = ExportReport(
        documents: 0, rows: 0, withoutVector: 0, space: space, duration: .zero)
      do {
        if isNPY || byChunk {
          let rows = ExportedRows(db: db, collection: record, space: space)
          report.documents = try rows.documents()
          if isNPY {
            try rows.write(npy: path, texts: texts, &report, progress)
          } else {
            try rows.write(jsonl: path, &report, progress)
          }
          report.pending = try DocumentsTable.pending(collection: record.id, db)
        } else {
          try Self.write(record, to: path, &report, progress, db)
        }
      } catch let error as InterchangeError {
        throw StoreError(error)
      }
      report.duration = ContinuousClock.now - started
      return report
    }
  }

  private static func write(
    _ collection: CollectionRecord, to path: String, _ report: inout ExportReport,
    _ progress: ProgressHandler?, _ db: any SQLTransaction
  ) throws {
    let writer = try Self.writer(path)
    let target = collection.target.space.name
    try WholeDocument.forEach(in: collection, db) { document in
      try writer.append(
        document: document.source, text: document.text, metadata: document.metadata,
        space: target, document.parts)
      report.documents += 1
      report.rows += document.parts.chunks.count
      report.withoutVector += document.parts.chunks.count { chunk in
        !chunk.vectors.contains { $0.space == target }
      }
      if report.documents.isMultiple(of: 100) {
        progress?(StoreProgress(done: report.documents, unit: "documents"))
      }
    }
    try writer.finish()
  }

  fileprivate static func writer(_ path: String) throws -> JSONLWriter {
    path == "-" ? JSONLWriter(handle: .standardOutput) : try JSONLWriter(path: path)
  }
}

/// The rows of one export, inside one read snapshot.
private struct ExportedRows {
  let db: any SQLTransaction
  let collection: CollectionRecord
  let space: EmbeddingSpace

  private struct Line {
    var source: String
    var place: ImportedDocument.ChunkPlace
    var isOnly: Bool
    var text: String?
    var vector: [Float]?
    var metadata: String
    var norm: Double
  }

  func write(
    jsonl path: String, _ report: inout ExportReport, _ progress: ProgressHandler?
  ) throws {
    let writer = try Store.writer(path)
    try forEach(onlyWithVector: false) { row in
      try append(row, vector: row.vector, to: writer)
      report.rows += 1
      if row.vector == nil { report.withoutVector += 1 }
      report.tell(progress)
    }
    try writer.finish()
  }

  func write(
    npy path: String, texts: String?, _ report: inout ExportReport, _ progress: ProgressHandler?
  ) throws {
    let (all, withVector) = try counts()
    report.withoutVector = all - withVector
    let writer = try NPYWriter(path: path, rows: withVector, dimensions: space.dimensions)
    let lines = try texts.map { try JSONLWriter(path: $0) }
    try forEach(onlyWithVector: true) { row in
      try writer.append(row.vector ?? [])
      if let lines { try append(row, vector: nil, to: lines) }
      report.rows += 1
      report.tell(progress, total: withVector)
    }
    try lines?.finish()
    try writer.finish()
  }

  private func append(_ row: Line, vector: [Float]?, to writer: JSONLWriter) throws {
    try writer.append(
      chunk: row.place, of: row.source, isOnly: row.isOnly,
      text: vector == nil ? row.text ?? "" : row.text, vector: vector,
      metadata: try MetadataJSON.decode(row.metadata), norm: row.norm, space: space.name)
  }

  /// How many documents the collection has that are not only waiting.
  func documents() throws -> Int {
    try db.firstRow(
      bulk: """
        SELECT COUNT(*) FROM documents d WHERE d.collection_id = ?
          AND EXISTS (SELECT 1 FROM chunks c WHERE c.document_id = d.id)
        """, .integer(collection.id)
    ) { Int(try $0.integer(0)) } ?? 0
  }

  /// The length a vector came with; 1 for those that had unit length and kept their bits.
  private static func norm(_ norm: Double?) -> Double {
    guard let norm, !UnitVector.isUnitLength(norm) else { return 1 }
    return norm
  }

  private func counts() throws -> (all: Int, withVector: Int) {
    try db.firstRow(
      bulk: """
        SELECT COUNT(*), COUNT(v.id) FROM documents d JOIN chunks c ON c.document_id = d.id
        LEFT JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ? WHERE d.collection_id = ?
        """, try spaceID(), .integer(collection.id)
    ) { (Int(try $0.integer(0)), Int(try $0.integer(1))) } ?? (0, 0)
  }

  private func forEach(onlyWithVector: Bool, _ body: (Line) throws -> Void) throws {
    // Documents in the order of their ids and chunks by their index: nothing has to be sorted.
    try db.forManyRows(
      bulk: """
        SELECT d.source, d.metadata, c.ordinal, c.text,
          \(VectorsTable.data(in: space, db)), v.norm, v.checksum,
          EXISTS (SELECT 1 FROM chunks o WHERE o.document_id = d.id AND o.ordinal > 0),
          c.start_scalar, c.end_scalar, c.line
        FROM documents d NOT INDEXED CROSS JOIN chunks c ON c.document_id = d.id
        \(onlyWithVector ? "CROSS" : "LEFT") JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?
        WHERE d.collection_id = ? ORDER BY d.id, c.ordinal
        """, [try spaceID(), .integer(collection.id)], keeps: true
    ) { row in
      try Cancellation.check()
      let place = ImportedDocument.ChunkPlace(
        ordinal: try row.count(2), start: try row.count(orNil: 8), end: try row.count(orNil: 9),
        line: try row.count(orNil: 10))
      let vector =
        try row.isNull(4)
        ? nil : row.vector(4, norm: 5, checksum: 6, dimensions: space.dimensions)
      try body(
        Line(
          source: try row.text(0), place: place, isOnly: try !row.bool(7),
          text: try row.text(orNil: 3),
          vector: vector.map(StoredVector.components), metadata: try row.text(1),
          norm: Self.norm(try vector == nil ? nil : row.real(5))))
    }
  }

  private func spaceID() throws -> BulkValue {
    try SpacesTable.find(space, db).map { .integer($0.id) } ?? .null
  }
}

extension ExportReport {
  /// Tells how far an export is, every thousand rows.
  fileprivate func tell(_ progress: ProgressHandler?, total: Int? = nil) {
    guard rows.isMultiple(of: 1000) else { return }
    progress?(StoreProgress(done: rows, total: total, unit: "rows"))
  }
}
