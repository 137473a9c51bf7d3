// Strings of JSON: quotes, escapes, and UTF-8 that is checked.

extension JSONCursor {
  /// Reads a string.
  ///
  /// Its bytes must be UTF-8, its escapes those of RFC 8259, with both halves of a surrogate pair.
  package mutating func string() throws(JSONFault) -> String {
    guard next == UInt8(ascii: "\"") else { throw fault(.wrongKind, expected: "a string") }
    position += 1
    let first = position
    var isASCII = true
    while position < end {
      let byte = position.pointee
      if byte == UInt8(ascii: "\"") {
        let text = try text(from: first, to: position, isASCII: isASCII)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: first) }
      if byte < 0x20 { throw fault(expected: "an escape (\\n, \\t, \\u00XX) within a string") }
      isASCII = isASCII && byte < 0x80
      position += 1
    }
    throw fault(expected: "the closing quote of a string")
  }

  /// Reads the rest of a string that has an escape at the current place.
  private mutating func escapedString(
    from first: UnsafePointer<UInt8>
  ) throws(JSONFault) -> String {
    var bytes = Array(UnsafeBufferPointer(start: first, count: position - first))
    while position < end {
      let byte = position.pointee
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: bytes, as: UTF8.self) else { throw notUTF8(at: first) }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        position += 1
        try escape(into: &bytes)
      case 0..<0x20:
        throw fault(expected: "an escape (\\n, \\t, \\u00XX) within a string")
      default:
        bytes.append(byte)
        position += 1
      }
    }
    throw fault(expected: "the closing quote of a string")
  }

  /// Reads one escape behind its backslash.
  private mutating func escape(into bytes: inout [UInt8]) throws(JSONFault) {
    guard position < end else { throw fault(expected: "an escape") }
    let mark = position.pointee
    position += 1
    switch mark {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(mark)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "u"): bytes.append(contentsOf: String(try scalar()).utf8)
    default:
      position -= 1
      throw fault(expected: "one of \" \\ / b f n r t u after a backslash")
    }
  }

  /// Reads the digits of `\u`, and those of the second half where the first needs one.
  private mutating func scalar() throws(JSONFault) -> Unicode.Scalar {
    let at = position
    let unit = try hexadecimal()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    if UTF16.isLeadSurrogate(unit), end - position >= 6, position[0] == UInt8(ascii: "\\"),
      position[1] == UInt8(ascii: "u")
    {
      position += 2
      let second = try hexadecimal()
      let pair = 0x1_0000 + (UInt32(unit & 0x3FF) << 10 | UInt32(second & 0x3FF))
      if UTF16.isTrailSurrogate(second), let scalar = Unicode.Scalar(pair) { return scalar }
    }
    throw fault(
      at: at, found: "half of a surrogate pair", expected: "both halves, or a character itself")
  }

  private mutating func hexadecimal() throws(JSONFault) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard position < end, let digit = Self.hexadecimalDigit(position.pointee) else {
        throw fault(expected: "4 hexadecimal digits after \\u")
      }
      unit = unit << 4 | digit
      position += 1
    }
    return unit
  }

  private static func hexadecimalDigit(_ byte: UInt8) -> UInt16? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }

  private func text(
    from first: UnsafePointer<UInt8>, to last: UnsafePointer<UInt8>, isASCII: Bool
  ) throws(JSONFault) -> String {
    let bytes = UnsafeBufferPointer(start: first, count: last - first)
    if isASCII { return String(decoding: bytes, as: UTF8.self) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw notUTF8(at: first) }
    return text
  }

  private func notUTF8(at place: UnsafePointer<UInt8>) -> JSONFault {
    fault(.notUTF8, at: place, found: "a string with bytes that are not UTF-8", expected: "UTF-8")
  }
}
