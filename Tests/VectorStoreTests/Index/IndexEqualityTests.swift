// The fast search against exact search on stores that change between queries. Tests Sources/VectorStore/Index.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct IndexEqualityTests {
  #if DEBUG
    private static let seeds: Range<UInt64> = 0..<3
  #else
    private static let seeds: Range<UInt64> = 0..<20
  #endif

  /// A thousand stores in a release build, 50 a seed; every tenth lives longer.
  @Test(arguments: seeds)
  func randomStoresAnswerAsExactSearchDoes(seed: UInt64) async throws {
    for part in 0..<50 {
      let folder = try TemporaryFolder()
      var made = MadeVectors(seed: seed * 1000 + UInt64(part))
      let indexed = try await IndexedStore(folder, segmentRows: made.number(3..<40))
      let reader = try await IndexedStore.open(indexed.path, access: .readOnly)
      var living: [String] = []
      for round in 0..<(part.isMultiple(of: 10) ? 10 : 3) {
        try await change(indexed, &living, &made, round)
        let comment: Comment = "seed \(seed), store \(part), round \(round)"
        let queries = made.next(3)
        let limit = [1, 5, 10, 200][made.number(0..<4)]
        try await indexed.store.expectExact(queries, limit: limit, comment)
        if round.isMultiple(of: 3) { try await reader.expectExact(queries, limit: 3, comment) }
        try await indexed.store.expectExact(queries, limit: limit, collection: "other", comment)
      }
      try await reader.close()
      try await indexed.store.close()
      try expectWhole(indexed.path)
    }
  }

  /// Adds, deletes and replaces documents, in one collection or the other, or compacts.
  private func change(
    _ indexed: IndexedStore, _ living: inout [String], _ made: inout MadeVectors, _ round: Int
  ) async throws {
    let count = made.number(0..<30)
    try await indexed.add(made.next(count), prefix: "\(round)-")
    living += (0..<count).map { "\(round)-\($0)" }
    if made.number(0..<3) == 0 {
      try await indexed.add(made.next(made.number(1..<9)), to: "other", prefix: "other\(round)-")
    }
    for index in living.indices.dropFirst() { living.swapAt(index, made.number(0..<index + 1)) }
    let dying = living.prefix(made.number(0..<living.count + 1) / made.number(1..<6))
    try await indexed.delete(Array(dying))
    living.removeFirst(dying.count)
    // Updates: the same names with other vectors.
    let changed = Array(dying.prefix(made.number(0..<5)))
    for source in changed {
      try await indexed.add([made.next()], prefix: "again-\(source)-")
      living.append("again-\(source)-0")
    }
    if made.number(0..<9) == 0 { try await indexed.store.compact() }
  }

  @Test func oneStoreSeesWhatAnotherAddsAndDeletes() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder)
    var made = MadeVectors(seed: 1)
    let vectors = made.next(50)
    try await indexed.add(vectors, prefix: "a")
    let other = try await IndexedStore.open(indexed.path, access: .readOnly)
    let query = vectors[20]
    func best() async throws -> String? {
      try await other.query(vectors: [query], options: QueryOptions(limit: 1))[0].hits.first?
        .source
    }
    let first = try await best()
    try await indexed.delete([first ?? ""])
    #expect(try await best() != first)
    try await indexed.add([query], prefix: "new")
    #expect(
      try await other.query(vectors: [query], options: QueryOptions(limit: 80))[0].hits
        .contains { $0.source == "new0" })
    try await other.expectExact([query])
    try await other.close()
    try await indexed.store.close()
  }

  /// The rows that are not sealed are scored one by one, until codes of them in memory are cheaper.
  @Test func theTailIsTakenIntoMemory() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64)
    var made = MadeVectors(seed: 2)
    try await indexed.add(made.next(40), prefix: "a")
    var scored: [Int] = []
    for _ in 0..<6 {
      let answer = try await indexed.store.query(
        vectors: [made.next()], options: QueryOptions(limit: 2))
      scored.append(answer[0].effort.scored)
    }
    #expect(scored[0] == 40)
    #expect(scored[5] < 40)
    // More rows, and fewer: what is in memory follows.
    try await indexed.add(made.next(7), prefix: "b")
    try await indexed.delete((0..<30).map { "a\($0)" })
    for _ in 0..<10 { try await indexed.store.expectExact(made.next(2), limit: 2) }
    try await indexed.store.close()
  }

  @Test func filtersSelectBeforeRanking() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder)
    var made = MadeVectors(seed: 3)
    let vectors = made.next(200)
    try await indexed.add(vectors, prefix: "d")
    let queries = made.next(5)
    let rare = Filter.oneOf(.source, [.string("d7"), .string("d150"), .string("d199")])
    try await indexed.store.expectExact(queries, limit: 3, filter: rare)
    var options = QueryOptions(limit: 10)
    options.filter = rare
    let hits = try await indexed.store.query(vectors: queries, options: options)
    #expect(hits.allSatisfy { Set($0.hits.map(\.source)) == ["d7", "d150", "d199"] })
    // By chunk.
    try await indexed.store.expectExact(
      queries, limit: 20, filter: try Filter(parsing: "ordinal = 0 and source >= 'd5'"))
    try await indexed.store.expectExact(
      queries, limit: 20, filter: try Filter(parsing: "ordinal = 1"))
    try await indexed.store.close()
  }

  @Test func manyTasksAtOnceGetTheSameAnswers() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: 64)
    var made = MadeVectors(seed: 4)
    try await indexed.add(made.next(700), prefix: "d")
    let queries = made.next(8)
    var options = QueryOptions(limit: 5)
    options.isExact = true
    let expected = try await indexed.store.query(vectors: queries, options: options)
    let store = indexed.store
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<32 {
        group.addTask {
          let index = task % queries.count
          let found = try await store.query(
            vectors: [queries[index]], options: QueryOptions(limit: 5))
          #expect(found[0].hits == expected[index].hits)
        }
      }
      try await group.waitForAll()
    }
    try await store.close()
  }
}
