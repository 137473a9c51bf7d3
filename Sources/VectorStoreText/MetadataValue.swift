// One value of a document's metadata: what JSON can say.

public import Foundation

/// One metadata value: what JSON can say, with whole numbers kept apart from fractions.
///
///     let year = 2020
///     let metadata: [String: MetadataValue] = [
///       "year": .init(year), "tags": ["a", "b"], "author": ["name": "Ada"],
///     ]
///     print(metadata["author"]?["name"]?.string ?? "nobody")
///
/// A whole number equals the fraction of the same size, as in a filter: `.integer(5) == .number(5)`.
/// `Codable` does not keep the two apart, since JSON's encoders write both as `5`: what comes back
/// is ``integer(_:)``, and equal. A store does keep them apart.
public enum MetadataValue: Sendable {
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

  /// Reads a value as a person types it on a command line: a number in its shortest form, `true`,
  /// `false` or `null` gives that value, everything else is a string. So `01234`, `1.10`, `1234e56` and
  /// `12345678901234567890` stay as they are written.
  public init(typed text: String) {
    switch text {
    case "true": self = .bool(true)
    case "false": self = .bool(false)
    case "null": self = .null
    default:
      if let number = Self.number(written: text), number.isShortest(text) {
        self = number
      } else {
        self = .string(text)
      }
    }
  }

  /// Whether a number is written in no more letters than it takes, so that nothing of the text is lost.
  private func isShortest(_ text: String) -> Bool {
    switch self {
    case .integer(let value): String(value) == text
    case .number(let value): "\(value)" == text && !text.hasSuffix(".0")
    default: false
    }
  }

  /// The number that a text is in JSON, in whatever form; nil if it is none, or a whole number beyond 64
  /// bits, which would be rounded.
  package static func number(written text: String) -> MetadataValue? {
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
    if !hasFraction, !hasExponent { return Int64(text).map { .integer($0) } }
    guard let number = Double(text), number.isFinite else { return nil }
    return .number(number)
  }
}

extension MetadataValue: Hashable {
  /// Whether two values are the same; a whole number equals the fraction of the same size.
  public static func == (one: MetadataValue, other: MetadataValue) -> Bool {
    switch (one, other) {
    case (.null, .null): true
    case (.bool(let one), .bool(let other)): one == other
    case (.integer(let one), .integer(let other)): one == other
    case (.number(let one), .number(let other)): one == other
    case (.integer(let whole), .number(let number)), (.number(let number), .integer(let whole)):
      Int64(exactly: number) == whole
    case (.string(let one), .string(let other)): one == other
    case (.array(let one), .array(let other)): one == other
    case (.object(let one), .object(let other)): one == other
    default: false
    }
  }

  /// Hashes the value; numbers of the same size alike.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .bool(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(value)
    case .number(let value):
      if let whole = Int64(exactly: value) { hasher.combine(whole) } else { hasher.combine(value) }
    case .string(let value): hasher.combine(value)
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
  }
}

// MARK: - Reading values

extension MetadataValue {
  /// The text, if it is one.
  public var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The whole number, if it is a number without a fraction.
  public var integer: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number, whole or not. A whole number beyond 2⁵³ is rounded.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// True or false, if it is one of them.
  public var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The time of a text that is an ISO 8601 date, or date and time with its zone: `2026-11-25`,
  /// `2026-11-25T20:00:00Z`. A date is its beginning in UTC.
  public var date: Date? {
    guard let text = string else { return nil }
    for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), .init()] {
      if let date = try? Date(text, strategy: style) { return date }
    }
    return try? Date(text, strategy: .iso8601.year().month().day())
  }

  /// The values of a list, if it is one.
  public var array: [MetadataValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The values by name, if it is an object.
  public var object: [String: MetadataValue]? {
    if case .object(let value) = self { value } else { nil }
  }

  /// The value as JSON, the keys of objects sorted.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: (try? encoder.encode(self)) ?? Data(), as: UTF8.self)
  }

  /// Whether it is no value.
  public var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The value of a name in an object; nil where there is none, or it is no object.
  public subscript(name: String) -> MetadataValue? { object?[name] }

  /// The value at a place in a list, from 0; nil beyond its end, or where it is no list.
  public subscript(index: Int) -> MetadataValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }
}

// MARK: - Making values

/// A Swift value that can stand in metadata and in a filter.
public protocol MetadataConvertible {
  /// The value as metadata.
  var metadataValue: MetadataValue { get }
}

extension MetadataValue: MetadataConvertible {
  /// Itself.
  public var metadataValue: MetadataValue { self }

  /// The value of a text, a number, a Bool, a date, or a list, an optional or a dictionary of such.
  public init(_ value: some MetadataConvertible) { self = value.metadataValue }
}

extension String: MetadataConvertible {
  /// A text.
  public var metadataValue: MetadataValue { .string(self) }
}

extension Substring: MetadataConvertible {
  /// A text.
  public var metadataValue: MetadataValue { .string(String(self)) }
}

extension Int: MetadataConvertible {
  /// A whole number.
  public var metadataValue: MetadataValue { .integer(Int64(self)) }
}

extension Int64: MetadataConvertible {
  /// A whole number.
  public var metadataValue: MetadataValue { .integer(self) }
}

extension Double: MetadataConvertible {
  /// A number.
  public var metadataValue: MetadataValue { .number(self) }
}

extension Bool: MetadataConvertible {
  /// True or false.
  public var metadataValue: MetadataValue { .bool(self) }
}

extension Date: MetadataConvertible {
  /// A text: ISO 8601 in UTC with milliseconds, so that the order of texts is the order of times.
  public var metadataValue: MetadataValue {
    .string(
      formatted(
        .iso8601.year().month().day().time(includingFractionalSeconds: true)
          .timeZone(separator: .omitted)))
  }
}

extension Optional: MetadataConvertible where Wrapped: MetadataConvertible {
  /// The value, or null.
  public var metadataValue: MetadataValue { self?.metadataValue ?? .null }
}

extension Array: MetadataConvertible where Element: MetadataConvertible {
  /// A list.
  public var metadataValue: MetadataValue { .array(map(\.metadataValue)) }
}

extension Dictionary: MetadataConvertible where Key == String, Value: MetadataConvertible {
  /// Values by name.
  public var metadataValue: MetadataValue { .object(mapValues(\.metadataValue)) }
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
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A list.
  public init(arrayLiteral values: MetadataValue...) { self = .array(values) }
  /// Values by name; of a name that comes twice the last value.
  public init(dictionaryLiteral values: (String, MetadataValue)...) {
    self = .object(Dictionary(values) { _, last in last })
  }
  /// No value.
  public init(nilLiteral: ()) { self = .null }
}
