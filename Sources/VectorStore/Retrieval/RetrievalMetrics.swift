// What one ranking of documents is worth for one question.

import Foundation

/// The figures of one question. Grades above 0 are relevant.
struct RetrievalMetrics: Sendable, Equatable {
  let nDCG10: Double
  let averagePrecision: Double
  let recall10: Double
  let recall100: Double
  let reciprocalRank: Double

  /// - Parameters:
  ///   - ranking: documents, best first, each once.
  ///   - grades: what documents were judged; those that are not there count as 0.
  /// - Complexity: O(ranking + grades · log grades).
  init(ranking: [String], grades: [String: Int]) {
    let relevant = grades.values.count { $0 > 0 }
    let found = ranking.map { max(0, grades[$0] ?? 0) }
    let ideal = Self.discounted(grades.values.sorted(by: >).prefix(10))
    nDCG10 = ideal > 0 ? Self.discounted(found.prefix(10)) / ideal : 0
    var (hits, sum) = (0, 0.0)
    for (index, grade) in found.enumerated() where grade > 0 {
      hits += 1
      sum += Double(hits) / Double(index + 1)
    }
    let count = Double(max(1, relevant))
    averagePrecision = sum / count
    recall10 = Double(found.prefix(10).count { $0 > 0 }) / count
    recall100 = Double(found.prefix(100).count { $0 > 0 }) / count
    reciprocalRank = found.firstIndex { $0 > 0 }.map { 1 / Double($0 + 1) } ?? 0
  }

  /// Σ grade / log₂(rank + 1), ranks from 1.
  private static func discounted(_ grades: ArraySlice<Int>) -> Double {
    grades.enumerated().reduce(0) { sum, entry in
      sum + Double(max(0, entry.element)) / log2(Double(entry.offset) + 2)
    }
  }
}

extension RetrievalQuality.Ranking {
  /// The means over questions.
  init(_ ranking: RetrievalQuality.RankingName, _ metrics: [RetrievalMetrics]) {
    func figure(_ value: (RetrievalMetrics) -> Double) -> RetrievalQuality.Figure {
      RetrievalQuality.Figure(of: metrics.map(value))
    }
    self.init(
      ranking: ranking, nDCG10: figure(\.nDCG10), map: figure(\.averagePrecision),
      recall10: figure(\.recall10), recall100: figure(\.recall100), mrr: figure(\.reciprocalRank))
  }
}

extension RetrievalQuality.Figure {
  /// The mean of some values and its standard error.
  init(of values: [Double]) {
    let count = Double(values.count)
    let mean = values.isEmpty ? 0 : values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.init(
      mean: mean,
      standardError: values.count > 1 ? (squares / (count - 1) / count).squareRoot() : nil)
  }
}

extension RetrievalQuality.Comparison {
  /// How often questions are drawn again.
  private static let draws = 10_000

  /// Compares two rankings question by question.
  ///
  /// - Complexity: O(10,000 · questions).
  init(
    _ ranking: RetrievalQuality.RankingName, over baseline: RetrievalQuality.RankingName,
    _ ones: [RetrievalMetrics], _ others: [RetrievalMetrics]
  ) {
    let differences = zip(ones, others).map { $0.nDCG10 - $1.nDCG10 }
    let count = max(1, differences.count)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    let means = (0..<Self.draws).map { _ in
      var sum = 0.0
      for _ in differences.indices {
        // xorshift64 (Marsaglia, Journal of Statistical Software 8, 2003): the same draws each time.
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        sum += differences[Int(state >> 33) % count]
      }
      return sum / Double(count)
    }.sorted()
    self.init(
      ranking: ranking, baseline: baseline,
      difference: differences.reduce(0, +) / Double(count),
      low: means[Self.draws * 25 / 1000], high: means[Self.draws * 975 / 1000 - 1])
  }
}
