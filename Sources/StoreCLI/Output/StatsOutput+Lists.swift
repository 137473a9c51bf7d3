// The lists of `store stats`: collections, what moved, duplicates, hubs, outliers, refused rows.

import VectorStore

extension StatsOutput {
  func collections(_ figures: StatisticsReport.Space) -> [String] {
    guard figures.collections.count > 1 else { return [] }
    return ["", terminal.styled("collections", .bold)]
      + Format.table(
        [["  ", "rows", "mean cosine", "cosine of the means"]]
          + figures.collections.map { collection in
            [
              "  " + oneLine(collection.collection), Format.count(collection.rows),
              collection.meanCosine.map { Format.fixed($0, 4) } ?? "-",
              collection.centroidCosine.map { Format.fixed($0, 4) } ?? "-",
            ]
          })
  }

  func drift(_ figures: StatisticsReport.Space) -> [String] {
    guard let drift = figures.drift else { return [] }
    func change(_ name: String, _ change: StatisticsReport.DriftFigures.Change?, _ digits: Int)
      -> [String]?
    {
      change.map {
        ["  " + name, Format.fixed($0.before, digits) + " → " + Format.fixed($0.now, digits)]
      }
    }
    let share = drift.shareBeyond.map { Format.fixed($0 * 100, 1) + " %" } ?? "-"
    let newShare = drift.newShareBeyond.map { Format.fixed($0 * 100, 1) + " %" }
    let rows: [[String]?] = [
      ["  rows", "\(Format.count(drift.rowsBefore)) → \(Format.count(drift.rowsNow))"],
      ["  cosine of the means", drift.centroidCosine.map { Format.fixed($0, 6) } ?? "-"],
      [
        "  Fréchet distance",
        Format.fixed(drift.frechetDistance, 6)
          + (drift.relativeFrechetDistance.map {
            ", \(Format.fixed($0 * 100, 2)) % of the variance"
          }
            ?? ""),
      ],
      drift.spectrumDistance.map { ["  spectrum", Format.fixed($0 * 100, 2) + " % moved"] },
      change("mean cosine", drift.meanCosine, 4),
      change("participation ratio", drift.participationRatio, 2),
      change("effective rank", drift.effectiveRank, 2),
      change("nearest neighbour", drift.nearestNeighbourMedian, 3),
      ["  beyond the old 99 %", "\(share) of all rows (1 % if nothing moved)"],
      newShare.map { ["  of new rows", "\($0) of \(Format.count(drift.newRows))"] },
    ]
    return [
      "",
      terminal.styled("since \"\(oneLine(drift.name))\"", .bold)
        + " (\(Format.timestamp(drift.savedAt)))",
    ] + Format.table(rows.compactMap { $0 })
  }

  func duplicates(_ figures: StatisticsReport.Space) -> [String] {
    let found = figures.duplicates
    guard found.groupCount > 0 else { return [] }
    let title =
      "near-duplicates: \(Format.counted(found.groupCount, "group")), "
      + Format.counted(found.rows, "row")
    return ["", terminal.styled(title, .bold)]
      + found.groups.prefix(5).flatMap { group in
        [
          "  \(Format.counted(group.rows, "row")), cosine \(Format.fixed(group.minimumCosine, 4)) and more"
        ]
          + group.chunks.prefix(3).map { "    " + place($0) }
      }
  }

  func hubs(_ figures: StatisticsReport.Space) -> [String] {
    guard let skewness = figures.hubness, skewness > 1, !figures.hubs.isEmpty else { return [] }
    return ["", terminal.styled("hubs", .bold)]
      + figures.hubs.prefix(3).map { hub in
        "  among the nearest of \(Format.count(hub.occurrences))"
          + (figures.sample.isExact ? "" : " of the \(Format.count(figures.sample.rows))")
          + ": \(place(hub.chunk))"
      }
  }

  func outliers(_ figures: StatisticsReport.Space) -> [String] {
    guard !figures.outliers.isEmpty else { return [] }
    return ["", terminal.styled("outliers", .bold)]
      + figures.outliers.prefix(5).map { outlier in
        "  nearest \(Format.fixed(outlier.nearestCosine, 3)): \(place(outlier.chunk))"
      }
  }

  func refusals(_ report: StatisticsReport) -> String {
    var lines = report.refused.map { refusal in
      "refused so far: \(Format.counted(refusal.rows, "row")) with \(refusal.code)"
        + (refusal.reason.map { " (\($0))" } ?? "") + ", by "
        + Format.counted(refusal.runs, "command")
    }
    if let pending = report.pending, !report.spaces.isEmpty {
      lines.append(Terminal.oneLine(pending.message) + "; run `store reembed` to embed what waits")
    }
    if report.chunksWithoutVector > 0 {
      lines.append("without a vector: \(Format.counted(report.chunksWithoutVector, "chunk"))")
    }
    return lines.isEmpty ? "" : "\n" + lines.map { $0 + "\n" }.joined()
  }

  private func place(_ chunk: StatisticsReport.Chunk) -> String {
    let line = chunk.line.map { ":\($0)" } ?? ""
    let text = chunk.excerpt.map { "  " + terminal.styled(oneLine(String($0.prefix(70))), .dim) }
    return oneLine(chunk.source) + line + (text ?? "")
  }

  /// A text of a document, which must not steer the terminal.
  private func oneLine(_ text: String) -> String {
    Terminal.oneLine(text)
  }
}
