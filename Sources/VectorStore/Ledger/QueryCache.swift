// Vectors of queries that were asked before, in the user's cache folder: asking again is free.

import Foundation
import GRDB
import Logging
import Synchronization
import VectorStoreEmbedding
import VectorStoreSearch
import VectorStoreText

/// Vectors by space and SHA-256 of the text, never the text itself, shared by the user's processes.
///
/// It is only a cache: whatever goes wrong with it is a miss, and what is read is checked before it is
/// used. A damaged cache is set aside for a new one; a file that does not look like a cache is left alone,
/// with a warning. Others are waited for 0.1 s at most.
final class QueryCache: Sendable {
  /// `application_id` of a cache: "VQch" in ASCII.
  static let applicationID: Int32 = 0x5651_6368
  /// How old the note of a row's last use may be before it is renewed, in seconds.
  private static let freshness: Int64 = 86_400
  /// With one row in so many that come it is looked whether there are too many.
  private static let evictionInterval: Int64 = 100

  private let database: UserDatabase
  private let limit: Int
  private let logger: Logger
  private let now: @Sendable () -> Date
  /// Whether it was said that the file is no cache.
  private let hasWarned = Mutex(false)

  /// Names the cache's file. Touches nothing yet.
  ///
  /// - Parameter limit: how many vectors are kept, about; the longest unused go first. One of 1536
  ///   dimensions takes 6.5 KB.
  init(
    path: String, limit: Int = 20_000, logger: Logger,
    now: @escaping @Sendable () -> Date = { Date() }
  ) {
    database = UserDatabase(path: path, form: Self.form)
    self.limit = limit
    self.logger = logger
    self.now = now
  }

  /// The unit vectors of texts that are known in a space, by the hashes of the texts.
  ///
  /// - Complexity: O(hashes) look-ups, one transaction.
  func vectors(for hashes: [Data], space: EmbeddingSpace) async -> [Data: [Float]] {
    let rows = await quietly("read", otherwise: []) {
      try await database.read { try Self.rows(for: hashes, space, $0) } ?? []
    }
    await noteUse(of: rows)
    return Dictionary(rows.map { ($0.hash, $0.vector) }) { first, _ in first }
  }

  /// Keeps vectors of a space, by the hashes of their texts. One that is no good vector is passed
  /// over.
  func store(_ vectors: [Data: [Float]], space: EmbeddingSpace) async {
    let time = LedgerTime(now()).milliseconds
    await quietly("write", otherwise: ()) {
      try await database.write { [limit] db in
        for (hash, vector) in vectors {
          guard let unit = try? UnitVector(vector, dimensions: space.dimensions) else { continue }
          let data = unit.components.withUnsafeBytes { Data($0) }
          try db.cachedStatement(
            sql: """
              INSERT OR REPLACE INTO vectors(space, text_hash, used_at, digest, data)
              VALUES (?, ?, ?, ?, ?)
              """
          ).execute(arguments: [space.name, hash, time, Self.digest(data, hash, space), data])
          if db.lastInsertedRowID % Self.evictionInterval == 0 { try Self.evict(to: limit, db) }
        }
      }
    }
  }
}

extension QueryCache {
  /// Nothing is synced: what a crash of the machine damages is found by SQLite or by the digest.
  private static let form = UserDatabase.Form(
    label: "vector-store.query-cache", applicationID: applicationID,
    migrations: [
      """
      CREATE TABLE vectors (
        id INTEGER PRIMARY KEY,
        space TEXT NOT NULL,
        text_hash BLOB NOT NULL,
        used_at INTEGER NOT NULL,
        digest BLOB NOT NULL,
        data BLOB NOT NULL,
        UNIQUE (space, text_hash)
      ) STRICT;
      CREATE INDEX vectors_by_use ON vectors(used_at);
      """
    ],
    settings: """
      PRAGMA page_size = 32768;
      PRAGMA journal_mode = TRUNCATE;
      PRAGMA synchronous = OFF;
      """,
    patience: 100)

  private struct CachedRow: Sendable {
    var id: Int64
    var hash: Data
    var usedAt: Int64
    var vector: [Float]
  }

  /// The rows that pass the checks.
  private static func rows(
    for hashes: [Data], _ space: EmbeddingSpace, _ db: Database
  ) throws -> [CachedRow] {
    try hashes.compactMap { hash in
      try db.firstRow(
        bulk: "SELECT id, used_at, digest, data FROM vectors WHERE space = ? AND text_hash = ?",
        .text(space.name), .blob(hash)
      ) { row -> CachedRow? in
        let data = Data(try row.blob(3, count: 4 * space.dimensions))
        guard Data(try row.blob(2)) == digest(data, hash, space), let vector = vector(data, space)
        else { return nil }
        return CachedRow(
          id: try row.integer(0), hash: hash, usedAt: try row.time(1).milliseconds, vector: vector)
      } ?? nil
    }
  }

  private static func vector(_ data: Data, _ space: EmbeddingSpace) -> [Float]? {
    let components = [Float](unsafeUninitializedCapacity: space.dimensions) { buffer, count in
      count = data.copyBytes(to: buffer) / 4
    }
    guard let unit = try? UnitVector(components, dimensions: space.dimensions),
      UnitVector.isUnitLength(unit.norm)
    else { return nil }
    return unit.components
  }

  /// Notes that rows were used, where their last use was noted long ago.
  private func noteUse(of rows: [CachedRow]) async {
    let time = LedgerTime(now()).milliseconds
    let stale = rows.filter { abs(time - $0.usedAt) > Self.freshness * 1000 }.map(\.id)
    guard !stale.isEmpty else { return }
    await quietly("write", otherwise: ()) {
      try await database.write { db in
        for id in stale {
          try db.cachedStatement(sql: "UPDATE vectors SET used_at = ? WHERE id = ?")
            .execute(arguments: [time, id])
        }
      }
    }
  }

  /// Eight bytes that tell whether a row is what was stored, under the name it was stored by.
  private static func digest(_ data: Data, _ hash: Data, _ space: EmbeddingSpace) -> Data {
    var digest = SHA256()
    digest.add(Data(space.name.utf8))
    digest.add(hash)
    digest.add(data)
    return Data(digest.finish().prefix(8))
  }

  /// Removes the longest unused rows beyond the limit, and a twentieth more so that it is not to be
  /// done again soon.
  private static func evict(to limit: Int, _ db: Database) throws {
    let excess = try (Int.fetchOne(db, sql: "SELECT COUNT(*) FROM vectors") ?? 0) - limit
    guard excess > 0 else { return }
    try db.execute(
      sql: """
        DELETE FROM vectors WHERE id IN (SELECT id FROM vectors ORDER BY used_at LIMIT ?)
        """, arguments: [excess + limit / 20])
  }

  /// Runs `body`; on any trouble logs a line, and sets a damaged file aside for a new one.
  private func quietly<T: Sendable>(
    _ verb: String, otherwise fallback: T, _ body: @Sendable () async throws -> T
  ) async -> T {
    do {
      return try await body()
    } catch {
      logger.debug("cannot \(verb) the cache of query vectors \(database.path): \(error)")
      let code = (error as? DatabaseError)?.resultCode
      let isForeign =
        if case .foreignSchema = error as? UserDatabase.Refusal { true } else { false }
      let isDamaged =
        error is DamagedValue || isForeign
        || code.map { [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR].contains($0) } ?? false
      if isDamaged { await setAside(error) }
      return fallback
    }
  }

  private func setAside(_ error: any Error) async {
    guard let isMoved = try? await database.setAside(), !isMoved,
      hasWarned.withLock({ was in
        defer { was = true }
        return !was
      })
    else { return }
    let message =
      "\(database.path) cannot be the cache of query vectors: it is not a cache of this program (\(error)); it "
      + "was left as it is, and each question is embedded again; name another path, or delete the file"
    logger.warning("\(message)")
  }
}
