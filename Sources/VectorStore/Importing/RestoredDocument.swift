// Documents of an export go back into a store as they were: chunks, vectors, what waits and what failed.

import Foundation
import VectorStoreSearch
import VectorStoreText

/// A document of an export, checked and ready to be put back.
struct RestoredDocument: Sendable {
  /// What became of a document.
  enum Outcome: Sendable {
    case added, updated, unchanged
    /// Left out: its id came before in the same import with other content.
    case duplicate
  }

  private struct Chunk: Sendable {
    var chunk: CutChunk
    var failure: ChunkFailure?
    /// A vector that is nil is made of the text when it is read.
    var vectors: [(space: EmbeddingSpace, vector: StoredVector?)]
  }

  /// As it is compared with what the store has.
  let whole: WholeDocument
  let line: Int
  /// What its line says of the collection.
  private let collection: StoredParts.Collection?
  private let metadata: String
  private let given: String?
  private let hash: Data?
  private let pendingHash: Data?
  private let chunks: [Chunk]

  var source: String { whole.source }
  var isPending: Bool { whole.parts.pending != nil }
  /// Chunks that a service refused.
  var failedChunks: Int { chunks.count { $0.failure != nil } }

  /// How many chunks have a vector in a space.
  func chunks(in space: EmbeddingSpace) -> Int {
    chunks.count { $0.vectors.contains { $0.space == space } }
  }

  /// How many chunks have only vectors of other spaces.
  func chunks(notIn space: EmbeddingSpace) -> Int {
    chunks.count { $0.failure == nil } - chunks(in: space)
  }

  /// Checks a line of an export.
  ///
  /// - Parameter target: the space of the collection that it goes into.
  /// - Throws: ``StoreError`` with what is wrong with it.
  /// - Complexity: O(length of the text and the vectors).
  init(
    _ imported: ImportedDocument, _ source: String, _ parts: StoredParts, target: EmbeddingSpace
  ) throws {
    line = imported.line
    metadata = try MetadataJSON.encode(imported.metadata)
    var parts = parts
    collection = parts.collection
    parts.collection = nil
    if let reason = parts.leftOut, AddReport.Gone.Reason(rawValue: reason) == nil {
      throw Self.wrong(
        "leftOut", reason, AddReport.Gone.Reason.allCases.map(\.rawValue).joined(separator: ", "))
    }
    given = try parts.given.map { try MetadataJSON.encode($0) }
    guard DocumentOrigin(rawValue: parts.origin) != nil else {
      throw Self.wrong("origin", parts.origin, "file, text or import")
    }
    try Self.check(format: parts.format)
    hash = try parts.hash.map { try Self.hash($0) }
    let root = parts.root
    for time in [parts.added, parts.updated, root?.added, root?.updated].compactMap(\.self)
      + [parts.modified, parts.dated].compactMap(\.self)
    where (try? Timestamp.date(time)) == nil {
      throw Self.wrong(
        "added, updated, modified or date", time, "a time, as 2026-11-25T20:00:00.000Z")
    }
    pendingHash = try parts.pending.map { try Self.check($0, target) }
    var slices = TextSlices(imported.text ?? "")
    let format = DocumentFormat(stored: parts.format)
    let headings = Headings(of: imported.text ?? "", format: format, source: imported.id)
    chunks = try parts.chunks.enumerated().map { ordinal, part in
      var chunk = try Self.chunk(part, ordinal, &slices, target)
      let above = chunk.chunk.range.map { headings.above($0) } ?? []
      chunk.chunk.headings = above.isEmpty ? nil : above.joined(separator: "\n")
      return chunk
    }
    guard hash != nil || (parts.pending != nil && chunks.isEmpty) else {
      throw Self.wrong("hash", "none", "the hash of the document's content")
    }
    // As the reader of the store has it: a text that its range names is left out.
    for index in parts.chunks.indices {
      let text = parts.chunks[index].text
      if let text, let start = parts.chunks[index].start, let end = parts.chunks[index].end,
        slices.slice(start, end)?.utf8.elementsEqual(text.utf8) == true
      {
        parts.chunks[index].text = nil
      }
    }
    whole = WholeDocument(
      source: source, text: imported.text, metadata: imported.metadata, parts: parts)
  }

  private static func chunk(
    _ part: StoredParts.Chunk, _ ordinal: Int, _ slices: inout TextSlices,
    _ target: EmbeddingSpace
  ) throws -> Chunk {
    var text = part.text
    let range = try part.start.flatMap { start in
      try part.end.map { end in
        guard start <= end else { throw wrong("end", "\(end)", "at least \(start)") }
        return start..<end
      }
    }
    if text == nil, !part.isWithoutText {
      guard let range, let slice = slices.slice(range.lowerBound, range.upperBound) else {
        throw StoreError(
          .malformedInput,
          "chunk \(ordinal) has no text, and its start and end name none of the document's text; "
            + "export the document again")
      }
      text = String(slice)
    }
    if text?.utf8.contains(0) == true {
      throw StoreError(
        .malformedInput,
        "found a NUL character in chunk \(ordinal), expected text; remove it from the document")
    }
    let hash = try part.hash.map { try Self.hash($0) } ?? text.map(TextHash.of)
    let vectors = try part.vectors.map { vector -> (space: EmbeddingSpace, vector: StoredVector?) in
      guard let space = EmbeddingSpace(vector.space) else {
        throw wrong("vectors", vector.space, "the name of a space, as provider/model/dimensions")
      }
      if vector.components == nil, space.isStandIn, space != target, text != nil {
        return (space: space, vector: StoredVector?.none)
      }
      return (space, try stored(vector, space, text, ordinal))
    }
    guard text != nil || !vectors.isEmpty || part.failureCode != nil else {
      throw StoreError(
        .malformedInput, "chunk \(ordinal) has neither text nor vector; export it again")
    }
    let failure = part.failureCode.map {
      ChunkFailure(code: StoreError.Code(rawValue: $0), message: part.failureMessage ?? "")
    }
    return Chunk(
      chunk: CutChunk(text: text, textHash: hash, range: range, line: part.line),
      failure: failure, vectors: vectors)
  }

  private static func stored(
    _ vector: StoredParts.Vector, _ space: EmbeddingSpace, _ text: String?, _ ordinal: Int
  ) throws -> StoredVector {
    if let components = vector.components {
      let checked = try StoredVector(checking: components, dimensions: space.dimensions)
      let isExact = vector.norm != 1 || UnitVector.isUnitLength(checked.norm)
      return isExact ? StoredVector(data: checked.data, norm: vector.norm) : checked
    }
    guard let made = try text.flatMap({ try MadeVector.of($0, in: space) }) else {
      throw StoreError(
        .badVector,
        "chunk \(ordinal) has no vector of \(space), and only mock vectors are made of a text without "
          + "cost; export it again")
    }
    return made
  }

  private static func check(format: String) throws {
    let known = DocumentFormat.known.map(\.rawValue)
    guard known.contains(format) else {
      throw wrong("format", format, known.joined(separator: ", "))
    }
  }

  private static func check(
    _ pending: StoredParts.Pending, _ target: EmbeddingSpace
  ) throws -> Data {
    guard DocumentOrigin(rawValue: pending.origin) != nil else {
      throw wrong("origin", pending.origin, "file, text or import")
    }
    try check(format: pending.format)
    guard (try? Timestamp.date(pending.since)) != nil else {
      throw wrong("since", pending.since, "a time, as 2026-11-25T20:00:00.000Z")
    }
    if let tokens = pending.chunkTokens {
      try ChunkingOptions(maximumTokens: tokens, overlapTokens: pending.overlapTokens ?? 0)
        .validate()
    }
    if let own = pending.ownChunks, PendingChunks.decode(own, space: target) == nil {
      throw wrong("ownChunks", "something else", "chunks, as an export writes them")
    }
    return try hash(pending.hash)
  }

  private static func hash(_ text: String) throws -> Data {
    let digits = Array(text.utf8)
    let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
    }
    guard digits.count == 64, bytes.count == 32 else {
      throw wrong("hash", "\"\(text.prefix(80))\"", "64 hexadecimal digits")
    }
    return Data(bytes)
  }

  private static func wrong(_ field: String, _ found: String, _ expected: String) -> StoreError {
    StoreError(
      .malformedInput,
      "found \(found.prefix(200)) in \"\(field)\", expected \(expected); correct the line")
  }

  // MARK: - Placing

  /// Puts documents back, one after the other.
  static func place(
    _ documents: [RestoredDocument], in collection: CollectionRecord, run: Int64?,
    _ db: any SQLTransaction
  ) throws -> [Outcome] {
    var spaces: [EmbeddingSpace: Int64] = [:]
    for kept in documents.compactMap(\.collection) {
      try CollectionsTable.restore(kept, to: collection, db)
    }
    guard collection.keepsText || !documents.contains(where: \.isPending) else {
      throw StoreError(
        .invalidArgument,
        "the export has documents that wait for their vectors with their texts, and the collection "
          + "\"\(collection.name)\" keeps no texts; embed them before the export, or use another collection"
      )
    }
    let standIn = try SpacesTable.standIn(of: collection.id, db)
    return try SearchTable.following(db) { words in
      try documents.map { try $0.place(in: collection, standIn: standIn, run, &spaces, &words, db) }
    }
  }

  private func place(
    in collection: CollectionRecord, standIn: EmbeddingSpace, _ run: Int64?,
    _ spaces: inout [EmbeddingSpace: Int64], _ words: inout SearchTable.Changes,
    _ db: any SQLTransaction
  ) throws -> Outcome {
    let key = DocumentKey(
      source: source, isFile: whole.parts.origin == DocumentOrigin.file.rawValue)
    let known = try DocumentsTable.placed(collection: collection.id, key, db)
    var kept: [Data: StoredVector] = [:]
    if let known {
      if try WholeDocument.find(known.id, db)?.compared
        == whole.standingIn(by: standIn, target: collection.target.space).compared
      {
        return .unchanged
      }
      guard known.run == nil || known.run != run else { return .duplicate }
      // What was paid for stays, though the export has no vector of it.
      for chunk in chunks
      where !chunk.vectors.contains(where: { $0.space == collection.target.space }) {
        guard let hash = chunk.chunk.textHash, collection.target.space.kind == .real else {
          continue
        }
        kept[hash] = try VectorsTable.find(textHash: hash, space: collection.target, db)
      }
      try DocumentsTable.delete(known.id, &words, db)
    }
    let id = try insert(into: collection, run, db)
    for (ordinal, part) in chunks.enumerated() {
      let own = part.chunk.textHash.flatMap { kept[$0] }
      let chunk = try ChunksTable.insert(
        collection.keepsText ? part.chunk : part.chunk.withoutText, ordinal: ordinal, document: id,
        failure: own == nil ? part.failure : nil,
        &words,
        db)
      if let own {
        try VectorsTable.insert(own, chunk: chunk, space: collection.target.id, db)
        continue
      }
      for (named, vector) in part.vectors {
        let space = vector == nil ? standIn : named
        let spaceID = try spaces[space] ?? SpacesTable.findOrCreate(space, db).id
        spaces[space] = spaceID
        if let vector {
          try VectorsTable.insert(vector, chunk: chunk, space: spaceID, db)
        } else {
          try VectorsTable.insertMade(
            of: part.chunk.text ?? "", isStored: !collection.keepsText, chunk: chunk,
            space: SpaceRecord(id: spaceID, space: space), db)
        }
      }
    }
    return known == nil ? .added : .updated
  }

  private func title(keepsText: Bool) -> String? {
    let format = DocumentFormat(stored: whole.parts.format)
    let text = keepsText ? whole.text : nil
    return text.flatMap { DocumentTitle.heading(of: $0, format: format) }
      ?? (whole.parts.origin == DocumentOrigin.file.rawValue
        ? DocumentTitle.words(ofFile: source) : nil)
  }

  /// The row of the root, made where there is none.
  private func root(in collection: CollectionRecord, _ db: any SQLTransaction) throws -> Int64? {
    guard let root = whole.parts.root else { return nil }
    try db.run(
      bulk: """
        INSERT INTO roots(collection_id, path, is_folder, options, added_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (collection_id, path) DO NOTHING
        """,
      .integer(collection.id), .text(root.path), .integer(root.isFolder ? 1 : 0),
      .text(root.options), .text(root.added), .text(orNull: root.updated))
    return try db.firstRow(
      bulk: "SELECT id FROM roots WHERE collection_id = ? AND path = ?", .integer(collection.id),
      .text(root.path)
    ) { try $0.integer(0) }
  }

  private func insert(
    into collection: CollectionRecord, _ run: Int64?, _ db: any SQLTransaction
  ) throws -> Int64 {
    let parts = whole.parts
    // What a document says about itself is its text.
    let metadata = collection.keepsText ? self.metadata : given ?? self.metadata
    let inserted = try db.insert(
      bulk: """
        INSERT INTO documents(collection_id, source, origin, format, content_hash, metadata,
          given_metadata, chunk_tokens, overlap_tokens, added_at, updated_at, run_id, modified_at,
          dated_at, file_bytes, root_id, title, left_out)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      [
        .integer(collection.id), .text(source), .text(parts.origin), .text(parts.format),
        .blob(orNull: hash), .text(metadata), .text(orNull: given),
        .integer(orNull: parts.chunkTokens),
        .integer(orNull: parts.overlapTokens), .text(parts.added), .text(parts.updated),
        run.map { .integer($0) } ?? .null, .text(orNull: parts.modified),
        .text(orNull: parts.dated),
        .integer(orNull: parts.bytes), try root(in: collection, db).map { .integer($0) } ?? .null,
        .text(orNull: title(keepsText: collection.keepsText)), .text(orNull: parts.leftOut),
      ])
    let id = inserted ?? 0
    try DocumentFieldsTable.insert(metadata, document: id, collection: collection.id, db)
    guard let pending = parts.pending, let pendingHash else { return id }
    try db.run(
      bulk: DocumentsTable.pendingInsertion(db),
      .integer(id), .text(pending.origin), .text(pending.format), .blob(pendingHash),
      .text(pending.text), .text(try MetadataJSON.encode(pending.metadata)),
      .integer(orNull: pending.chunkTokens), .integer(orNull: pending.overlapTokens),
      .text(pending.reason), .text(pending.since), .text(orNull: pending.ownChunks))
    return id
  }
}
