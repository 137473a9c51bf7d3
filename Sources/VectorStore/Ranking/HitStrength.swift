// How sure it is that a hit is what was asked for: from its cosine among those of chance, and its words.

import Foundation
import VectorStoreSearch

/// What the cosines of a question with the rows of a collection are by chance.
struct CosineChance: Sendable, Equatable {
  /// The mean cosine with a sample of the rows.
  var mean: Double
  /// The standard deviation of these cosines.
  var deviation: Double
  /// How many rows the collection has.
  var rows: Int

  /// How many standard deviations a cosine lies above the greatest that so many rows would have by chance: the
  /// maximum of n normal values is near √(2 ln n) (Cramér, *Mathematical Methods of Statistics*, 1946, 28.6).
  func excess(of cosine: Double) -> Double {
    (cosine - mean) / deviation - (2 * log(Double(max(2, rows)))).squareRoot()
  }
}

extension Hit.Strength {
  /// A logistic regression: how probable it is that a hit is relevant.
  private struct Model {
    var intercept: Double
    var excess: Double
    var share: Double

    func probability(excess: Double, share: Double) -> Double {
      1 / (1 + exp(-(intercept + self.excess * excess + self.share * share)))
    }
  }

  // Fitted on the even questions of four judged sets, each set counting alike; judged on the odd ones. The figures
  // are in Benchmarks/Results.
  private static let hashedWords = Model(intercept: -3.15, excess: 0.84, share: 4.3)
  private static let hashedWordsAlone = Model(intercept: -1.58, excess: 1.14, share: 0)
  private static let model = Model(intercept: -2.95, excess: 0.43, share: 5.2)
  private static let modelAlone = Model(intercept: -1.02, excess: 0.72, share: 0)
  private static let wordsAlone = Model(intercept: -4.35, excess: 0, share: 7.3)

  /// The least probabilities of the labels.
  private static let leastProbability = (strong: 0.7, likely: 0.3)
  /// From where on a cosine alone may decide, if the question has words.
  private static let leastAlone = 0.5

  /// What a hit is called; nil if nothing is known of it.
  ///
  /// - Parameters:
  ///   - excess: see ``CosineChance/excess(of:)``; nil without a vector.
  ///   - share: which part of the question's words its passage has, from 0 to 1; nil if words were not looked at.
  ///   - isHashed: whether the vectors are hashed words.
  init?(excess: Double?, share: Double?, isHashed: Bool) {
    let probability: Double
    switch (excess, share) {
    case (let excess?, _):
      let alone = (isHashed ? Self.hashedWordsAlone : Self.modelAlone)
        .probability(excess: excess, share: 0)
      let both = share.map { share in
        (isHashed ? Self.hashedWords : Self.model).probability(excess: excess, share: share)
      }
      // To a model, a passage that is very near needs no word of the question.
      probability =
        !isHashed && alone >= Self.leastAlone ? max(alone, both ?? 0) : both ?? alone
    case (nil, let share?):
      probability = Self.wordsAlone.probability(excess: 0, share: share)
    case (nil, nil): return nil
    }
    let least = Self.leastProbability
    self = probability >= least.strong ? .strong : probability >= least.likely ? .likely : .weak
  }
}

/// Some rows of a space, of one collection if it has enough, by which cosines of chance are known.
struct ChanceSample: Sendable {
  /// How many rows are looked at. The deviation is then known within 6 %, and a query compares itself with them in
  /// 0.04 ms.
  private static let size: Int64 = 128
  /// Fewer tell nothing of chance.
  static let minimum = 30

  /// The vectors, one after the other.
  private let components: [Float]
  private let dimensions: Int
  /// How many rows they stand for, about.
  private let rows: Int
  /// How many rows the space had in all collections.
  private let total: Int

  /// Takes rows at even distances by their ids.
  ///
  /// - Parameters:
  ///   - collection: whose rows are taken, unless too few of them are met; then those of all collections are.
  ///   - total: how many rows the space has in all collections.
  init(of space: SpaceRecord, collection: Int64, total: Int, _ db: any SQLTransaction) throws {
    let (first, last) =
      try db.firstRow(
        bulk: """
          SELECT (SELECT MIN(id) FROM vectors WHERE space_id = ?1),
            (SELECT MAX(id) FROM vectors WHERE space_id = ?1)
          """, .integer(space.id)
      ) { $0.isNull(0) ? (0, -1) : (try $0.integer(0), try $0.integer(1)) } ?? (0, -1)
    let dimensions = space.space.dimensions
    var (own, all): ([Float], [Float]) = ([], [])
    var next = first
    func take(_ row: BulkRow) throws {
      // Two places may have the same row after them.
      let id = try row.integer(0)
      guard id >= next else { return }
      next = id + 1
      // One that is damaged says nothing of chance; who ranks by it tells of it.
      guard let data = try? row.vector(2, norm: 3, checksum: 4, dimensions: dimensions) else {
        return
      }
      let vector = StoredVector.components(data)
      all += vector
      if try row.integer(1) == collection { own += vector }
    }
    let places = (0..<Self.size).map {
      first + Int64(Double(last - first) * Double($0) / Double(Self.size))
    }
    if db.isPostgres {
      // In one question: over a network each costs its way there and back.
      try db.forEachRow(
        bulk: """
          SELECT x.* FROM unnest(?::bigint[]) s(place) JOIN LATERAL (
            SELECT v.id, v.collection_id, v.data, v.norm, v.checksum FROM vectors v
            WHERE v.space_id = ? AND v.id >= s.place ORDER BY v.id LIMIT 1) x ON TRUE ORDER BY x.id
          """, .text("{" + places.map(String.init).joined(separator: ",") + "}"),
        .integer(space.id), body: take)
    } else {
      for place in places where next <= last {
        try db.forEachRow(
          bulk: """
            SELECT v.id, d.collection_id, \(VectorsTable.data(in: space.space, db)), v.norm, v.checksum
            FROM vectors v CROSS JOIN chunks c ON c.id = v.chunk_id
            CROSS JOIN documents d ON d.id = c.document_id
            WHERE v.space_id = ? AND v.id >= ? ORDER BY v.id LIMIT 1
            """, .integer(space.id), .integer(max(next, place)), body: take)
      }
    }
    (self.total, self.dimensions) = (total, dimensions)
    (components, rows) =
      own.count >= Self.minimum * dimensions
      ? (own, total * own.count / all.count) : (all, total)
  }

  /// Whether a space that has so many rows now is about what it was.
  func describes(_ rows: Int) -> Bool { abs(rows - total) * 10 <= total }

  /// The cosines of chance of a question; nil if there are too few rows to know.
  func chance(of query: [Float]) -> CosineChance? {
    let count = components.count / dimensions
    guard count >= Self.minimum else { return nil }
    let cosines = query.withUnsafeBufferPointer { query in
      components.withUnsafeBufferPointer { rows in
        let length = Kernels.norm(query)
        return (0..<count).map { row in
          let row = rows[(row * dimensions)..<((row + 1) * dimensions)]
          return Kernels.dot(UnsafeBufferPointer(rebasing: row), query) / length
        }
      }
    }
    let mean = cosines.reduce(0, +) / Double(count)
    let variance = cosines.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    guard variance > 0, variance.isFinite else { return nil }
    return CosineChance(mean: mean, deviation: variance.squareRoot(), rows: rows)
  }
}
