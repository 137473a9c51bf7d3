// `export`: vectors out, bit for bit, as JSONL or .npy. Calls the tables and the writers of
// Interchange/.

import Foundation
import GRDB
import VectorStoreSearch
import VectorStoreText

extension Store {
  /// Writes a collection's chunks to a file that ``import(from:texts:space:into:spending:progress:)`` reads
  /// back: a line or row a chunk, in the order of adding. A chunk of a document with several is
  /// written as `source#ordinal`.
  ///
  /// - Parameters:
  ///   - path: the file; a name that ends in `.npy` is written as such, `-` is JSONL to standard
  ///     output.
  ///   - texts: for `.npy`, a JSONL file beside it for ids, texts and metadata.
  ///   - space: the vectors' space; nil is the collection's target space.
  ///   - collection: the collection's name.
  ///   - progress: called now and then with how far it is.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `invalidArgument`, `inputOutput`.
  /// - Complexity: reads the collection once, with memory for a few rows.
  @discardableResult
  public func export(
    to path: String, texts: String? = nil, space: EmbeddingSpace? = nil,
    from collection: String = "default", progress: ProgressHandler? = nil
  ) async throws -> ExportReport {
    let started = ContinuousClock.now
    guard texts == nil || path.hasSuffix(".npy") else {
      throw StoreError(
        .invalidArgument, "texts beside the vectors go with a .npy file; \(path) is JSONL")
    }
    try checkOutputs((path == "-" ? [] : [path]) + (texts.map { [$0] } ?? []))
    return try await write(to: path, texts, space, collection, started, progress)
  }

  private func write(
    to path: String, _ texts: String?, _ space: EmbeddingSpace?, _ collection: String,
    _ started: ContinuousClock.Instant, _ progress: ProgressHandler?
  ) async throws -> ExportReport {
    try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      let space = try VectorsTable.checked(space, of: record, db)
      let rows = ExportedRows(db: db, collection: record, space: space)
      var report = ExportReport(rows: 0, withoutVector: 0, space: space, duration: .zero)
      do {
        if path.hasSuffix(".npy") {
          try rows.write(npy: path, texts: texts, &report, progress)
        } else {
          try rows.write(jsonl: path, &report, progress)
        }
      } catch let error as InterchangeError {
        throw StoreError(error)
      }
      report.pending = try DocumentsTable.pending(collection: record.id, db)
      report.duration = ContinuousClock.now - started
      return report
    }
  }
}

/// The rows of one export, inside one read snapshot.
private struct ExportedRows {
  let db: Database
  let collection: CollectionRecord
  let space: EmbeddingSpace

  private struct Line {
    var id: String
    var text: String?
    var vector: [Float]?
    var metadata: String
    var norm: Double
  }

  func write(
    jsonl path: String, _ report: inout ExportReport, _ progress: ProgressHandler?
  ) throws {
    let writer =
      path == "-" ? JSONLWriter(handle: .standardOutput) : try JSONLWriter(path: path)
    try forEach(onlyWithVector: false) { row in
      try writer.append(
        id: row.id, text: row.text, vector: row.vector,
        metadata: try MetadataJSON.decode(row.metadata), norm: row.norm)
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
      try lines?.append(
        id: row.id, text: row.text ?? "", vector: nil,
        metadata: try MetadataJSON.decode(row.metadata), norm: row.norm)
      report.rows += 1
      report.tell(progress, total: withVector)
    }
    try lines?.finish()
    try writer.finish()
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
    try db.forEachRow(
      bulk: """
        SELECT d.source, d.metadata, c.ordinal, c.text, v.data, v.norm, v.checksum,
          EXISTS (SELECT 1 FROM chunks o WHERE o.document_id = d.id AND o.ordinal > 0)
        FROM documents d NOT INDEXED CROSS JOIN chunks c ON c.document_id = d.id
        \(onlyWithVector ? "CROSS" : "LEFT") JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?
        WHERE d.collection_id = ? ORDER BY d.id, c.ordinal
        """, try spaceID(), .integer(collection.id)
    ) { row in
      try Cancellation.check()
      let (source, ordinal) = (try row.text(0), try row.count(2))
      let vector =
        try row.isNull(4)
        ? nil : row.vector(4, norm: 5, checksum: 6, dimensions: space.dimensions)
      try body(
        Line(
          id: try row.bool(7) ? "\(source)#\(ordinal)" : source, text: try row.text(orNil: 3),
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
