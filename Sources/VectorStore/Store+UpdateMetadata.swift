// `updateMetadata`: what is known about documents changes, their texts and vectors stay.

import VectorStoreText

extension Store {
  /// Gives a document other metadata in the place of what it has. Nothing is embedded.
  ///
  /// - Returns: whether the collection has that document.
  /// - Throws: ``StoreError`` with `collectionNotFound`, and `invalidArgument` for NaN and infinity.
  @discardableResult
  public func updateMetadata(
    of source: String, to metadata: [String: MetadataValue], in collection: String = "default"
  ) async throws -> Bool {
    let json = try MetadataJSON.encode(metadata)
    let now = Timestamp.of(configuration.clock())
    return try await file.write { [identity] db in
      let record = try CollectionsTable.require(collection, db)
      let lookup = SourceLookup(identity: identity, collection: record.id)
      guard let id = try lookup.document(source, db) else { return false }
      try DocumentsTable.setMetadata(id, json, given: json, now: now, db)
      return true
    }
  }

  /// Sets and removes keys of documents' metadata; the other keys stay. Nothing is embedded. Adding the
  /// documents again keeps what was set; a key of the front matter that is removed comes back with it.
  ///
  /// The report lists sources that name no document.
  ///
  /// - Throws: ``StoreError`` with `collectionNotFound`, and `invalidArgument` for NaN and infinity.
  /// - Complexity: one transaction, O(metadata of the documents).
  @discardableResult
  public func updateMetadata(
    of sources: [String], setting: [String: MetadataValue], removing: Set<String> = [],
    in collection: String = "default"
  ) async throws -> MetadataReport {
    _ = try MetadataJSON.encode(setting)
    let now = Timestamp.of(configuration.clock())
    return try await file.write { [identity] db in
      let record = try CollectionsTable.require(collection, db)
      let lookup = SourceLookup(identity: identity, collection: record.id)
      var report = MetadataReport()
      for source in sources {
        guard let id = try lookup.document(source, db),
          let known = try DocumentsTable.metadata(id, db)
        else {
          report.notFound.append(source)
          continue
        }
        func changed(_ json: String) throws -> String {
          let kept = try MetadataJSON.decode(json).filter { !removing.contains($0.key) }
          return try MetadataJSON.encode(kept.merging(setting) { _, new in new })
        }
        let metadata = try changed(known.all)
        if metadata != known.all { report.changed += 1 } else { report.unchanged += 1 }
        // An earlier version of the program did not keep apart what was given.
        let given = try changed(known.given ?? "{}")
        try DocumentsTable.setMetadata(
          id, metadata, given: known.given == nil ? nil : given, now: now, db)
      }
      return report
    }
  }
}

/// What changing metadata did.
public struct MetadataReport: Sendable, Codable, Hashable {
  /// Documents whose metadata is another now.
  public var changed = 0
  /// Documents that had that metadata before.
  public var unchanged = 0
  /// Sources that name no document.
  public var notFound: [String] = []

  /// Creates a value from its parts.
  public init(changed: Int = 0, unchanged: Int = 0, notFound: [String] = []) {
    self.changed = changed
    self.unchanged = unchanged
    self.notFound = notFound
  }
}

extension DocumentsTable {
  /// The metadata of a document, and what of it was given, if that is known.
  fileprivate static func metadata(
    _ id: Int64, _ db: any SQLTransaction
  ) throws -> (all: String, given: String?)? {
    try db.firstRow(
      bulk: "SELECT metadata, given_metadata FROM documents WHERE id = ?", .integer(id)
    ) { (try $0.text(0), try $0.text(orNil: 1)) }
  }

  /// Gives a document other metadata, and says what of it was given; nil leaves that as it is.
  fileprivate static func setMetadata(
    _ id: Int64, _ metadata: String, given: String?, now: String, _ db: any SQLTransaction
  ) throws {
    try db.run(
      bulk: """
        UPDATE documents SET metadata = ?1, given_metadata = COALESCE(?2, given_metadata),
          updated_at = CASE metadata WHEN ?1 THEN updated_at ELSE ?3 END
        WHERE id = ?4
        """, .text(metadata), given.map { .text($0) } ?? .null, .text(now), .integer(id))
    // A version that waits for its vectors would bring the old metadata back.
    try db.run(
      bulk: "UPDATE pending_documents SET metadata = ? WHERE document_id = ?", .text(metadata),
      .integer(id))
    try DocumentFieldsTable.replace(metadata, document: id, db)
    // The title is found by its words.
    try SearchTable.refresh(document: id, db)
  }
}
