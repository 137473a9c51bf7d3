// Metadata: the typed values that users attach to documents. Read from front matter
// (Parsing/FrontMatter.swift), from flags and from imports; stored as JSON.

/// One metadata value: what JSON can say, with whole numbers kept apart from fractions.
public enum MetadataValue: Sendable, Hashable {
  /// No value.
  case null
  /// True or false.
  case bool(Bool)
  /// A whole number that fits 64 bits.
  case integer(Int64)
  /// Any other finite number.
  case number(Double)
  /// A text.
  case string(String)
  /// A list.
  case array([MetadataValue])
  /// Values by name.
  case object([String: MetadataValue])

  /// Reads a value as a person types it on a command line: a JSON number, `true`, `false` or `null`
  /// gives that value, everything else is a string (so `01234` stays a string).
  public init(typed text: String) {
    switch text {
    case "true": self = .bool(true)
    case "false": self = .bool(false)
    case "null": self = .null
    default: self = Self.jsonNumber(text) ?? .string(text)
    }
  }

  private static func jsonNumber(_ text: String) -> MetadataValue? {
    // By hand: a filter may list 10,000 numbers, and a regular expression takes 0.1 ms for each.
    var rest = text.utf8[...]
    func digits() -> Substring.UTF8View {
      let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      rest = rest[digits.endIndex...]
      return digits
    }
    func take(_ marks: String) -> Bool {
      guard let next = rest.first, marks.utf8.contains(next) else { return false }
      rest.removeFirst()
      return true
    }
    _ = take("-")
    let whole = digits()
    guard !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else { return nil }
    let hasFraction = take(".")
    if hasFraction, digits().isEmpty { return nil }
    let hasExponent = take("eE")
    if hasExponent {
      _ = take("+-")
      if digits().isEmpty { return nil }
    }
    guard rest.isEmpty else { return nil }
    if !hasFraction, !hasExponent, let whole = Int64(text) { return .integer(whole) }
    guard let number = Double(text), number.isFinite else { return nil }
    return .number(number)
  }
}

extension MetadataValue: Codable {
  /// Reads any JSON value; a whole number that fits 64 bits stays whole.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([MetadataValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: MetadataValue].self))
    }
  }

  /// Writes the value as JSON.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

extension MetadataValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}
