// Random metadata and random filters over the same few keys and values, so that many of them meet.

import TestSupport

@testable import VectorStore

struct RandomFilters {
  private static let keys = [
    "lang", "year", "tags", "a", "b", "a.b", "quo\"te", "", "and", "source", "größe", "it's", "5",
    "last-modified",
  ]
  private static let scalars: [MetadataValue] = [
    .null, true, false, 0, 1, 2, -3, 2.0, 0.5, -0.0, 1e300, .integer(.max), .integer(.min),
    .integer(9_007_199_254_740_993), 9_007_199_254_740_992.0, 9_223_372_036_854_775_808.0, "", "de",
    "DE", "de-AT", "Dewey", "d", "e\u{301}", "é", "Straße", "1", "true", "n", "t", "[", "\u{D7FF}",
    "\u{E000}", "\u{FFFF}x", "😀", "\u{10FFFF}", "\u{10FFFF}x", "it's", "a\nb", "100%", "K",
    "\u{212A}",
  ]
  private static let patterns = [
    "de%", "DE%", "%e%", "_e", "d_%", "%", "_", "", "de", "1%", "\u{D7FF}%", "\u{10FFFF}%", "😀%",
    "straß%", "%at", "it's%", "100%", "k", "dew__", "d%e%y", "e\u{301}%",
  ]
  static let sources = ["docs/a.md", "docs/b.md", "notes/A.txt", "x", "it's", "Größe.md"]
  static let times = [
    "2026-11-24T23:59:59.999Z", "2026-11-25T00:00:00.000Z", "2026-11-25T12:30:00.000Z",
    "2026-11-25T12:30:15.250Z", "2026-11-25T23:59:59.999Z", "2026-11-26T00:00:00.000Z",
    "2026-12-31T23:30:00.000Z",
  ]
  private static let writtenTimes = [
    "2026-11-25", "2026-11-26", "2026-11-25T12:30", "2026-11-25 12:30:15", "2026-11-25T12:30:15.2Z",
    "2026-11-25T12:30:15.25", "2026-11-25T01:00+02:00", "2027-01-01T00:30:00+0100", "0001-01-01",
    "9999-12-31", "2026-11-25T12:30:15.250",
  ]

  var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  mutating func pick<T>(_ values: [T]) -> T {
    values[Int.random(in: 0..<values.count, using: &random)]
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  // MARK: - Metadata

  mutating func metadata(depth: Int = 0) -> [String: MetadataValue] {
    var members: [String: MetadataValue] = [:]
    for _ in 0..<Int.random(in: 0...5, using: &random) {
      members[pick(Self.keys)] = value(depth: depth)
    }
    return members
  }

  private mutating func value(depth: Int) -> MetadataValue {
    guard depth < 3, chance(35) else { return pick(Self.scalars) }
    if chance(50) { return .object(metadata(depth: depth + 1)) }
    var elements: [MetadataValue] = []
    for _ in 0..<Int.random(in: 0...3, using: &random) { elements.append(value(depth: depth + 1)) }
    return .array(elements)
  }

  // MARK: - Filters

  mutating func filter(depth: Int = 0) -> Filter {
    guard depth < 4, chance(65) else { return condition() }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return .not(filter(depth: depth + 1))
    case 1, 2: return .and(filter(depth: depth + 1), filter(depth: depth + 1))
    default: return .or(filter(depth: depth + 1), filter(depth: depth + 1))
    }
  }

  private mutating func condition() -> Filter {
    let field = field()
    let kind = Int.random(in: 0..<10, using: &random)
    switch (field, kind) {
    case (_, 0): return .exists(field)
    case (_, 1):
      var values: [MetadataValue] = []
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        values.append(operand(of: field, .equal))
      }
      return .oneOf(field, values)
    case (.metadata, 2), (.metadata, 3), (.source, 2), (.source, 3), (.collection, 2):
      return .like(field, pick(Self.patterns + ["docs/%", "DOCS/a%", "f%"]))
    default:
      let comparison = pick(Filter.Comparison.allCases)
      return .compare(field, comparison, operand(of: field, comparison))
    }
  }

  private mutating func field() -> Filter.Field {
    switch Int.random(in: 0..<16, using: &random) {
    case 0: return .source
    case 1: return .added
    case 2: return .ordinal
    case 3: return .collection
    case 4, 5, 6: return .metadata([pick(Self.keys), pick(Self.keys)])
    default: return .metadata([pick(Self.keys)])
    }
  }

  private mutating func operand(
    of field: Filter.Field, _ comparison: Filter.Comparison
  ) -> MetadataValue {
    switch field {
    case .source: return .string(pick(Self.sources))
    case .collection: return pick(["first", "second"])
    case .ordinal: return pick([0, 1, 2, 0.5, -1, 1.0])
    case .added, .modified, .date: return .string(pick(Self.writtenTimes + Self.times))
    case .metadata, .title, .kind:
      while true {
        let value = pick(Self.scalars)
        if FilterRules.problem(field, comparison, value) == nil { return value }
      }
    }
  }
}
