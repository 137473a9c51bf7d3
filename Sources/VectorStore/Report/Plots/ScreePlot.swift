// The spectrum of the covariance on logarithmic axes. Called by SpaceSection; calls Plot.

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
