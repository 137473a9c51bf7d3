// Which documents may answer a query: the typed form of `--filter`. Read from text by
// Filtering/FilterParser.swift, compiled to SQL by Tables/FilterSelection.swift.

/// A condition on documents: on their metadata, their source, or when they were added.
///
/// ```swift
/// var options = QueryOptions()
/// options.filter = .equals("lang", "de") && .atLeast("year", 2020) && !.exists("draft")
/// options.filter = try Filter(parsing: "lang = 'de' and year >= 2020 and not exists draft")
/// ```
///
/// A condition is true or false, never unknown: on a document without the field it is false, and
/// `not` makes that true. Values are compared with values of their own type only. A list stands for
/// each of its elements: `tags = 'x'` holds where any of them is `'x'`, `tags != 'x'` where there is
/// `tags` and none of them is. That goes for lists on the way too: `authors.name = 'x'` holds where
/// any of the authors has that name.
///
/// It is no query language of its own: it takes documents, or chunks by their ordinal, and ranks
/// nothing.
public indirect enum Filter: Sendable, Hashable {
  /// What a condition looks at.
  public enum Field: Sendable, Hashable {
    /// The document's source: a text.
    case source
    /// The name of the collection: a text.
    case collection
    /// The chunk's place in its document, from 0: a number.
    case ordinal
    /// When the document was first added: compared with ISO 8601 dates and times, as `'2026-11-25'`
    /// or `'2026-11-25T20:00Z'`, in UTC where no zone is written. Such a text stands for all of the
    /// smallest unit that it writes, the day or the minute here.
    case added
    /// A value of the metadata: its key, or the keys on the way to it through nested objects.
    case metadata([String])
  }

  /// How a value of a document is compared with the one given.
  public enum Comparison: String, Sendable, Hashable, CaseIterable {
    /// It is that value; whole numbers equal fractions of the same size.
    case equal = "="
    /// There is the field, and it is not that value.
    case notEqual = "!="
    /// It comes before; texts by their bytes, which is by their Unicode scalars.
    case less = "<"
    /// It comes before or is the same.
    case atMost = "<="
    /// It comes behind.
    case greater = ">"
    /// It comes behind or is the same.
    case atLeast = ">="
  }

  /// The field compares so with a value: for `=` and `!=` a text, a number, true, false or null, for
  /// the others a text or a number.
  case compare(Field, Comparison, MetadataValue)
  /// The field is one of some values; none of none.
  case oneOf(Field, [MetadataValue])
  /// The field is a text of this form: `%` stands for any characters, `_` for one, letters A to Z for
  /// themselves in either case. There is no way to write a literal `%` or `_`.
  case like(Field, String)
  /// There is the field, be it null or empty.
  case exists(Field)
  /// The filter does not hold.
  case not(Filter)
  /// Both hold.
  case and(Filter, Filter)
  /// One of them holds, or both.
  case or(Filter, Filter)
}

extension Filter.Field: ExpressibleByStringLiteral {
  /// The field as a filter's text names it: `source`, `collection`, `ordinal`, `added`, else a key of
  /// the metadata, or several with dots between them. A key that holds a dot, or has the name of
  /// another field, is written as ``metadata(_:)``.
  public init(stringLiteral name: String) {
    self =
      Self.named(name)
      ?? .metadata(name.split(separator: ".", omittingEmptySubsequences: false).map(String.init))
  }

  /// The field of a name that is not a key of the metadata.
  static func named(_ name: String) -> Filter.Field? {
    switch name {
    case "source": .source
    case "collection": .collection
    case "ordinal": .ordinal
    case "added": .added
    default: nil
    }
  }
}

extension Filter {
  /// The field is this value.
  public static func equals(_ field: Field, _ value: MetadataValue) -> Filter {
    .compare(field, .equal, value)
  }

  /// There is the field, and it is not this value.
  public static func notEquals(_ field: Field, _ value: MetadataValue) -> Filter {
    .compare(field, .notEqual, value)
  }

  /// The field is less than this value.
  public static func less(_ field: Field, _ value: MetadataValue) -> Filter {
    .compare(field, .less, value)
  }

  /// The field is this value or less.
  public static func atMost(_ field: Field, _ value: MetadataValue) -> Filter {
    .compare(field, .atMost, value)
  }

  /// The field is greater than this value.
  public static func greater(_ field: Field, _ value: MetadataValue) -> Filter {
    .compare(field, .greater, value)
  }

  /// The field is this value or greater.
  public static func atLeast(_ field: Field, _ value: MetadataValue) -> Filter {
    .compare(field, .atLeast, value)
  }

  /// All of some filters; nil where there are none.
  public static func all(_ filters: some Sequence<Filter>) -> Filter? {
    var filters = filters.makeIterator()
    guard var result = filters.next() else { return nil }
    while let next = filters.next() { result = .and(result, next) }
    return result
  }

  /// At least one of some filters; nil where there are none.
  public static func any(_ filters: some Sequence<Filter>) -> Filter? {
    var filters = filters.makeIterator()
    guard var result = filters.next() else { return nil }
    while let next = filters.next() { result = .or(result, next) }
    return result
  }

  /// Both filters hold.
  public static func && (first: Filter, second: Filter) -> Filter { .and(first, second) }

  /// One of the filters holds, or both.
  public static func || (first: Filter, second: Filter) -> Filter { .or(first, second) }

  /// The filter does not hold.
  public static prefix func ! (filter: Filter) -> Filter { .not(filter) }
}
