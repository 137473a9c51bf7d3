// The verb `calibration`: what a score of a space means.

import Foundation
import VectorStoreSearch

extension Store {
  /// Rows that are searched for, to know their nearest neighbours: a percentile of them is then right
  /// within 100 · √(¼ / 256), or 3 points.
  private static let searchedRows = 256

  /// What scores mean among the vectors of a collection: by the pairs of a sample of its rows, and by the
  /// nearest neighbours of a few of them among all rows.
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
  ///   dimensions); 256 searches in one scan. 0.3 s for 100,000 rows. Costs nothing.
  public func calibration(
    of collection: String = "default", space: EmbeddingSpace? = nil, rows: Int = 1000,
    seed: UInt64 = 1
  ) async throws -> ScoreCalibration? {
    let deviations = ErrorBound.deviations(
      failureProbability: configuration.searchFailureProbability)
    return try await file.read { [file] db -> ScoreCalibration? in
      let record = try CollectionsTable.require(collection, db)
      let space = try VectorsTable.checked(space, of: record, db)
      guard let spaceRecord = try SpacesTable.find(space, db) else { return nil }
      let ids = try StatisticsTable.chunks(space: spaceRecord.id, collection: record.id, db)
      var sample = SampleRows(
        ids: SampleRows.selection(of: ids, count: max(2, rows), seed: seed),
        dimensions: space.dimensions)
      let block = VectorBlock(dimensions: space.dimensions, capacity: 1)
      for id in sample.ids {
        guard let data = try StatisticsTable.vector(of: id, space: spaceRecord, db) else {
          continue
        }
        block.removeAll()
        do {
          try data.withUnsafeBytes { try block.append(bytes: $0, id: id) }
        } catch let error as SearchError {
          throw StoreError(
            .damaged, "\(error) (in the space \(space)); \(StoreError.restoringTheStore)",
            underlying: error)
        }
        sample.gather(block)
      }
      let pairs = PairCounts(of: sample).distribution(population: ids.count)
      let part = VectorPart(
        space: spaceRecord, collection: record.id, deviations: deviations)
      return try pairs.map {
        var calibration = ScoreCalibration(
          space: space, rows: sample.count, of: ids.count,
          randomPairs: StatisticsReport.Distribution($0))
        calibration.enter(
          nearest: VectorStatistics.Distribution(
            of: try Self.nearest(to: sample) {
              try file.index.nearest($0, limit: 2, in: part, db)
            },
            population: ids.count
          ).map { StatisticsReport.Distribution($0) })
        return calibration
      }
    }
  }

  /// The cosine of some rows to the nearest other one among all.
  private static func nearest(
    to sample: SampleRows, _ search: ([[Float]]) throws -> VectorScan.Found
  ) throws -> [Double] {
    let places = 0..<min(searchedRows, sample.count)
    let found = try search(places.map { sample[$0] })
    return zip(places, found.results).compactMap { place, rows in
      rows.first { $0.id != sample.ids[place] }?.score
    }
  }
}

/// What cosines mean among the rows of a collection: a score of 0.35 says much in one space and nothing
/// in another.
public struct ScoreCalibration: Sendable, Codable, Hashable {
  /// What one score means.
  public struct Explanation: Sendable, Codable, Hashable {
    /// How many percent of random pairs score less.
    public var percentOfRandomPairs: Double
    /// How many percent of rows have a nearest neighbour that scores less.
    public var percentOfNearestNeighbours: Double?

    /// Creates a value from its parts.
    public init(percentOfRandomPairs: Double, percentOfNearestNeighbours: Double? = nil) {
      self.percentOfRandomPairs = percentOfRandomPairs
      self.percentOfNearestNeighbours = percentOfNearestNeighbours
    }
  }

  /// The space.
  public var space: EmbeddingSpace
  /// How many rows were looked at, all pairs of them.
  public var rows: Int
  /// Out of how many.
  public var of: Int
  /// The cosines of these pairs.
  public var randomPairs: StatisticsReport.Distribution
  /// The cosines of some of the rows to the nearest other one among all.
  public var nearestNeighbours: StatisticsReport.Distribution?
  /// A least score for queries, as ``StatisticsReport/Space/suggestedMinimumScore``.
  public var suggestedMinimumScore: Double?

  /// Creates a value from its parts.
  public init(
    space: EmbeddingSpace, rows: Int, of: Int, randomPairs: StatisticsReport.Distribution,
    nearestNeighbours: StatisticsReport.Distribution? = nil, suggestedMinimumScore: Double? = nil
  ) {
    self.space = space
    self.rows = rows
    self.of = of
    self.randomPairs = randomPairs
    self.nearestNeighbours = nearestNeighbours
    self.suggestedMinimumScore = suggestedMinimumScore
  }

  /// How many percent of random pairs score less, 0 to 100.
  public func percent(of score: Double) -> Double { randomPairs.percent(of: score) ?? 0 }

  /// What a score means.
  public func explanation(of score: Double) -> Explanation {
    Explanation(
      percentOfRandomPairs: percent(of: score),
      percentOfNearestNeighbours: nearestNeighbours?.percent(of: score))
  }

  mutating func enter(nearest: StatisticsReport.Distribution?) {
    nearestNeighbours = nearest
    suggestedMinimumScore = Self.suggestedMinimumScore(
      randomPairs: randomPairs, nearestNeighbours: nearest)
  }

  /// The 95th percentile of random pairs, or the 5th of nearest neighbours where that is less.
  static func suggestedMinimumScore(
    randomPairs: StatisticsReport.Distribution?, nearestNeighbours: StatisticsReport.Distribution?
  ) -> Double? {
    guard let random = randomPairs?.value(atPercent: 95),
      let nearest = nearestNeighbours?.value(atPercent: 5)
    else { return nil }
    return min(random, nearest)
  }
}
