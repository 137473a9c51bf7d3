// JSON as bytes: strings, metadata and vectors.

/// JSON in the making.
///
/// Whole numbers are written as such, doubles with a fraction or an exponent (`2.0`, `1e+20`), so
/// that both come back as what they were; names of objects are sorted by their bytes.
package struct JSONText {
  /// Why a value cannot be written: JSON has no NaN and no infinity.
  package struct NotFinite: Error {}

  /// What was written so far.
  package private(set) var bytes: [UInt8] = []
  /// Whether characters that steer a terminal are escaped, which JSON allows for any character: for
  /// text that is printed.
  var isForTerminals = false

  /// Begins with nothing written.
  package init() {}

  /// Empties it and keeps its memory.
  package mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  /// Drops what was written behind the first `count` bytes.
  mutating func truncate(to count: Int) {
    bytes.removeLast(bytes.count - count)
  }

  /// Appends marks that need no escape.
  mutating func append(raw text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a string in quotes.
  package mutating func append(string: String) {
    if isForTerminals, string.unicodeScalars.contains(where: \.steersTerminals) {
      return append(escaping: string)
    }
    var string = string
    bytes.append(UInt8(ascii: "\""))
    string.withUTF8 { utf8 in
      var start = 0
      for index in utf8.indices {
        let byte = utf8[index]
        guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
          continue
        }
        bytes.append(contentsOf: utf8[start..<index])
        append(escaped: byte)
        start = index + 1
      }
      bytes.append(contentsOf: utf8[start...])
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func append(escaping string: String) {
    bytes.append(UInt8(ascii: "\""))
    for scalar in string.unicodeScalars {
      if scalar.isASCII, scalar.value < 0x20 || scalar == "\"" || scalar == "\\" {
        append(escaped: UInt8(scalar.value))
      } else if scalar.steersTerminals {
        bytes.append(contentsOf: scalar.escapedInJSON.utf8)
      } else {
        bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends a list of float32 numbers, each as the shortest decimal that reads back as it.
  package mutating func append(floats: UnsafeBufferPointer<Float>) throws(NotFinite) {
    bytes.append(UInt8(ascii: "["))
    var rest = floats
    while !rest.isEmpty {
      let part = UnsafeBufferPointer(rebasing: rest.prefix(128))
      rest = UnsafeBufferPointer(rebasing: rest.dropFirst(128))
      guard part.allSatisfy(\.isFinite) else { throw NotFinite() }
      append(part: part)
    }
    // The last comma makes way for the bracket.
    if !floats.isEmpty { bytes.removeLast() }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Appends finite numbers with a comma behind each.
  private mutating func append(part: UnsafeBufferPointer<Float>) {
    let capacity = part.count * (ShortestDecimal.reach + 1)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { text in
      guard let base = text.baseAddress else { return }
      var count = 0
      for value in part {
        count += ShortestDecimal.write(value, to: base + count)
        base[count] = UInt8(ascii: ",")
        count += 1
      }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<count]))
    }
  }

  /// Appends a whole number.
  mutating func append(whole number: Int) {
    bytes.append(contentsOf: String(number).utf8)
  }

  /// Appends a double as the shortest decimal that reads back as it.
  package mutating func append(number: Double) throws(NotFinite) {
    guard number.isFinite else { throw NotFinite() }
    bytes.append(contentsOf: number.description.utf8)
  }

  /// Appends a value of metadata.
  package mutating func append(value: MetadataValue) throws(NotFinite) {
    switch value {
    case .null: append(raw: "null")
    case .bool(let value): append(raw: value ? "true" : "false")
    case .integer(let value): bytes.append(contentsOf: String(value).utf8)
    case .number(let value): try append(number: value)
    case .string(let value): append(string: value)
    case .array(let values):
      bytes.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        try append(value: value)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members): try append(object: members)
    }
  }

  /// Appends an object, its names sorted.
  package mutating func append(object members: [String: MetadataValue]) throws(NotFinite) {
    bytes.append(UInt8(ascii: "{"))
    for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(string: member.key)
      bytes.append(UInt8(ascii: ":"))
      try append(value: member.value)
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case 0x0A: append(raw: "\\n")
    case 0x0D: append(raw: "\\r")
    case 0x09: append(raw: "\\t")
    case 0x08: append(raw: "\\b")
    case 0x0C: append(raw: "\\f")
    case 0..<0x20:
      append(raw: byte < 0x10 ? "\\u000" : "\\u001")
      let digits: StaticString = "0123456789abcdef"
      bytes.append(digits.utf8Start[Int(byte & 0x0F)])
    default:
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    }
  }
}

extension Unicode.Scalar {
  /// Whether the character can steer a terminal that shows it, or change how what is around it reads:
  /// control characters (C0, DEL, C1), those that set the direction of writing, and the separators of
  /// lines and paragraphs.
  package var steersTerminals: Bool {
    // The quick way out of most texts.
    if value >= 0x20, value < 0x7F { return false }
    return switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    case .format: properties.isBidiControl
    default: false
    }
  }

  /// The character as `\\uXXXX`, in two halves if it is beyond the first plane.
  package var escapedInJSON: String {
    UTF16.encode(self)?.map { unit in
      let digits = String(unit, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined() ?? ""
  }
}
