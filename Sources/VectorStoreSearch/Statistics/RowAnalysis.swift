// All statistics of some rows in three runs over them.

/// What is measured about rows and how much of it.
package struct RowAnalysisOptions: Sendable {
  /// Up to so many rows neighbours are exact.
  package var exactRows = 5000
  /// Beyond that, so many rows are compared with all.
  package var sampleRows = 2500
  /// By which rows are sampled.
  package var seed: UInt64 = 1
  /// Rows with coordinates on a plane, out of those that are compared.
  package var mapRows = 2000
  /// The most neighbours of a row that are looked at; the k of hubness.
  package var neighbours = 10
  /// The cosine from which on two rows are near-duplicates.
  package var duplicateThreshold = 0.98
  /// A mean of other rows, to which distances are measured too.
  package var otherMean: [Double]?

  /// Creates the defaults.
  package init() {}
}

/// The statistics of rows of unit length.
///
/// Moments and spectrum are over all rows; what needs neighbours is over all rows up to
/// ``RowAnalysisOptions/exactRows``, beyond that over a sample that is compared with all.
package struct RowAnalysis: Sendable {
  /// The sums over rows, of all streams together.
  package let moments: RowMoments
  /// The sums of each stream.
  package let parts: [RowMoments]
  /// The covariance's eigenvalues; nil below two rows, or where LAPACK does not converge.
  package private(set) var spectrum: Spectrum?
  /// The covariance divided by n − 1, both triangles; empty below two rows.
  package private(set) var covariance: [Double] = []
  /// The standard deviation of the cosine over pairs of distinct rows.
  package private(set) var cosineSpread: Double?
  /// As ``CosineMoments/isotropy(meanSquared:least:greatest:)``; nil without rows.
  package private(set) var isotropy: Double?
  /// The distance of each row to the mean, by id.
  package private(set) var distances: [Int64: Double] = [:]
  /// The distance of each row to ``RowAnalysisOptions/otherMean``, by id.
  package private(set) var otherDistances: [Int64: Double] = [:]
  /// What needs neighbours.
  package private(set) var neighbours: NeighbourFigures
  /// The cosines of pairs of the sample; nil below two rows.
  package private(set) var pairs: VectorStatistics.Distribution?
  /// Coordinates on the two first principal axes, by rising id.
  package private(set) var map: [(id: Int64, x: Double, y: Double)] = []
  /// Σᵢ (m·yᵢ)², m the mean and y the rows around it.
  private var alongMean = 0.0
  private let options: RowAnalysisOptions

  /// Runs over the rows three times.
  ///
  /// - Parameters:
  ///   - streams: The rows, in parts of which the moments are wanted too.
  ///   - dimensions: Of all of them.
  /// - Throws: ``SearchError`` for rows that are damaged, and what the streams throw.
  /// - Complexity: O(rows · dimensions · (dimensions + sample)) and O(dimensions³). Memory: the sample,
  ///   four matrices of dimensions², and about 50 bytes a row.
  package init(
    of streams: [RowStream], dimensions: Int, options: RowAnalysisOptions = RowAnalysisOptions()
  ) throws {
    self.options = options
    parts = try streams.map { stream in
      var part = RowMoments(dimensions: dimensions)
      try stream.forEachBlock { try part.add($0) }
      return part
    }
    moments = parts.reduce(into: RowMoments(dimensions: dimensions)) { $0.merge($1) }
    let count = moments.count <= options.exactRows ? moments.count : options.sampleRows
    let order = SeededOrder.selection(
      of: moments.ids, count: count, seed: options.seed)
    var sample = SampleRows(ids: order, dimensions: dimensions)
    neighbours = NeighbourFigures(population: moments.count, options: options)
    guard moments.count > 0 else { return }
    let stream = RowStream(joining: streams, dimensions: dimensions)
    try measureAroundMean(stream, &sample)
    measureSpectrum(sample)
    var scan = NeighbourScan(
      sample: sample, neighbours: neighbours.k, threshold: options.duplicateThreshold)
    try stream.forEachBlock { try scan.score($0) }
    neighbours.measure(&scan, sample: sample, identical: moments.identicalRows())
    pairs = PairCounts(of: sample).distribution(population: moments.count)
    drawMap(sample)
  }

  /// The second run: covariance, distances to the mean, and the sample.
  private mutating func measureAroundMean(_ stream: RowStream, _ sample: inout SampleRows) throws {
    let count = moments.count
    var covariance = CovarianceSum(mean: moments.mean, rows: count)
    var distances = DistanceRun(mean: moments.mean)
    var others = options.otherMean.map { DistanceRun(mean: $0) }
    try stream.forEachBlock { block in
      covariance.add(block)
      distances.add(block)
      others?.add(block)
      sample.gather(block)
    }
    self.distances = distances.distances
    otherDistances = others?.distances ?? [:]
    alongMean = distances.alongMean
    if count > 1 { self.covariance = covariance.finish(rows: count) }
  }

  private mutating func measureSpectrum(_ sample: SampleRows) {
    let (count, mean) = (moments.count, moments.mean)
    let isSmall = count < moments.dimensions && sample.count == count
    let rows = isSmall ? sample : nil
    if count > 1 {
      spectrum = Spectrum.ofCovariance(covariance, rows: rows, mean: mean)
    }
    cosineSpread = spectrum.flatMap {
      CosineMoments.spread(moments, alongMean: alongMean, spectrum: $0)
    }
    isotropy = Spectrum.extremesOfSecondMoments(
      covariance, count: count, rows: rows, mean: mean
    ).map {
      CosineMoments.isotropy(
        meanSquared: moments.meanSquared, least: $0.least, greatest: $0.greatest)
    }
  }

  private mutating func drawMap(_ sample: SampleRows) {
    guard moments.count > 1, spectrum?.hasVariance == true else { return }
    let axes = PrincipalAxes.first(2, of: covariance, dimensions: moments.dimensions)
    guard axes.count == 2 else { return }
    let mean = moments.mean
    let offsets = axes.map { VectorMath.dot($0, mean) }
    map = sample.ids.prefix(options.mapRows).enumerated().map { place, id in
      let row = sample[place].map { Double($0) }
      return (
        id, VectorMath.dot(axes[0], row) - offsets[0], VectorMath.dot(axes[1], row) - offsets[1]
      )
    }.sorted { $0.id < $1.id }
  }

  /// Dimensions whose variance is below a share of the mean variance of a dimension; all of them where
  /// no row differs.
  package func deadDimensions(below share: Double) -> [Int] {
    guard !covariance.isEmpty else { return [] }
    let d = moments.dimensions
    let variances = (0..<d).map { covariance[$0 * d + $0] }
    let least = share * variances.reduce(0, +) / Double(d)
    return variances.indices.filter { variances[$0] <= max(least, 1e-15) }
  }

  /// The rows as a Gaussian; nil below two rows.
  package var summary: GaussianSummary? {
    covariance.isEmpty ? nil : GaussianSummary(mean: moments.mean, covariance: covariance)
  }
}

/// The distances of rows to one point.
private struct DistanceRun {
  let mean: [Double]
  let floats: [Float]
  let squared: Double
  var distances: [Int64: Double] = [:]
  var alongMean = 0.0

  init(mean: [Double]) {
    self.mean = mean
    floats = mean.map { Float($0) }
    squared = VectorMath.dot(mean, mean)
  }

  mutating func add(_ block: VectorBlock) {
    block.withUnsafeRows { rows, ids in
      floats.withUnsafeBufferPointer { point in
        for (index, id) in ids.enumerated() {
          let row = UnsafeBufferPointer(
            rebasing: rows[index * point.count..<(index + 1) * point.count])
          let dot = Kernels.dot(row, point)
          let length = Kernels.norm(row)
          distances[id] = max(0, length * length + squared - 2 * dot).squareRoot()
          alongMean += (dot - squared) * (dot - squared)
        }
      }
    }
  }
}

/// Rows of unit length that can be run over several times, in blocks.
///
/// It holds no rows, so that what is measured may be larger than the memory.
package struct RowStream {
  /// The number of components of each row, at least 1.
  package let dimensions: Int
  private let run: ((VectorBlock) throws -> Void) throws -> Void

  /// Creates a stream.
  ///
  /// - Parameters:
  ///   - dimensions: At least 1.
  ///   - run: Calls its argument with one block after another until all rows were in one. Each run
  ///     gives the same rows, in any order and cut into any blocks; ids are different.
  package init(
    dimensions: Int, run: @escaping ((VectorBlock) throws -> Void) throws -> Void
  ) {
    precondition(dimensions > 0, "\(dimensions) dimensions")
    self.dimensions = dimensions
    self.run = run
  }

  /// Calls `body` with each block that holds rows.
  package func forEachBlock(_ body: (VectorBlock) throws -> Void) throws {
    try withoutActuallyEscaping(body) { body in
      try run { block in
        precondition(block.dimensions == dimensions, "a block of \(block.dimensions) dimensions")
        if !block.isEmpty { try body(block) }
      }
    }
  }

  /// The rows of several streams, one after another.
  ///
  /// - Precondition: all have the same dimensions.
  package init(joining streams: [RowStream], dimensions: Int) {
    self.init(dimensions: dimensions) { body in
      for stream in streams { try stream.forEachBlock(body) }
    }
  }
}
