// The words of the filter language, and how a filter is written in them. Pure; used by the lexer and
// the parser.

/// What may stand in a filter's text without quotes.
enum FilterWords {
  /// Words that are no fields, in lower case.
  static let keywords: Set<String> = [
    "and", "or", "not", "in", "like", "exists", "true", "false", "null",
  ]

  /// Whether a word may begin so.
  static func isStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isXIDStart
  }

  /// Whether a word may go on so.
  static func isPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "-" || scalar.properties.isXIDContinue
  }

  /// A key as it is written: in double quotes where it is no plain word, or would be read as another.
  static func written(key: String) -> String {
    let scalars = key.unicodeScalars
    let isPlain =
      scalars.first.map(isStart) == true && scalars.allSatisfy(isPart)
      && !keywords.contains(key.lowercased()) && Filter.Field.named(key) == nil
    return isPlain ? key : quoted(key, by: "\"")
  }

  /// A text in quotes; those inside it are doubled.
  static func quoted(_ text: String, by quote: Unicode.Scalar) -> String {
    // Scalar by scalar: a quote with a combining mark behind it is another Character, not another mark.
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      if scalar == quote { result.append(quote) }
      result.append(scalar)
    }
    result.append(quote)
    return String(result)
  }

  /// A value as it is written; lists and objects, which no filter takes, as they are in Swift.
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
