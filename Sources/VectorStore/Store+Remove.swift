// `remove`: documents and collections out. Calls the tables.

import GRDB
import VectorStoreText

extension Store {
  /// Documents removed a transaction, so that other writers get their turn.
  private static let removedAtOnce = 1000

  /// Removes documents with their chunks, vectors and words. A source is that document only, never what
  /// lies below it: for that there is ``remove(below:from:)``. Sources that name no document are told in
  /// the report.
  ///
  /// The text is gone from every byte of the file after ``compact()``.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  @discardableResult
  public func remove(
    _ sources: [String], from collection: String = "default"
  ) async throws -> RemoveReport {
    let sources = try await resolved(sources, in: collection)
    let run = try await beginRun("remove")
    var report = RemoveReport()
    for start in stride(from: 0, to: sources.count, by: Self.removedAtOnce) {
      try Task.checkCancellation()
      let slice = sources[start..<min(start + Self.removedAtOnce, sources.count)]
      let removed = try await file.write { db in
        let record = try CollectionsTable.require(collection, db)
        return try SearchTable.following(db) { words in
          var removed = RemoveReport()
          for source in slice {
            guard let id = try DocumentsTable.id(collection: record.id, source: source, db) else {
              removed.notFound.append(source)
              continue
            }
            removed.documents += 1
            removed.chunks += try DocumentsTable.delete(id, &words, db)
          }
          return removed
        }
      }
      report.add(removed)
    }
    try await endRun(run, report)
    return report
  }

  /// Removes all documents below a folder: those whose sources begin with it and a `/`, `.` being the
  /// working folder. A folder that nothing lies below is told in the report.
  ///
  /// It is taken by what stands in the store when the removal begins.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`, or `empty` for a folder without a name.
  @discardableResult
  public func remove(
    below folder: String, from collection: String = "default"
  ) async throws -> RemoveReport {
    guard !folder.isEmpty else {
      throw StoreError(.empty, "the folder's name is empty; name one, as docs/")
    }
    let sources = try await file.read { db in
      try DocumentsTable.sources(
        collection: try CollectionsTable.require(collection, db).id, onlyFiles: false, db)
    }.filter { SourcePath.liesBelow(folder, source: $0) }
    var report = try await remove(sources, from: collection)
    report.notFound = sources.isEmpty ? [folder] : []
    return report
  }

  /// Removes the documents that pass a filter, or of which a chunk does where it asks for ordinals.
  ///
  /// It is taken by what stands in the store when the removal begins.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound` or `invalidFilter`.
  @discardableResult
  public func remove(
    where filter: Filter, from collection: String = "default"
  ) async throws -> RemoveReport {
    let sources = try await list(in: collection, filter: filter).map(\.source)
    var report = try await remove(sources, from: collection)
    // What another process has removed meanwhile is gone too.
    report.notFound = []
    return report
  }

  /// Removes a collection with all its documents.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  @discardableResult
  public func removeCollection(_ collection: String) async throws -> RemoveReport {
    let sources = try await list(in: collection).map(\.source)
    var report = try await remove(sources, from: collection)
    report.notFound = []
    try await file.write { db in
      let record = try CollectionsTable.require(collection, db)
      guard try CollectionsTable.isEmpty(record.id, db) else {
        throw StoreError(
          .locked,
          "documents were added to the collection \"\(collection)\" while it was removed; "
            + "remove it again")
      }
      try CollectionsTable.delete(record.id, db)
    }
    report.collections = 1
    return report
  }

  /// Sources as they are stored, each once: a path that is written another way (`./a.md`) stands for the
  /// document it was added as. One with a slash at its end names a folder and no document.
  private func resolved(_ sources: [String], in collection: String) async throws -> [String] {
    let exact = try await file.read { db in
      try Set(
        DocumentsTable.sources(
          collection: try CollectionsTable.require(collection, db).id, onlyFiles: false, db))
    }
    var seen: Set<String> = []
    return sources.map { source in
      if exact.contains(source) || source.isEmpty || source.hasSuffix("/") { return source }
      let normalized = SourcePath.normalized(source)
      return exact.contains(normalized) ? normalized : source
    }.filter { seen.insert($0).inserted }
  }
}

extension RemoveReport {
  mutating func add(_ other: RemoveReport) {
    documents += other.documents
    chunks += other.chunks
    notFound += other.notFound
  }
}
