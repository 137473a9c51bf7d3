// batches and batch_texts: what the embedding service has in batches, and which texts are in them.

import Foundation

/// A batch that was, or is to be, handed over to a service.
struct BatchRecord: Sendable {
  /// Its row.
  let id: Int64
  /// The space of its vectors.
  let space: SpaceRecord
  /// The collection it was made for, and its target space then.
  let collection: Int64
  let target: Int64
  /// The run that handed it over, or is about to.
  let run: Int64
  /// The server, by one name.
  let server: String
  /// What it is called in the ledger.
  let name: String
  /// What the server calls its file, once that is uploaded.
  var file: String?
  /// What the server calls it, once it is known to exist.
  var batch: String?
  let texts: Int
  let tokens: Int
  /// What it costs at most.
  let cost: NanoDollars
  let since: String
}

enum BatchesTable {
  static let schema = """
    CREATE TABLE batches (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      space_id INTEGER NOT NULL REFERENCES spaces(id),
      collection_id INTEGER NOT NULL,
      target_space_id INTEGER NOT NULL,
      run_id INTEGER NOT NULL,
      server TEXT NOT NULL,
      name TEXT NOT NULL UNIQUE,
      file TEXT,
      batch TEXT,
      texts INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL,
      created_at TEXT NOT NULL
    ) STRICT;
    CREATE TABLE batch_texts (
      text_hash BLOB NOT NULL,
      space_id INTEGER NOT NULL,
      batch_id INTEGER NOT NULL REFERENCES batches(id) ON DELETE CASCADE,
      PRIMARY KEY (text_hash, space_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX batch_texts_by_batch ON batch_texts(batch_id);
    """

  /// Enters a batch that is about to be handed over, with its texts.
  static func insert(_ batch: BatchRecord, hashes: some Sequence<Data>, _ db: any SQLTransaction)
    throws
    -> Int64
  {
    let inserted = try db.insert(
      sql: """
        INSERT INTO batches(space_id, collection_id, target_space_id, run_id, server, name, texts,
          tokens, cost_nano, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        batch.space.id, batch.collection, batch.target, batch.run, batch.server, batch.name,
        batch.texts, batch.tokens, batch.cost.nano, batch.since,
      ])
    let id = inserted ?? 0
    for hash in hashes {
      try db.run(
        bulk: "INSERT INTO batch_texts(text_hash, space_id, batch_id) VALUES (?, ?, ?)",
        .blob(hash), .integer(batch.space.id), .integer(id))
    }
    return id
  }

  /// All batches, oldest first. A file of format 10 or before that is only read has none.
  static func all(_ db: any SQLTransaction) throws -> [BatchRecord] {
    guard try db.hasTable("batches") else { return [] }
    return try db.rows(
      bulk: """
        SELECT b.id, b.collection_id, b.target_space_id, b.run_id, b.server, b.name, b.file, b.batch,
          b.texts, b.tokens, b.cost_nano, b.created_at, \(SpacesTable.columns)
        FROM batches b JOIN spaces s ON s.id = b.space_id ORDER BY b.id
        """
    ) { row in
      BatchRecord(
        id: try row.integer(0), space: try SpacesTable.record(row, from: 12),
        collection: try row.integer(1), target: try row.integer(2), run: try row.integer(3),
        server: try row.text(4), name: try row.text(5), file: try row.text(orNil: 6),
        batch: try row.text(orNil: 7), texts: try row.count(8), tokens: try row.count(9),
        cost: NanoDollars(nano: try row.amount(10)), since: try row.text(11))
    }
  }

  /// Whether a batch has a text.
  static func holds(textHash: Data, space: Int64, _ db: any SQLTransaction) throws -> Bool {
    var holds = false
    try db.forEachRow(
      bulk: "SELECT 1 FROM batch_texts WHERE text_hash = ? AND space_id = ?", .blob(textHash),
      .integer(space)
    ) { _ in holds = true }
    return holds
  }

  /// Those of some texts that batches have. A file of format 10 or before that is only read has none.
  static func held(_ hashes: [Data], space: Int64, _ db: any SQLTransaction) throws -> Set<Data> {
    guard try db.hasTable("batches") else { return [] }
    return Set(try hashes.filter { try holds(textHash: $0, space: space, db) })
  }

  /// The texts of a batch that nothing has come of yet.
  static func texts(of batch: Int64, _ db: any SQLTransaction) throws -> Set<Data> {
    var hashes: Set<Data> = []
    try db.forEachRow(
      bulk: "SELECT text_hash FROM batch_texts WHERE batch_id = ?", .integer(batch)
    ) { hashes.insert(Data(try $0.blob(0))) }
    return hashes
  }

  static func set(file: String, of batch: Int64, _ db: any SQLTransaction) throws {
    try db.execute(sql: "UPDATE batches SET file = ? WHERE id = ?", arguments: [file, batch])
  }

  static func set(batch name: String, of batch: Int64, _ db: any SQLTransaction) throws {
    try db.execute(sql: "UPDATE batches SET batch = ? WHERE id = ?", arguments: [name, batch])
  }

  /// Gives the handing over of a batch from one run to another. Returns whether the first still had it.
  static func hand(
    _ batch: Int64, from old: Int64, to new: Int64, _ db: any SQLTransaction
  ) throws -> Bool {
    try db.changes(
      bulk: "UPDATE batches SET run_id = ? WHERE id = ? AND run_id = ?", .integer(new),
      .integer(batch), .integer(old)) == 1
  }

  /// Lets go of a text of a batch.
  static func release(textHash: Data, space: Int64, _ db: any SQLTransaction) throws {
    try db.run(
      bulk: "DELETE FROM batch_texts WHERE text_hash = ? AND space_id = ?", .blob(textHash),
      .integer(space))
  }

  /// Forgets a batch, with the texts that nothing came of.
  static func delete(_ batch: Int64, _ db: any SQLTransaction) throws {
    try db.execute(sql: "DELETE FROM batch_texts WHERE batch_id = ?", arguments: [batch])
    try db.execute(sql: "DELETE FROM batches WHERE id = ?", arguments: [batch])
  }
}
