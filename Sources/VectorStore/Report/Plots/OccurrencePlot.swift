// How often rows are among the nearest of others. Called by SpaceSection; calls Plot.

extension SpaceSection {
  /// The histogram of k-occurrences; nil where they were only sampled.
  func occurrencePlot() -> Figure? {
    guard let histogram = figures.occurrences, histogram.counts.count > 1,
      let last = histogram.edges.last, let hubness = figures.hubness
    else { return nil }
    let most = Double(histogram.counts.max() ?? 1)
    var plot = Plot(
      x: PlotScale(0, last, from: Plot.left, to: Plot.right),
      y: PlotScale(0.7, max(most * 1.5, 10), from: Plot.bottom, to: Plot.top, logarithmic: true),
      xTitle: "times among the \(figures.neighbours) nearest of other rows", yTitle: "rows")
    plot.addBars(
      edges: histogram.edges, heights: histogram.counts.map(Double.init), style: "s1"
    ) { index in
      let (from, to) = (Int(histogram.edges[index]), Int(histogram.edges[index + 1]) - 1)
      let times = from == to ? "\(from)" : "\(from) to \(to)"
      return "\(ReportFormat.counted(histogram.counts[index], "row")): \(times) times"
    }
    let skewness = ReportFormat.fixed(hubness, 2)
    let never = histogram.edges[1] == 1 ? histogram.counts[0] : 0
    let words =
      never > 0
      ? " \(ReportFormat.counted(never, "row")) never answer\(never == 1 ? "s" : "")." : ""
    return Figure(
      title: "Who answers how often (hubness)",
      svg: plot.svg(
        label: "Histogram of k-occurrences, k \(figures.neighbours), counts logarithmic; skewness "
          + "\(skewness)."),
      caption: "Even would be \(figures.neighbours) times each. Skewness \(skewness): "
        + (hubness > 4 ? "a few rows answer far too much." : "nothing out of the ordinary.")
        + words)
  }
}
