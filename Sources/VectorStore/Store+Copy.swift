// `copy`: a store into another one, in a file or on PostgreSQL.

import Foundation
import VectorStoreEmbedding
import VectorStoreText

extension Store {
  /// Documents of one transaction.
  private static let copiedAtOnce = 64

  /// Brings another store in step with this one: each document as it is here, with its passages, its vectors in all
  /// spaces bit for bit, what waits and what was refused. Nothing is embedded.
  ///
  /// What is there already and is the same is left alone, so that a copy that was interrupted goes on when it is
  /// run again. This store may be written to meanwhile: each document is copied whole, as it was at some moment.
  ///
  /// - Parameters:
  ///   - other: the other store, in a file or on PostgreSQL, open for writing.
  ///   - collections: their names; nil takes all.
  ///   - prune: whether documents of these collections go from the other store that are not here.
  ///   - progress: called now and then with how far it is.
  /// - Throws: ``StoreError`` with `collectionNotFound`; `spaceMismatch` if the other store has a collection of a
  ///   name in another space; `readOnly`.
  /// - Complexity: reads both stores once, with memory for some documents.
  @discardableResult
  public func copy(
    to other: Store, collections: [String]? = nil, prune: Bool = false,
    progress: ProgressHandler? = nil
  ) async throws -> CopyReport {
    let started = ContinuousClock.now
    let records = try await file.read { db in
      try collections?.map { try CollectionsTable.require($0, db) } ?? CollectionsTable.all(db)
    }
    let run = try await other.beginRun("copy")
    var report = CopyReport()
    for record in records {
      let counts = try await CollectionCopy(
        from: self, record, to: other, run: run.id, prune: prune, progress: progress
      ).run(atOnce: Self.copiedAtOnce)
      report.collections.append(counts)
    }
    report.duration = ContinuousClock.now - started
    try await other.endRun(run, report)
    return report
  }
}

/// What `copy` did.
public struct CopyReport: Sendable, Codable, Hashable {
  /// What it did with one collection.
  public struct Collection: Sendable, Codable, Hashable {
    /// Its name.
    public var collection: String
    /// Documents that the other store did not have.
    public var added = 0
    /// Documents that it had in another version.
    public var updated = 0
    /// Documents that it had as they are here.
    public var unchanged = 0
    /// Documents that are not here, and were removed there.
    public var removed = 0
    /// Documents that are not here, and stay there.
    public var onlyThere = 0
    /// Passages of the documents that were added or updated.
    public var chunks = 0

    /// Creates a value from its parts.
    public init(
      collection: String, added: Int = 0, updated: Int = 0, unchanged: Int = 0, removed: Int = 0,
      onlyThere: Int = 0, chunks: Int = 0
    ) {
      self.collection = collection
      self.added = added
      self.updated = updated
      self.unchanged = unchanged
      self.removed = removed
      self.onlyThere = onlyThere
      self.chunks = chunks
    }
  }

  /// By collection, in the order of their names.
  public var collections: [Collection] = []
  /// How long it took; as JSON `seconds`.
  public var duration: Duration = .zero

  /// Creates a value from its parts.
  public init(collections: [Collection] = [], duration: Duration = .zero) {
    self.collections = collections
    self.duration = duration
  }

  enum CodingKeys: String, CodingKey {
    case collections
    case duration = "seconds"
  }
}

/// The copy of one collection.
private struct CollectionCopy {
  private let source: Store
  private let record: CollectionRecord
  private let other: Store
  private let run: Int64
  private let prune: Bool
  private let progress: ProgressHandler?
  private var counts: CopyReport.Collection

  init(
    from source: Store, _ record: CollectionRecord, to other: Store, run: Int64, prune: Bool,
    progress: ProgressHandler?
  ) {
    (self.source, self.record, self.other) = (source, record, other)
    (self.run, self.prune, self.progress) = (run, prune, progress)
    counts = CopyReport.Collection(collection: record.name)
  }

  func run(atOnce count: Int) async throws -> CopyReport.Collection {
    var copy = self
    try await copy.copyAll(atOnce: count)
    return copy.counts
  }

  private mutating func copyAll(atOnce count: Int) async throws {
    let (record, path) = (record, other.path)
    let (total, parts) = try await source.file.read { db in
      (
        try Int.fetchOne(
          db, sql: "SELECT COUNT(*) FROM documents WHERE collection_id = ?", arguments: [record.id])
          ?? 0, try CollectionsTable.parts(of: record, db)
      )
    }
    let target = try await other.file.write { db in
      let found = try CollectionsTable.findOrCreate(
        record.name, target: record.target.space, keepsText: nil, db)
      guard found.target.space == record.target.space else {
        throw StoreError(
          .spaceMismatch,
          "the collection \"\(record.name)\" of \(path) holds vectors of \(found.target.space), that of the "
            + "store to copy \(record.target.space); vectors of two spaces are never mixed: copy into another "
            + "store")
      }
      try CollectionsTable.restore(parts, to: found, db)
      return try CollectionsTable.find(record.name, db) ?? found
    }
    var (last, done) = (Int64(0), 0)
    while true {
      try Task.checkCancellation()
      let after = last
      let page = try await source.file.read { db in
        try WholeDocument.page(in: record, after: after, limit: count, db)
      }
      guard let end = page.last?.id else { break }
      let documents = try page.map { _, document in
        var imported = ImportedDocument(
          line: 0, id: document.source, text: document.text, vector: nil,
          metadata: document.metadata, norm: nil)
        imported.parts = document.parts
        return try RestoredDocument(
          imported, document.source, document.parts, target: record.target.space)
      }
      let run = run
      let outcomes = try await other.file.write { db in
        try target.requireUnchanged(db)
        return try RestoredDocument.place(documents, in: target, run: run, db)
      }
      for (document, outcome) in zip(documents, outcomes) { enter(outcome, of: document) }
      (last, done) = (end, done + page.count)
      progress?(StoreProgress(done: done, total: total, unit: "documents"))
    }
    try await removeOthers(target)
  }

  private mutating func enter(_ outcome: RestoredDocument.Outcome, of document: RestoredDocument) {
    switch outcome {
    case .added: counts.added += 1
    case .updated: counts.updated += 1
    case .unchanged, .duplicate: return counts.unchanged += 1
    }
    counts.chunks += document.whole.parts.chunks.count
  }

  /// Removes, or counts, what is not in the source.
  private mutating func removeOthers(_ target: CollectionRecord) async throws {
    let record = record
    let here = try await source.file.read { db in
      Set(try DocumentsTable.all(collection: record.id, .all, db).map(\.key))
    }
    let others = try await other.file.read { db in
      try DocumentsTable.all(collection: target.id, .all, db).filter { !here.contains($0.key) }
        .map(\.id)
    }
    guard prune, !others.isEmpty else { return counts.onlyThere = others.count }
    counts.removed = try await other.file.write { db in
      try SearchTable.following(db) { words in
        try others.compactMap { try DocumentsTable.delete($0, &words, db) }.count
      }
    }
  }
}
