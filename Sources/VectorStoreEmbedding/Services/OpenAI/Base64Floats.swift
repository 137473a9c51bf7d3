// Vectors as the embeddings API writes them in base64.

/// Reads little-endian float32 numbers out of base64.
enum Base64Floats {
  /// The numbers, or nil where the text is not base64 (with or without `=` at its end) or no whole
  /// number of them.
  ///
  /// - Complexity: O(characters), about 1 ns each.
  static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [Float]? {
    var count = text.count
    if count % 4 == 0 {
      for _ in 0..<2 where count > 0 && text[count - 1] == UInt8(ascii: "=") { count -= 1 }
    }
    let rest = count % 4
    let size = count / 4 * 3 + max(0, rest - 1)
    guard rest != 1, size % 4 == 0 else { return nil }
    var isValid = true
    let numbers = [Float](unsafeUninitializedCapacity: size / 4) { numbers, numberCount in
      let bytes = UnsafeMutableRawBufferPointer(numbers)
      isValid = values.withUnsafeBufferPointer { decode(text, count, $0, to: bytes) }
      // On the usual machine this changes nothing.
      for index in numbers.indices {
        let bits = bytes.load(fromByteOffset: 4 * index, as: UInt32.self)
        numbers.initializeElement(at: index, to: Float(bitPattern: UInt32(littleEndian: bits)))
      }
      numberCount = size / 4
    }
    return isValid ? numbers : nil
  }

  private static func decode(
    _ text: UnsafeBufferPointer<UInt8>, _ count: Int, _ values: UnsafeBufferPointer<UInt8>,
    to bytes: UnsafeMutableRawBufferPointer
  ) -> Bool {
    // Values are below 64, others set the upper bits.
    var seen: UInt8 = 0
    var written = 0
    var place = 0
    while place + 4 <= count {
      let first = values[Int(text[place])]
      let second = values[Int(text[place + 1])]
      let third = values[Int(text[place + 2])]
      let fourth = values[Int(text[place + 3])]
      seen |= first | second | third | fourth
      bytes[written] = first << 2 | second >> 4
      bytes[written + 1] = second << 4 | third >> 2
      bytes[written + 2] = third << 6 | fourth
      place += 4
      written += 3
    }
    if count - place >= 2 {
      let first = values[Int(text[place])]
      let second = values[Int(text[place + 1])]
      seen |= first | second
      bytes[written] = first << 2 | second >> 4
      if count - place == 3 {
        let third = values[Int(text[place + 2])]
        seen |= third
        bytes[written + 1] = second << 4 | third >> 2
      }
    }
    return seen < 64
  }

  /// The value of each character; 255 for what is none.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
    return values
  }()
}
