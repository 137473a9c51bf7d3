// What filters can be: which field compares with which value, and the limits.

import VectorStoreText

/// The rules that every filter keeps, however it was made.
enum FilterRules {
  /// The longest text of a filter, in bytes.
  static let maximumBytes = 256 << 10
  /// The most conditions.
  static let maximumConditions = 500
  /// The most values in all lists together.
  static let maximumValues = 10_000
  /// How deep parentheses and `not` may be nested. SQLite's parser takes about a hundred levels of all
  /// kinds.
  static let maximumDepth = 32
  /// The longest form that `like` takes, in bytes: matching can cost its square for each byte.
  static let maximumPattern = 1000
  /// The longest path through nested objects: as deep as metadata can be.
  static let maximumPath = JSONCursor.maximumDepth

  /// Why a field cannot be compared with this value, and what to write instead; nil if it can.
  static func problem(
    _ field: Filter.Field, _ comparison: Filter.Comparison, _ value: MetadataValue
  ) -> String? {
    var found: String { "found \(FilterWords.written(value: value).prefix(60))" }
    switch value {
    case .array, .object: return "found a list or an object, expected one value; use oneOf"
    case .number(let number) where !number.isFinite:
      return "found \(number), expected a finite number"
    case .string(let text) where text.utf8.contains(0):
      return "found a text with a NUL character; remove it"
    default: break
    }
    switch (field, value) {
    case (.source, .string), (.collection, .string): return nil
    case (.source, _), (.collection, _):
      return "\(found), but \(field) is a text; write it in single quotes"
    case (.ordinal, .integer), (.ordinal, .number): return nil
    case (.ordinal, _): return "\(found), but ordinal is a number, from 0 in each document"
    case (.added, .string(let text)), (.modified, .string(let text)), (.date, .string(let text)):
      if FilterTime(text) != nil { return nil }
      fallthrough
    case (.added, _), (.modified, _), (.date, _):
      return
        "\(found), but \(field) is a time; write an ISO 8601 date or time, such as '2026-11-25' or "
        + "'2026-11-25T20:00:00Z'"
    case (.metadata, .null), (.metadata, .bool), (.title, .null), (.title, .bool), (.kind, .null),
      (.kind, .bool):
      guard comparison != .equal, comparison != .notEqual else { return nil }
      return "\(found), which has no order; compare it by = or !=, or give a number or a text"
    case (.metadata, _), (.title, _), (.kind, _): return nil
    }
  }

  /// Why a field cannot have this pattern, and what to write instead; nil if it can.
  static func problem(_ field: Filter.Field, like pattern: String) -> String? {
    switch field {
    case .ordinal: return "ordinal is a number, and like takes texts; use = < > or in"
    case .added, .modified, .date:
      return
        "\(field) is a time, and like takes texts; use = < or >, as in \(field) >= '2026-11-25'"
    case .source, .collection, .metadata, .title, .kind: break
    }
    guard !pattern.utf8.contains(0) else { return "found a NUL character in a pattern; remove it" }
    guard pattern.utf8.count <= maximumPattern else {
      return
        "the pattern has \(pattern.utf8.count) bytes, at most \(maximumPattern) are expected; shorten it"
    }
    return nil
  }

  /// Why there can be no such field; nil if there can.
  static func problem(_ field: Filter.Field) -> String? {
    guard case .metadata(let path) = field else { return nil }
    guard !path.isEmpty else { return "found a field of no keys, expected at least one" }
    guard path.count <= maximumPath else {
      return "found a field of \(path.count) keys, expected at most \(maximumPath)"
    }
    return path.contains { $0.utf8.contains(0) }
      ? "found a key with a NUL character; remove it" : nil
  }
}

extension Filter {
  /// Checks what the type does not say: limits, and that values can be compared with their fields.
  ///
  /// What ``init(parsing:)`` returns has been checked; queries check what is made in Swift.
  ///
  /// - Throws: ``StoreError/Code/invalidFilter``.
  /// - Complexity: O(conditions and values).
  func check() throws(StoreError) {
    var (conditions, values) = (0, 0)
    // Not by recursion: a filter of any depth is to be an error, not a crash.
    var waiting = [(filter: self, depth: 1)]
    while let (filter, depth) = waiting.popLast() {
      guard depth <= FilterRules.maximumDepth else {
        throw StoreError(
          .invalidFilter,
          "the filter is nested more than \(FilterRules.maximumDepth) levels deep; write fewer "
            + "parentheses, or ask twice")
      }
      switch filter {
      case .not(let inner): waiting.append((inner, depth + 1))
      case .and(let first, let second), .or(let first, let second):
        for part in [first, second] {
          waiting.append((part, part.isChained(to: filter) ? depth : depth + 1))
        }
      default:
        conditions += 1
        if case .oneOf(_, let list) = filter { values += list.count }
        if let problem = filter.problem {
          throw StoreError(
            .invalidFilter, "the filter's condition \(filter.shown) is wrong: \(problem)")
        }
      }
      try Self.check(conditions: conditions + waiting.count, values: values)
    }
  }

  private static func check(conditions: Int, values: Int) throws(StoreError) {
    for (count, limit, what) in [
      (
        conditions, FilterRules.maximumConditions,
        "conditions; use `in` for many values of one field"
      ),
      (values, FilterRules.maximumValues, "values in lists; ask for fewer at once"),
    ] where count > limit {
      throw StoreError(.invalidFilter, "the filter has more than \(limit) \(what)")
    }
  }

  /// Whether this is the same kind of composition, so that no parentheses are needed.
  private func isChained(to parent: Filter) -> Bool {
    switch (parent, self) {
    case (.and, .and), (.or, .or): true
    case (_, .not), (_, .and), (_, .or): false
    default: true
    }
  }

  /// What is wrong with one condition.
  private var problem: String? {
    switch self {
    case .compare(let field, let comparison, let value):
      FilterRules.problem(field) ?? FilterRules.problem(field, comparison, value)
    case .oneOf(let field, let values):
      FilterRules.problem(field)
        ?? values.lazy.compactMap { FilterRules.problem(field, .equal, $0) }.first
    case .like(let field, let pattern):
      FilterRules.problem(field) ?? FilterRules.problem(field, like: pattern)
    case .exists(let field): FilterRules.problem(field)
    case .not, .and, .or: nil
    }
  }

  private var shown: String {
    let text = description
    return text.count > 120 ? "\(text.prefix(120))…" : text
  }
}
