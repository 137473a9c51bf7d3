// What the nearest neighbours of rows tell. Made by RowAnalysis; calls NeighbourScan's results,
// TwoNearest, Hubness and DuplicateGroups.

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
