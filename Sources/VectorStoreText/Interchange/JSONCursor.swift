// A strict reader of JSON (RFC 8259) over bytes in memory: one pass, no copies but the values.

/// Why bytes are not what was expected of them, and where.
///
/// The readers add the file and the line.
package struct JSONFault: Error, Equatable {
  /// The kind of failure.
  package let code: InterchangeError.Code
  /// The byte it happened at, counted from 0 at the line's start.
  package let offset: Int
  /// The field of the document it belongs to, where that is known.
  package var field: String?
  /// What was found.
  package let found: String
  /// What was expected.
  package let expected: String
}

/// A position in the bytes of one JSON text.
///
/// Each method reads one thing and moves behind it.
///
/// The bytes must stay where they are while the cursor lives; nothing is read beyond their end.
package struct JSONCursor {
  /// How deeply lists and objects may be nested.
  package static let maximumDepth = 64

  let start: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  var position: UnsafePointer<UInt8>

  /// Starts at the first byte, or returns nil where there are no bytes.
  package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
    start = base
    position = base
    end = base + bytes.count
  }

  /// The next byte that is no white space, or nil at the end.
  ///
  /// The cursor stands on it then.
  @inline(__always)
  package var next: UInt8? {
    mutating get {
      while position < end {
        let byte = position.pointee
        guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
          return byte
        }
        position += 1
      }
      return nil
    }
  }

  /// Reads any value.
  ///
  /// Whole numbers that fit 64 bits stay whole, other numbers become doubles.
  package mutating func value(depth: Int = 0) throws(JSONFault) -> MetadataValue {
    guard let byte = next else { throw fault(expected: "a value") }
    switch byte {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "t"):
      try literal("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null")
      return .null
    default: return try number()
    }
  }

  /// Reads an object.
  ///
  /// A name that occurs twice is a fault, since one of its values would be lost.
  package mutating func object(depth: Int = 0) throws(JSONFault) -> [String: MetadataValue] {
    try openContainer("{", expected: "an object", depth: depth)
    var members: [String: MetadataValue] = [:]
    var isFirst = true
    while try hasNextMember(isFirst: isFirst) {
      isFirst = false
      let at = position
      let name = try memberName()
      let value = try value(depth: depth + 1)
      if members.updateValue(value, forKey: name) != nil {
        throw fault(
          .duplicateField, at: at, found: "\"\(name.prefix(64))\" twice", expected: "each name once"
        )
      }
    }
    return members
  }

  /// Moves to the next member of an object, behind its comma; false behind its closing brace.
  @inline(__always)
  package mutating func hasNextMember(isFirst: Bool) throws(JSONFault) -> Bool {
    let byte = next
    if byte == UInt8(ascii: "}") {
      position += 1
      return false
    }
    if !isFirst {
      guard byte == UInt8(ascii: ",") else { throw fault(expected: "\",\" or \"}\"") }
      position += 1
    }
    guard next == UInt8(ascii: "\"") else { throw fault(expected: "a name in quotes") }
    return true
  }

  /// Moves to the next element of a list, behind its comma; false behind its closing bracket.
  package mutating func hasNextElement(isFirst: Bool) throws(JSONFault) -> Bool {
    let byte = next
    if byte == UInt8(ascii: "]") {
      position += 1
      return false
    }
    if !isFirst {
      guard byte == UInt8(ascii: ",") else { throw fault(expected: "\",\" or \"]\"") }
      position += 1
    }
    return true
  }

  /// Reads a member's name and its colon.
  package mutating func memberName() throws(JSONFault) -> String {
    let name = try string()
    guard next == UInt8(ascii: ":") else { throw fault(expected: "\":\"") }
    position += 1
    return name
  }

  /// Reads the opening mark of a list or an object that is nested `depth` times.
  package mutating func openContainer(
    _ mark: Unicode.Scalar, expected: String, depth: Int
  ) throws(JSONFault) {
    guard next == UInt8(ascii: mark) else { throw fault(.wrongKind, expected: expected) }
    guard depth < Self.maximumDepth else {
      throw fault(
        .tooDeep, found: "more than \(Self.maximumDepth) values within each other",
        expected: "at most that many")
    }
    position += 1
  }

  /// Reads `true`, `false` or `null`.
  mutating func literal(_ word: StaticString) throws(JSONFault) {
    let count = word.utf8CodeUnitCount
    for index in 0..<count {
      guard position + index < end, position[index] == word.utf8Start[index] else {
        throw fault(expected: "a value")
      }
    }
    position += count
  }

  /// Throws where anything but white space is left.
  package mutating func finish() throws(JSONFault) {
    if next != nil { throw fault(expected: "the end of the line") }
  }

  private mutating func array(depth: Int) throws(JSONFault) -> [MetadataValue] {
    try openContainer("[", expected: "a list", depth: depth)
    var values: [MetadataValue] = []
    while try hasNextElement(isFirst: values.isEmpty) {
      values.append(try value(depth: depth + 1))
    }
    return values
  }

  /// A fault at a place, by default the current one; `found` says by default what stands there.
  func fault(
    _ code: InterchangeError.Code = .notJSON, at place: UnsafePointer<UInt8>? = nil,
    found: String? = nil, expected: String
  ) -> JSONFault {
    let place = place ?? position
    return JSONFault(
      code: code, offset: place - start, found: found ?? words(at: place), expected: expected)
  }

  /// What stands at a place, in words: a kind of value or one character, never more of the text.
  private func words(at place: UnsafePointer<UInt8>) -> String {
    guard place < end else { return "the end of the line" }
    switch place.pointee {
    case UInt8(ascii: "\""): return "a string"
    case UInt8(ascii: "{"): return "an object"
    case UInt8(ascii: "["): return "a list"
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): return "a number"
    case UInt8(ascii: "t"): return "\"t\" (true?)"
    case UInt8(ascii: "f"): return "\"f\" (false?)"
    case UInt8(ascii: "n"): return "\"n\" (null?)"
    case let byte where byte > 0x20 && byte < 0x7F: return "\"\(Unicode.Scalar(byte))\""
    case let byte: return "the byte 0x\(String(byte, radix: 16, uppercase: true))"
    }
  }
}
