// What the figures of a space mean in plain words. The rules are in Statistics/Verdict+Rules.swift;
// printed by the command and the report.

/// How good the vectors of a space are, in plain words.
public struct Verdict: Sendable, Codable, Equatable {
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
  public struct Finding: Sendable, Codable, Equatable {
    /// How good it is.
    public var level: Level
    /// What it is about: `rows`, `norms`, `isotropy`, `dimensions`, `hubness`, `duplicates`, `outliers`,
    /// `neighbours`, `stand-ins`, `drift`.
    public var topic: String
    /// What was found and what it means, in a sentence or two.
    public var message: String
    /// What to do, where there is something.
    public var advice: String?
  }

  /// The worst of the findings' levels.
  public var level: Level
  /// What was found, the worst first.
  public var findings: [Finding]
}
