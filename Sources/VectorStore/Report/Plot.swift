// A drawing with two axes, as inline SVG. Used by the plots in Plots/; calls PlotScale and HTMLText.

/// Two axes with units, and what is drawn between them.
struct Plot {
  /// The size in the drawing's own units; pages scale it to their width.
  static let (width, height) = (440.0, 280.0)
  /// The place of the axes.
  static let (left, right, top, bottom) = (52.0, 418.0, 30.0, 232.0)

  let x: PlotScale
  let y: PlotScale
  let xTitle: String
  let yTitle: String
  private let hasRows: Bool
  private let height: Double
  private var legend = ""
  private var legendEnd = Self.left
  private var body = ""
  private var labels = ""

  /// - Parameter hasRows: whether the upright axis has rows with names instead of numbers.
  init(
    x: PlotScale, y: PlotScale, xTitle: String, yTitle: String, height: Double = Self.height,
    hasRows: Bool = false
  ) {
    (self.x, self.y, self.xTitle, self.yTitle, self.height) = (x, y, xTitle, yTitle, height)
    self.hasRows = hasRows
  }

  /// Adds markup between the axes.
  mutating func add(_ markup: String) {
    body += markup
  }

  /// Adds an entry to the legend above the axes.
  mutating func addLegend(_ name: String, style: String) {
    let x = legendEnd
    legend += """
      <rect class="\(style) key" x="\(ReportFormat.place(x))" y="8" width="12" height="10" rx="2"/>\
      <text x="\(ReportFormat.place(x + 17))" y="17">\(HTMLText.escaped(name))</text>
      """
    legendEnd += 38 + Double(name.count) * 7.2
  }

  /// Adds the area under the bins of a histogram, drawn as steps of the given heights.
  mutating func addArea(edges: [Double], heights: [Double], style: String) {
    guard edges.count == heights.count + 1, let first = edges.first, let last = edges.last else {
      return
    }
    var path = "M\(point(first, y.low))"
    for (index, height) in heights.enumerated() {
      path += "L\(point(edges[index], height))L\(point(edges[index + 1], height))"
    }
    body += "<path class=\"area \(style)\" d=\"\(path)L\(point(last, y.low))Z\"/>"
  }

  /// Adds one bar a bin, with its words for pointers.
  mutating func addBars(
    edges: [Double], heights: [Double], style: String, title: (Int) -> String
  ) {
    guard edges.count == heights.count + 1 else { return }
    for (index, height) in heights.enumerated() where height > y.low {
      let (from, to) = (x.place(edges[index]), x.place(edges[index + 1]))
      let top = y.place(height)
      // A bar of a narrow bin is still to be seen.
      let width = max(2, to - from - 1)
      let middle = (from + to) / 2
      body += """
        <rect class="bar \(style)" x="\(ReportFormat.place(middle - width / 2))" \
        y="\(ReportFormat.place(top))" width="\(ReportFormat.place(width))" \
        height="\(ReportFormat.place(max(1, Self.bottom - top)))">\
        <title>\(HTMLText.escaped(title(index)))</title></rect>
        """
    }
  }

  /// Adds an upright line with a label beside it, `row` lines below the top.
  mutating func addMark(at value: Double, _ label: String, row: Int = 0, style: String = "mark") {
    let place = x.place(value)
    let isLate = place + 14 + Double(label.count) * 7 > Self.right
    let height = Self.top + 10 + Double(row) * 16
    body += """
      <line class="\(style)" x1="\(ReportFormat.place(place))" x2="\(ReportFormat.place(place))" \
      y1="\(ReportFormat.place(Self.top))" y2="\(ReportFormat.place(floorPlace))"/>
      """
    // Above all lines, or the next mark would cross it.
    labels += """
      <text class="label halo" x="\(ReportFormat.place(place + (isLate ? -5 : 5)))" \
      y="\(ReportFormat.place(height))" text-anchor="\(isLate ? "end" : "start")">\
      \(HTMLText.escaped(label))</text>
      """
  }

  /// A point as `12,34`.
  func point(_ first: Double, _ second: Double) -> String {
    "\(ReportFormat.place(x.place(first))),\(ReportFormat.place(y.place(second)))"
  }

  /// The drawing; `label` tells in words what it shows.
  func svg(label: String) -> String {
    """
    <svg role="img" aria-label="\(HTMLText.escaped(label))" \
    viewBox="0 0 \(ReportFormat.place(Self.width)) \(ReportFormat.place(height))">\
    \(legend)\(grid)\(body)\(labels)\(axes)</svg>
    """
  }

  // MARK: - Axes

  private var floorPlace: Double { y.start }

  private var grid: String {
    guard !hasRows else { return rowGrid }
    return y.ticks(5).map { tick in
      let place = ReportFormat.place(y.place(tick.value))
      return """
        <line class="grid" x1="\(ReportFormat.place(Self.left))" \
        x2="\(ReportFormat.place(Self.right))" y1="\(place)" y2="\(place)"/>\
        <text x="\(ReportFormat.place(Self.left - 6))" y="\(ReportFormat.place(y.place(tick.value) + 4))" \
        text-anchor="end">\(tick.label)</text>
        """
    }.joined()
  }

  /// Upright lines instead of level ones.
  private var rowGrid: String {
    x.ticks(6).map { tick in
      let place = ReportFormat.place(x.place(tick.value))
      return """
        <line class="grid" x1="\(place)" x2="\(place)" y1="\(ReportFormat.place(Self.top))" \
        y2="\(ReportFormat.place(floorPlace))"/>
        """
    }.joined()
  }

  private var axes: String {
    let floor = ReportFormat.place(floorPlace)
    let ticks = x.ticks(6).map { tick in
      let place = ReportFormat.place(x.place(tick.value))
      return """
        <line class="axis" x1="\(place)" x2="\(place)" y1="\(floor)" \
        y2="\(ReportFormat.place(floorPlace + 4))"/>\
        <text x="\(place)" y="\(ReportFormat.place(floorPlace + 17))" text-anchor="middle">\(tick.label)</text>
        """
    }.joined()
    let middle = ReportFormat.place((Self.left + Self.right) / 2)
    let center = ReportFormat.place((Self.top + floorPlace) / 2)
    return """
      <line class="axis" x1="\(ReportFormat.place(x.start))" x2="\(ReportFormat.place(x.end))" \
      y1="\(floor)" y2="\(floor)"/>\(ticks)\
      <text class="title" x="\(middle)" y="\(ReportFormat.place(floorPlace + 37))" \
      text-anchor="middle">\(HTMLText.escaped(xTitle))</text>\
      <text class="title" transform="translate(11 \(center)) rotate(-90)" \
      text-anchor="middle">\(HTMLText.escaped(yTitle))</text>
      """
  }
}
