// Damaged and missing segments: noticed, worked around with the right answer, and made anew. Tests
// Sources/VectorStore/Index.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct SegmentDamageTests {
  /// What can happen to a segment in the middle of three.
  static let damages = [
    "a byte of its head": flip("segment_heads", "2", at: 300),
    "a byte of its codes": flip("segment_codes", "2", at: 77),
    "a byte of its fine codes": flip("segment_fine_codes", "8192", at: 5),
    "a short head": "UPDATE segment_heads SET data = x'00' WHERE id = 2",
    "no head": "DELETE FROM segment_heads WHERE id = 2",
    "no codes": "DELETE FROM segment_codes WHERE id = 2",
    "no fine codes": "DELETE FROM segment_fine_codes WHERE id = 8192",
    "empty fine codes": "UPDATE segment_fine_codes SET data = x'' WHERE id = 8192",
    "another checksum": "UPDATE segments SET codes_checksum = 7 WHERE id = 2",
    "another format": "UPDATE segments SET format = 99 WHERE id = 2",
    "other rows": "UPDATE segments SET rows = 3 WHERE id = 2",
    "wrong dead rows": "UPDATE segments SET removed = x'0000000000' WHERE id = 2",
    "no row at all": "DELETE FROM segments WHERE id = 2",
    "a smaller range": "UPDATE segments SET through_id = through_id - 5 WHERE id = 2",
    "a range that another covers": "UPDATE segments SET after_id = after_id - 5 WHERE id = 3",
    "a range before its rows":
      "DELETE FROM segments WHERE id < 3; UPDATE segments SET after_id = 0 WHERE id = 3",
    "a range after its rows":
      "DELETE FROM segments WHERE id > 1; UPDATE segments SET through_id = 200 WHERE id = 1",
    "no first segment": "DELETE FROM segments WHERE id = 1",
    "no last segment": "DELETE FROM segments WHERE id = 3",
  ]

  private static func flip(_ table: String, _ id: String, at byte: Int) -> String {
    """
    UPDATE \(table) SET data = CAST(substr(data, 1, \(byte))
      || CASE WHEN substr(data, \(byte + 1), 1) = x'5A' THEN x'A5' ELSE x'5A' END
      || substr(data, \(byte + 2)) AS BLOB) WHERE id = \(id)
    """
  }

  @Test(arguments: damages.keys.sorted())
  func damageIsNoticedAndMended(name: String) async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64)
    var made = MadeVectors(seed: 9)
    let vectors = made.next(200)
    try await indexed.add(vectors, prefix: "a")
    try await indexed.store.close()
    try indexed.execute(try #require(Self.damages[name]))

    let queries = stride(from: 0, to: 200, by: 9).map { vectors[$0] } + made.next(4)
    let reader = try await IndexedStore.open(indexed.path, segmentRows: 64, access: .readOnly)
    for _ in 0..<3 { try await reader.expectExact(queries, limit: 5, "\(name): read") }
    try await reader.close()

    let writer = try await IndexedStore.open(indexed.path, segmentRows: 64)
    try await writer.expectExact(queries, limit: 5, "\(name): before")
    try await writer.compact()
    let damaged = try await writer.file.read { try SegmentMaintenance.damagedSegments($0.sqlite()) }
    #expect(damaged.isEmpty, "\(name)")
    let rows = try await writer.file.read {
      try Int.fetchOne($0, sql: "SELECT SUM(rows) FROM segments")
    }
    // Whole segments at least; compacting does not seal the rest.
    #expect((rows ?? 0) >= 192, "\(name)")
    try await writer.expectExact(queries, limit: 5, "\(name): after")
    try await writer.close()
    try expectWhole(indexed.path)
  }

  /// More vectors than a segment holds trapped whoever made it anew.
  @Test func aRangeThatIsTooWideIsMadeAnewInParts() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 2100)
    var made = MadeVectors(seed: 11)
    try await indexed.add(made.next(4200), prefix: "a")
    try await indexed.store.close()
    try indexed.execute(
      "DELETE FROM segments WHERE id = 1; UPDATE segments SET after_id = 0 WHERE id = 2")
    let store = try await IndexedStore.open(indexed.path, segmentRows: 2100)
    try await store.expectExact(made.next(2))
    try await store.file.write { try $0.execute(sql: "DELETE FROM documents WHERE source = 'a7'") }
    let rows = try await store.file.read {
      try Int.fetchAll($0, sql: "SELECT rows FROM segments ORDER BY after_id")
    }
    #expect(rows == [2100, 2099])
    try await store.expectExact(made.next(2))
    try await store.close()
    try expectWhole(indexed.path)
  }

  /// A program that reads and writes mends what it met at its next write.
  @Test func theNextWriteMendsWhatAQueryMet() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64)
    var made = MadeVectors(seed: 10)
    try await indexed.add(made.next(200), prefix: "a")
    try await indexed.store.close()
    try indexed.execute(try #require(Self.damages["a byte of its codes"]))
    let store = try await IndexedStore.open(indexed.path, segmentRows: 64)
    try await store.expectExact(made.next(3))
    try await store.file.write { _ in }
    #expect(
      try await store.file.read { try SegmentMaintenance.damagedSegments($0.sqlite()) }.isEmpty)
    try await store.expectExact(made.next(3))
    try await store.close()
  }

  /// A damaged vector is reported by the fast search as it is by exact search.
  @Test(arguments: ["x'0000'", "zeroblob(256)"])
  func aDamagedVectorIsReported(value: String) async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64)
    var made = MadeVectors(seed: 11)
    try await indexed.add(made.next(100), prefix: "a")
    try indexed.execute(
      "UPDATE vectors SET data = \(value) WHERE id = 7; DELETE FROM segments")
    try await indexed.store.compact()
    let query = made.next()
    #expect(
      await errorCode {
        _ = try await indexed.store.query(vectors: [query], options: QueryOptions(limit: 100))
      } == .damaged)
    try await indexed.store.close()
  }
}
