// One run of `import`: rows with vectors placed as they are, texts without handed to AddRun. Called
// by Store+Import; calls the tables.

import Foundation
import GRDB
import VectorStoreEmbedding
import VectorStoreSearch
import VectorStoreText

/// Places imported documents, a line or row a document of one chunk.
struct ImportRun {
  /// The longest text that the embedding model takes, in tokens.
  private static let maximumTokens = 8191

  /// The run that it is part of.
  private(set) var texts: AddRun
  /// Lines or rows seen so far.
  private(set) var seen = 0

  /// Begins an import of vectors of a space.
  ///
  /// - Throws: ``StoreError/Code/spaceMismatch`` where the collection holds vectors of another.
  init(_ run: AddRun, space: EmbeddingSpace?) throws {
    if let space, run.target.space != space {
      throw StoreError(
        .spaceMismatch,
        "the collection \"\(run.collection.name)\" of \(run.store.path) holds vectors of "
          + "\(run.target.space), not of \(space); vectors of two spaces are never mixed: import into "
          + "another collection")
    }
    texts = run
  }

  /// Notes a line that is no document.
  mutating func fail(_ error: InterchangeError) {
    seen += 1
    let error = StoreError(error)
    texts.tally.fail(nil, error.code, error.message)
  }

  /// How texts are counted, where that is exact.
  var exactCounter: TokenCounter? { texts.counter?.isExact == true ? texts.counter : nil }

  /// The dimensions that vectors must have.
  var dimensions: Int { texts.target.space.dimensions }

  /// Takes documents to the door, in their order: those with a vector become rows or refusals, those
  /// without texts to be embedded. Blocks its thread.
  ///
  /// - Parameter counter: how texts are counted, where a service is asked and counts exactly.
  static func check(
    _ documents: [ImportedDocument], dimensions: Int, counter: TokenCounter?
  ) -> [CheckedDocument] {
    Parallel.map(documents) { document in
      do {
        return document.vector == nil
          ? .text(try text(document, counter)) : .row(try row(document, dimensions))
      } catch {
        return .refused(Refusal(document, error))
      }
    }
  }

  /// Places documents in the order of their lines; those without a vector are embedded first.
  mutating func add(_ documents: [CheckedDocument]) async throws {
    try Task.checkCancellation()
    seen += documents.count
    var rows: [ImportedRow] = []
    var waiting: [IncomingDocument] = []
    for document in documents {
      switch document {
      case .refused(let refusal):
        texts.tally.failChunk(refusal.id, refusal.code, refusal.message, reason: refusal.reason)
      case .row(let row):
        try await embed(&waiting)
        rows.append(row)
      case .text(let text):
        try await place(&rows)
        waiting.append(text)
      }
    }
    try await place(&rows)
    try await embed(&waiting)
  }

  // MARK: - Rows with vectors

  private enum Outcome: Sendable {
    case added, updated, unchanged, duplicate
  }

  private mutating func place(_ rows: inout [ImportedRow]) async throws {
    guard !rows.isEmpty else { return }
    if rows.contains(where: { texts.isWaiting(source: $0.document.source) }) {
      try await texts.settle()
    }
    let (collection, space) = (texts.collection, texts.target.id)
    let (run, now) = (texts.run.id, texts.placedAt)
    let placed = rows
    let outcomes = try await texts.store.file.write { db in
      try collection.requireUnchanged(db)
      return try SearchTable.following(db) { words in
        var outcomes: [Outcome] = []
        for row in placed {
          outcomes.append(try Self.place(row, collection.id, space, run, now, &words, db))
        }
        return outcomes
      }
    }
    for (row, outcome) in zip(rows, outcomes) { count(outcome, of: row) }
    rows.removeAll()
  }

  private mutating func count(_ outcome: Outcome, of row: ImportedRow) {
    switch outcome {
    case .added: texts.tally.count(added: 1)
    case .updated: texts.tally.count(updated: 1)
    case .unchanged: texts.tally.count(unchanged: 1)
    case .duplicate:
      texts.tally.failDuplicate(row.document.source, line: row.line)
    }
  }

  private static func row(_ document: ImportedDocument, _ dimensions: Int) throws -> ImportedRow {
    guard let id = document.id else { throw missingID(document) }
    try checkForNUL(document)
    var vector = try StoredVector(checking: document.vector ?? [], dimensions: dimensions)
    if let norm = document.norm { vector = StoredVector(data: vector.data, norm: norm) }
    let text = document.text.flatMap { $0.isEmpty ? nil : $0 }
    let chunk = PreparedChunk(
      text: text, textHash: text.map(TextHash.of), range: text.map { 0..<$0.unicodeScalars.count },
      line: text == nil ? nil : 1)
    return ImportedRow(
      line: document.line,
      document: PreparedDocument(
        source: id, origin: .import, format: .text, text: nil,
        metadata: try MetadataJSON.encode(document.metadata), chunking: nil,
        contentHash: contentHash(of: text, vector), chunks: [chunk]),
      vector: vector)
  }

  /// SHA-256 of the vector's bytes and the text: what makes an imported row another one.
  private static func contentHash(of text: String?, _ vector: StoredVector) -> Data {
    var hash = SHA256()
    hash.add(vector.data)
    if let text { hash.add(Data(text.utf8)) }
    return hash.finish()
  }

  private static func place(
    _ row: ImportedRow, _ collection: Int64, _ space: Int64, _ run: Int64, _ now: String,
    _ words: inout SearchTable.Changes, _ db: Database
  ) throws -> Outcome {
    let document = row.document
    let inserted = try DocumentsTable.insert(
      document, collection: collection, answers: true, run: run, now: now, db)
    let known =
      try inserted == nil
      ? DocumentsTable.placed(collection: collection, source: document.source, db) : nil
    if let known {
      if known.contentHash == document.contentHash, known.metadata == document.metadata {
        return .unchanged
      }
      guard known.run != run else { return .duplicate }
      try ChunksTable.deleteAll(document: known.id, onlyShelved: false, &words, db)
      try DocumentsTable.update(known.id, document, run: run, now: now, db)
    }
    guard let id = inserted ?? known?.id else { return .duplicate }
    for chunk in document.chunks {
      let chunkID = try ChunksTable.insert(
        chunk, ordinal: 0, document: id, failure: nil, &words, db)
      try VectorsTable.insert(row.vector, chunk: chunkID, space: space, db)
    }
    return known == nil ? .added : .updated
  }

  // MARK: - Texts without vectors

  private mutating func embed(_ waiting: inout [IncomingDocument]) async throws {
    guard !waiting.isEmpty else { return }
    try await texts.add(waiting)
    waiting.removeAll()
  }

  private static func text(
    _ document: ImportedDocument, _ counter: TokenCounter?
  ) throws -> IncomingDocument {
    guard let id = document.id else { throw missingID(document) }
    try checkForNUL(document)
    let text = document.text ?? ""
    // What is too long by the estimate only is refused by the service, if it is.
    let tokens =
      text.utf8.count <= maximumTokens
      ? 0 : counter?.count(text) ?? TokenEstimator().tokens(in: text)
    guard tokens <= maximumTokens else {
      throw StoreError(
        .textTooLong,
        "the text has \(counter == nil ? "about " : "")\(tokens) tokens, and the embedding model takes "
          + "\(maximumTokens); cut it, or add it as a file, which is cut by itself")
    }
    return IncomingDocument(
      source: id, origin: .import, format: .text, text: text,
      metadata: try MetadataJSON.encode(document.metadata), chunking: nil)
  }

  /// SQLite's texts end at a NUL for those who read them: what follows would be lost.
  private static func checkForNUL(_ document: ImportedDocument) throws {
    for (field, text) in [("id", document.id), ("text", document.text)]
    where text?.utf8.contains(0) == true {
      throw StoreError(
        .malformedInput,
        "found a NUL character in \"\(field)\", expected text; remove it from the document")
    }
  }

  private static func missingID(_ document: ImportedDocument) -> StoreError {
    StoreError(
      .malformedInput,
      "found no id, expected a field \"id\" that names the document; add one"
    )
  }
}

/// An imported document that has been to the door.
enum CheckedDocument: Sendable {
  case row(ImportedRow)
  case text(IncomingDocument)
  case refused(Refusal)
}

/// A document of one chunk with a vector that may be stored.
struct ImportedRow: Sendable {
  var line: Int
  var document: PreparedDocument
  var vector: StoredVector
}

/// Why a line is no document.
struct Refusal: Sendable {
  let id: String?
  let code: StoreError.Code
  let message: String
  /// What is wrong with the vector, where it is the vector.
  let reason: String?

  init(_ document: ImportedDocument, _ error: any Error) {
    id = document.id
    code = (error as? StoreError)?.code ?? .badVector
    message = "line \(document.line): \(error)"
    reason = (error as? VectorError)?.reason
  }
}
