// A filter in the form that is compiled: negations at the conditions, chains flat. Pure; called by
// Tables/FilterSelection.swift.

/// One condition, in the fewest kinds that there need be.
struct FilterTest: Equatable {
  /// What is asked of the field.
  enum Relation: Equatable {
    case exists
    case oneOf([MetadataValue])
    /// `<`, `<=`, `>` or `>=`.
    case ordered(Filter.Comparison, MetadataValue)
    case like(String)
  }

  var field: Filter.Field
  var relation: Relation
}

/// A filter as a tree in which `all` and `any` alternate.
///
/// Filters are true or false, so De Morgan's laws hold and `not` can move down to the conditions.
indirect enum FilterNode: Equatable {
  case test(FilterTest, isNegated: Bool)
  case all([FilterNode])
  case any([FilterNode])

  /// - Complexity: O(conditions and values).
  init(_ filter: Filter, isNegated: Bool = false) {
    switch filter {
    case .not(let inner): self.init(inner, isNegated: !isNegated)
    case .and(let first, let second):
      let parts = [Self(first, isNegated: isNegated), Self(second, isNegated: isNegated)]
      self = isNegated ? .joined(any: parts) : .joined(all: parts)
    case .or(let first, let second):
      let parts = [Self(first, isNegated: isNegated), Self(second, isNegated: isNegated)]
      self = isNegated ? .joined(all: parts) : .joined(any: parts)
    case .compare(let field, .equal, let value):
      self = .test(FilterTest(field: field, relation: .oneOf([value])), isNegated: isNegated)
    case .compare(let field, .notEqual, let value):
      self.init(.and(.exists(field), .not(.oneOf(field, [value]))), isNegated: isNegated)
    case .compare(let field, let comparison, let value):
      self = .test(
        FilterTest(field: field, relation: .ordered(comparison, value)), isNegated: isNegated)
    case .oneOf(let field, let values):
      self = .test(FilterTest(field: field, relation: .oneOf(values)), isNegated: isNegated)
    case .like(let field, let pattern):
      self = .test(FilterTest(field: field, relation: .like(pattern)), isNegated: isNegated)
    case .exists(let field):
      self = .test(FilterTest(field: field, relation: .exists), isNegated: isNegated)
    }
  }

  private static func joined(all parts: [FilterNode]) -> FilterNode {
    let flat = parts.flatMap { part in
      if case .all(let inner) = part { inner } else { [part] }
    }
    let merged = merged(flat, areNegated: true)
    return merged.count == 1 ? merged[0] : .all(merged)
  }

  private static func joined(any parts: [FilterNode]) -> FilterNode {
    let flat = parts.flatMap { part in
      if case .any(let inner) = part { inner } else { [part] }
    }
    let merged = merged(flat, areNegated: false)
    return merged.count == 1 ? merged[0] : .any(merged)
  }

  /// `a = 1 or a = 2` is one look at the index, `a in (1, 2)`; so is `not a = 1 and not a = 2`.
  private static func merged(_ parts: [FilterNode], areNegated: Bool) -> [FilterNode] {
    var result: [FilterNode] = []
    var places: [Filter.Field: Int] = [:]
    for part in parts {
      guard case .test(let test, areNegated) = part, case .oneOf(let values) = test.relation else {
        result.append(part)
        continue
      }
      guard let place = places[test.field], case .test(let known, _) = result[place],
        case .oneOf(let before) = known.relation
      else {
        places[test.field] = result.count
        result.append(part)
        continue
      }
      let both = FilterTest(field: test.field, relation: .oneOf(before + values))
      result[place] = .test(both, isNegated: areNegated)
    }
    return result
  }

  /// Whether any condition is on a field.
  func mentions(_ field: Filter.Field) -> Bool {
    switch self {
    case .test(let test, _): test.field == field
    case .all(let parts), .any(let parts): parts.contains { $0.mentions(field) }
    }
  }

  /// Levels of `all` and `any`.
  var depth: Int {
    switch self {
    case .test: 0
    case .all(let parts), .any(let parts): 1 + (parts.lazy.map(\.depth).max() ?? 0)
    }
  }
}
