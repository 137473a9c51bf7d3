// store_state: one row with the generation, which every write transaction raises. Raised by
// StoreFile; read inside each snapshot by whatever caches what it read.

import Foundation
import GRDB

enum StoreStateTable {
  /// The number of write transactions this store has seen.
  static func generation(_ db: Database) throws -> Int64 {
    var generation: Int64 = 0
    try db.forEachRawRow(bulk: "SELECT generation FROM store_state WHERE id = 1") {
      generation = $0.integer(0)
    }
    return generation
  }

  /// Counts a write transaction. A count that is missing or cannot be one begins anew, above every one
  /// that an open store may have seen.
  static func raiseGeneration(_ db: Database) throws {
    try db.run(
      bulk: """
        INSERT INTO store_state(id, generation) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE
        SET generation = IIF(
          typeof(generation) = 'integer' AND generation BETWEEN 0 AND ?2, generation + 1, ?1)
        """, .integer(Int64(Date().timeIntervalSince1970)), .integer(greatestGeneration))
  }

  /// More write transactions than there can have been.
  static let greatestGeneration: Int64 = 1 << 53
}
