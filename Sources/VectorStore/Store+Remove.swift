// `remove`: documents and collections out.

import VectorStoreText

extension Store {
  /// Documents removed a transaction, so that other writers get their turn.
  private static let removedAtOnce = 1000

  /// Removes documents with their chunks, vectors and words. A source is that document only, never what
  /// lies below it: for that there is ``remove(below:from:)``. A file may be named by its path from the working
  /// folder, absolute, or as it is stored. The report lists sources that name no document.
  ///
  /// The text is gone from every byte of the file after ``compact()``.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  @discardableResult
  public func remove(
    _ sources: [String], from collection: String = "default"
  ) async throws -> RemoveReport {
    let found = try await file.read { [identity] db in
      let lookup = SourceLookup(
        identity: identity, collection: try CollectionsTable.require(collection, db).id)
      return try sources.map { ($0, try lookup.document($0, db)) }
    }
    var report = try await remove(found.compactMap(\.1))
    report.notFound = found.compactMap { $1 == nil ? $0 : nil }
    return report
  }

  /// Removes all documents below a folder: the files in it, and texts whose ids begin with it and a `/`. Roots
  /// that lie there are forgotten. The report lists a folder that holds no document.
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
    let source = identity.source(of: folder)
    let (all, known) = try await file.read { db in
      let id = try CollectionsTable.require(collection, db).id
      return (
        try DocumentsTable.all(collection: id, .all, db), try RootsTable.all(collection: id, db)
      )
    }
    let documents = all.filter { document in
      document.key.isFile
        ? document.key.source != source && identity.lies(document.key.source, in: source)
        : SourcePath.liesBelow(folder, source: document.key.source)
    }
    // What lies in a folder that stays remembered comes back with its next update.
    let roots = known.filter { $0.isFolder && identity.lies($0.path, in: source) }
    var report = try await remove(documents.map(\.id), forgetting: roots.map(\.id))
    report.notFound = documents.isEmpty ? [folder] : []
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
    try filter.check()
    let filter = filter.resolvingSources(by: identity)
    let documents = try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      return try FilterSelection(filter, collection: record, db).documentIDs(db)
    }
    return try await remove(documents.sorted())
  }

  /// Removes a collection with all its documents.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  @discardableResult
  public func removeCollection(_ collection: String) async throws -> RemoveReport {
    let documents = try await file.read { db in
      try DocumentsTable.all(collection: try CollectionsTable.require(collection, db).id, .all, db)
    }
    var report = try await remove(documents.map(\.id))
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

  /// Removes documents by their row ids, and forgets roots. What is not there any more is left out.
  func remove(_ documents: [Int64], forgetting roots: [Int64] = []) async throws -> RemoveReport {
    let run = try await beginRun("remove")
    var report = RemoveReport()
    for start in stride(from: 0, to: documents.count, by: Self.removedAtOnce) {
      try Task.checkCancellation()
      let slice = documents[start..<min(start + Self.removedAtOnce, documents.count)]
      let chunks = try await file.write { db in
        try SearchTable.following(db) { words in
          try slice.compactMap { try DocumentsTable.delete($0, &words, db) }
        }
      }
      report.documents += chunks.count
      report.chunks += chunks.reduce(0, +)
    }
    if !roots.isEmpty {
      try await file.write { db in for root in roots { try RootsTable.delete(root, db) } }
    }
    try await endRun(run, report)
    return report
  }
}
