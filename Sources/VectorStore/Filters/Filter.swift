// Which documents may answer a query: the filter as a type, and its text.

public import VectorStoreText

/// A condition on documents: on their metadata, their source, or when they were added.
///
/// ```swift
/// var options = QueryOptions()
/// options.filter = .equals("lang", "de") && .atLeast("year", 2020) && !.exists("draft")
/// options.filter = try Filter(parsing: "lang = 'de' and year >= 2020 and not exists draft")
/// ```
///
/// A condition is true or false, never unknown: it is false for a document without the field, and
/// `not` makes that true. Values are compared only with values of their own type. A list matches if
/// one of its elements does: `tags = 'x'` is true if any tag is `'x'`; `tags != 'x'` is true if there
/// are `tags` and none of them is. Lists on the path count too: `authors.name = 'x'` is true if any
/// author has that name.
///
/// A filter selects documents, or chunks by their ordinal; it ranks nothing.
public indirect enum Filter: Sendable, Hashable {
  /// What a condition looks at.
  public enum Field: Sendable, Hashable {
    /// The document's source: a text.
    case source
    /// The name of the collection: a text.
    case collection
    /// The chunk's place in its document, from 0: a number.
    case ordinal
    /// When the document was first added: compared with ISO 8601 dates and times, such as
    /// `'2026-11-25'` or `'2026-11-25T20:00Z'`, in UTC if no zone is written. Such a text stands for
    /// the whole of its smallest unit: here the day, or the minute.
    case added
    /// When the document's file was last changed, as it was when it was added: compared as ``added``. A text
    /// has no such time.
    case modified
    /// The document's own date, by its metadata (`date`, else `created`, else `published`); if it has none,
    /// when its file was last changed; else when it was added. Compared as ``added``.
    case date
    /// The value `title` of the metadata; if there is none, the first heading, else the file's name in words.
    case title
    /// The value `kind` of the metadata; if there is none, `text`, `markdown` or `code`.
    case kind
    /// A value of the metadata: its key, or the path of keys through nested objects.
    case metadata([String])
  }

  /// How a value of a document is compared with the one given.
  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    /// Equals that value; `2` equals `2.0`.
    case equal = "="
    /// The field exists and differs.
    case notEqual = "!="
    /// Sorts before; texts by their UTF-8 bytes.
    case less = "<"
    /// Sorts before, or equals.
    case atMost = "<="
    /// Sorts after.
    case greater = ">"
    /// Sorts after, or equals.
    case atLeast = ">="
  }

  /// Compares the field with a value: a text, a number, true, false or null for `=` and `!=`, a text
  /// or a number for the others.
  case compare(Field, Comparison, MetadataValue)
  /// The field is one of these values. An empty list matches nothing.
  case oneOf(Field, [MetadataValue])
  /// The field is a text that matches a pattern: `%` matches any characters, `_` one character, and
  /// letters A to Z match either case. A literal `%` or `_` cannot be written.
  case like(Field, String)
  /// The field exists, even if it is null or empty.
  case exists(Field)
  /// The filter is false.
  case not(Filter)
  /// Both are true.
  case and(Filter, Filter)
  /// At least one is true.
  case or(Filter, Filter)
}

extension Filter.Field: ExpressibleByStringLiteral {
  /// The field as a filter's text names it: `source`, `collection`, `ordinal`, `added`,
  /// `modified`, `date`, `title`, `kind`, or a key of
  /// the metadata, with dots between nested keys. Use ``metadata(_:)`` for a key that contains a dot
  /// or has the name of another field.
  public init(stringLiteral name: String) { self.init(name) }

  /// The same of a name that is known at run time.
  public init(_ name: String) {
    self =
      Self.named(name)
      ?? .metadata(name.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
  }

  /// The field with a fixed name; nil if the name is a key of the metadata.
  static func named(_ name: String) -> Filter.Field? {
    switch name {
    case "source": .source
    case "collection": .collection
    case "ordinal": .ordinal
    case "added": .added
    case "modified": .modified
    case "date": .date
    case "title": .title
    case "kind": .kind
    default: nil
    }
  }
}

extension Filter {
  /// The field is this value.
  public static func equals(_ field: Field, _ value: some MetadataConvertible) -> Filter {
    .compare(field, .equal, value.metadataValue)
  }

  /// The same for the field of a name, as ``Field/init(_:)`` reads it.
  public static func equals(_ field: String, _ value: some MetadataConvertible) -> Filter {
    .equals(Field(field), value)
  }

  /// The field exists and is not this value.
  public static func notEquals(_ field: Field, _ value: some MetadataConvertible) -> Filter {
    .compare(field, .notEqual, value.metadataValue)
  }

  /// The same for the field of a name, as ``Field/init(_:)`` reads it.
  public static func notEquals(_ field: String, _ value: some MetadataConvertible) -> Filter {
    .notEquals(Field(field), value)
  }

  /// The field is less than this value.
  public static func less(_ field: Field, _ value: some MetadataConvertible) -> Filter {
    .compare(field, .less, value.metadataValue)
  }

  /// The same for the field of a name, as ``Field/init(_:)`` reads it.
  public static func less(_ field: String, _ value: some MetadataConvertible) -> Filter {
    .less(Field(field), value)
  }

  /// The field is this value or less.
  public static func atMost(_ field: Field, _ value: some MetadataConvertible) -> Filter {
    .compare(field, .atMost, value.metadataValue)
  }

  /// The same for the field of a name, as ``Field/init(_:)`` reads it.
  public static func atMost(_ field: String, _ value: some MetadataConvertible) -> Filter {
    .atMost(Field(field), value)
  }

  /// The field is greater than this value.
  public static func greater(_ field: Field, _ value: some MetadataConvertible) -> Filter {
    .compare(field, .greater, value.metadataValue)
  }

  /// The same for the field of a name, as ``Field/init(_:)`` reads it.
  public static func greater(_ field: String, _ value: some MetadataConvertible) -> Filter {
    .greater(Field(field), value)
  }

  /// The field is this value or greater.
  public static func atLeast(_ field: Field, _ value: some MetadataConvertible) -> Filter {
    .compare(field, .atLeast, value.metadataValue)
  }

  /// The same for the field of a name, as ``Field/init(_:)`` reads it.
  public static func atLeast(_ field: String, _ value: some MetadataConvertible) -> Filter {
    .atLeast(Field(field), value)
  }

  /// The field of a name is one of some values.
  public static func oneOf(_ field: String, _ values: [some MetadataConvertible]) -> Filter {
    .oneOf(Field(field), values.map(\.metadataValue))
  }

  /// The field of a name is a text of a form, as `like` of a ``Field`` reads it.
  public static func like(_ field: String, _ form: String) -> Filter {
    .like(Field(field), form)
  }

  /// The document has a field of this name, even if it is null or empty.
  public static func exists(_ field: String) -> Filter { .exists(Field(field)) }

  /// All of these filters; nil if there are none.
  public static func all(_ filters: some Sequence<Filter>) -> Filter? {
    var filters = filters.makeIterator()
    guard var result = filters.next() else { return nil }
    while let next = filters.next() { result = .and(result, next) }
    return result
  }

  /// At least one of these filters; nil if there are none.
  public static func any(_ filters: some Sequence<Filter>) -> Filter? {
    var filters = filters.makeIterator()
    guard var result = filters.next() else { return nil }
    while let next = filters.next() { result = .or(result, next) }
    return result
  }

  /// Both filters are true.
  public static func && (first: Filter, second: Filter) -> Filter { .and(first, second) }

  /// At least one of the filters is true.
  public static func || (first: Filter, second: Filter) -> Filter { .or(first, second) }

  /// The filter is false.
  public static prefix func ! (filter: Filter) -> Filter { .not(filter) }
}

extension Filter {
  /// Reads a filter from text: conditions `field = value` with `= != < <= > >=`,
  /// `field in (value, …)`, `field like 'pattern'` and `exists field`, combined with `and`, `or`,
  /// `not` and parentheses.
  ///
  /// A value is a text in single quotes (`''` for a quote inside), a number, `true`, `false` or
  /// `null`. Keys that are not plain words stand in double quotes; nested keys have dots between
  /// them. Keywords may be in capitals.
  ///
  /// - Throws: ``StoreError/Code/invalidFilter``, with the text and a caret under the place.
  /// - Complexity: O(length of the text), of which there may be 256 KB.
  public init(parsing text: String) throws(StoreError) {
    guard text.utf8.count <= FilterRules.maximumBytes else {
      throw StoreError(
        .invalidFilter,
        "the filter has \(text.utf8.count) bytes, at most \(FilterRules.maximumBytes) are expected; ask for "
          + "fewer values at once")
    }
    let lexer = FilterLexer(text)
    do {
      var parser = try FilterParser(lexer)
      self = try parser.filter()
    } catch {
      throw error.error(in: lexer.scalars)
    }
    try check()
  }
}

/// The words of a filter's text, and how values and keys are written in it.
enum FilterWords {
  /// Words that cannot be fields, in lower case.
  static let keywords: Set<String> = [
    "and", "or", "not", "in", "like", "exists", "true", "false", "null",
  ]

  /// Whether a word may begin with this scalar.
  static func isStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isXIDStart
  }

  /// Whether a word may contain this scalar after its first.
  static func isPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "-" || scalar.properties.isXIDContinue
  }

  /// A key as it is written: in double quotes unless it is a plain word that reads as this key.
  static func written(key: String) -> String {
    let scalars = key.unicodeScalars
    let isPlain =
      scalars.first.map(isStart) == true && scalars.allSatisfy(isPart)
      && !keywords.contains(key.lowercased()) && Filter.Field.named(key) == nil
    return isPlain ? key : quoted(key, by: "\"")
  }

  /// A text in quotes; those inside it are doubled.
  static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
    // Scalar by scalar: a quote followed by a combining mark is a different Character.
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      if scalar == quote { result.append(quote) }
      result.append(scalar)
    }
    result.append(quote)
    return String(result)
  }

  /// A value as it is written; lists and objects, which no filter takes, as in Swift.
  static func written(value: MetadataValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): value.description
    case .string(let value): quoted(value, by: "'")
    case .array, .object: String(describing: value)
    }
  }
}

extension Filter.Field: CustomStringConvertible {
  /// The field as a filter's text names it.
  public var description: String {
    switch self {
    case .source: "source"
    case .collection: "collection"
    case .ordinal: "ordinal"
    case .added: "added"
    case .modified: "modified"
    case .date: "date"
    case .title: "title"
    case .kind: "kind"
    case .metadata(let path): path.map(FilterWords.written(key:)).joined(separator: ".")
    }
  }
}

extension Filter: CustomStringConvertible {
  /// The filter as text, which `init(parsing:)` reads back as an equal one.
  public var description: String {
    switch self {
    case .compare(let field, let comparison, let value):
      "\(field) \(comparison.rawValue) \(FilterWords.written(value: value))"
    case .oneOf(let field, let values):
      "\(field) in (\(values.map(FilterWords.written(value:)).joined(separator: ", ")))"
    case .like(let field, let pattern): "\(field) like \(FilterWords.quoted(pattern, by: "'"))"
    case .exists(let field): "exists \(field)"
    case .not(let filter): "not \(filter.written(minimum: .not))"
    case .and(let first, let second):
      "\(first.written(minimum: .and)) and \(second.written(minimum: .not))"
    case .or(let first, let second):
      "\(first.written(minimum: .or)) or \(second.written(minimum: .and))"
    }
  }

  /// How tightly a filter's parts are bound, the loosest first.
  private enum Binding: Int {
    case or, and, not
  }

  private var binding: Binding {
    switch self {
    case .or: .or
    case .and: .and
    default: .not
    }
  }

  private func written(minimum: Binding) -> String {
    binding.rawValue < minimum.rawValue ? "(\(description))" : description
  }
}

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
