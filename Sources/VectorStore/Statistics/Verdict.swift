// What the figures of a space mean in plain words, and the rules by which.

import Foundation

extension StatisticsReport {
  /// How good the vectors of a space are, in plain words.
  public struct Verdict: Sendable, Codable, Hashable {
    /// How good something is.
    public enum Level: String, Sendable, Codable, Comparable {
      /// Nothing to do.
      case good
      /// Worth knowing; search works.
      case watch
      /// Search suffers.
      case bad

      /// By severity.
      public static func < (one: Level, other: Level) -> Bool { one.severity < other.severity }

      private var severity: Int {
        switch self {
        case .good: 0
        case .watch: 1
        case .bad: 2
        }
      }
    }

    /// What one figure means.
    public struct Finding: Sendable, Codable, Hashable {
      /// How good it is.
      public var level: Level
      /// What it is about: `rows`, `norms`, `isotropy`, `dimensions`, `hubness`, `duplicates`, `outliers`,
      /// `neighbours`, `stand-ins`, `drift`.
      public var topic: String
      /// What was found and what it means, in a sentence or two.
      public var message: String
      /// What to do, where there is something.
      public var advice: String?

      /// Creates a value from its parts.
      public init(level: Level, topic: String, message: String, advice: String? = nil) {
        self.level = level
        self.topic = topic
        self.message = message
        self.advice = advice
      }
    }

    /// The worst of the findings' levels.
    public var level: Level
    /// What was found, the worst first.
    public var findings: [Finding]

    /// Creates a value from its parts.
    public init(level: Level, findings: [Finding]) {
      self.level = level
      self.findings = findings
    }
  }
}

extension StatisticsReport.Verdict {
  /// What the figures of a space mean.
  ///
  /// The limits are rules of thumb, set so that text-embedding-3-small on ordinary text is good and
  /// text-embedding-ada-002, whose vectors all point into one narrow cone, is to be watched.
  public init(of figures: StatisticsReport.Space) {
    var findings = [Self.size(figures)]
    if figures.rows > 1 {
      findings += [
        Self.isotropy(figures), Self.spectrum(figures), Self.neighbours(figures),
        Self.hubness(figures), Self.duplicates(figures), Self.outliers(figures),
        Self.norms(figures), Self.standIns(figures), Self.drift(figures),
      ]
    }
    let found = findings.compactMap { $0 }
    level = found.map(\.level).max() ?? .good
    // Sorted by hand: Swift's sort need not keep the order of equals.
    self.findings = [Level.bad, .watch, .good].flatMap { level in
      found.filter { $0.level == level }
    }
  }

  private static func size(_ figures: StatisticsReport.Space) -> Finding? {
    guard figures.rows < 50 else { return nil }
    return Finding(
      level: .watch, topic: "rows",
      message: figures.rows == 0
        ? "There are no rows."
        : "\(figures.rows) \(figures.rows == 1 ? "row is" : "rows are") too few to judge a space by.",
      advice: nil)
  }

  private static func isotropy(_ figures: StatisticsReport.Space) -> Finding? {
    guard figures.rows >= 50, let isotropy = figures.isotropy, let mean = figures.meanCosine
    else { return nil }
    let share = text(isotropy, 2)
    let cosine = text(mean, 2)
    if isotropy >= 0.2 {
      return Finding(
        level: .good, topic: "isotropy",
        message:
          "Rows point in many directions: isotropy \(share), a random pair scores \(cosine).",
        advice: nil)
    }
    return Finding(
      level: isotropy < 0.02 ? .bad : .watch, topic: "isotropy",
      message:
        "All rows point into one narrow cone: isotropy \(share), a random pair scores \(cosine) "
        + "already, so that a high score says little.",
      advice: figures.suggestedMinimumScore.map {
        "Read scores by their percentile, and ask for a score of at least \(text($0, 2))."
      })
  }

  private static func spectrum(_ figures: StatisticsReport.Space) -> Finding? {
    guard let ratio = figures.participationRatio else {
      return Finding(
        level: .bad, topic: "dimensions", message: "All rows are the same vector.",
        advice: "Look at what the texts are, and at the service that embedded them.")
    }
    let dead = figures.deadDimensions.count
    if figures.rows >= 50, ratio < 3 {
      return Finding(
        level: .bad, topic: "dimensions",
        message:
          "Rows differ in \(text(ratio, 1)) directions only: most texts cannot be told apart.",
        advice: nil)
    }
    if dead > 0, figures.rows >= 50 {
      return Finding(
        level: dead * 4 > figures.dimensions ? .bad : .watch, topic: "dimensions",
        message:
          "\(dead) of \(figures.dimensions) dimensions are dead: they are the same in every row.",
        advice: "Check that the vectors were not padded or cut on their way.")
    }
    if figures.rows >= 200, ratio < 10 {
      return Finding(
        level: .watch, topic: "dimensions",
        message: "Variance lies in few directions: the participation ratio is \(text(ratio, 1)).",
        advice: nil)
    }
    return nil
  }

  private static func neighbours(_ figures: StatisticsReport.Space) -> Finding? {
    guard figures.rows >= 50, let nearest = figures.nearestNeighbours?.value(atPercent: 50),
      let random = figures.randomPairs?.value(atPercent: 95)
    else { return nil }
    guard nearest <= random else { return nil }
    return Finding(
      level: .bad, topic: "neighbours",
      message:
        "Nearest neighbours score \(text(nearest, 2)), no more than one random pair in twenty "
        + "does (\(text(random, 2))): search can hardly tell related from unrelated.",
      advice: nil)
  }

  private static func hubness(_ figures: StatisticsReport.Space) -> Finding? {
    let certain = (figures.hubness ?? 0) - 2 * (figures.hubnessError ?? 0)
    guard figures.rows >= 200, let skewness = figures.hubness, certain > 4 else { return nil }
    let hub = figures.hubs.first
    let share = Double(hub?.occurrences ?? 0) / Double(max(1, figures.sample.rows))
    let worst = hub.map {
      " \($0.chunk.source) alone is among the nearest of \(text(share * 100, 1)) % of all rows."
    }
    return Finding(
      level: share > 0.25 ? .bad : .watch, topic: "hubness",
      message: "A few rows are near to very many: hubness \(text(skewness, 1)).\(worst ?? "")",
      advice:
        "Look at the hubs: boilerplate, tables of contents and empty passages answer everything.")
  }

  private static func duplicates(_ figures: StatisticsReport.Space) -> Finding? {
    guard let share = figures.duplicates.share, share > 0.1 else { return nil }
    return Finding(
      level: share > 0.5 ? .bad : .watch, topic: "duplicates",
      message: "\(text(share * 100, 0)) % of the rows have a near-duplicate (cosine "
        + "\(text(figures.duplicates.threshold, 2)) and more): they take each other's place in answers.",
      advice: "Remove copies, or add each text once.")
  }

  private static func outliers(_ figures: StatisticsReport.Space) -> Finding? {
    let share = Double(figures.outlierCount) / Double(max(1, figures.sample.rows))
    guard share > 0.02, figures.outlierCount > 1 else { return nil }
    return Finding(
      level: .watch, topic: "outliers",
      message: "\(text(share * 100, 1)) % of the rows are far from all others.",
      advice: "Look at them: texts in another language, garbage, or a subject of their own.")
  }

  private static func norms(_ figures: StatisticsReport.Space) -> Finding? {
    guard let norms = figures.norms, figures.kind == .real,
      norms.minimum < 0.99 || norms.maximum > 1.01
    else { return nil }
    return Finding(
      level: norms.minimum < norms.maximum / 10 ? .watch : .good, topic: "norms",
      message: "Vectors came with lengths from \(text(norms.minimum, 3)) to "
        + "\(text(norms.maximum, 3)); the length is not used, only the direction.", advice: nil)
  }

  private static func standIns(_ figures: StatisticsReport.Space) -> Finding? {
    guard figures.kind == .mock else { return nil }
    return Finding(
      level: .watch, topic: "stand-ins",
      message: "These vectors are made from the words of the texts, not by a model.",
      advice: "Embed the texts again once there is a service.")
  }

  private static func drift(_ figures: StatisticsReport.Space) -> Finding? {
    guard let drift = figures.drift else { return nil }
    let relative = drift.relativeFrechetDistance ?? 0
    let cosine = drift.centroidCosine ?? 1
    let level: Level =
      relative > 0.25 || cosine < 0.9 ? .bad : relative > 0.05 || cosine < 0.98 ? .watch : .good
    let what =
      level == .good
      ? "Little moved since"
      : level == .watch ? "The rows moved since" : "The rows changed much since"
    return Finding(
      level: level, topic: "drift",
      message:
        "\(what) \"\(drift.name)\": the means' cosine is \(text(cosine, 4)), the Fréchet distance "
        + "\(text(relative * 100, 1)) % of the variance.",
      advice: level == .good
        ? nil
        : "If the texts are the same, the model changed: embed them all again.")
  }

  private static func text(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
}
