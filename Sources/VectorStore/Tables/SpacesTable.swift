// spaces: which model made a vector.

import Foundation

/// A space with its row id.
struct SpaceRecord: Sendable, Equatable {
  let id: Int64
  let space: EmbeddingSpace
}

enum SpacesTable {
  /// The row of a space, made where there is none.
  static func findOrCreate(_ space: EmbeddingSpace, _ db: any SQLTransaction) throws -> SpaceRecord
  {
    if let found = try find(space, db) { return found }
    let id = try db.insert(
      sql: """
        INSERT INTO spaces(name, provider, model, dimensions, kind) VALUES (?, ?, ?, ?, ?)
        """,
      arguments: [
        space.name, space.provider, space.model, space.dimensions, space.kind.rawValue,
      ])
    let record = SpaceRecord(id: id ?? 0, space: space)
    try db.prepare(record)
    return record
  }

  static func find(_ space: EmbeddingSpace, _ db: any SQLTransaction) throws -> SpaceRecord? {
    try records("WHERE s.name = ?", [.text(space.name)], db).first
  }

  /// The space of the vectors that stand in for those of a collection's model. As long as it has any of the former
  /// kind it gets no others: vectors of two spaces are never compared.
  static func standIn(of collection: Int64, _ db: any SQLTransaction) throws -> EmbeddingSpace {
    guard let former = try find(.formerMock, db),
      try VectorsTable.exist(space: former.id, collection: collection, db)
    else { return .mock }
    return former.space
  }

  static func find(id: Int64, _ db: any SQLTransaction) throws -> SpaceRecord? {
    try records("WHERE s.id = ?", [.integer(id)], db).first
  }

  /// The fingerprint of the weights that make a space's vectors; nil if none is kept, as in a file of format 8
  /// or before that is only read.
  static func fingerprint(of space: EmbeddingSpace, _ db: any SQLTransaction) throws -> String? {
    guard try db.hasColumn("fingerprint", of: "spaces") else { return nil }
    return try String.fetchOne(
      db, sql: "SELECT fingerprint FROM spaces WHERE name = ?", arguments: [space.name])
  }

  /// Keeps the fingerprint of the weights that make a space's vectors.
  static func keep(
    fingerprint: String, of space: EmbeddingSpace, _ db: any SQLTransaction
  ) throws {
    try db.execute(
      sql: "UPDATE spaces SET fingerprint = ? WHERE name = ? AND fingerprint IS NULL",
      arguments: [fingerprint, space.name])
  }

  /// All spaces, in the order in which they came.
  static func all(_ db: any SQLTransaction) throws -> [SpaceRecord] {
    try records("ORDER BY s.id", [], db)
  }

  /// The prefixes and fields of questions and documents in a space; nil if nothing of it was embedded yet.
  static func roles(of id: Int64, _ db: any SQLTransaction) throws -> EmbeddingRoles? {
    try EmbeddingRoles.stored(
      String.fetchOne(db, sql: "SELECT roles FROM spaces WHERE id = ?", arguments: [id]))
  }

  static func set(roles: EmbeddingRoles, of id: Int64, _ db: any SQLTransaction) throws {
    try db.execute(
      sql: "UPDATE spaces SET roles = ? WHERE id = ?",
      arguments: [StoredJSON.encode(roles), id])
  }

  /// Whether a vector of a space is kept, placed or not.
  static func hasVectors(_ id: Int64, _ db: any SQLTransaction) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM vectors WHERE space_id = ?1)
          OR EXISTS (SELECT 1 FROM staged WHERE space_id = ?1)
        """, arguments: [id]) ?? false
  }

  /// All spaces by row id.
  static func byID(_ db: any SQLTransaction) throws -> [Int64: EmbeddingSpace] {
    try Dictionary(uniqueKeysWithValues: all(db).map { ($0.id, $0.space) })
  }

  /// What ``record(_:from:)`` reads, of a table of spaces named `s`.
  static let columns = "s.id, s.name, s.provider, s.model, s.dimensions, s.kind"

  private static func records(
    _ clause: String, _ values: [BulkValue], _ db: any SQLTransaction
  ) throws -> [SpaceRecord] {
    var records: [SpaceRecord] = []
    try db.forEachRow(bulk: "SELECT \(columns) FROM spaces s \(clause)", values) {
      records.append(try record($0, from: 0))
    }
    return records
  }

  /// A space out of ``columns``, of which the first is at a place of the row.
  static func record(_ row: BulkRow, from first: Int32) throws -> SpaceRecord {
    let name = try row.text(first + 1)
    let (provider, model) = (try row.text(first + 2), try row.text(first + 3))
    let dimensions = Int(try row.integer(first + 4))
    guard let kind = EmbeddingSpace.Kind(rawValue: try row.text(first + 5)),
      let space = try? EmbeddingSpace(
        provider: provider, model: model, dimensions: dimensions, kind: kind)
    else {
      throw StoreError(
        .damaged,
        "the space \(name) of the store is not one this program can read; "
          + StoreError.restoringTheStore)
    }
    return SpaceRecord(id: try row.integer(first), space: space)
  }
}

/// Values that a column keeps as JSON with sorted keys.
enum StoredJSON {
  static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// The value of a text; nil if it is none.
  static func decode<T: Decodable>(_ type: T.Type, from text: String?) -> T? {
    text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
  }
}

extension EmbeddingRoles {
  /// The roles that a column keeps.
  ///
  /// - Throws: ``StoreError/Code/damaged`` for what are none: other texts would be sent than were.
  static func stored(_ text: String?) throws -> EmbeddingRoles? {
    guard let text else { return nil }
    guard let roles = StoredJSON.decode(EmbeddingRoles.self, from: text),
      (try? roles.validate()) != nil
    else {
      throw StoreError(
        .damaged,
        "the stored prefixes and fields of a space's questions and documents cannot be read; "
          + StoreError.restoringTheStore)
    }
    return roles
  }
}
