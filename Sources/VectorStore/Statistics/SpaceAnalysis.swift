// Measures one space: its rows, what moved since a saved summary, and the texts of the rows named.

import Foundation
import VectorStoreSearch

/// The statistics of a space in one collection or all.
struct SpaceAnalysis {
  /// Rows of a block: BLAS is at its full speed, and a block still small beside the rest.
  private static let blockRows = 1024

  let db: any SQLTransaction
  let space: SpaceRecord
  /// The collections that have vectors of it.
  let collections: [CollectionRecord]
  /// The collection asked for; nil for all.
  let scope: String?
  let options: StatisticsOptions

  /// The figures, and what is to be saved of them.
  ///
  /// - Throws: ``StoreError`` with `damaged` for a vector that cannot be one.
  /// - Complexity: reads every vector of the space three times.
  func measure() throws -> (figures: StatisticsReport.Space, summary: SavedSummary?) {
    let saved = try options.compare.flatMap {
      try StatisticsTable.find($0, space: space, collection: scope ?? "", db)
    }
    var rowOptions = RowAnalysisOptions()
    rowOptions.exactRows = options.exactRows
    rowOptions.sampleRows = options.sampleRows
    rowOptions.seed = options.seed
    rowOptions.mapRows = options.mapRows
    rowOptions.duplicateThreshold = options.duplicateThreshold
    rowOptions.otherMean = saved?.gaussian.mean
    let rows = try analyse(rowOptions)
    var figures = try figures(of: rows)
    let now = summary(of: rows, figures)
    if let saved, let now { figures.drift = drift(from: saved, to: now, rows) }
    figures.verdict = StatisticsReport.Verdict(of: figures)
    return (figures, options.save == nil ? nil : now)
  }

  private func analyse(_ options: RowAnalysisOptions) throws -> RowAnalysis {
    let dimensions = space.space.dimensions
    let streams = collections.map { collection in
      RowStream(dimensions: dimensions) { body in
        let block = VectorBlock(dimensions: dimensions, capacity: Self.blockRows)
        try VectorsTable.forEach(
          space: space, collection: collection.id, selection: nil, db
        ) { chunk, bytes in
          try block.append(bytes: bytes, id: chunk)
          guard block.isFull else { return }
          try Cancellation.check()
          try body(block)
          block.removeAll()
        }
        try body(block)
      }
    }
    do {
      return try RowAnalysis(of: streams, dimensions: dimensions, options: options)
    } catch let error as SearchError {
      throw StoreError(
        .damaged, "\(error) (in the space \(space.space)); \(StoreError.restoringTheStore)",
        underlying: error)
    }
  }

  private func figures(of rows: RowAnalysis) throws -> StatisticsReport.Space {
    let (moments, neighbours) = (rows.moments, rows.neighbours)
    var figures = StatisticsReport.Space(
      space: space.space, kind: space.space.kind, rows: moments.count,
      dimensions: moments.dimensions,
      sample: StatisticsReport.SampleFigures(
        rows: neighbours.sampleCount, of: moments.count,
        seed: neighbours.sampleCount < moments.count ? options.seed : nil),
      neighbours: neighbours.k,
      duplicates: StatisticsReport.DuplicateFigures(threshold: options.duplicateThreshold))
    figures.norms = try norms()
    figures.collections = zip(collections, rows.parts).map { collection, part in
      StatisticsReport.CollectionFigures(
        collection: collection.name, rows: part.count, meanCosine: part.meanCosine,
        centroidCosine: part.centroidCosine(moments))
    }.sorted { $0.rows != $1.rows ? $0.rows > $1.rows : $0.collection < $1.collection }
    enterMoments(rows, &figures)
    figures.intrinsicDimension = neighbours.intrinsicDimension
    figures.intrinsicDimensionError = neighbours.intrinsicDimensionError
    figures.nearestNeighbours = neighbours.distribution.map { StatisticsReport.Distribution($0) }
    figures.randomPairs = rows.pairs.map { StatisticsReport.Distribution($0) }
    figures.suggestedMinimumScore = Self.suggestedMinimumScore(figures)
    figures.hubness = neighbours.hubness.skewness
    figures.hubnessError = neighbours.hubness.standardError
    figures.occurrences = neighbours.hubness.histogram.map { StatisticsReport.Histogram($0) }
    figures.outlierCount = neighbours.outliers.count
    try enterRows(rows, &figures)
    return figures
  }

  private func norms() throws -> StatisticsReport.NormFigures? {
    let norms = try collections.flatMap {
      try StatisticsTable.norms(space: space.id, collection: $0.id, db)
    }
    guard let least = norms.min(), let greatest = norms.max() else { return nil }
    return StatisticsReport.NormFigures(
      minimum: least, mean: norms.reduce(0, +) / Double(norms.count), maximum: greatest,
      histogram: StatisticsReport.Histogram(VectorStatistics.Histogram(of: norms, bins: 40)))
  }

  private func enterMoments(_ rows: RowAnalysis, _ figures: inout StatisticsReport.Space) {
    figures.meanCosine = rows.moments.meanCosine
    figures.cosineSpread = rows.cosineSpread
    figures.isotropy = rows.isotropy
    guard let spectrum = rows.spectrum else { return }
    figures.totalVariance = spectrum.totalVariance
    figures.participationRatio = spectrum.participationRatio
    figures.effectiveRank = spectrum.effectiveRank
    figures.components50 = spectrum.components(holding: 0.5)
    figures.components90 = spectrum.components(holding: 0.9)
    figures.components99 = spectrum.components(holding: 0.99)
    figures.eigenvalues = Array(
      spectrum.eigenvalues.reversed().drop { $0 == 0 }.reversed())
    figures.deadDimensions = rows.deadDimensions(below: 1e-4)
  }

  /// Gives the rows in the figures their names and texts.
  private func enterRows(_ rows: RowAnalysis, _ figures: inout StatisticsReport.Space) throws {
    let neighbours = rows.neighbours
    let hubs = neighbours.hubness.hubs(limit: 10)
    let outliers = neighbours.outliers.prefix(20)
    let groups = neighbours.duplicates.prefix(50)
    let ids =
      hubs.map(\.id) + outliers.map(\.id) + groups.flatMap { $0.ids.prefix(8) } + rows.map.map(\.id)
    let chunks = try StatisticsTable.references(ids, db)
    figures.hubs = hubs.compactMap { hub in
      chunks[hub.id].map { StatisticsReport.Hub(chunk: $0, occurrences: hub.occurrences) }
    }
    figures.outliers = outliers.compactMap { outlier in
      chunks[outlier.id].map {
        StatisticsReport.Outlier(chunk: $0, nearestCosine: outlier.cosine, score: outlier.score)
      }
    }
    figures.duplicates.groupCount = neighbours.duplicates.count
    figures.duplicates.rows = neighbours.duplicates.reduce(0) { $0 + $1.ids.count }
    figures.duplicates.share = neighbours.duplicateShare?.value
    figures.duplicates.shareError =
      figures.sample.isExact ? nil : neighbours.duplicateShare?.standardError
    figures.duplicates.groups = groups.map { group in
      StatisticsReport.DuplicateFigures.Group(
        rows: group.ids.count, minimumCosine: group.minimumCosine,
        chunks: group.ids.prefix(8).compactMap { chunks[$0] })
    }
    figures.map.points = rows.map.compactMap { point in
      chunks[point.id].map { StatisticsReport.MapFigures.Point(x: point.x, y: point.y, chunk: $0) }
    }
    guard let total = figures.totalVariance, total > 0, !rows.map.isEmpty else { return }
    figures.map.varianceX = (figures.eigenvalues.first ?? 0) / total
    figures.map.varianceY = (figures.eigenvalues.dropFirst().first ?? 0) / total
  }

  /// The 95th percentile of random pairs, or the 5th of nearest neighbours where that is less.
  private static func suggestedMinimumScore(_ figures: StatisticsReport.Space) -> Double? {
    ScoreCalibration.suggestedMinimumScore(
      randomPairs: figures.randomPairs, nearestNeighbours: figures.nearestNeighbours)
  }
}

extension SpaceAnalysis {
  /// What is kept of the rows; nil below two rows.
  func summary(of rows: RowAnalysis, _ figures: StatisticsReport.Space) -> SavedSummary? {
    guard options.save != nil || options.compare != nil, let gaussian = rows.summary,
      let last = rows.moments.ids.max()
    else { return nil }
    let nearest = figures.nearestNeighbours
    return SavedSummary(
      name: options.save ?? "", collection: scope ?? "", savedAt: Date(),
      rows: rows.moments.count, lastChunk: last, gaussian: gaussian,
      figures: SavedSummary.Figures(
        meanCosine: figures.meanCosine, participationRatio: figures.participationRatio,
        effectiveRank: figures.effectiveRank, eigenvalues: figures.eigenvalues,
        nearestPercentiles: nearest?.percentiles.map(\.value) ?? [],
        nearestMedian: nearest?.value(atPercent: 50),
        distance99: VectorStatistics.Distribution.value(
          atPercent: 99, in: rows.distances.values.sorted())))
  }

  /// How the rows differ from a saved summary.
  ///
  /// - Complexity: O(dimensions³).
  func drift(
    from saved: SavedSummary, to now: SavedSummary, _ rows: RowAnalysis
  ) -> StatisticsReport.DriftFigures? {
    guard let distance = saved.gaussian.frechetDistance(to: now.gaussian) else { return nil }
    let (before, after) = (saved.gaussian.mean, now.gaussian.mean)
    let far = saved.figures.distance99
    let new = rows.otherDistances.filter { $0.key > saved.lastChunk }
    func share(_ distances: some Collection<Double>) -> Double? {
      distances.isEmpty
        ? nil : Double(distances.count { $0 > far }) / Double(distances.count)
    }
    func change(_ before: Double?, _ now: Double?) -> StatisticsReport.DriftFigures.Change? {
      guard let before, let now else { return nil }
      return StatisticsReport.DriftFigures.Change(before: before, now: now)
    }
    let total = saved.figures.eigenvalues.reduce(0, +)
    let squared = zip(before, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return StatisticsReport.DriftFigures(
      name: saved.name, savedAt: saved.savedAt, rowsBefore: saved.rows, rowsNow: now.rows,
      centroidCosine: VectorMath.cosine(before, after), centroidDistance: squared.squareRoot(),
      frechetDistance: distance, relativeFrechetDistance: total > 0 ? distance / total : nil,
      spectrumDistance: Spectrum.distance(saved.figures.eigenvalues, now.figures.eigenvalues),
      meanCosine: change(saved.figures.meanCosine, now.figures.meanCosine),
      participationRatio: change(
        saved.figures.participationRatio, now.figures.participationRatio),
      effectiveRank: change(saved.figures.effectiveRank, now.figures.effectiveRank),
      nearestNeighbourMedian: change(saved.figures.nearestMedian, now.figures.nearestMedian),
      distance99: far, shareBeyond: share(rows.otherDistances.values), newRows: new.count,
      newShareBeyond: share(new.values))
  }
}

/// A space's rows summed up under a name.
struct SavedSummary: Sendable {
  /// The figures that are compared as they are.
  struct Figures: Sendable, Codable, Equatable {
    var meanCosine: Double?
    var participationRatio: Double?
    var effectiveRank: Double?
    var eigenvalues: [Double]
    /// The cosines to the nearest other row, at ``Distribution/percents``.
    var nearestPercentiles: [Double]
    var nearestMedian: Double?
    /// The 99th percentile of the distances of the rows to their mean.
    var distance99: Double
  }

  let name: String
  /// The collection, empty for all.
  let collection: String
  let savedAt: Date
  let rows: Int
  /// The greatest chunk id then: chunks with a greater one were placed later.
  let lastChunk: Int64
  let gaussian: GaussianSummary
  let figures: Figures
}
