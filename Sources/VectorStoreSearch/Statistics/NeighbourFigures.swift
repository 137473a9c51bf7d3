// The nearest neighbours of rows: the scan that finds them, and what they tell.

/// Figures over the neighbours of a sample of rows.
package struct NeighbourFigures: Sendable {
  /// How many neighbours of a row were looked at: the k of hubness.
  package let k: Int
  /// How many rows there are in all.
  package let population: Int
  /// How many of them were compared with all.
  package private(set) var sampleCount = 0
  /// The cosine of each row of the sample to its nearest other one, in the order of the sample.
  package private(set) var nearest: [(id: Int64, cosine: Double)] = []
  /// How these are spread; nil below two rows.
  package private(set) var distribution: VectorStatistics.Distribution?
  /// As ``TwoNearest``; nil where there are too few rows in different places.
  package private(set) var intrinsicDimension: Double?
  /// Its standard error, by leaving out one of twenty parts of the rows in turn.
  package private(set) var intrinsicDimensionError: Double?
  /// How often rows are among the nearest of others.
  package private(set) var hubness: Hubness
  /// Near-duplicates, the largest group first.
  package private(set) var duplicates: [DuplicateGroups.Group] = []
  /// The share of rows with a near-duplicate; nil without rows.
  package private(set) var duplicateShare: SampledMean?
  /// Rows far from all others, the farthest first, with their robust scores.
  package private(set) var outliers: [(id: Int64, cosine: Double, score: Double)] = []

  init(population: Int, options: RowAnalysisOptions) {
    k = min(options.neighbours, max(0, population - 1))
    self.population = population
    hubness = Hubness(lists: [], neighbours: k, population: population)
  }

  /// Takes in what a scan found.
  ///
  /// - Parameter identical: Groups of rows that are the same, of all rows.
  mutating func measure(
    _ scan: inout NeighbourScan, sample: SampleRows, identical: [[Int64]]
  ) {
    sampleCount = sample.count
    var groups = scan.duplicates
    for rows in identical {
      for id in rows.dropFirst() { groups.join(rows[0], id, threshold: 0) { 1 } }
    }
    duplicates = groups.groups()
    duplicateShare =
      sample.count > 0
      ? SampledMean(sample.ids.map { groups.contains($0) ? 1 : 0 }, population: population) : nil
    guard k > 0 else { return }
    let lists = scan.neighbours()
    nearest = zip(sample.ids, lists).compactMap { id, list in list.first.map { (id, $0.score) } }
    distribution = VectorStatistics.Distribution(of: nearest.map(\.cosine), population: population)
    hubness = Hubness(lists: lists.map { $0.map(\.id) }, neighbours: k, population: population)
    measureDimension(zip(sample.ids, lists).compactMap { TwoNearest.ratio(of: $0, nearest: $1) })
    findOutliers()
  }

  private mutating func measureDimension(_ ratios: [Double]) {
    intrinsicDimension = TwoNearest.dimension(ratios)
    guard ratios.count >= 200 else { return }
    let groups = 20
    intrinsicDimensionError = SampledMean.jackknifeError(
      (0..<groups).map { group in
        TwoNearest.dimension(
          ratios.enumerated().filter { $0.offset % groups != group }.map(\.element))
      })
  }

  private mutating func findOutliers() {
    let scores = RobustOutliers.scores(nearest.map(\.cosine))
    outliers = zip(nearest, scores).filter { $1 > RobustOutliers.limit }
      .map { ($0.id, $0.cosine, $1) }
      .sorted { $0.cosine != $1.cosine ? $0.cosine < $1.cosine : $0.id < $1.id }
  }
}

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
