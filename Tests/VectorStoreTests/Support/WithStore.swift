// Runs a test on a store of its own and looks the file over when it is done.

import Foundation
import GRDB
import TestSupport
import Testing
@testable import VectorStore

/// Runs `body` with a new store, closes it, and expects SQLite to find the file whole.
func withStore(
  mode: ServiceMode = .mock, service: (any EmbeddingService)? = nil,
  _ body: (Store, TemporaryFolder) async throws -> Void
) async throws {
  let folder = try TemporaryFolder()
  let configuration = StoreConfiguration(mode: mode, service: service)
  #if Postgres
    if TestStorage.isPostgres {
      let database = try await PostgresServer.makeDatabase()
      // Files below the folder are called by their paths from there, as beside a store's file.
      let store = try await Store(
        path: database.uri + "?folder=\(folder.url.path)", configuration: configuration)
      try await body(store, folder)
      try await store.close()
      return try expectWhole(database)
    }
  #endif
  let path = folder.path("test.db")
  let store = try await Store(path: path, configuration: configuration)
  try await body(store, folder)
  try await store.close()
  try expectWhole(path)
}

#if Postgres
  /// Expects the words of a store on PostgreSQL to be those of its chunks, and their counts those of the words.
  func expectWhole(
    _ database: PostgresDatabase, schema: String = "vector_store",
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let unindexed = try database.sql(
      """
      SELECT COUNT(*) FROM \(schema).chunks c FULL JOIN \(schema).chunk_words w ON w.chunk_id = c.id
      WHERE (c.text IS NOT NULL) <> (w.chunk_id IS NOT NULL)
      """)
    #expect(unindexed == "0", sourceLocation: location)
    let totals = try database.sql(
      """
      SELECT (SELECT (chunks, length) FROM \(schema).word_totals)
        = (SELECT (COUNT(*), COALESCE(SUM(length), 0)::bigint) FROM \(schema).chunk_words)
      """)
    #expect(totals == "t", sourceLocation: location)
    let miscounted = try database.sql(
      """
      SELECT COUNT(*) FROM (SELECT word, COUNT(*) AS chunks FROM \(schema).chunk_words w,
          unnest(tsvector_to_array(w.words)) word GROUP BY word) a
        FULL JOIN (SELECT * FROM \(schema).word_counts WHERE chunks <> 0) k USING (word)
      WHERE a.chunks IS DISTINCT FROM k.chunks
      """)
    #expect(miscounted == "0", sourceLocation: location)
  }
#endif

/// Where the tests' stores are: in files, or on PostgreSQL if `VECTOR_STORE_TESTS_ON` says `postgres`.
enum TestStorage {
  static let isPostgres = ProcessInfo.processInfo.environment["VECTOR_STORE_TESTS_ON"] == "postgres"
}

extension Trait where Self == ConditionTrait {
  /// What only a store in a file has: its bytes, its segments, plans of SQLite.
  static var aboutFiles: Self {
    .disabled(if: TestStorage.isPostgres, "it is about a store in a file")
  }
}

/// Expects a store's file to pass SQLite's integrity check, foreign keys and the word index included.
func expectWhole(_ path: String, _ location: SourceLocation = #_sourceLocation) throws {
  let queue = try DatabaseQueue(path: path)
  let (integrity, foreignKeys, unindexed, orphans) = try queue.write { db in
    try db.execute(
      sql: "INSERT INTO chunk_search(chunk_search, rank) VALUES ('integrity-check', 0)")
    return (
      try String.fetchAll(db, sql: "PRAGMA integrity_check"),
      try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count,
      try Int.fetchOne(
        db,
        sql: """
          SELECT COUNT(*) FROM chunks WHERE (text IS NOT NULL)
            <> EXISTS (SELECT 1 FROM chunk_search WHERE chunk_search.rowid = chunks.id)
          """),
      try Int.fetchOne(
        db,
        sql: "SELECT COUNT(*) FROM chunk_search WHERE rowid NOT IN (SELECT id FROM chunks)")
    )
  }
  try queue.close()
  #expect(integrity == ["ok"], sourceLocation: location)
  #expect(foreignKeys == 0, sourceLocation: location)
  #expect(unindexed == 0, sourceLocation: location)
  #expect(orphans == 0, sourceLocation: location)
}

/// A service of a real space that answers at once with the mock service's vectors, or fails.
struct FakeService: EmbeddingService {
  struct Down: Error, CustomStringConvertible {
    var description: String { "the service is down" }
  }

  var space = EmbeddingSpace.openAI3Small
  var terms = ServiceTerms()
  var isDown = false
  /// Called with the texts of each request.
  var onRequest: @Sendable ([String]) -> Void = { _ in }
  /// What the request fails with, asked after ``onRequest``.
  var failure: @Sendable () -> (any Error)? = { nil }
  /// Changes the vectors on their way out.
  var change: @Sendable (String, [Float]) -> [Float] = { $1 }

  func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    if isDown { throw Down() }
    onRequest(texts)
    if let failure = failure() { throw failure }
    let mock = try MockService(dimensions: space.dimensions)
    let batch = try await mock.embed(texts)
    return EmbeddingBatch(
      vectors: zip(texts, batch.vectors).map { change($0, $1) }, tokens: texts.count)
  }
}

/// The code of the StoreError that `body` throws, or nil where it throws none.
func errorCode(of body: () async throws -> Void) async -> StoreError.Code? {
  do {
    try await body()
    return nil
  } catch {
    return (error as? StoreError)?.code
  }
}

extension EmbeddingSpace {
  /// The space of a name that is known to be one.
  static func named(_ name: String) -> EmbeddingSpace {
    guard let space = EmbeddingSpace(name) else { fatalError("\(name) is no space") }
    return space
  }
}
