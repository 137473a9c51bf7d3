// The lengths that vectors came with, as bars. Called by SpaceSection; calls Plot.

extension SpaceSection {
  /// The histogram of norms; nil where nothing is known of them.
  func normPlot() -> Figure? {
    guard let norms = figures.norms, norms.histogram.counts.reduce(0, +) > 1 else { return nil }
    // Lengths that are all but the same are one bar, not noise blown up to the plot's width.
    let middle = (norms.minimum + norms.maximum) / 2
    let least = max(abs(middle) * 0.01, 1e-6)
    let half = max((norms.maximum - norms.minimum) / 2 * 1.05, least)
    let (edges, counts) = Self.merged(norms.histogram, width: half / 40)
    var rows = PlotScale(
      0, Double(counts.max() ?? 1) * 1.08, from: Plot.bottom, to: Plot.top)
    rows.isWhole = true
    var plot = Plot(
      x: PlotScale(middle - half, middle + half, from: Plot.left + 6, to: Plot.right),
      y: rows,
      xTitle: "length (Euclidean norm)", yTitle: "rows")
    plot.addBars(edges: edges, heights: counts.map(Double.init), style: "s1") { index in
      "\(ReportFormat.counted(counts[index], "row")) from \(ReportFormat.fixed(edges[index], 6)) "
        + "to \(ReportFormat.fixed(edges[index + 1], 6))"
    }
    let words =
      "\(ReportFormat.fixed(norms.minimum, 4)) to \(ReportFormat.fixed(norms.maximum, 4)), "
      + "mean \(ReportFormat.fixed(norms.mean, 4))"
    return Figure(
      title: "Lengths as they came", svg: plot.svg(label: "Histogram of vector lengths: \(words)."),
      caption: "\(words). Search uses the direction only; a model's lengths should hardly differ.")
  }

  /// Neighbouring bins joined until each is at least so wide.
  private static func merged(_ histogram: StatisticsReport.Histogram, width: Double) -> (
    [Double], [Int]
  ) {
    guard var start = histogram.edges.first else { return ([], []) }
    var (edges, counts, open) = ([start], [Int](), 0)
    for (index, count) in histogram.counts.enumerated() {
      open += count
      let end = histogram.edges[index + 1]
      guard end - start >= width || index == histogram.counts.count - 1 else { continue }
      edges.append(end)
      counts.append(open)
      (start, open) = (end, 0)
    }
    return (edges, counts)
  }
}
