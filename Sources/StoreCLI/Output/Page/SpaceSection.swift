// The part of the page about one space: verdict, plots, lists, figures.

import VectorStore

/// One space on the page.
struct SpaceSection {
  let figures: StatisticsReport.Space
  /// The anchor of the section.
  let anchor: String

  /// The markup.
  var html: String {
    """
    <section id="\(anchor)" aria-labelledby="\(anchor)-name">
    <h2 id="\(anchor)-name"><span class="name">\(HTMLText.escaped(figures.space.name))</span> \
    \(Self.badge(figures.verdict.level))</h2>
    <p class="size">\(HTMLText.escaped(size))</p>
    \(verdict)\(plots)\(collections)\(drift)\(duplicates)\(hubs)\(outliers)\(FiguresTable(figures).html)\
    </section>

    """
  }

  /// A level as a word with a sign: colour alone tells nothing to some.
  static func badge(_ level: StatisticsReport.Verdict.Level) -> String {
    let sign =
      switch level {
      case .good: "✓"
      case .watch: "!"
      case .bad: "✕"
      }
    return """
      <span class="badge \(level.rawValue)"><span aria-hidden="true">\(sign)</span> \
      \(level.rawValue)</span>
      """
  }

  private var size: String {
    let rows = ReportFormat.counted(figures.rows, "row")
    let collections = ReportFormat.counted(figures.collections.count, "collection")
    let sample =
      figures.sample.isExact
      ? "all figures are exact"
      : "what needs neighbours is of \(ReportFormat.count(figures.sample.rows)) rows taken at random "
        + "(seed \(figures.sample.seed ?? 0)), compared with all"
    return "\(rows) of \(figures.dimensions) dimensions in \(collections); \(sample)."
  }

  private var verdict: String {
    let findings = figures.verdict.findings.map { finding in
      let advice = finding.advice.map { "<p class=\"advice\">\(Self.withCode($0))</p>" } ?? ""
      return """
        <li class="\(finding.level.rawValue)">\(Self.badge(finding.level))\
        <div><p>\(Self.withCode(finding.message))</p>\(advice)</div></li>

        """
    }
    return "<ul class=\"verdict\">\n\(findings.joined())</ul>\n"
  }

  /// A text in which what stands in backquotes is code.
  static func withCode(_ text: String) -> String {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { index, part in
      index % 2 == 0 ? HTMLText.escaped(part) : "<code>\(HTMLText.escaped(part))</code>"
    }.joined()
  }

  private var plots: String {
    let tooFew = "Not enough rows to tell."
    let sampled = "Counted only where all rows are compared with all others."
    let all: [(String, Figure?, String)] = [
      ("What a score means", cosinePlot(), tooFew),
      ("Where the variance lies (scree plot)", screePlot(), tooFew),
      ("Map (principal components)", mapPlot(), tooFew),
      (
        "Who answers how often (hubness)", occurrencePlot(),
        figures.sample.isExact ? tooFew : sampled
      ),
      ("Lengths as they came", normPlot(), tooFew),
    ]
    let drawn = all.map { title, figure, why in figure?.html ?? Figure.missing(title, why: why) }
    return "<div class=\"plots\">\n\(drawn.joined())</div>\n"
  }
}

extension SpaceSection {
  /// The most groups and rows that are shown; the JSON has more.
  private static let (shownGroups, shownRows) = (12, 10)

  /// Collections, where there is more than one.
  var collections: String {
    guard figures.collections.count > 1 else { return "" }
    let rows = figures.collections.map { collection in
      [
        HTMLText.isolated(collection.collection), ReportFormat.count(collection.rows),
        collection.meanCosine.map { ReportFormat.fixed($0, 4) } ?? "–",
        collection.centroidCosine.map { ReportFormat.fixed($0, 4) } ?? "–",
      ]
    }
    return "<h3>Collections</h3>\n"
      + Self.table(
        ["collection", "rows", "mean cosine", "cosine of its mean with all rows' mean"], rows)
  }

  /// What moved since a saved summary.
  var drift: String {
    guard let drift = figures.drift else { return "" }
    func row(_ name: String, _ change: StatisticsReport.DriftFigures.Change?, _ digits: Int)
      -> [String]?
    {
      change.map {
        [name, ReportFormat.fixed($0.before, digits), ReportFormat.fixed($0.now, digits)]
      }
    }
    let rows = [
      ["rows", ReportFormat.count(drift.rowsBefore), ReportFormat.count(drift.rowsNow)],
      row("mean cosine", drift.meanCosine, 4),
      row("participation ratio", drift.participationRatio, 2),
      row("effective rank", drift.effectiveRank, 2),
      row("median cosine to the nearest", drift.nearestNeighbourMedian, 3),
    ].compactMap { $0 }
    let shares: [(String, String?)] = [
      ("cosine of the two means", drift.centroidCosine.map { ReportFormat.fixed($0, 6) }),
      (
        "Fréchet distance between the two Gaussians (Dowson and Landau, 1982)",
        ReportFormat.fixed(drift.frechetDistance, 6)
          + (drift.relativeFrechetDistance.map {
            ", \(ReportFormat.percent($0, 2)) of the variance"
          }
            ?? "")
      ),
      (
        "part of the spectrum that moved",
        drift.spectrumDistance.map { ReportFormat.percent($0, 2) }
      ),
      (
        "rows beyond the old 99th percentile of distance to the old mean (1 % if nothing moved)",
        drift.shareBeyond.map { ReportFormat.percent($0) }
      ),
      (
        "of the \(ReportFormat.counted(drift.newRows, "row")) that came since",
        drift.newShareBeyond.map { ReportFormat.percent($0) }
      ),
    ]
    let others = shares.compactMap { name, value in
      value.map { [HTMLText.escaped(name), HTMLText.escaped($0)] }
    }
    return """
      <h3>Drift since “\(HTMLText.isolated(drift.name))” (\(Format.timestamp(drift.savedAt)))</h3>
      \(Self.table(["figure", "then", "now"], rows))\(Self.table(["what moved", "by"], others))
      """
  }

  /// Near-duplicates, the largest groups first.
  var duplicates: String {
    let found = figures.duplicates
    guard found.groupCount > 0 else { return "" }
    let groups = found.groups.prefix(Self.shownGroups).map { group in
      let more = group.rows - group.chunks.count
      let rest =
        more > 0 ? "<li class=\"more\">and \(ReportFormat.counted(more, "more row"))</li>" : ""
      return """
        <details><summary>\(ReportFormat.counted(group.rows, "row")), cosine \
        \(ReportFormat.fixed(group.minimumCosine, 4)) and more\(Self.beginning(group.chunks.first))\
        </summary><ul>\(group.chunks.map { "<li>\(Self.passage($0))</li>" }.joined())\(rest)</ul>\
        </details>

        """
    }
    let hidden = found.groupCount - groups.count
    return """
      <h3>Near-duplicates</h3>
      <p>\(ReportFormat.counted(found.groupCount, "group")) of \(ReportFormat.counted(found.rows, "row")) \
      with a cosine of \(ReportFormat.fixed(found.threshold, 2)) and more\
      \(hidden > 0 ? "; the largest \(groups.count):" : ":")</p>
      <div class="groups">\(groups.joined())</div>

      """
  }

  /// The rows that are most often near others.
  var hubs: String {
    // Among ten rows, each is near to all.
    guard figures.neighbours >= 10 else { return "" }
    return list(
      "Biggest hubs",
      "Rows most often among the \(figures.neighbours) nearest of others. Look at them where hubness is "
        + "high: boilerplate, or texts without a subject.",
      figures.hubs.prefix(Self.shownRows).map {
        ("\(ReportFormat.count($0.occurrences)) ×", $0.chunk)
      })
  }

  /// Rows far from all others.
  var outliers: String {
    list(
      "Outliers",
      "\(ReportFormat.counted(figures.outlierCount, "row")) far from all others; the number is the cosine "
        + "to the nearest.",
      figures.outliers.prefix(Self.shownRows).map {
        (ReportFormat.fixed($0.nearestCosine, 3), $0.chunk)
      })
  }

  private func list(
    _ title: String, _ meaning: String, _ rows: [(value: String, chunk: StatisticsReport.Chunk)]
  ) -> String {
    guard !rows.isEmpty else { return "" }
    let items = rows.map {
      "<li><span class=\"value\">\($0.value)</span><div>\(Self.passage($0.chunk))</div></li>\n"
    }
    return """
      <h3>\(title)</h3>
      <p>\(HTMLText.escaped(meaning))</p>
      <ul class="passages">\(items.joined())</ul>

      """
  }

  static func passage(_ chunk: StatisticsReport.Chunk) -> String {
    let text =
      chunk.excerpt.map { "<q>\(HTMLText.isolated($0))</q>" } ?? "<q class=\"none\">no text</q>"
    return """
      <span class="place">\(HTMLText.isolated(HTMLText.place(chunk)))\
      <span class="in"> in \(HTMLText.isolated(chunk.collection))</span></span> \(text)
      """
  }

  private static func beginning(_ chunk: StatisticsReport.Chunk?) -> String {
    guard let text = chunk?.excerpt else { return "" }
    return ": <q>\(HTMLText.isolated(text.count > 60 ? text.prefix(59) + "…" : text))</q>"
  }

  /// A table whose first column names the row; cells are markup.
  static func table(_ head: [String], _ rows: [[String]], style: String = "") -> String {
    let titles = head.map { "<th scope=\"col\">\(HTMLText.escaped($0))</th>" }.joined()
    let body = rows.map { row in
      let cells = row.enumerated().map { index, cell in
        index == 0 ? "<th scope=\"row\">\(cell)</th>" : "<td>\(cell)</td>"
      }
      return "<tr>\(cells.joined())</tr>\n"
    }
    return """
      <div class="scroll" tabindex="0"><table\(style.isEmpty ? "" : " class=\"\(style)\"")><thead><tr>\(titles)</tr></thead>
      <tbody>\(body.joined())</tbody></table></div>

      """
  }
}
