// What moved in a space since a summary of it was saved. Called by SpaceAnalysis; calls GaussianSummary
// and Spectrum.

import VectorStoreSearch

extension SpaceAnalysis {
  /// What is kept of the rows; nil below two rows.
  func summary(of rows: RowAnalysis, _ figures: SpaceStatistics) -> SavedSummary? {
    guard options.save != nil || options.compare != nil, let gaussian = rows.summary,
      let last = rows.moments.ids.max()
    else { return nil }
    let nearest = figures.nearestNeighbours
    return SavedSummary(
      name: options.save ?? "", collection: scope ?? "", savedAt: Timestamp.now(),
      rows: rows.moments.count, lastChunk: last, gaussian: gaussian,
      figures: SavedSummary.Figures(
        meanCosine: figures.meanCosine, participationRatio: figures.participationRatio,
        effectiveRank: figures.effectiveRank, eigenvalues: figures.eigenvalues,
        nearestPercentiles: nearest?.percentiles.map(\.value) ?? [],
        nearestMedian: nearest?.value(atPercent: 50),
        distance99: Distribution.value(atPercent: 99, in: rows.distances.values.sorted())))
  }

  /// How the rows differ from a saved summary.
  ///
  /// - Complexity: O(dimensions³).
  func drift(
    from saved: SavedSummary, to now: SavedSummary, _ rows: RowAnalysis
  ) -> DriftFigures? {
    guard let distance = saved.gaussian.frechetDistance(to: now.gaussian) else { return nil }
    let (before, after) = (saved.gaussian.mean, now.gaussian.mean)
    let far = saved.figures.distance99
    let new = rows.otherDistances.filter { $0.key > saved.lastChunk }
    func share(_ distances: some Collection<Double>) -> Double? {
      distances.isEmpty
        ? nil : Double(distances.count { $0 > far }) / Double(distances.count)
    }
    func change(_ before: Double?, _ now: Double?) -> DriftFigures.Change? {
      guard let before, let now else { return nil }
      return DriftFigures.Change(before: before, now: now)
    }
    let total = saved.figures.eigenvalues.reduce(0, +)
    let squared = zip(before, after).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return DriftFigures(
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
