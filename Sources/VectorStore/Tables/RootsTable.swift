// roots: the folders and files that were added and are kept in step.

import Foundation

/// A root as it is stored.
struct RootRecord: Sendable, Equatable {
  let id: Int64
  /// As a source is written.
  let path: String
  let isFolder: Bool
  let options: RootOptions
  let added: String
  /// When it was last in step; nil if it never was.
  let updated: String?
}

enum RootsTable {
  static let schema = """
    CREATE TABLE roots (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      collection_id INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      is_folder INTEGER NOT NULL CHECK (is_folder IN (0, 1)),
      options TEXT NOT NULL,
      added_at TEXT NOT NULL,
      updated_at TEXT,
      UNIQUE (collection_id, path)
    ) STRICT;
    """

  /// The roots of a collection, by path.
  static func all(collection: Int64, _ db: any SQLTransaction) throws -> [RootRecord] {
    try db.rows(
      bulk: """
        SELECT id, path, is_folder, options, added_at, updated_at FROM roots
        WHERE collection_id = ? ORDER BY path
        """, .integer(collection)
    ) { row in
      RootRecord(
        id: try row.integer(0), path: try row.text(1), isFolder: try row.bool(2),
        options: try RootOptions.decode(try row.text(3)), added: try row.text(4),
        updated: try row.text(orNil: 5))
    }
  }

  /// Remembers a root with its options. Returns its id.
  static func save(
    collection: Int64, path: String, isFolder: Bool, _ options: RootOptions, now: String,
    _ db: any SQLTransaction
  ) throws -> Int64 {
    try db.run(
      bulk: """
        INSERT INTO roots(collection_id, path, is_folder, options, added_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (collection_id, path) DO UPDATE
          SET is_folder = excluded.is_folder, options = excluded.options
        """, .integer(collection), .text(path), .integer(isFolder ? 1 : 0),
      .text(try options.encoded()), .text(now))
    let id = try db.firstRow(
      bulk: "SELECT id FROM roots WHERE collection_id = ? AND path = ?", .integer(collection),
      .text(path)
    ) { try $0.integer(0) }
    return id ?? 0
  }

  /// Says that roots are in step now.
  static func setUpdated(_ ids: [Int64], now: String, _ db: any SQLTransaction) throws {
    for id in ids {
      try db.run(
        bulk: "UPDATE roots SET updated_at = ? WHERE id = ?", .text(now), .integer(id))
    }
  }

  /// Forgets a root; its documents stay, and belong to none.
  static func delete(_ id: Int64, _ db: any SQLTransaction) throws {
    try db.run(bulk: "DELETE FROM roots WHERE id = ?", .integer(id))
  }

  /// How many documents a root has.
  static func documents(_ id: Int64, _ db: any SQLTransaction) throws -> Int {
    try db.firstRow(bulk: "SELECT COUNT(*) FROM documents WHERE root_id = ?", .integer(id)) {
      Int(try $0.integer(0))
    } ?? 0
  }
}
