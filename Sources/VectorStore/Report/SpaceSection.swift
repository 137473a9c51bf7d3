// The part of the page that is about one space: verdict, plots, lists, figures. Called by
// StatisticsPage; the plots are in Plots/, the lists in SpaceSection+Lists, the table in FiguresTable.

/// One space on the page.
struct SpaceSection {
  let figures: StatisticsReport.Space
  /// The anchor of the section.
  let anchor: String

  /// The markup.
  var html: String {
    """
    <section id="\(anchor)" aria-labelledby="\(anchor)-name">
    <h2 id="\(anchor)-name"><span class="name">\(HTMLText.escaped(figures.space))</span> \
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
