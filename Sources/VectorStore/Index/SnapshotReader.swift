// The one way in which a search reads a snapshot: fine codes and float32 rows, one thread at a
// time.

import Foundation
import GRDB
import GRDBSQLite
import VectorStoreSearch

/// Owns a snapshot's connection while a search runs: nothing else uses it until the search has ended.
///
/// It is handed down to the search because only the search knows which rows it needs: about 20 of 100,000,
/// found one after the other, each by the bounds that the rows before it have set. Reading them beforehand
/// would mean reading all of them.
///
/// `@unchecked Sendable`: the lock lets one thread in at a time, whatever is read; the query's thread, which
/// the connection belongs to, is one of the search's workers or waits for them.
final class SnapshotReader: SearchSource, @unchecked Sendable {
  private let fineCodes: Statement
  private let vectors: Statement
  private let dimensions: Int
  private let lock = NSLock()
  private let cancellation = Cancellation.current

  /// - Parameter db: used until the search has ended.
  init(_ db: Database, space: EmbeddingSpace) throws {
    fineCodes = try db.cachedStatement(sql: "SELECT data FROM segment_fine_codes WHERE id = ?")
    vectors = try db.cachedStatement(
      sql: """
        SELECT v.id, \(VectorsTable.data(in: space, db)), v.norm, v.checksum FROM vectors v WHERE v.id = ?
        """)
    dimensions = space.dimensions
  }

  func withFineCode(
    _ row: Int, of segment: CodeSegment, _ body: (UnsafeRawPointer) throws -> Void
  ) throws {
    let rows = SegmentsTable.fineRowsAtOnce(segment.layout)
    try withBlock(row / rows, of: segment) { bytes in
      let start = row % rows * segment.layout.fineBytes
      guard start + segment.layout.fineBytes <= bytes.count, let base = bytes.baseAddress else {
        throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
      }
      try body(base + start)
    }
  }

  func readFineCodes(of segment: CodeSegment, into target: AlignedBytes) throws {
    let size = SegmentsTable.fineRowsAtOnce(segment.layout) * segment.layout.fineBytes
    for (block, start) in stride(from: 0, to: target.count, by: size).enumerated() {
      try withBlock(block, of: segment) { bytes in
        guard bytes.count == min(size, target.count - start), let base = bytes.baseAddress else {
          throw CodeSegment.Damage(segment: segment.id, part: "fine codes")
        }
        (target.start + start).copyMemory(from: base, byteCount: bytes.count)
      }
    }
    try segment.check(fineCodes: target)
  }

  func withVector(
    _ vector: Int64, of segment: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let damage = CodeSegment.Damage(segment: segment, part: "vector")
    try withRow(vectors, vector, else: damage) {
      try body(try $0.vector(1, norm: 2, checksum: 3, dimensions: dimensions))
    }
  }

  func checkCancellation() throws { try cancellation?.check() }

  /// What it means that a part of a segment was not read: it is damaged, unless the read was interrupted.
  static func error(_ code: Int32, _ damage: CodeSegment.Damage) -> any Error {
    code == SQLITE_INTERRUPT ? CancellationError() : damage
  }

  private func withBlock(
    _ block: Int, of segment: CodeSegment, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    let damage = CodeSegment.Damage(segment: segment.id, part: "fine codes")
    let id = SegmentsTable.fineID(segment: segment.id, block: block)
    try withRow(fineCodes, id, else: damage) { try body($0.raw.blob(0)) }
  }

  /// Hands the row with an id to `body`, good until the call ends.
  private func withRow(
    _ owner: Statement, _ id: Int64, else damage: CodeSegment.Damage,
    _ body: (BulkRow) throws -> Void
  ) throws {
    lock.lock()
    defer { lock.unlock() }
    let statement = owner.sqliteStatement
    try ConnectionGuard.inside(sqlite3_db_handle(statement)) {
      defer { sqlite3_reset(statement) }
      sqlite3_bind_int64(statement, 1, id)
      let code = sqlite3_step(statement)
      guard code == SQLITE_ROW else { throw Self.error(code, damage) }
      try body(BulkRow(statement: statement))
    }
  }
}
