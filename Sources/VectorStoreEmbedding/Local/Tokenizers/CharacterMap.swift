// SentencePiece's normalisation of characters, out of its compiled form.

import Foundation

/// SentencePiece's `precompiled_charsmap`: what characters are replaced by, such as `ﬁ` by `fi`.
///
/// Layout: 4 bytes, little-endian, with the size of a double-array trie (Aoe, 1989); the trie, units of 4
/// bytes; then all replacements, each ended by a zero. The trie's value is where a replacement begins.
struct CharacterMap: Sendable {
  private let units: [UInt32]
  private let replacements: [UInt8]

  /// - Throws: ``LocalModelError`` for a map that cannot be read.
  init(base64 text: String, from place: String) throws(LocalModelError) {
    let problem = LocalModelError(
      .damaged, "the precompiled_charsmap of \(place) cannot be read; get the model again")
    guard let data = Data(base64Encoded: text), data.count >= 4 else { throw problem }
    let bytes = [UInt8](data)
    func unit(_ at: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
    }
    let size = Int(unit(0))
    guard size % 4 == 0, size > 0, size <= bytes.count - 4 else { throw problem }
    units = stride(from: 4, to: 4 + size, by: 4).map(unit)
    replacements = Array(bytes[(4 + size)...])
  }

  /// Replaces what the map knows, a character at a time: a character of up to 5 bytes as a whole if it begins
  /// with something known, else each of its scalars.
  ///
  /// - Complexity: O(bytes).
  func apply(to text: String) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    for character in text {
      var whole = String(character)
      let isReplaced = whole.withUTF8 { bytes in
        bytes.count < 6 && replace(bytes, in: &result)
      }
      if isReplaced { continue }
      for scalar in whole.unicodeScalars {
        var part = String(scalar)
        part.withUTF8 { bytes in
          if !replace(bytes, in: &result) { result.append(contentsOf: bytes) }
        }
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Appends the replacement of the shortest beginning that the trie has; false if it has none.
  private func replace(_ bytes: UnsafeBufferPointer<UInt8>, in result: inout [UInt8]) -> Bool {
    guard let start = shortest(bytes), start < replacements.count else { return false }
    result.append(contentsOf: replacements[start...].prefix { $0 != 0 })
    return true
  }

  private func shortest(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    var node = offset(of: units[0])
    for byte in bytes {
      if byte == 0 { return nil }
      node ^= Int(byte)
      guard node < units.count else { return nil }
      let unit = units[node]
      // The label and whether it is none.
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
      node ^= offset(of: unit)
      guard node < units.count else { return nil }
      if unit >> 8 & 1 == 1 { return Int(units[node] & 0x7FFF_FFFF) }
    }
    return nil
  }

  private func offset(of unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 1 << 9) >> 6)) }
}
