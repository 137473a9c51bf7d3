// What a reader does not see.

/// Tells the scalars that show nothing: the controls of ASCII, Unicode's White_Space, and the zero
/// width space, word joiner and byte order mark.
enum BlankScalars {
  /// The bytes of the blank scalar that starts at an index, or 0 where the scalar is visible.
  @inline(__always)
  static func length(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    let byte = bytes[index]
    if byte < 0x80 { return byte <= 0x20 || byte == 0x7F ? 1 : 0 }
    switch byte {
    case 0xC2, 0xE1, 0xE2, 0xE3, 0xEF: return lengthBeyondASCII(bytes, at: index)
    default: return 0
    }
  }

  private static func lengthBeyondASCII(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> Int {
    let (value, length) = UTF8Scalar.decode(bytes, at: index)
    switch value {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000,
      0xFEFF:
      return length
    default: return 0
    }
  }
}
