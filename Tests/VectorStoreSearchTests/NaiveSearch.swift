// The oracles of exact search: plain loops and a full sort, with no BLAS, no C and no heap. Used by
// the tests of Kernels, TopK and ExactSearch.

import TestSupport
import VectorStoreSearch

enum NaiveSearch {
  /// The dot product in double precision in the order that CVectorKernels.h states.
  static func dot(_ a: [Float], _ b: [Float]) -> Double {
    var sums = [Double](repeating: 0, count: 16)
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        sums.withUnsafeMutableBufferPointer { sums in
          for i in 0..<a.count { sums[i & 15] += Double(a[i]) * Double(b[i]) }
        }
      }
    }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { sums[lane] += sums[lane + half] }
    }
    return sums[0]
  }

  /// The dot product in double precision, first component to last.
  static func sequentialDot(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        for i in 0..<a.count { sum += Double(a[i]) * Double(b[i]) }
      }
    }
    return sum
  }

  /// The best rows by cosine: every row scored, all sorted, cut at the limit.
  static func search(
    _ query: [Float], rows: [[Float]], ids: [Int64], limit: Int, minimumScore: Double? = nil,
    dot: ([Float], [Float]) -> Double = dot
  ) -> [ScoredRow] {
    let length = dot(query, query).squareRoot()
    let scored = zip(rows, ids).map { row, id in
      let cosine = dot(query, row) / (length * dot(row, row).squareRoot())
      return ScoredRow(id: id, score: min(1, max(-1, cosine)))
    }
    let kept = scored.filter { $0.score >= minimumScore ?? -.infinity }
    return Array(
      kept.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(limit))
  }
}

/// Random vectors for the tests.
enum RandomVectors {
  /// A vector of components in -1...1, of no particular length.
  static func vector(_ dimensions: Int, using generator: inout SeededGenerator) -> [Float] {
    (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// Unit vectors.
  static func units(
    _ count: Int, dimensions: Int, using generator: inout SeededGenerator
  ) throws -> [[Float]] {
    try (0..<count).map { _ in
      try UnitVector(vector(dimensions, using: &generator), dimensions: dimensions).components
    }
  }

  /// Vectors of which all sums are exact in every order, in float32 too.
  ///
  /// `4^power` components are ±2^-power, the others 0. Their length is exactly 1 and equal scores abound.
  static func dyadicUnits(
    _ count: Int, dimensions: Int, power: Int, using generator: inout SeededGenerator
  ) -> [[Float]] {
    let step = Float(sign: .plus, exponent: -power, significand: 1)
    return (0..<count).map { _ in
      var row = [Float](repeating: 0, count: dimensions)
      for i in (0..<dimensions).shuffled(using: &generator).prefix(1 << (2 * power)) {
        row[i] = Bool.random(using: &generator) ? step : -step
      }
      return row
    }
  }
}

/// Searches rows in blocks of `blockSize` with ``ExactSearch``.
func exactSearch(
  _ queries: [[Float]], rows: [[Float]], ids: [Int64], limit: Int, minimumScore: Double? = nil,
  blockSize: Int = VectorBlock.defaultCapacity
) throws -> ExactSearch {
  let dimensions = queries.first?.count ?? rows.first?.count ?? 1
  var search = try ExactSearch(
    queries: queries, dimensions: dimensions, limit: limit, minimumScore: minimumScore)
  let block = VectorBlock(dimensions: dimensions, capacity: blockSize)
  for (row, id) in zip(rows, ids) {
    try block.append(row, id: id)
    if block.isFull {
      try search.score(block)
      block.removeAll()
    }
  }
  try search.score(block)
  return search
}
