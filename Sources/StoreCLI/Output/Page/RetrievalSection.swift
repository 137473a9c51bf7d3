// The part of the page about judged questions: a plot and the figures of each ranking side by side.

import VectorStore

/// The retrieval self-test on the page.
struct RetrievalSection {
  let quality: RetrievalQuality

  /// The markup.
  var html: String {
    let note = quality.degradedReason.map { "<p>\(HTMLText.escaped($0.capitalizedFirst)).</p>\n" }
    return """
      <section id="retrieval" aria-labelledby="retrieval-name">
      <h2 id="retrieval-name">Retrieval self-test</h2>
      <p class="size">\(HTMLText.escaped(size))</p>
      <p>\(HTMLText.escaped(verdict))</p>
      \(note ?? "")<div class="plots">\(figure.html)<div>\(table)\(comparisons)</div></div>
      </section>

      """
  }

  private var size: String {
    let missing =
      quality.relevantMissing > 0
      ? ", of which the collection lacks \(ReportFormat.count(quality.relevantMissing))" : ""
    return
      "\(ReportFormat.counted(quality.queries, "question")) with \(ReportFormat.counted(quality.relevant, "relevant document"))"
      + "\(missing), in the collection “\(quality.collection)”"
      + (quality.space.map { ", vectors of \($0)." } ?? ".")
  }

  /// Which ranking is best, and whether chance explains it.
  private var verdict: String {
    let ordered = quality.rankings.sorted { $0.nDCG10.mean > $1.nDCG10.mean }
    guard let best = ordered.first, let next = ordered.dropFirst().first else {
      return "Ranked by words only."
    }
    let pair = quality.comparisons.first {
      Set([$0.ranking, $0.baseline]) == [best.ranking, next.ranking]
    }
    let isClear = pair.map { $0.low > 0 || $0.high < 0 } ?? false
    return
      "Best by nDCG@10: \(Self.name(best.ranking)). Its lead over \(Self.name(next.ranking)) is "
      + (isClear ? "more than chance explains." : "within chance.")
  }

  private static func name(_ ranking: RetrievalQuality.RankingName) -> String {
    switch ranking {
    case .vector: "vectors"
    case .lexical: "words"
    case .fused: "both fused"
    }
  }

  private static func figures(
    _ ranking: RetrievalQuality.Ranking
  ) -> [(name: String, figure: RetrievalQuality.Figure)] {
    [
      ("nDCG@10", ranking.nDCG10), ("MAP", ranking.map), ("recall@10", ranking.recall10),
      ("recall@100", ranking.recall100), ("MRR", ranking.mrr),
    ]
  }

  /// Each figure with its 95 % interval, rankings beside each other.
  private var figure: Figure {
    let names = quality.rankings.first.map { Self.figures($0).map(\.name) } ?? []
    var plot = Plot(
      x: PlotScale(0, 1, from: Plot.left + 36, to: Plot.right),
      y: PlotScale(0, 1, from: Plot.bottom, to: Plot.top), xTitle: "mean over questions",
      yTitle: "",
      hasRows: true)
    for (place, ranking) in quality.rankings.enumerated() {
      let style = "s\(place + 1)"
      plot.addLegend(Self.name(ranking.ranking), style: style)
      for (row, entry) in Self.figures(ranking).enumerated() {
        let band = (Plot.bottom - Plot.top) / Double(names.count)
        let middle = Plot.top + (Double(row) + 0.5) * band + Double(place - 1) * 9
        plot.add(Self.dot(entry, name: Self.name(ranking.ranking), middle, style, plot))
      }
    }
    for (row, name) in names.enumerated() {
      let band = (Plot.bottom - Plot.top) / Double(names.count)
      plot.add(
        "<text class=\"label\" text-anchor=\"end\" x=\"\(ReportFormat.place(Plot.left + 28))\" "
          + "y=\"\(ReportFormat.place(Plot.top + (Double(row) + 0.5) * band + 4))\">\(name)</text>")
    }
    return Figure(
      title: "Rankings side by side",
      svg: plot.svg(
        label: "Figures of each ranking with 95 % intervals; the table has the numbers."),
      caption: "Lines are 95 % intervals of the mean (1.96 standard errors).")
  }

  private static func dot(
    _ entry: (name: String, figure: RetrievalQuality.Figure), name: String, _ y: Double,
    _ style: String, _ plot: Plot
  ) -> String {
    let mean = entry.figure.mean
    let error = 1.96 * (entry.figure.standardError ?? 0)
    let (from, to) = (plot.x.place(mean - error), plot.x.place(mean + error))
    return """
      <g class="dot \(style)"><line x1="\(ReportFormat.place(from))" x2="\(ReportFormat.place(to))" \
      y1="\(ReportFormat.place(y))" y2="\(ReportFormat.place(y))"/>\
      <rect x="\(ReportFormat.place(plot.x.place(mean) - 3))" y="\(ReportFormat.place(y - 3))" \
      width="6" height="6" rx="3"><title>\(entry.name) by \(name): \
      \(ReportFormat.fixed(mean, 4))</title></rect></g>
      """
  }

  private var table: String {
    let head = ["figure"] + quality.rankings.map { Self.name($0.ranking) }
    let columns = quality.rankings.map { Self.figures($0) }
    guard let first = columns.first else { return "" }
    let rows = first.indices.map { row in
      [first[row].name]
        + columns.map { column in
          ReportFormat.fixed(column[row].figure.mean, 3, error: column[row].figure.standardError)
        }
    }
    return "<h3>Means and standard errors</h3>" + SpaceSection.table(head, rows) + """
      <p class="size">nDCG takes the grade itself as gain (Järvelin and Kekäläinen, 2002); MAP and MRR are \
      of the first \(quality.depth) documents; a document counts where its best chunk stands.</p>
      """
  }

  private var comparisons: String {
    guard !quality.comparisons.isEmpty else { return "" }
    let rows = quality.comparisons.map { pair in
      [
        "\(Self.name(pair.ranking)) over \(Self.name(pair.baseline))",
        ReportFormat.fixed(pair.difference, 3),
        "\(ReportFormat.fixed(pair.low, 3)) to \(ReportFormat.fixed(pair.high, 3))",
      ]
    }
    return "<h3>Differences of nDCG@10</h3>"
      + SpaceSection.table(["rankings", "difference", "95 % interval (paired bootstrap)"], rows)
  }
}
