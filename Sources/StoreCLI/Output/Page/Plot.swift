// A drawing with two axes as inline SVG, its axes, and the figure that it stands in.

import Foundation

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

/// Maps numbers onto a drawing, evenly or by their logarithms.
struct PlotScale {
  /// The numbers at both ends, the lesser first.
  let low: Double
  let high: Double
  /// The places of both ends.
  let start: Double
  let end: Double
  let isLogarithmic: Bool
  /// Whether it counts, so that a tick between two whole numbers would mean nothing.
  var isWhole = false

  /// - Precondition: on a logarithmic scale both numbers are above 0. An empty range is widened.
  init(_ low: Double, _ high: Double, from start: Double, to end: Double, logarithmic: Bool = false)
  {
    let isEmpty = !(high > low)
    self.low = isEmpty ? (logarithmic ? low / 2 : low - 0.5) : low
    self.high = isEmpty ? (logarithmic ? low * 2 : low + 0.5) : high
    (self.start, self.end) = (start, end)
    isLogarithmic = logarithmic
  }

  /// The place of a number; numbers beyond the ends are drawn at the ends.
  func place(_ value: Double) -> Double {
    let inside = min(high, max(low, value))
    let share =
      isLogarithmic ? log(inside / low) / log(high / low) : (inside - low) / (high - low)
    return start + share * (end - start)
  }

  /// The ticks with their labels, about `count` of them.
  func ticks(_ count: Int) -> [(value: Double, label: String)] {
    isLogarithmic ? powers(count) : steps(count)
  }

  private func steps(_ count: Int) -> [(value: Double, label: String)] {
    let step = max(Self.step(high - low, count), isWhole ? 1 : 0)
    guard step > 0, step.isFinite else { return [] }
    let digits = max(0, -Int(floor(log10(step) + 1e-9)))
    let (first, last) = (ceil(low / step - 1e-9), floor(high / step + 1e-9))
    guard last >= first, last - first < 50 else { return [] }
    return stride(from: first, through: last, by: 1).map { index in
      let value = index * step
      let label =
        digits == 0 && abs(value) < 1e15
        ? ReportFormat.count(Int(value.rounded())) : ReportFormat.fixed(value, digits)
      return (value, label)
    }
  }

  private func powers(_ count: Int) -> [(value: Double, label: String)] {
    let (first, last) = (Int(ceil(log10(low) - 1e-9)), Int(floor(log10(high) + 1e-9)))
    guard last >= first else { return [] }
    let skip = max(1, (last - first + count) / count)
    return stride(from: last, through: first, by: -skip).reversed().map { exponent in
      let isPlain = (0...5).contains(exponent) && low >= 0.1
      let value = pow(10, Double(exponent))
      return (value, isPlain ? ReportFormat.count(Int(value)) : ReportFormat.power(exponent))
    }
  }

  /// 1, 2 or 5 times a power of ten, by which a range has about so many steps.
  static func step(_ range: Double, _ count: Int) -> Double {
    let rough = range / Double(max(1, count))
    let unit = pow(10, floor(log10(rough)))
    let factor = [1.0, 2, 5, 10].first { $0 * unit >= rough * 0.999 } ?? 10
    return factor * unit
  }
}

/// A plot as it stands on the page.
struct Figure {
  let title: String
  /// The drawing.
  let svg: String
  /// What it tells, in a sentence or two; plain text.
  let caption: String
  /// A legend beside the drawing; markup.
  var legend = ""
  /// Whether it takes the page's whole width.
  var isWide = false

  /// The markup.
  var html: String {
    """
    <figure\(isWide ? " class=\"wide\"" : "")><h3>\(HTMLText.escaped(title))</h3>\
    <div class="plot">\(svg)\(legend)</div>\
    <figcaption>\(HTMLText.escaped(caption))</figcaption></figure>

    """
  }

  /// What stands in the place of a plot that has too few rows.
  static func missing(_ title: String, why: String) -> String {
    """
    <figure class="missing"><h3>\(HTMLText.escaped(title))</h3>\
    <p>\(HTMLText.escaped(why))</p></figure>

    """
  }
}
