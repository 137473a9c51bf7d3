// spaces: which model made a vector. Called by the verbs and by CollectionsTable.

import GRDB

/// A space with its row id.
struct SpaceRecord: Sendable, Equatable {
  let id: Int64
  let space: EmbeddingSpace
}

enum SpacesTable {
  /// The row of a space, made where there is none.
  static func findOrCreate(_ space: EmbeddingSpace, _ db: Database) throws -> SpaceRecord {
    if let found = try find(space, db) { return found }
    try db.execute(
      sql: """
        INSERT INTO spaces(name, provider, model, dimensions, kind) VALUES (?, ?, ?, ?, ?)
        """,
      arguments: [
        space.name, space.provider, space.model, space.dimensions, space.kind.rawValue,
      ])
    return SpaceRecord(id: db.lastInsertedRowID, space: space)
  }

  static func find(_ space: EmbeddingSpace, _ db: Database) throws -> SpaceRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM spaces WHERE name = ?", arguments: [space.name])
      .map(record)
  }

  static func find(id: Int64, _ db: Database) throws -> SpaceRecord? {
    try Row.fetchOne(db, sql: "SELECT * FROM spaces WHERE id = ?", arguments: [id]).map(record)
  }

  /// All spaces, in the order in which they came.
  static func all(_ db: Database) throws -> [SpaceRecord] {
    try Row.fetchAll(db.cachedStatement(sql: "SELECT * FROM spaces ORDER BY id")).map(record)
  }

  /// The names of all spaces by row id.
  static func names(_ db: Database) throws -> [Int64: String] {
    try Dictionary(
      uniqueKeysWithValues: Row.fetchAll(db, sql: "SELECT id, name FROM spaces")
        .map { ($0["id"], $0["name"]) })
  }

  private static func record(_ row: Row) throws -> SpaceRecord {
    let (provider, model): (String, String) = (row["provider"], row["model"])
    let dimensions: Int = row["dimensions"]
    guard let kind = EmbeddingSpace.Kind(rawValue: row["kind"]),
      EmbeddingSpace.supportedDimensions.contains(dimensions), !provider.isEmpty, !model.isEmpty,
      !provider.contains("/")
    else {
      throw StoreError(
        .damaged,
        "the space \(row["name"] as String) of the store is not one this program can read; "
          + "restore the store from a backup")
    }
    return SpaceRecord(
      id: row["id"],
      space: EmbeddingSpace(provider: provider, model: model, dimensions: dimensions, kind: kind))
  }
}
