// A store with something of everything, to be damaged. Used by the tests of Doctor/.

import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// A closed store: 200 vectors in three segments and a tail, texts with words and metadata, two collections.
struct DoctorFixture {
  let folder: TemporaryFolder
  let path: String
  let queries: [[Float]]

  /// The store's bytes and questions to it, made once for all tests.
  private static let made = Task { () async throws -> (bytes: Data, queries: [[Float]]) in
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64, name: "store.db")
    var made = MadeVectors(seed: 5)
    let vectors = made.next(200)
    try await indexed.add(vectors, prefix: "v")
    try await indexed.delete(["v3", "v70"])
    try await indexed.store.add(texts, to: "texts")
    try await indexed.store.close()
    let queries = stride(from: 0, to: 200, by: 17).map { vectors[$0] } + made.next(3)
    return (try Data(contentsOf: URL(filePath: indexed.path)), queries)
  }

  init() async throws {
    let made = try await Self.made.value
    try self.init(made.bytes, queries: made.queries)
  }

  /// A store of its own with these bytes.
  init(_ bytes: Data, queries: [[Float]]) throws {
    folder = try TemporaryFolder()
    path = try folder.write(bytes, to: "store.db")
    self.queries = queries
  }

  static let texts = [
    Document(id: "sky", text: "The sky is blue.", metadata: ["colour": "blue", "page": 3]),
    Document(
      id: "bread", text: "Bread rises because of yeast.", metadata: ["colour": "brown"]),
    Document(id: "panther", text: "卡罗来纳黑豹队赢了比赛。"),
    Document(id: "walrus", text: "The walrus has tusks."),
  ]

  /// Whether stores open whose schema was tampered with.
  var opensForeignSchemas = false

  var configuration: StoreConfiguration {
    var configuration = StoreConfiguration(mode: .mock)
    configuration.segmentRows = 64
    configuration.opensForeignSchemas = opensForeignSchemas
    configuration.budget.ledgerPath = folder.path("ledger.db")
    return configuration
  }

  func examine(
    repairs: Bool = false, recall: Bool = false
  ) async throws -> DoctorReport {
    var options = DoctorOptions()
    options.repairs = repairs
    options.measuresRecall = recall
    return try await Store.doctor(path: path, configuration: configuration, options: options)
  }

  /// Runs SQL as another program would: without foreign keys, statement by statement.
  func execute(_ sql: String) async throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    // No test here is about losing power.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = OFF") }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try await queue.writeWithoutTransaction { db in
      try db.execute(sql: sql)
      _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try queue.close()
  }

  func value<T: DatabaseValueConvertible & Sendable>(_ sql: String) async throws -> T? {
    let queue = try DatabaseQueue(path: path)
    let value = try await queue.read { try T.fetchOne($0, sql: sql) }
    try queue.close()
    return value
  }

  /// Writes bytes into the file.
  func overwrite(at offset: Int, _ bytes: [UInt8]) throws {
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.seek(toOffset: UInt64(offset))
    try handle.write(contentsOf: Data(bytes))
    try handle.close()
  }

  /// Expects the fast search to give what exact search gives, and words to be found.
  func expectAnswers(_ comment: Comment) async throws {
    let store = try await Store(path: path, configuration: configuration)
    try await store.expectExact(queries, limit: 7, comment)
    var options = QueryOptions()
    options.ranking = .lexical
    var found: [String] = []
    for collection in try await store.collections() {
      found += try await store.query("walrus", in: collection.name, options: options)
        .hits.map(\.source)
    }
    #expect(found == ["walrus"], comment)
    try await store.close()
  }
}

extension DoctorReport {
  /// The names of the checks that are not well.
  var unwell: Set<Name> { Set(checks.lazy.filter { $0.state != .ok }.map(\.name)) }

  func names(_ state: State) -> Set<Name> {
    Set(checks.lazy.filter { $0.state == state }.map(\.name))
  }
}
