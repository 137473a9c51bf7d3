// Numbers of JSON: the token, numbers of metadata, and the fast reader of a vector's float32 list.

extension JSONCursor {
  /// Reads one number as it is written, and says whether it is whole (no fraction, no exponent).
  mutating func numberToken() throws(JSONFault) -> (text: String, isWhole: Bool) {
    guard let byte = next, byte == UInt8(ascii: "-") || isDigit(position) else {
      throw fault(.wrongKind, expected: "a number")
    }
    let first = position
    if byte == UInt8(ascii: "-") { position += 1 }
    let whole = position
    try digits()
    if whole.pointee == UInt8(ascii: "0"), position - whole > 1 {
      throw fault(at: whole, found: "a number with a leading zero", expected: "none")
    }
    var isWhole = true
    if position < end, position.pointee == UInt8(ascii: ".") {
      isWhole = false
      position += 1
      try digits()
    }
    if position < end, position.pointee | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      position += 1
      if position < end,
        position.pointee == UInt8(ascii: "+") || position.pointee == UInt8(ascii: "-")
      {
        position += 1
      }
      try digits()
    }
    let bytes = UnsafeBufferPointer(start: first, count: position - first)
    return (String(decoding: bytes, as: UTF8.self), isWhole)
  }

  /// Reads a number of metadata: whole if it is written so, else a double. A whole number beyond 64 bits
  /// is kept as a text, since a double would round it.
  mutating func number() throws(JSONFault) -> MetadataValue {
    guard let byte = next, byte == UInt8(ascii: "-") || isDigit(position) else {
      throw fault(expected: "a value")
    }
    let at = position
    let (text, isWhole) = try numberToken()
    if isWhole { return Int64(text).map { .integer($0) } ?? .string(text) }
    return .number(try finite(Double(text), at: at))
  }

  /// Reads a number as a finite double.
  package mutating func double() throws(JSONFault) -> Double {
    _ = next
    let at = position
    return try finite(Double(numberToken().text), at: at)
  }

  private func finite(_ value: Double?, at place: UnsafePointer<UInt8>) throws(JSONFault) -> Double
  {
    guard let value, value.isFinite else {
      throw fault(
        .outOfRange, at: place, found: "a number too large for a double",
        expected: "at most 1.8e308 in size")
    }
    return value
  }

  /// Reads a list of numbers, each as the nearest float32.
  ///
  /// - Parameter capacity: how many are expected: room for them is made at once.
  /// - Complexity: O(bytes).
  mutating func floats(capacity: Int) throws(JSONFault) -> [Float] {
    try openContainer("[", expected: "a list of numbers", depth: 0)
    var values: [Float] = []
    if next == UInt8(ascii: "]") {
      position += 1
      return values
    }
    values.reserveCapacity(capacity)
    while true {
      readFloats(into: &values)
      values.append(try slowFloat())
      let byte = next
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") else {
        throw fault(expected: "\",\" or \"]\"")
      }
      position += 1
      if byte == UInt8(ascii: "]") { return values }
    }
  }

  /// Reads numbers with a comma behind them as long as that goes the fast way, and stops in front of
  /// the first other one: the list's last at least.
  private mutating func readFloats(into values: inout [Float]) {
    let size = 128
    var count = size
    while count == size {
      // Numbers go to the array in blocks: appending each one asks each time whether it is unique.
      withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { block in
        count = readFloats(into: block)
        values.append(contentsOf: UnsafeBufferPointer(rebasing: block[..<count]))
      }
    }
  }

  /// Fills a block as far as the fast way goes, and returns how many numbers it read.
  private mutating func readFloats(into block: UnsafeMutableBufferPointer<Float>) -> Int {
    var place = position
    var count = 0
    while count < block.count, end - place >= DecimalFloat.reach + 2 {
      guard let value = DecimalFloat.read(&place), place.pointee == UInt8(ascii: ",") else { break }
      block.initializeElement(at: count, to: value)
      count += 1
      // The usual separators are `,` and `, `; after others the slow way goes on.
      place += 1
      if place.pointee == 0x20 { place += 1 }
      position = place
    }
    return count
  }

  /// Reads a number that the fast way leaves: too many digits, too near to the middle between two
  /// float32 numbers, very small or large, or no number at all.
  @inline(never)
  private mutating func slowFloat() throws(JSONFault) -> Float {
    _ = next
    let at = position
    guard at < end, at.pointee == UInt8(ascii: "-") || isDigit(at) else {
      throw notANumber(at: at)
    }
    if at.pointee == UInt8(ascii: "-"), at + 1 < end, at[1] == UInt8(ascii: "I") {
      throw notANumber(at: at + 1)
    }
    guard let value = Float(try numberToken().text), value.isFinite else {
      throw fault(
        .outOfRange, at: at, found: "a number too large for float32",
        expected: "at most 3.4e38 in size")
    }
    return value
  }

  private func notANumber(at place: UnsafePointer<UInt8>) -> JSONFault {
    let word = UnsafeBufferPointer(start: place, count: min(3, end - place))
    let isNaN = word.elementsEqual("NaN".utf8) || word.elementsEqual("nan".utf8)
    if isNaN || word.elementsEqual("Inf".utf8) || word.elementsEqual("inf".utf8) {
      return fault(
        .notFinite, at: place, found: isNaN ? "NaN" : "Infinity", expected: "a finite number")
    }
    return fault(.wrongKind, at: place, expected: "a number")
  }

  private mutating func digits() throws(JSONFault) {
    guard isDigit(position) else { throw fault(expected: "a digit") }
    while isDigit(position) { position += 1 }
  }

  private func isDigit(_ place: UnsafePointer<UInt8>) -> Bool {
    place < end && place.pointee &- UInt8(ascii: "0") < 10
  }
}
