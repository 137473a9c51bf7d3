// A quick look at how near the rows of a collection are to each other. Called by Store+Calibration; calls
// VectorScan, PairCounts and Distribution.

import Foundation
import GRDB
import VectorStoreSearch

/// A seeded sample of rows: its pairs, and the nearest neighbour of each among all rows.
struct CalibrationSample {
  /// Rows of the sample: a percentile is then right within 100 · √(¼ / 256) ≈ 3 points.
  private static let rows = 256
  private static let seed: UInt64 = 1

  let scan: VectorScan

  /// - Complexity: O(rows) for their ids, one scan of the space.
  func measure(into calibration: inout ScoreCalibration) throws {
    let ids = try VectorsTable.ids(space: scan.space.id, collection: scan.collection, scan.db)
    let chosen = SeededOrder.selection(of: ids, count: Self.rows, seed: Self.seed)
    let sample = try rows(chosen)
    calibration.rows = ids.count
    calibration.sampleRows = sample.count
    guard sample.count > 1 else { return }
    calibration.randomPairs = PairCounts(of: sample).distribution(population: ids.count)
    calibration.nearestNeighbours = Distribution(
      of: try nearest(sample), population: ids.count)
    calibration.suggestedMinimumScore = ScoreCalibration.suggestedMinimumScore(
      randomPairs: calibration.randomPairs, nearestNeighbours: calibration.nearestNeighbours)
  }

  private func rows(_ ids: [Int64]) throws -> SampleRows {
    let dimensions = scan.space.space.dimensions
    let block = VectorBlock(dimensions: dimensions, capacity: max(1, ids.count))
    var chunks: [Int64] = []
    for id in ids {
      try VectorsTable.forEach(space: scan.space.id, after: id - 1, through: id, scan.db) {
        chunk, bytes in
        chunks.append(chunk)
        try block.append(bytes: bytes, id: chunk)
      }
    }
    var sample = SampleRows(ids: chunks, dimensions: dimensions)
    sample.gather(block)
    return sample
  }

  /// The cosine of each row to the nearest other one.
  private func nearest(_ sample: SampleRows) throws -> [Double] {
    let found = try scan.nearest(sample.ids.indices.map { sample[$0] }, limit: 2).results
    return zip(sample.ids, found).compactMap { id, rows in
      rows.first { $0.id != id }?.score
    }
  }
}
