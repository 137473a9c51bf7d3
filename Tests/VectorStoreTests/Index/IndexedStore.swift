// Stores whose vectors are given, row by row, with small segments, so that a few dozen rows are sealed,
// die and are made anew. Used by the tests of Index/.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore
@testable import VectorStoreSearch

/// A store of one collection in a small space, changed below its verbs.
struct IndexedStore {
  static let space = EmbeddingSpace.named("test/m/64")

  let store: Store
  let path: String

  /// - Parameter segmentRows: the rows of a full segment.
  init(_ folder: TemporaryFolder, segmentRows: Int = 16, name: String = "indexed.db") async throws {
    path = folder.path(name)
    store = try await Self.open(path, segmentRows: segmentRows)
    try await store.file.write { db in
      _ = try CollectionsTable.findOrCreate("default", target: Self.space, db)
      _ = try CollectionsTable.findOrCreate("other", target: Self.space, db)
    }
  }

  static func open(
    _ path: String, segmentRows: Int = 16, access: StoreConfiguration.Access = .readWrite
  ) async throws -> Store {
    var configuration = StoreConfiguration(mode: .mock)
    configuration.segmentRows = segmentRows
    configuration.access = access
    return try await Store(path: path, configuration: configuration)
  }

  /// Adds documents of one chunk each, with their vectors.
  func add(_ vectors: [[Float]], to collection: String = "default", prefix: String) async throws {
    try await store.file.write { db in
      let record = try CollectionsTable.require(collection, db)
      let now = Timestamp.now()
      for (index, vector) in vectors.enumerated() {
        let document = try db.insert(
          sql: """
            INSERT INTO documents(collection_id, source, origin, format, metadata, added_at, updated_at)
            VALUES (?, ?, 'import', 'text', '{}', ?, ?)
            """, arguments: [record.id, "\(prefix)\(index)", now, now])
        let chunk = try db.insert(
          sql: "INSERT INTO chunks(document_id, ordinal) VALUES (?, 0)", arguments: [document])
        try VectorsTable.insert(
          try StoredVector(checking: vector, dimensions: Self.space.dimensions),
          chunk: chunk ?? 0, space: record.target.id, db)
      }
    }
  }

  /// Deletes some documents.
  func delete(_ sources: [String]) async throws {
    try await store.file.write { db in
      for source in sources {
        try db.execute(sql: "DELETE FROM documents WHERE source = ?", arguments: [source])
      }
    }
  }

  /// Runs SQL as another program would: no verb, no maintenance.
  func execute(_ sql: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  func count(_ sql: String) async throws -> Int {
    try await store.file.read { try Int.fetchOne($0, sql: sql) ?? -1 }
  }
}

extension Store {
  /// Expects the fast search to give what exact search gives.
  func expectExact(
    _ queries: [[Float]], limit: Int = 10, collection: String = "default", filter: Filter? = nil,
    _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    var options = QueryOptions(limit: limit)
    options.filter = filter
    let found = try await query(vectors: queries, in: collection, options: options)
    options.isExact = true
    let exact = try await query(vectors: queries, in: collection, options: options)
    #expect(found.map(\.hits) == exact.map(\.hits), comment, sourceLocation: sourceLocation)
    #expect(found.count == queries.count, comment, sourceLocation: sourceLocation)
  }
}

/// Random unit vectors, in clusters, some of them copies of others.
struct MadeVectors {
  private var generator: SeededGenerator
  private var centres: [[Float]] = []
  private var made: [[Float]] = []

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
    centres = (0..<5).map { _ in Self.vector(&generator) }
  }

  mutating func next() -> [Float] {
    if !made.isEmpty, Int.random(in: 0..<8, using: &generator) == 0 {
      return made[Int.random(in: 0..<made.count, using: &generator)]
    }
    let centre = centres[Int.random(in: 0..<centres.count, using: &generator)]
    let vector = zip(centre, Self.vector(&generator)).map { $0 + 0.5 * $1 }
    made.append(vector)
    return vector
  }

  mutating func next(_ count: Int) -> [[Float]] { (0..<count).map { _ in next() } }

  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

  private static func vector(_ generator: inout SeededGenerator) -> [Float] {
    (0..<IndexedStore.space.dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
  }
}
