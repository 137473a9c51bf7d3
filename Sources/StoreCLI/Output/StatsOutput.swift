// How good the vectors are, as a person reads it: the verdict, then the figures with what they
// mean.

import VectorStore

/// Lays out a report of statistics.
struct StatsOutput {
  let terminal: Terminal

  /// The page, a line break behind each line.
  func text(_ report: StatisticsReport) -> String {
    guard !report.spaces.isEmpty else {
      let pending = report.pending.map {
        "\(Terminal.oneLine($0.message)); run `store reembed` to embed what waits\n"
      }
      return "no vectors\n" + (pending ?? "") + refusals(report)
    }
    var lines: [String] = []
    for figures in report.spaces {
      lines += (lines.isEmpty ? [] : [""]) + heading(figures) + verdict(figures)
      lines += [""] + Format.table(rows(figures)) + sampling(figures) + collections(figures)
      lines += drift(figures) + duplicates(figures) + hubs(figures) + outliers(figures)
    }
    if let canary = report.canary { lines += self.canary(canary) }
    if let quality = report.retrieval { lines += retrieval(quality) }
    return lines.joined(separator: "\n") + "\n" + refusals(report)
  }

  private func heading(_ figures: StatisticsReport.Space) -> [String] {
    let name = terminal.styled(figures.space.name, .bold)
    let level = terminal.styled(figures.verdict.level.rawValue, .bold)
    return [
      "\(name): \(level)",
      "\(Format.counted(figures.rows, "row")) of \(figures.dimensions) dimensions in "
        + Format.counted(figures.collections.count, "collection"),
    ]
  }

  private func verdict(_ figures: StatisticsReport.Space) -> [String] {
    figures.verdict.findings.flatMap { finding in
      let level = finding.level.rawValue
      let space = String(repeating: " ", count: 7 - level.count)
      return ["\(terminal.styled(level, .bold))\(space)\(Terminal.oneLine(finding.message))"]
        + (finding.advice.map { ["       \($0)"] } ?? [])
    }
  }

  private func rows(_ figures: StatisticsReport.Space) -> [[String]] {
    let rows: [(String, String?, String)] = [
      (
        "mean cosine", plus(figures.meanCosine, figures.cosineSpread, 4),
        "of all pairs, ± deviation"
      ),
      ("isotropy", number(figures.isotropy, 4), "1 even in all directions, 0 one narrow cone"),
      (
        "participation ratio", number(figures.participationRatio, 2),
        "directions that carry the variance"
      ),
      ("effective rank", number(figures.effectiveRank, 2), "the same by the spectrum's entropy"),
      ("components", components(figures), "for 50, 90 and 99 % of the variance"),
      ("dead dimensions", Format.count(figures.deadDimensions.count), "the same in every row"),
      (
        "intrinsic dimension", plus(figures.intrinsicDimension, figures.intrinsicDimensionError, 2),
        "dimensions that rows fill near by (TwoNN)"
      ),
      ("random pairs", spread(figures.randomPairs), "cosine at 5, 50, 95 and 99 %"),
      ("nearest neighbours", spread(figures.nearestNeighbours), "cosine at 5, 50, 95 and 99 %"),
      (
        "--min-score", number(figures.suggestedMinimumScore, 3),
        "suggested: above 95 % of random pairs, below 95 % of nearest neighbours"
      ),
      (
        "hubness", plus(figures.hubness, figures.hubnessError, 2),
        "skewness of being among the nearest \(figures.neighbours); 0 even, above 4 a few answer all"
      ),
      (
        "near-duplicates", share(figures),
        "rows that have one, cosine \(Format.fixed(figures.duplicates.threshold, 2)) and more"
      ),
      (
        "outliers", Format.count(figures.outlierCount),
        "rows far from all others (robust deviation above 3.5)"
      ),
      ("norms", norms(figures), "lengths as they came: least, mean, greatest"),
    ]
    return rows.compactMap { name, value, meaning in
      value.map { ["  " + name, $0, terminal.styled(meaning, .dim)] }
    }
  }

  private func sampling(_ figures: StatisticsReport.Space) -> [String] {
    guard let seed = figures.sample.seed else { return [] }
    return [
      "  Neighbours are of \(Format.count(figures.sample.rows)) rows taken at random (seed \(seed)) among "
        + "all; ± is then the standard error."
    ]
  }

  // MARK: - Values

  private func number(_ value: Double?, _ digits: Int) -> String? {
    value.map { Format.fixed($0, digits) }
  }

  private func plus(_ value: Double?, _ error: Double?, _ digits: Int) -> String? {
    number(value, digits).map { text in
      text + (error.map { " ± " + Format.fixed($0, digits) } ?? "")
    }
  }

  private func components(_ figures: StatisticsReport.Space) -> String? {
    let counts = [figures.components50, figures.components90, figures.components99]
    let known = counts.compactMap { $0 }
    return known.isEmpty ? nil : known.map { Format.count($0) }.joined(separator: " / ")
  }

  private func spread(_ distribution: StatisticsReport.Distribution?) -> String? {
    guard let distribution else { return nil }
    return [5, 50, 95, 99].compactMap { distribution.value(atPercent: $0) }
      .map { Format.fixed($0, 3) }.joined(separator: " / ")
  }

  private func share(_ figures: StatisticsReport.Space) -> String? {
    figures.duplicates.share.map { share in
      if share == 0, !figures.sample.isExact {
        // The rule of three: what was not seen in n tries is rarer than 3 / n, at 95 %.
        return "below " + Format.fixed(300 / Double(max(1, figures.sample.rows)), 1) + " %"
      }
      return Format.fixed(share * 100, 1)
        + (figures.duplicates.shareError.map { " ± " + Format.fixed($0 * 100, 1) } ?? "") + " %"
    }
  }

  private func norms(_ figures: StatisticsReport.Space) -> String? {
    figures.norms.map { norms in
      [norms.minimum, norms.mean, norms.maximum].map { Format.fixed($0, 4) }
        .joined(separator: " / ")
    }
  }
}

extension StatsOutput {
  func retrieval(_ quality: RetrievalQuality) -> [String] {
    let missing =
      quality.relevantMissing > 0
      ? ", \(Format.count(quality.relevantMissing)) of them not in the collection" : ""
    let title = terminal.styled("retrieval", .bold)
    let head =
      "\(title): \(Format.counted(quality.queries, "question")), "
      + "\(Format.counted(quality.relevant, "relevant document"))\(missing)"
    let rows =
      [["", "nDCG@10", "MAP", "recall@10", "recall@100", "MRR"]]
      + quality.rankings.map { ranking in
        [
          "  " + ranking.ranking.rawValue, value(ranking.nDCG10), value(ranking.map),
          value(ranking.recall10), value(ranking.recall100), value(ranking.mrr),
        ]
      }
    let notes = quality.degradedReason.map { ["  " + Terminal.oneLine($0)] } ?? []
    return ["", head] + Format.table(rows) + quality.comparisons.map(sentence) + notes
  }

  private func value(_ figure: RetrievalQuality.Figure) -> String {
    Format.fixed(figure.mean, 3) + (figure.standardError.map { " ± " + Format.fixed($0, 3) } ?? "")
  }

  private func sentence(_ pair: RetrievalQuality.Comparison) -> String {
    let sign = pair.difference < 0 ? "" : "+"
    let isClear = pair.low > 0 || pair.high < 0
    return "  \(pair.ranking.rawValue) over \(pair.baseline.rawValue): \(sign)"
      + "\(Format.fixed(pair.difference, 3)) nDCG@10, 95 % between \(Format.fixed(pair.low, 3)) and "
      + Format.fixed(pair.high, 3) + (isClear ? "" : ": chance may explain it")
  }

  func canary(_ report: CanaryReport) -> [String] {
    let title = terminal.styled("canary", .bold)
    let level = report.level.map { terminal.styled($0.rawValue, .bold) + ". " } ?? ""
    let cosines = [report.minimumCosine, report.meanCosine].compactMap { $0 }
      .map { Format.fixed($0, 6) }.joined(separator: " / ")
    let cost = report.costUSD > 0 ? ", \(Format.dollars(report.costUSD))" : ""
    return [
      "", "\(title): \(level)\(report.message)",
      "  \(Format.counted(report.texts, "text")) of \(report.space); cosine to the stored vectors, least / "
        + "mean: \(cosines)\(cost)",
    ]
  }
}
