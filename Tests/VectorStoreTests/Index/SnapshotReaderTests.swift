// One thread at a time is inside a snapshot's connection. Tests Sources/VectorStore/Index/SnapshotReader.swift
// and Sources/VectorStore/File/ConnectionGuard.swift.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct SnapshotReaderTests {
  /// Clusters, one after the other, so that each group of queries meets segments whose fine codes nobody has
  /// read yet, while the rows of the group before are read.
  private static let clusters = 13
  private static let clusterRows = 192
  /// More than four for each result, or the fine codes of all rows are read by the first query.
  private static let segmentRows = 64

  /// Vectors near the centre of each cluster.
  private static func vectors(_ count: Int, in cluster: Int, seed: UInt64) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      (0..<IndexedStore.space.dimensions).map { dimension in
        (dimension % clusters == cluster ? 1 : 0) + Float.random(in: -0.2...0.2, using: &generator)
      }
    }
  }

  /// Debug builds trap if two threads are inside one connection: this test then does not end.
  @Test func aHundredQueriesOverManySegmentsUseTheConnectionInTurn() async throws {
    let folder = try TemporaryFolder()
    let indexed = try await IndexedStore(folder, segmentRows: Self.segmentRows)
    for cluster in 0..<Self.clusters {
      let rows = Self.vectors(Self.clusterRows, in: cluster, seed: UInt64(cluster))
      try await indexed.add(rows, prefix: "c\(cluster)-")
    }
    let queries = (0..<100).map { Self.vectors(1, in: $0 / 8, seed: 1000 + UInt64($0))[0] }
    for round in 0..<8 {
      // Opened again, so that no fine code is in memory.
      let reader = try await IndexedStore.open(
        indexed.path, segmentRows: Self.segmentRows, access: .readOnly)
      try await reader.expectExact(queries, "round \(round)")
      try await reader.close()
    }
    try await indexed.store.close()
  }
}
