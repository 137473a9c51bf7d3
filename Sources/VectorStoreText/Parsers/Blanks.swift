// White space as readers see it: one blank.

extension String {
  /// Puts a text after this one, with each run of white space as one blank, and none at the beginning.
  ///
  /// - Complexity: O(length of the part).
  mutating func append(blanksAsOne part: some StringProtocol) {
    var isBlank = unicodeScalars.last.map(\.properties.isWhitespace) ?? true
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.utf8.count)
    for scalar in part.unicodeScalars {
      // Most are ASCII, of which nobody need be asked.
      let isWhite =
        scalar.isASCII
        ? scalar == " " || (0x09...0x0D).contains(scalar.value) : scalar.properties.isWhitespace
      if !isWhite {
        bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      } else if !isBlank {
        bytes.append(0x20)
      }
      isBlank = isWhite
    }
    self += String(decoding: bytes, as: UTF8.self)
  }
}
