// How near random pairs and nearest neighbours are, in one plot with the suggested least score. Called
// by SpaceSection; calls Plot.

extension SpaceSection {
  /// Both distributions of cosines; nil where there are no pairs.
  func cosinePlot() -> Figure? {
    guard let random = figures.randomPairs, let nearest = figures.nearestNeighbours,
      figures.rows > 2, let low = random.percentiles.first?.value
    else { return nil }
    let start = min(low, nearest.percentiles.first?.value ?? low)
    let (randomHeights, nearestHeights) = (Self.shares(random), Self.shares(nearest))
    // Copies have a cosine of 1: a spike that would flatten all else is cut at the top.
    let peaks = [randomHeights.max() ?? 1, Self.peakBelowOne(nearest, nearestHeights)]
    let top = (peaks.max() ?? 1) * 1.12
    var plot = Plot(
      x: PlotScale(start, 1, from: Plot.left, to: Plot.right),
      y: PlotScale(0, top, from: Plot.bottom, to: Plot.top),
      xTitle: "cosine", yTitle: "% per 0.01 of cosine")
    plot.addArea(edges: random.histogram.edges, heights: randomHeights, style: "s1")
    plot.addArea(edges: nearest.histogram.edges, heights: nearestHeights, style: "s2")
    plot.addLegend("random pairs", style: "s1")
    plot.addLegend("nearest neighbours", style: "s2")
    if let score = figures.suggestedMinimumScore {
      plot.addMark(at: score, "--min-score \(ReportFormat.fixed(score, 2))")
    }
    let middle = { (distribution: StatisticsReport.Distribution) in
      ReportFormat.fixed(distribution.value(atPercent: 50) ?? 0, 3)
    }
    let words =
      "random pairs have a median cosine of \(middle(random)), nearest neighbours of "
      + middle(nearest)
    let cut = (nearestHeights.max() ?? 0) > top ? " The spike of copies at 1 is cut off." : ""
    return Figure(
      title: "What a score means",
      svg: plot.svg(label: "Distributions of cosines: \(words)."),
      caption:
        "\(words.capitalizedFirst). The farther the two hills stand apart, the more a score tells; "
        + "a hit left of the line is about as near as unrelated text.\(cut)")
  }

  /// Percent of the numbers for each 0.01 of cosine, by bin.
  private static func shares(_ distribution: StatisticsReport.Distribution) -> [Double] {
    let (edges, counts) = (distribution.histogram.edges, distribution.histogram.counts)
    return counts.enumerated().map { index, count in
      let width = max(edges[index + 1] - edges[index], 1e-4)
      return Double(count) / Double(max(1, distribution.count)) / width
    }
  }

  private static func peakBelowOne(
    _ distribution: StatisticsReport.Distribution, _ heights: [Double]
  ) -> Double {
    let edges = distribution.histogram.edges
    let below = heights.indices.filter { edges[$0 + 1] < 0.985 }
    return below.map { heights[$0] }.max() ?? heights.max() ?? 1
  }
}
