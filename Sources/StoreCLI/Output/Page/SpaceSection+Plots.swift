// The plots of a space: cosines, lengths, k-occurrences, spectrum, and the map.

import VectorStore

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

extension SpaceSection {
  /// The variance of each principal component; nil below three of them.
  func screePlot() -> Figure? {
    let values = figures.eigenvalues
    guard let total = figures.totalVariance, total > 0, let first = values.first, first > 0,
      values.count > 2
    else { return nil }
    let floor = first * 1e-6
    let shown = values.prefix { $0 > floor }.map { $0 / total * 100 }
    guard shown.count > 2, let last = shown.last else { return nil }
    let most = first / total * 100
    var plot = Plot(
      x: PlotScale(1, Double(shown.count), from: Plot.left, to: Plot.right, logarithmic: true),
      y: PlotScale(last / 1.3, most * 1.6, from: Plot.bottom, to: Plot.top, logarithmic: true),
      xTitle: "component", yTitle: "% of the variance")
    plot.add("<path class=\"line s1\" d=\"\(line(shown, plot))\"/>")
    let marks = [
      (50, figures.components50), (90, figures.components90), (99, figures.components99),
    ]
    for (row, (percent, count)) in marks.enumerated() {
      guard let count, count <= shown.count else { continue }
      plot.addMark(at: Double(count), "\(percent) %: \(ReportFormat.count(count))", row: row)
    }
    let words = marks.compactMap { percent, count in
      count.map { "\(ReportFormat.counted($0, "component")) for \(percent) %" }
    }.joined(separator: ", ")
    return Figure(
      title: "Where the variance lies (scree plot)",
      svg: plot.svg(label: "Variance by principal component, both axes logarithmic; \(words)."),
      caption:
        "\(words.capitalizedFirst) of the variance, out of \(figures.dimensions) dimensions. A line "
        + "that falls steeply means that the vectors use few directions.")
  }

  /// A line through the components; those that would fall on the same place are left out.
  private func line(_ values: [Double], _ plot: Plot) -> String {
    var path = ""
    var lastPlace = -Double.infinity
    for (index, value) in values.enumerated() {
      let place = plot.x.place(Double(index + 1))
      guard place - lastPlace >= 0.5 || index == values.count - 1 else { continue }
      path += (path.isEmpty ? "M" : "L") + plot.point(Double(index + 1), value)
      lastPlace = place
    }
    return path
  }
}

extension String {
  /// The same with a capital at its beginning.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension SpaceSection {
  /// Collections that get a colour of their own; the others share one.
  static let colours = 7

  /// The map; nil where there are too few rows for one.
  func mapPlot() -> Figure? {
    let points = figures.map.points
    guard points.count > 2, figures.map.varianceX > 0 else { return nil }
    let height = 320.0
    let floor = height - (Plot.height - Plot.bottom)
    var plot = emptyMap(points, floor: floor, height: height)
    let names = figures.collections.map(\.collection)
    let places = Dictionary(
      names.enumerated().map { ($1, min($0, Self.colours)) },
      uniquingKeysWith: { first, _ in first }
    )
    // The largest collection lies lowest, or it would hide the others.
    for index in (0...Self.colours) {
      for point in points where (places[point.chunk.collection] ?? Self.colours) == index {
        plot.add(mark(point, index, plot))
      }
    }
    let shown =
      points.count < figures.rows
      ? "\(ReportFormat.count(points.count)) of \(ReportFormat.counted(figures.rows, "row")), taken at random."
      : "All \(ReportFormat.counted(points.count, "row"))."
    let both = ReportFormat.percent(figures.map.varianceX + figures.map.varianceY, 0)
    return Figure(
      title: "Map (principal components)",
      svg: plot.svg(
        label:
          "Rows on the plane of the two greatest principal components, which hold \(both) of the "
          + "variance."),
      caption:
        "\(shown) The plane holds \(both) of the variance: what is near here may still be far "
        + "apart. Point at a mark, or tap it, to see its text.",
      legend: legend(names), isWide: true)
  }

  /// Both axes with the same unit.
  private func emptyMap(
    _ points: [StatisticsReport.MapFigures.Point], floor: Double, height: Double
  ) -> Plot {
    let (xs, ys) = (points.map(\.x), points.map(\.y))
    let (lowX, highX) = (xs.min() ?? 0, xs.max() ?? 1)
    let (lowY, highY) = (ys.min() ?? 0, ys.max() ?? 1)
    let (width, depth) = (Plot.right - Plot.left, floor - Plot.top + 20)
    let unit = max((highX - lowX) / width, (highY - lowY) / depth, 1e-9) * 1.06
    let (middleX, middleY) = ((lowX + highX) / 2, (lowY + highY) / 2)
    return Plot(
      x: PlotScale(
        middleX - unit * width / 2, middleX + unit * width / 2, from: Plot.left, to: Plot.right),
      y: PlotScale(
        middleY - unit * depth / 2, middleY + unit * depth / 2, from: floor, to: Plot.top - 20),
      xTitle: "first component (\(ReportFormat.percent(figures.map.varianceX)) of the variance)",
      yTitle: "second (\(ReportFormat.percent(figures.map.varianceY)))", height: height)
  }

  private func mark(_ point: StatisticsReport.MapFigures.Point, _ index: Int, _ plot: Plot)
    -> String
  {
    let text = point.chunk.excerpt.map { " — \(HTMLText.escaped($0))" } ?? ""
    return """
      <use href="#mark\(index)" class="m\(index)" x="\(ReportFormat.place(plot.x.place(point.x)))" \
      y="\(ReportFormat.place(plot.y.place(point.y)))"><title>\
      \(HTMLText.escaped(HTMLText.place(point.chunk)))\(text)</title></use>
      """
  }

  private func legend(_ names: [String]) -> String {
    let entries = names.prefix(Self.colours).enumerated().map { index, name in
      "<li>\(Self.key(index))\(HTMLText.isolated(name))</li>"
    }
    let others = names.count - entries.count
    let rest =
      others > 0
      ? "<li>\(Self.key(Self.colours))\(ReportFormat.counted(others, "other collection"))</li>" : ""
    return "<ul class=\"legend\">\(entries.joined())\(rest)</ul>"
  }

  private static func key(_ index: Int) -> String {
    """
    <svg aria-hidden="true" viewBox="-4 -4 8 8"><use href="#mark\(index)" class="m\(index)"/></svg>
    """
  }

  /// The shapes of marks, once a page.
  static let markShapes: String = {
    let shapes = [
      "<circle r=\"2.2\"/>", "<rect x=\"-2\" y=\"-2\" width=\"4\" height=\"4\"/>",
      "<path d=\"M0-2.8 2.6 1.9H-2.6Z\"/>", "<path d=\"M0-2.9 2.8 0 0 2.9-2.8 0Z\"/>",
      "<path d=\"M0 2.8 2.6-1.9H-2.6Z\"/>",
      "<path d=\"M-.9-2.6H.9V-.9H2.6V.9H.9V2.6H-.9V.9H-2.6V-.9H-.9Z\"/>",
      "<path d=\"M-2.6 0-1.3-2.3H1.3L2.6 0 1.3 2.3H-1.3Z\"/>", "<circle r=\"1.7\"/>",
    ]
    let symbols = shapes.enumerated().map { "<g id=\"mark\($0)\">\($1)</g>" }.joined()
    return "<svg class=\"defs\" aria-hidden=\"true\"><defs>\(symbols)</defs></svg>"
  }()
}
