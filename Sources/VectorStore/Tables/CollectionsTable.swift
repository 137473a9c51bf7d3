// collections: named sets of documents, each with one target space.

import VectorStoreText

/// A collection with its row id.
struct CollectionRecord: Sendable, Equatable {
  let id: Int64
  let name: String
  /// Fixed while the collection has documents.
  let target: SpaceRecord
  /// Whether the texts of its passages are in the file; otherwise only their ranges, hashes and vectors are.
  var keepsText = true

  /// Throws where another process removed the collection, or changed its target while it was empty,
  /// since this value was read.
  func requireUnchanged(_ db: any SQLTransaction) throws {
    let target = try Int64.fetchOne(
      db, sql: "SELECT target_space_id FROM collections WHERE id = ?", arguments: [id])
    guard target == self.target.id else {
      throw StoreError(
        target == nil ? .collectionNotFound : .spaceMismatch,
        "another process \(target == nil ? "removed" : "changed the target space of") the collection "
          + "\"\(name)\" while it was being written to; try again")
    }
  }
}

extension CollectionRecord {
  /// Decides whether the collection keeps texts, if anything is said of it.
  fileprivate mutating func choose(keepsText chosen: Bool?, _ db: any SQLTransaction) throws {
    guard let chosen, chosen != keepsText else { return }
    guard try CollectionsTable.isEmpty(id, db) else {
      throw StoreError(
        .invalidArgument,
        "the collection \"\(name)\" keeps \(keepsText ? "the texts" : "no texts") of its documents, and that is "
          + "decided before its first one comes; use another collection, or remove its documents")
    }
    try db.execute(
      sql: "UPDATE collections SET keeps_text = ? WHERE id = ?", arguments: [chosen, id])
    keepsText = chosen
  }
}

enum CollectionsTable {
  static func find(_ name: String, _ db: any SQLTransaction) throws -> CollectionRecord? {
    var found: CollectionRecord?
    try db.forEachRow(
      bulk: """
        SELECT k.id, k.keeps_text, \(SpacesTable.columns) FROM collections k
        JOIN spaces s ON s.id = k.target_space_id WHERE k.name = ?
        """, .text(name)
    ) { row in
      found = CollectionRecord(
        id: try row.integer(0), name: name, target: try SpacesTable.record(row, from: 2),
        keepsText: try row.bool(1))
    }
    return found
  }

  /// All collections, by name.
  static func all(_ db: any SQLTransaction) throws -> [CollectionRecord] {
    try String.fetchAll(db, sql: "SELECT name FROM collections ORDER BY name").compactMap {
      try find($0, db)
    }
  }

  /// The collection, or an error that names those there are.
  static func require(_ name: String, _ db: any SQLTransaction) throws -> CollectionRecord {
    if let found = try find(name, db) { return found }
    let names = try String.fetchAll(db, sql: "SELECT name FROM collections ORDER BY name")
    let known =
      names.isEmpty
      ? "it has none yet; add documents to make one"
      : "it has \(names.prefix(20).joined(separator: ", ")); choose one of these"
    throw StoreError(
      .collectionNotFound, "the store has no collection named \"\(name)\": \(known)")
  }

  /// The collection, made where there is none. While it has no document, `target` becomes its target
  /// space, unless that was chosen.
  ///
  /// - Parameter keepsText: whether it keeps texts, if it has no documents; nil for as before.
  /// - Throws: ``StoreError`` with `invalidArgument` if it has documents and does otherwise.
  static func findOrCreate(
    _ name: String, target: EmbeddingSpace, keepsText: Bool? = nil, _ db: any SQLTransaction
  ) throws -> CollectionRecord {
    let space = try SpacesTable.findOrCreate(target, db)
    guard var found = try find(name, db) else {
      let id = try db.insert(
        sql: """
          INSERT INTO collections(name, target_space_id, created_at, keeps_text) VALUES (?, ?, ?, ?)
          """,
        arguments: [name, space.id, Timestamp.now(), keepsText ?? true])
      return CollectionRecord(
        id: id ?? 0, name: name, target: space, keepsText: keepsText ?? true)
    }
    try found.choose(keepsText: keepsText, db)
    guard try found.target != space && takesTarget(found.id, db) else { return found }
    try db.execute(
      sql: "UPDATE collections SET target_space_id = ? WHERE id = ?",
      arguments: [space.id, found.id])
    return CollectionRecord(
      id: found.id, name: name, target: space, keepsText: found.keepsText)
  }

  /// Whether a collection has no documents.
  static func isEmpty(_ id: Int64, _ db: any SQLTransaction) throws -> Bool {
    try
      !(Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM documents WHERE collection_id = ?)", arguments: [id])
      ?? false)
  }

  /// Whether whoever adds documents next may give a collection another target space: it has no documents,
  /// and nobody chose its target.
  static func takesTarget(_ id: Int64, _ db: any SQLTransaction) throws -> Bool {
    guard try isEmpty(id, db) else { return false }
    return try db.firstRow(
      bulk: "SELECT id, target_chosen FROM collections WHERE id = ?", .integer(id)
    ) { try !$0.bool(1) } ?? true
  }

  /// Whether no other collection has documents, so that a scan of a whole space is a scan of it.
  static func isAlone(_ id: Int64, _ db: any SQLTransaction) throws -> Bool {
    var isAlone = true
    try db.forEachRow(
      bulk: """
        SELECT EXISTS (SELECT 1 FROM documents WHERE collection_id < ?1)
          OR EXISTS (SELECT 1 FROM documents WHERE collection_id > ?1)
        """, .integer(id)
    ) { isAlone = try $0.integer(0) == 0 }
    return isAlone
  }

  /// How the service of a collection was reached; nil if it has none, or what is kept is no such thing.
  static func service(of id: Int64, _ db: any SQLTransaction) throws -> ServiceReference? {
    StoredJSON.decode(
      ServiceReference.self,
      from: try String.fetchOne(
        db, sql: "SELECT service FROM collections WHERE id = ?", arguments: [id]))
  }

  static func set(service: ServiceReference, of id: Int64, _ db: any SQLTransaction) throws {
    try db.execute(
      sql: "UPDATE collections SET service = ? WHERE id = ?",
      arguments: [StoredJSON.encode(service), id])
  }

  /// What an export says of a collection beside its target space.
  static func parts(of collection: CollectionRecord, _ db: any SQLTransaction) throws
    -> StoredParts.Collection
  {
    var parts = StoredParts.Collection()
    try db.forEachRow(
      bulk: """
        SELECT k.service, s.roles, s.fingerprint, k.target_chosen, k.keeps_text FROM collections k
        JOIN spaces s ON s.id = k.target_space_id WHERE k.id = ?
        """, .integer(collection.id)
    ) { row in
      (parts.service, parts.roles) = (try row.text(orNil: 0), try row.text(orNil: 1))
      (parts.weights, parts.isChosen) = (try row.text(orNil: 2), try row.bool(3))
      parts.keepsText = try row.bool(4)
    }
    return parts
  }

  /// Gives a collection what an export says of it, as far as it has nothing of its own.
  ///
  /// - Throws: ``StoreError`` with `spaceMismatch` if vectors of the space are there that were made otherwise,
  ///   and `malformedInput` for what no export writes.
  static func restore(
    _ parts: StoredParts.Collection, to collection: CollectionRecord, _ db: any SQLTransaction
  ) throws {
    let isWhole =
      (parts.service == nil || StoredJSON.decode(ServiceReference.self, from: parts.service) != nil)
      && (parts.roles == nil || StoredJSON.decode(EmbeddingRoles.self, from: parts.roles) != nil)
    guard isWhole else {
      throw StoreError(
        .malformedInput,
        "found something else in \"service\" or \"roles\" of \"collection\", expected them as an export "
          + "writes them; export the collection again")
    }
    if !parts.keepsText, try isEmpty(collection.id, db) {
      var collection = collection
      try collection.choose(keepsText: false, db)
    }
    let own = try self.parts(of: collection, db)
    let space = collection.target
    if try SpacesTable.hasVectors(space.id, db) {
      for (what, own, other) in [
        ("roles", own.roles, parts.roles), ("weights", own.weights, parts.weights),
      ] {
        guard let own, let other, own != other else { continue }
        throw StoreError(
          .spaceMismatch,
          "the vectors of \(space.space) in this store were made with other \(what) than those of the export; "
            + "found: \(other); expected: \(own). Import it into another store")
      }
    }
    try db.run(
      bulk:
        "UPDATE spaces SET roles = COALESCE(?, roles), fingerprint = COALESCE(?, fingerprint) WHERE id = ?",
      .text(orNull: parts.roles), .text(orNull: parts.weights), .integer(space.id))
    try db.run(
      bulk: """
        UPDATE collections SET service = COALESCE(service, ?), target_chosen = CASE WHEN target_chosen = 1 THEN 1 ELSE ? END
        WHERE id = ?
        """, .text(orNull: parts.service), .integer(parts.isChosen ? 1 : 0), .integer(collection.id)
    )
  }

  /// All collections with their counts, by name.
  static func summaries(_ db: any SQLTransaction) throws -> [CollectionSummary] {
    let spaces = try SpacesTable.byID(db)
    var vectors: [Int64: [EmbeddingSpace: Int]] = [:]
    try db.forEachRow(
      bulk: """
        SELECT d.collection_id, v.space_id, COUNT(*)
        FROM vectors v JOIN chunks c ON c.id = v.chunk_id JOIN documents d ON d.id = c.document_id
        GROUP BY d.collection_id, v.space_id
        """
    ) { row in
      guard let space = spaces[try row.integer(1)] else { return }
      vectors[try row.integer(0), default: [:]][space] = Int(try row.integer(2))
    }
    return try db.rows(
      bulk: """
        SELECT k.id, k.name, k.created_at, \(SpacesTable.columns),
          (SELECT COUNT(*) FROM documents d WHERE d.collection_id = k.id),
          (SELECT COUNT(*) FROM documents d JOIN pending_documents p ON p.document_id = d.id
            WHERE d.collection_id = k.id),
          (SELECT COUNT(*) FROM documents d JOIN chunks c ON c.document_id = d.id
            WHERE d.collection_id = k.id),
          k.service, s.roles, k.keeps_text
        FROM collections k JOIN spaces s ON s.id = k.target_space_id
        ORDER BY k.name
        """
    ) { row in
      CollectionSummary(
        name: try row.text(1), space: try SpacesTable.record(row, from: 3).space,
        documents: Int(try row.integer(9)), pending: Int(try row.integer(10)),
        chunks: Int(try row.integer(11)), vectors: vectors[try row.integer(0)] ?? [:],
        created: try Timestamp.date(row.text(2)),
        service: StoredJSON.decode(ServiceReference.self, from: try row.text(orNil: 12))?.address,
        roles: try EmbeddingRoles.stored(try row.text(orNil: 13)), keepsText: try row.bool(14))
    }
  }

  static func delete(_ id: Int64, _ db: any SQLTransaction) throws {
    try db.execute(sql: "DELETE FROM collections WHERE id = ?", arguments: [id])
  }
}
