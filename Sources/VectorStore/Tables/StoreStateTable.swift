// store_state: one row with the generation, which every write transaction raises. Raised by
// StoreFile; read inside each snapshot by whatever caches what it read.

import GRDB

enum StoreStateTable {
  /// The number of write transactions this store has seen.
  static func generation(_ db: Database) throws -> Int64 {
    var generation: Int64 = 0
    try db.forEachRow(bulk: "SELECT generation FROM store_state WHERE id = 1") {
      generation = $0.integer(0)
    }
    return generation
  }

  static func raiseGeneration(_ db: Database) throws {
    try db.cachedStatement(sql: "UPDATE store_state SET generation = generation + 1 WHERE id = 1")
      .execute()
  }
}
