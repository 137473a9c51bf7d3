// The rows on the plane of the two greatest principal components, collections in colours and shapes.
// Called by SpaceSection; calls Plot.

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
