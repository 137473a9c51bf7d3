// What a score means: cosines of random pairs, fast enough to ask beside a query. Calls
// StatisticsTable and PairCounts.

import Foundation
import GRDB
import VectorStoreSearch

extension Store {
  /// What scores mean among the vectors of a collection, by the pairs of a sample of its rows.
  ///
  ///     let calibration = try await store.calibration()
  ///     print(calibration?.percent(of: hit.score))  // so many % of random pairs score less
  ///
  /// - Parameters:
  ///   - collection: The collection.
  ///   - space: The space; nil is the collection's target.
  ///   - rows: How many rows to take at random; with 1,000 the 95th percentile is off by about 0.01.
  ///   - seed: By which they are taken: the same rows each time.
  /// - Returns: nil where there are no two vectors.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `spaceMismatch`, `damaged`.
  /// - Complexity: lists the ids of the collection's vectors and reads `rows` of them; O(`rows`² ·
  ///   dimensions). Costs nothing.
  public func calibration(
    of collection: String = "default", space: EmbeddingSpace? = nil, rows: Int = 1000,
    seed: UInt64 = 1
  ) async throws -> ScoreCalibration? {
    try await file.read { db in
      let record = try CollectionsTable.require(collection, db)
      let space = try VectorsTable.checked(space, of: record, db)
      guard let spaceRecord = try SpacesTable.find(space, db) else { return nil }
      let ids = try StatisticsTable.chunks(space: spaceRecord.id, collection: record.id, db)
      var sample = SampleRows(
        ids: SampleRows.selection(of: ids, count: max(2, rows), seed: seed),
        dimensions: space.dimensions)
      let block = VectorBlock(dimensions: space.dimensions, capacity: 1)
      for id in sample.ids {
        guard let data = try StatisticsTable.vector(of: id, space: spaceRecord.id, db) else {
          continue
        }
        block.removeAll()
        do {
          try data.withUnsafeBytes { try block.append(bytes: $0, id: id) }
        } catch let error as SearchError {
          throw StoreError(
            .damaged, "\(error) (in the space \(space)); restore the store from a backup",
            underlying: error)
        }
        sample.gather(block)
      }
      return PairCounts(of: sample).distribution(population: ids.count).map {
        ScoreCalibration(space: space.name, rows: sample.count, of: ids.count, randomPairs: $0)
      }
    }
  }
}
