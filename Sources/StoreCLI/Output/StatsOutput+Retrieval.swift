// The retrieval self-test of `store stats`, rankings side by side, and what its canary tells.

import VectorStore

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
