// All figures of a space with what they mean and where they come from.

import VectorStore

/// The table of figures.
struct FiguresTable {
  private struct Row {
    let name: String
    let value: String?
    let meaning: String
    var paper = ""
  }

  private let figures: StatisticsReport.Space

  init(_ figures: StatisticsReport.Space) { self.figures = figures }

  /// The markup.
  var html: String {
    let rows = (moments + spectrum + neighbours).compactMap { row in
      row.value.map { value in
        [row.name, value, row.meaning, row.paper].map { HTMLText.escaped($0) }
      }
    }
    guard !rows.isEmpty else { return "" }
    return "<h3>All figures</h3>\n"
      + SpaceSection.table(["figure", "value", "meaning", "defined in"], rows, style: "figures")
  }

  private var moments: [Row] {
    [
      Row(
        name: "mean cosine",
        value: figures.meanCosine.map {
          ReportFormat.fixed($0, 6, error: nil)
        }, meaning: "of all pairs of distinct rows"),
      Row(
        name: "spread of the cosine", value: number(figures.cosineSpread, 6),
        meaning: "its standard deviation over all pairs"),
      Row(
        name: "isotropy", value: number(figures.isotropy, 4),
        meaning: "1: rows point evenly everywhere; 0: into one narrow cone",
        paper: "Mu and Viswanath, All-but-the-Top, ICLR 2018"),
      Row(
        name: "norms",
        value: figures.norms.map { norms in
          [norms.minimum, norms.mean, norms.maximum].map { ReportFormat.fixed($0, 4) }
            .joined(separator: " / ")
        }, meaning: "lengths as they came: least, mean, greatest"),
    ]
  }

  private var spectrum: [Row] {
    let counts = [figures.components50, figures.components90, figures.components99]
      .compactMap { $0 }.map(ReportFormat.count)
    return [
      Row(
        name: "total variance", value: number(figures.totalVariance, 4),
        meaning: "sum of the covariance's eigenvalues; at most 1 for unit vectors"),
      Row(
        name: "participation ratio", value: number(figures.participationRatio, 2),
        meaning: "how many directions carry the variance: (Σλ)² / Σλ²"),
      Row(
        name: "effective rank", value: number(figures.effectiveRank, 2),
        meaning: "the same by the entropy of the spectrum",
        paper: "Roy and Vetterli, The effective rank, EUSIPCO 2007"),
      Row(
        name: "components", value: counts.isEmpty ? nil : counts.joined(separator: " / "),
        meaning: "for 50, 90 and 99 % of the variance"),
      Row(
        name: "dead dimensions",
        value: figures.rows > 1 ? ReportFormat.count(figures.deadDimensions.count) : nil,
        meaning: "with less than 10⁻⁴ of the mean variance of a dimension"),
      Row(
        name: "intrinsic dimension",
        value: figures.intrinsicDimension.map {
          ReportFormat.fixed($0, 2, error: figures.intrinsicDimensionError)
        }, meaning: "how many dimensions rows fill near by (TwoNN)",
        paper: "Facco et al., Scientific Reports 7, 2017"),
    ]
  }

  private var neighbours: [Row] {
    let duplicates = figures.duplicates
    return [
      Row(
        name: "random pairs", value: spread(figures.randomPairs),
        meaning: "cosine at 5, 50, 95 and 99 % of pairs"),
      Row(
        name: "nearest neighbours", value: spread(figures.nearestNeighbours),
        meaning: "cosine to the nearest other row at 5, 50, 95 and 99 % of rows"),
      Row(
        name: "--min-score", value: number(figures.suggestedMinimumScore, 3),
        meaning: "suggested: above 95 % of random pairs, or below 95 % of nearest neighbours"),
      Row(
        name: "hubness",
        value: figures.hubness.map { ReportFormat.fixed($0, 2, error: figures.hubnessError) },
        meaning:
          "skewness of how often a row is among the \(figures.neighbours) nearest; 0 is even",
        paper: "Radovanović et al., Hubs in Space, JMLR 11, 2010"),
      Row(
        name: "near-duplicates",
        value: duplicates.share.map {
          ReportFormat.fixed($0 * 100, 1, error: duplicates.shareError.map { $0 * 100 }) + " %"
        },
        meaning:
          "rows that have one: cosine \(ReportFormat.fixed(duplicates.threshold, 2)) and more"),
      Row(
        name: "outliers", value: figures.rows > 1 ? ReportFormat.count(figures.outlierCount) : nil,
        meaning: "rows more than 3.5 robust deviations below the median cosine to the nearest",
        paper: "Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993"),
    ]
  }

  private func number(_ value: Double?, _ digits: Int) -> String? {
    value.map { ReportFormat.fixed($0, digits) }
  }

  private func spread(_ distribution: StatisticsReport.Distribution?) -> String? {
    guard let distribution else { return nil }
    let values = [5, 50, 95, 99].compactMap { distribution.value(atPercent: $0) }
    return values.map { ReportFormat.fixed($0, 3) }.joined(separator: " / ")
  }
}
