// Reads the JSON of the embeddings API: just what its answers need, fast.

/// A place in JSON bytes, and the steps from there.
///
/// It is strict (RFC 8259) about what stands between strings, and takes the bytes of a string as they
/// are. The caller steps through objects and lists:
///
/// ```swift
/// try json.object { key, json in
///   if key == "index" { index = try json.number() } else { try json.skip() }
/// }
/// ```
struct JSONReader {
  /// Why the bytes cannot be read on.
  enum Fault: Error {
    /// They end too early.
    case truncated
    /// They are no JSON.
    case malformed
    /// A value is of another kind than wanted.
    case wrongKind
  }

  /// The most values within each other that are read.
  private static let maximumDepth = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0
  private var depth = 0

  /// Starts at the first byte, or after a byte order mark, which some servers write.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next byte that is no white space; the place moves up to it.
  mutating func peek() throws(Fault) -> UInt8 {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      case let byte: return byte
      }
    }
    throw .truncated
  }

  /// Reads an object: for each member, `member` reads its value.
  ///
  /// - Throws: ``Fault``, and what `member` throws.
  mutating func object(_ member: (_ key: String, inout JSONReader) throws -> Void) throws {
    try open("{")
    if try close("}") { return }
    repeat {
      guard try peek() == UInt8(ascii: "\"") else { throw Fault.malformed }
      let key = try string()
      guard try peek() == UInt8(ascii: ":") else { throw Fault.malformed }
      position += 1
      try member(key, &self)
    } while try goesOn(to: "}")
  }

  /// Reads a list: `element` reads each value.
  ///
  /// - Throws: ``Fault``, and what `element` throws.
  mutating func array(_ element: (inout JSONReader) throws -> Void) throws {
    try open("[")
    if try close("]") { return }
    repeat { try element(&self) } while try goesOn(to: "]")
  }

  /// Reads a string.
  mutating func string() throws(Fault) -> String {
    try stringBytes { String(decoding: $0, as: UTF8.self) }
  }

  /// Reads a string and hands over its bytes, without escapes.
  mutating func stringBytes<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) -> Result
  ) throws(Fault) -> Result {
    guard try peek() == UInt8(ascii: "\"") else { throw .wrongKind }
    let start = position + 1
    var place = start
    var isEscaped = false
    while true {
      place = plainEnd(from: place)
      guard place < bytes.count else { throw .truncated }
      let byte = bytes[place]
      if byte == UInt8(ascii: "\"") {
        let content = UnsafeBufferPointer(rebasing: bytes[start..<place])
        position = place + 1
        return isEscaped ? try Self.unescaped(content).withUnsafeBufferPointer(body) : body(content)
      }
      guard byte >= 0x20 else { throw .malformed }
      if byte == UInt8(ascii: "\\") {
        isEscaped = true
        place += 1
      }
      place += 1
    }
  }

  /// Reads a number.
  ///
  /// Up to 19 digits and 22 decimal places are computed at once; that is the double nearest to the
  /// number as long as its digits make no more than 2^53 (W. Clinger, "How to Read Floating Point
  /// Numbers Accurately", PLDI 1990). Others are left to the standard library.
  mutating func number() throws(Fault) -> Double {
    var byte = try peek()
    let start = position
    let isNegative = byte == UInt8(ascii: "-")
    if isNegative { byte = try step() }
    guard isDigit(byte) else { throw .wrongKind }
    var digits: UInt64 = 0
    var count = 0
    var places = 0
    let first = position
    readDigits(&digits, &count)
    guard bytes[first] != UInt8(ascii: "0") || position - first == 1 else { throw .malformed }
    var isPlain = true
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      guard isDigit(try step()) else { throw .malformed }
      let before = position
      readDigits(&digits, &count)
      places = position - before
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      isPlain = false
      var byte = try step()
      if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") { byte = try step() }
      guard isDigit(byte) else { throw .malformed }
      while position < bytes.count, isDigit(bytes[position]) { position += 1 }
    }
    if isPlain, count <= 19, digits <= 1 << 53, places < Self.powers.count {
      let value = Double(digits) / Self.powers[places]
      return isNegative ? -value : value
    }
    let text = String(
      decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
    // A number too large for a double becomes infinity.
    return Double(text) ?? .nan
  }

  /// Reads a value and forgets it.
  mutating func skip() throws {
    switch try peek() {
    case UInt8(ascii: "{"): try object { _, json in try json.skip() }
    case UInt8(ascii: "["): try array { json in try json.skip() }
    case UInt8(ascii: "\""): try stringBytes { _ in }
    case UInt8(ascii: "t"): try literal("true")
    case UInt8(ascii: "f"): try literal("false")
    case UInt8(ascii: "n"): try literal("null")
    default:
      do { _ = try number() } catch .wrongKind { throw Fault.malformed }
    }
  }

  /// Passes over a value and returns its bytes.
  mutating func raw() throws -> UnsafeBufferPointer<UInt8> {
    _ = try peek()
    let start = position
    try skip()
    return UnsafeBufferPointer(rebasing: bytes[start..<position])
  }

  /// Throws where anything but white space is left.
  mutating func finish() throws(Fault) {
    do { _ = try peek() } catch { return }
    throw .malformed
  }

  // MARK: - Private

  private mutating func open(_ mark: Unicode.Scalar) throws(Fault) {
    guard try peek() == UInt8(ascii: mark) else { throw .wrongKind }
    guard depth < Self.maximumDepth else { throw .malformed }
    depth += 1
    position += 1
  }

  private mutating func close(_ mark: Unicode.Scalar) throws(Fault) -> Bool {
    guard try peek() == UInt8(ascii: mark) else { return false }
    depth -= 1
    position += 1
    return true
  }

  /// Passes the comma before another value, or the end.
  private mutating func goesOn(to mark: Unicode.Scalar) throws(Fault) -> Bool {
    if try close(mark) { return false }
    guard try peek() == UInt8(ascii: ",") else { throw .malformed }
    position += 1
    return true
  }

  /// A place up to which a string has neither quotes nor backslashes nor control characters. Looks at
  /// eight bytes at once.
  private func plainEnd(from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var place = start
    while place + 8 <= bytes.count {
      let word = UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: place, as: UInt64.self)
      // The high bit of each byte below 0x20, or equal to a quote or a backslash; maybe of others
      // beside it.
      let special =
        ((word &- ones &* 0x20) | ((word ^ ones &* 0x22) &- ones) | ((word ^ ones &* 0x5C) &- ones))
        & ~word & (ones &* 0x80)
      guard special == 0 else { break }
      place += 8
    }
    return place
  }

  private mutating func literal(_ word: StaticString) throws(Fault) {
    for index in 0..<word.utf8CodeUnitCount {
      guard position < bytes.count else { throw .truncated }
      guard bytes[position] == word.utf8Start[index] else { throw .malformed }
      position += 1
    }
  }

  /// Moves on by one byte and returns it.
  private mutating func step() throws(Fault) -> UInt8 {
    position += 1
    guard position < bytes.count else { throw .truncated }
    return bytes[position]
  }

  private mutating func readDigits(_ digits: inout UInt64, _ count: inout Int) {
    while position < bytes.count, isDigit(bytes[position]) {
      digits = digits &* 10 &+ UInt64(bytes[position] &- UInt8(ascii: "0"))
      // Zeros in front do not count.
      if digits > 0 || count > 0 { count += 1 }
      position += 1
    }
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  /// The bytes that escapes stand for. Half of a surrogate pair becomes U+FFFD.
  private static func unescaped(_ bytes: UnsafeBufferPointer<UInt8>) throws(Fault) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count else {
        result.append(bytes[index])
        index += 1
        continue
      }
      index += 2
      switch bytes[index - 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
        result.append(bytes[index - 1])
      case UInt8(ascii: "n"): result.append(0x0A)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "r"): result.append(0x0D)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0C)
      case UInt8(ascii: "u"):
        var units = [try unit(bytes, &index)]
        if UTF16.isLeadSurrogate(units[0]), index + 1 < bytes.count,
          bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
        {
          index += 2
          units.append(try unit(bytes, &index))
        }
        result.append(contentsOf: String(decoding: units, as: UTF16.self).utf8)
      default: throw .malformed
      }
    }
    return result
  }

  /// Reads the four digits of `\u`.
  private static func unit(
    _ bytes: UnsafeBufferPointer<UInt8>, _ index: inout Int
  ) throws(Fault) -> UInt16 {
    guard index + 4 <= bytes.count else { throw .malformed }
    var unit: UInt16 = 0
    for byte in bytes[index..<index + 4] {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - 0x30)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(byte - 0x57)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(byte - 0x37)
      default: throw .malformed
      }
    }
    index += 4
    return unit
  }
}
