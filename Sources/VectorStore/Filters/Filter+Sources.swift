// Conditions on `source`, as a person in the working folder means them.

import VectorStoreText

extension Filter {
  /// The same filter, in which a file's source may be written as a path from the working folder, absolute, or as
  /// it is stored. `<` and `>` compare what is stored.
  ///
  /// - Complexity: O(conditions and values), and a look at the file system for each source.
  func resolvingSources(by identity: SourceIdentity) -> Filter {
    func spellings(_ values: [MetadataValue]) -> [MetadataValue] {
      values.flatMap { value -> [MetadataValue] in
        guard case .string(let text) = value else { return [value] }
        let source = MetadataValue.string(identity.source(of: text))
        return source == value ? [value] : [value, source]
      }
    }
    switch self {
    case .compare(.source, .equal, let value): return .oneOf(.source, spellings([value]))
    case .compare(.source, .notEqual, let value):
      return .not(.oneOf(.source, spellings([value])))
    case .oneOf(.source, let values): return .oneOf(.source, spellings(values))
    case .like(.source, let pattern):
      guard let first = pattern.first, first != "%", first != "_" else { return self }
      let source = identity.source(of: pattern)
      return source == pattern ? self : .or(self, .like(.source, source))
    case .compare, .oneOf, .like, .exists: return self
    case .not(let inner): return .not(inner.resolvingSources(by: identity))
    case .and(let first, let second):
      return .and(
        first.resolvingSources(by: identity), second.resolvingSources(by: identity))
    case .or(let first, let second):
      return .or(first.resolvingSources(by: identity), second.resolvingSources(by: identity))
    }
  }
}
