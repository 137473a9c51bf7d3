// Segments through the life of a store: sealed, dying, made anew, compacted. Tests
// Sources/VectorStore/Index/SegmentMaintenance.swift.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct SegmentMaintenanceTests {
  @Test func fullTailsAreSealedInTheTransactionThatFillsThem() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 16)
    var made = MadeVectors(seed: 1)
    try await indexed.add(made.next(15), prefix: "a")
    #expect(try await indexed.count("SELECT COUNT(*) FROM segments") == 0)
    try await indexed.add(made.next(1), prefix: "b")
    #expect(try await indexed.count("SELECT COUNT(*) FROM segments") == 1)
    try await indexed.add(made.next(40), prefix: "c")
    #expect(try await indexed.count("SELECT SUM(rows) FROM segments") == 48)
    try await indexed.store.close()
  }

  /// Segments follow each other without a gap, whatever is deleted, and know of each dead row.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func segmentsCoverAllVectorsThroughChanges(seed: UInt64) async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 10)
    var made = MadeVectors(seed: seed)
    var living: [String] = []
    for round in 0..<12 {
      try await indexed.add(made.next(25), prefix: "\(round)-")
      living += (0..<25).map { "\(round)-\($0)" }
      let dying = (0..<made.number(0..<30)).compactMap { _ in
        living.isEmpty ? nil : living.remove(at: made.number(0..<living.count))
      }
      try await indexed.delete(dying)
      try await expectCovered(indexed, "seed \(seed), round \(round)")
    }
    try await indexed.store.compact()
    try await expectCovered(indexed, "seed \(seed), compacted")
    #expect(try await indexed.count("SELECT COUNT(removed) FROM segments") == 0)
    try await indexed.delete(living)
    try await indexed.store.compact()
    #expect(try await indexed.count("SELECT COUNT(*) FROM segments") == 0)
    #expect(try await indexed.count("SELECT COUNT(*) FROM segment_fine_codes") == 0)
    try await indexed.store.close()
  }

  private func expectCovered(_ indexed: IndexedStore, _ comment: Comment) async throws {
    let (records, vectors, pending) = try await indexed.store.file.read { db in
      let db = try db.sqlite()
      return (
        try SegmentsTable.all(space: 1, db), try VectorsTable.ids(space: 1, after: 0, db),
        try SegmentsTable.removedVectors(db)
      )
    }
    #expect(pending.isEmpty, comment)
    var covered: Int64 = 0
    var known: [Int64] = []
    for record in records {
      #expect(record.after == covered, comment)
      covered = record.through
      let ids = try await indexed.store.file.read { db in
        let db = try db.sqlite()
        return try SpacesTable.find(id: 1, db).flatMap {
          try SegmentReader(space: $0).vectorIDs(of: record, db)
        } ?? []
      }
      #expect(ids.count == record.rows, comment)
      for (row, id) in ids.enumerated()
      where record.removed.map({ $0[row / 8] >> UInt8(row % 8) & 1 == 0 }) ?? true {
        known.append(id)
      }
      #expect(2 * record.live >= record.rows, comment)
    }
    #expect(known == vectors.filter { $0 <= covered }, comment)
    #expect(vectors.count { $0 > covered } < 10, comment)
  }

  /// Writes a store again as an earlier version would have, without its words.
  private static func rewrite(_ path: String, asFormat format: Int) throws {
    let newer = path + "-newer"
    try FileManager.default.moveItem(atPath: path, toPath: newer)
    var configuration = Configuration()
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA page_size = 32768") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try Schema.migrator.migrate(queue, upTo: Schema.migrator.migrations[format - 1])
    try queue.inDatabase { db in
      try db.execute(sql: "ATTACH ? AS newer", arguments: [newer])
      let tables = try String.fetchAll(
        db,
        sql: """
          SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
            AND name NOT LIKE 'chunk_search%' AND name <> 'grdb_migrations'
          """)
      try db.execute(sql: "PRAGMA foreign_keys = OFF")
      for table in tables {
        let columns = try String.fetchAll(
          db, sql: "SELECT name FROM pragma_table_info(?, 'main')", arguments: [table]
        ).joined(separator: ", ")
        try db.execute(
          sql: """
            DELETE FROM main.\(table);
            INSERT INTO main.\(table)(\(columns)) SELECT \(columns) FROM newer.\(table)
            """)
      }
      try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      try db.execute(sql: "DETACH newer")
    }
    try queue.close()
  }

  @Test func anOldFileIsSealedByTheNextWriter() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 16)
    var made = MadeVectors(seed: 5)
    try await indexed.add(made.next(200), prefix: "a")
    try await indexed.store.close()
    // A file of the format before, whose codes lay otherwise.
    try indexed.execute("UPDATE segments SET format = 1, codes_checksum = codes_checksum + 1")
    try Self.rewrite(indexed.path, asFormat: 4)
    let store = try await IndexedStore.open(indexed.path)
    try await store.expectExact(made.next(3))
    #expect(
      try await store.file.read {
        try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM segments WHERE format = 1")
      }
        == 0)
    try await store.compact()
    let sealed = try await store.file.read {
      try Int.fetchOne($0, sql: "SELECT SUM(rows) FROM segments")
    }
    // Whole segments; compacting does not seal the rest, which would make the file grow.
    #expect(sealed == 192)
    try await store.expectExact(made.next(3))
    try await store.close()
  }

  @Test func vectorsThatAnotherProgramDeletedAreNotFound() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 16)
    var made = MadeVectors(seed: 6)
    let vectors = made.next(64)
    try await indexed.add(vectors, prefix: "a")
    try await indexed.store.expectExact([vectors[3]])
    // Without a generation, as a shell does it.
    try indexed.execute("DELETE FROM vectors WHERE id IN (4, 5, 40)")
    try await indexed.store.expectExact([vectors[3], vectors[39]])
    try await indexed.add(made.next(1), prefix: "b")
    try await indexed.store.expectExact([vectors[3], vectors[39]])
    #expect(try await indexed.count("SELECT COUNT(*) FROM removed_vectors") == 0)
    try await indexed.store.close()
  }

  /// Codes of the tail are in memory only; what another program deletes of it is deleted without a generation.
  @Test func rowsOfTheTailThatAnotherProgramDeletedAreNotFound() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64)
    var made = MadeVectors(seed: 7)
    let vectors = made.next(40)
    try await indexed.add(vectors, prefix: "a")
    for id in [3, 17, 30] {
      for _ in 0..<5 { try await indexed.store.expectExact([vectors[id - 1]], limit: 2) }
      try indexed.execute("DELETE FROM vectors WHERE id = \(id)")
      try await indexed.store.expectExact([vectors[id - 1]], limit: 2)
    }
    try await indexed.store.close()
  }
}
