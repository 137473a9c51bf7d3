// What a search took, for those who want to know what they pay for. Counted by CodeSearch and by the layer
// above; shown by benchmarks.

/// How many rows a search looked at, and how closely.
public struct SearchEffort: Sendable, Equatable, Codable {
  /// Rows scanned by their 1-bit codes, a row once a query.
  public var scanned = 0
  /// Of those, rows whose 4-bit codes were looked at.
  public var refined = 0
  /// Float32 rows read and scored.
  public var scored = 0

  /// Nothing yet.
  public init() {}

  /// Adds what another search took.
  package mutating func add(_ other: SearchEffort) {
    scanned += other.scanned
    refined += other.refined
    scored += other.scored
  }
}
