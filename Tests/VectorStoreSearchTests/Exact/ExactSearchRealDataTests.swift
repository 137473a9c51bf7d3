// Exact search on real embeddings, where they are at hand.
// Tests Sources/VectorStoreSearch/Exact/ExactSearch.swift and QuerySelection.swift.

import Foundation
import TestSupport
import Testing
import VectorStoreSearch

/// Real embeddings lie in a narrow cone and hold true near-duplicates, unlike random vectors.
@Suite struct ExactSearchRealDataTests {
  static let files = ["text-embedding-3-small", "text-embedding-ada-002"]

  static func url(_ name: String) -> URL? { SharedData.file("openai1536/\(name).npy") }

  @Test(.enabled(if: files.allSatisfy { url($0) != nil }), arguments: files)
  func resultsOnRealVectorsAreThoseOfANaiveLoop(name: String) throws {
    let data = try NPYFixture(contentsOf: #require(Self.url(name)))
    // A sample: a naive loop over all rows takes long in a debug build.
    let rows = try stride(from: 0, to: data.rows, by: data.rows / 300).map { row in
      try UnitVector(data[row], dimensions: data.columns).components
    }
    let ids = (0..<Int64(rows.count)).map { 7 * $0 % Int64(rows.count) * 2 + 1 }
    let queries = [data[1], data[data.rows / 2], data[data.rows - 1].map { $0 * 5 }]
    let expected = queries.map { NaiveSearch.search($0, rows: rows, ids: ids, limit: 25) }
    for blockSize in [7, 4096] {
      let found = try exactSearch(queries, rows: rows, ids: ids, limit: 25, blockSize: blockSize)
      #expect(found.finish() == expected, "blocks of \(blockSize)")
    }
  }

  @Test(.enabled(if: files.allSatisfy { url($0) != nil }), arguments: files)
  func everyRealVectorFindsItself(name: String) throws {
    let data = try NPYFixture(contentsOf: #require(Self.url(name)))
    var search = try ExactSearch(
      queries: (0..<50).map { data[$0 * data.rows / 50] }, dimensions: data.columns, limit: 3)
    let ids = Array(0..<Int64(data.rows))
    try data.elements.withUnsafeBufferPointer { rows in
      try ids.withUnsafeBufferPointer { ids in try search.score(rows: rows, ids: ids) }
    }
    for (query, results) in search.finish().enumerated() {
      // An exact duplicate with a lower id may stand before it.
      let itself = Int64(query * data.rows / 50)
      #expect(results.contains { $0.id == itself && $0.score > 1 - 1e-12 }, "row \(itself)")
    }
    // Few rows are worth a second look: what makes exactness cheap.
    #expect(search.rescoredCount < search.scoredCount / 20)
  }
}
