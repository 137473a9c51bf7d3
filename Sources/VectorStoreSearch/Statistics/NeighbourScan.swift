// The third run over the rows: the nearest of each row of a sample among all rows, and who is a
// near-duplicate of whom. Made by RowAnalysis; calls BLAS, QuerySelection and DuplicateGroups.

/// Finds the nearest rows of each row of a sample, exactly.
///
/// Scores are float32 products (`sgemm`); what could be among the nearest, or near the threshold of
/// duplicates, is scored again in double precision, so that results do not depend on blocks, threads
/// or machine.
package struct NeighbourScan {
  /// Rows of the sample that are multiplied at once: their scores stay in the processor's cache.
  private static let groupSize = 256

  /// The near-duplicates met so far.
  package private(set) var duplicates: DuplicateGroups
  private let sample: SampleRows
  private let limit: Int
  private let threshold: Double
  private let bound: Double
  private var selections: [QuerySelection]
  private var scores: [Float] = []

  /// - Parameters:
  ///   - sample: The rows to find the nearest of.
  ///   - neighbours: How many of each, itself left out.
  ///   - threshold: The cosine from which on two rows are near-duplicates.
  package init(sample: SampleRows, neighbours: Int, threshold: Double) {
    self.sample = sample
    self.threshold = threshold
    limit = neighbours + 1
    bound = RoundingBound.of(dimensions: sample.dimensions)
    duplicates = DuplicateGroups()
    selections = (0..<sample.count).map { place in
      let row = sample[place]
      let norm = row.withUnsafeBufferPointer { Kernels.norm($0) }
      return QuerySelection(
        query: row, norm: norm, limit: neighbours + 1, minimumScore: nil,
        bound: RoundingBound.of(dimensions: sample.dimensions))
    }
  }

  /// Compares the sample with the rows of a block.
  ///
  /// - Throws: ``SearchError`` `notUnitLength` for a row that is damaged.
  /// - Complexity: O(sample · rows · dimensions).
  package mutating func score(_ block: VectorBlock) throws(SearchError) {
    try block.withUnsafeRows { (rows, ids) throws(SearchError) in
      guard let base = rows.baseAddress else { return }
      for start in stride(from: 0, to: sample.count, by: Self.groupSize) {
        let group = start..<min(start + Self.groupSize, sample.count)
        multiply(group, base, rows: ids.count)
        for place in group {
          let first = (place - start) * ids.count
          try take(place, scores: first..<first + ids.count, rows: rows, ids: ids)
        }
      }
    }
  }

  private mutating func multiply(_ group: Range<Int>, _ rows: UnsafePointer<Float>, rows count: Int)
  {
    let size = group.count * count
    if scores.count < size { scores = Array(repeating: 0, count: size) }
    sample.elements.withUnsafeBufferPointer { elements in
      guard let base = elements.baseAddress else { return }
      BLAS.multiply(
        left: base + group.lowerBound * sample.dimensions, leftRows: group.count,
        transposedRight: rows, rightRows: count, columns: sample.dimensions, into: &scores)
    }
  }

  private mutating func take(
    _ place: Int, scores range: Range<Int>, rows: UnsafeBufferPointer<Float>,
    ids: UnsafeBufferPointer<Int64>
  ) throws(SearchError) {
    let dimensions = sample.dimensions
    let cut = Float(threshold - bound - 1e-7)
    let own = sample.ids[place]
    // Moved out and back: the closure then changes no part of self while it reads another.
    var selection = selections[place]
    var groups = duplicates
    duplicates = DuplicateGroups()
    defer { (selections[place], duplicates) = (selection, groups) }
    let elements = sample.elements
    try scores.withUnsafeBufferPointer { (all) throws(SearchError) in
      let scores = UnsafeBufferPointer(rebasing: all[range])
      _ = try selection.take(scores: scores, rows: rows, ids: ids)
      for index in scores.indices where scores[index] >= cut && ids[index] != own {
        groups.join(own, ids[index], threshold: threshold) {
          elements.withUnsafeBufferPointer { elements in
            Self.cosine(
              UnsafeBufferPointer(
                rebasing: elements[place * dimensions..<(place + 1) * dimensions]),
              UnsafeBufferPointer(rebasing: rows[index * dimensions..<(index + 1) * dimensions]))
          }
        }
      }
    }
  }

  private static func cosine(
    _ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>
  ) -> Double {
    min(1, max(-1, Kernels.dot(a, b) / (Kernels.norm(a) * Kernels.norm(b))))
  }

  /// The nearest rows of each row of the sample, itself left out, nearest first; equal cosines by rising
  /// id.
  package func neighbours() -> [[ScoredRow]] {
    zip(sample.ids, selections).map { own, selection in
      Array(selection.best.sorted().filter { $0.id != own }.prefix(limit - 1))
    }
  }
}
