// The oracle of filters: each condition looked up in a document's metadata itself, as the
// documentation of Filter says.

@testable import VectorStore

/// A document as a filter sees it.
struct NaiveDocument: Sendable {
  var source: String
  var collection: String
  /// As stored.
  var added: String
  var metadata: [String: MetadataValue]

  /// Whether the document's chunk of an ordinal passes a filter.
  func passes(_ filter: Filter, ordinal: Int) -> Bool {
    func values(_ field: Filter.Field) -> [MetadataValue] {
      switch field {
      case .source: [.string(source)]
      case .collection: [.string(collection)]
      case .ordinal: [.integer(Int64(ordinal))]
      case .added, .date: [.string(added)]
      case .modified, .title: []
      case .kind: [.string("text")]
      case .metadata(let path): Self.values(of: .object(metadata), path[...])
      }
    }
    switch filter {
    case .not(let inner): return !passes(inner, ordinal: ordinal)
    case .and(let first, let second):
      return passes(first, ordinal: ordinal) && passes(second, ordinal: ordinal)
    case .or(let first, let second):
      return passes(first, ordinal: ordinal) || passes(second, ordinal: ordinal)
    case .exists(let field): return !values(field).isEmpty
    case .like(let field, let pattern):
      return values(field).contains { value in
        guard case .string(let text) = value else { return false }
        return Self.like(Array(text.unicodeScalars)[...], Array(pattern.unicodeScalars)[...])
      }
    case .oneOf(let field, let list):
      return list.contains { item in
        values(field).contains { Self.holds($0, .equal, item, isTime: field == .added) }
      }
    case .compare(let field, .notEqual, let value):
      return !values(field).isEmpty
        && !values(field).contains { Self.holds($0, .equal, value, isTime: field == .added) }
    case .compare(let field, let comparison, let value):
      return values(field).contains {
        Self.holds($0, comparison, value, isTime: field == .added)
      }
    }
  }

  /// The values at a path, lists along with their elements.
  private static func values(
    of value: MetadataValue, _ path: ArraySlice<String>
  ) -> [MetadataValue] {
    if case .array(let elements) = value {
      return (path.isEmpty ? [value] : []) + elements.flatMap { values(of: $0, path) }
    }
    guard let key = path.first else { return [value] }
    guard case .object(let members) = value else { return [] }
    return members.first { $0.key.utf8.elementsEqual(key.utf8) }
      .map { values(of: $0.value, path.dropFirst()) } ?? []
  }

  private static func holds(
    _ value: MetadataValue, _ comparison: Filter.Comparison, _ other: MetadataValue, isTime: Bool
  ) -> Bool {
    if isTime, case .string(let moment) = value, case .string(let written) = other {
      guard let span = FilterTime(written) else { return false }
      let (start, end) = (FilterTime.stored(span.start), FilterTime.stored(span.end))
      return switch comparison {
      case .equal: start <= moment && moment < end
      case .notEqual: !(start <= moment && moment < end)
      case .less: moment < start
      case .atMost: moment < end
      case .greater: moment >= end
      case .atLeast: moment >= start
      }
    }
    guard let order = order(value, other) else { return false }
    return switch comparison {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .atMost: order <= 0
    case .greater: order > 0
    case .atLeast: order >= 0
    }
  }

  /// -1, 0 or 1 for values of one type, else nil.
  private static func order(_ first: MetadataValue, _ second: MetadataValue) -> Int? {
    func of<T: Comparable>(_ first: T, _ second: T) -> Int {
      first < second ? -1 : first == second ? 0 : 1
    }
    func mixed(_ whole: Int64, _ number: Double) -> Int {
      if number >= 0x1p63 { return -1 }
      if number < -0x1p63 { return 1 }
      let floor = number.rounded(.down)
      let order = of(whole, Int64(floor))
      return order == 0 && number > floor ? -1 : order
    }
    switch (first, second) {
    case (.null, .null): return 0
    case (.bool(let first), .bool(let second)): return first == second ? 0 : 1
    case (.integer(let first), .integer(let second)): return of(first, second)
    case (.number(let first), .number(let second)): return of(first, second)
    case (.integer(let first), .number(let second)): return mixed(first, second)
    case (.number(let first), .integer(let second)): return -mixed(second, first)
    case (.string(let first), .string(let second)):
      if first.utf8.elementsEqual(second.utf8) { return 0 }
      return first.utf8.lexicographicallyPrecedes(second.utf8) ? -1 : 1
    default: return nil
    }
  }

  private static func like(
    _ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>
  ) -> Bool {
    func folded(_ scalar: Unicode.Scalar) -> UInt32 {
      ("A"..."Z").contains(scalar) ? scalar.value + 32 : scalar.value
    }
    guard let mark = pattern.first else { return text.isEmpty }
    if mark == "%" {
      return (text.startIndex...text.endIndex).contains {
        like(text[$0...], pattern.dropFirst())
      }
    }
    guard let first = text.first, mark == "_" || folded(mark) == folded(first) else { return false }
    return like(text.dropFirst(), pattern.dropFirst())
  }
}
