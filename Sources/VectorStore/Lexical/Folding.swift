// How characters are folded for search by words: one rule for the index, for questions and for marks.

internal import Foundation
import Synchronization

/// What search by words makes of a character.
enum FoldedScalar: Sendable, Equatable {
  /// A part of a word, as so many UTF-8 bytes; none if it only decorates the letter before it.
  case word([UInt8])
  /// A character of a script without spaces, as it is indexed.
  case unspaced([UInt8])
  /// A sign that is a word of its own: emoji, arrows, currencies.
  case symbol([UInt8])
  /// Drawn or read differently, but the same word: soft hyphens, joiners, marks of direction.
  case ignored
  /// Between words.
  case separator
}

/// Folds characters by Unicode: case, compatibility forms (NFKC), and marks of the scripts in which
/// words are found without them.
///
/// ```swift
/// Folding.fold("Größe")   // "grosse"
/// Folding.fold("ﬂow H₂O") // "flow h2o"
/// ```
///
/// Marks stay if they are vowels that are always written, as in Hindi or Thai.
enum Folding {
  /// A text with each of its characters folded; what stands between words stays.
  static func fold(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars { append(scalar, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    if scalar.isASCII {
      bytes.append(lowercased(UInt8(truncatingIfNeeded: scalar.value)))
      return
    }
    switch of(scalar) {
    case .word(let folded):
      if folded.isEmpty, let composed = composed(with: scalar, &bytes) { bytes += composed }
      bytes += folded
    case .unspaced(let folded):
      bytes += composed(with: scalar, &bytes) ?? folded
    case .symbol(let folded): bytes += folded
    case .ignored: break
    case .separator: bytes += Array(String(scalar).utf8)
    }
  }

  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  /// What a character outside of ASCII is.
  ///
  /// - Complexity: a look-up in a table that grows with the characters that were met.
  static func of(_ scalar: Unicode.Scalar) -> FoldedScalar {
    if let known = known.withLock({ $0[scalar.value] }) { return known }
    let made = make(scalar)
    known.withLock { $0[scalar.value] = made }
    return made
  }

  private static let known = Mutex<[UInt32: FoldedScalar]>([:])

  private static func make(_ scalar: Unicode.Scalar) -> FoldedScalar {
    let category = scalar.properties.generalCategory
    if scalar.value == 0x200B { return .separator }
    if category == .format || UnspacedScripts.isVariationSelector(scalar)
      || isTatweel(scalar) || (0x1F3FB...0x1F3FF).contains(scalar.value)
    {
      return .ignored
    }
    if UnspacedScripts.contains(scalar) || isVoicing(scalar) || isJamo(scalar) {
      return .unspaced(Array(String(scalar).precomposedStringWithCompatibilityMapping.utf8))
    }
    switch category {
    case .otherSymbol, .currencySymbol, .mathSymbol: return .symbol(Array(String(scalar).utf8))
    default: break
    }
    guard UnspacedScripts.isWord(scalar) else { return .separator }
    return .word(Array(word(scalar).utf8))
  }

  private static func word(_ scalar: Unicode.Scalar) -> String {
    if let special = special(scalar) { return special }
    if scalar.properties.generalCategory == .decimalNumber,
      let value = scalar.properties.numericValue
    {
      return "\(Int(value))"
    }
    let compatible = scalar.properties.lowercaseMapping.precomposedStringWithCompatibilityMapping
      .lowercased()
    // As in ½, whose parts are set apart by a slash.
    guard compatible.unicodeScalars.allSatisfy(UnspacedScripts.isWord) else {
      return scalar.properties.lowercaseMapping
    }
    return compatible.unicodeScalars.map(base).joined()
  }

  /// A letter of a compatibility form without its marks.
  private static func base(_ scalar: Unicode.Scalar) -> String {
    if let special = special(scalar) { return special }
    if isDroppedMark(scalar) { return "" }
    guard scalar.value < 0x0900 || (0x1E00...0x1FFF).contains(scalar.value) else {
      return String(scalar)
    }
    return String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
      .filter { !isDroppedMark($0) }.map { special($0) ?? String($0) }.joined()
  }

  /// Letters that no decomposition folds, and those that keep a mark: й is another letter than и.
  private static func special(_ scalar: Unicode.Scalar) -> String? {
    switch scalar {
    case "ß", "ẞ": "ss"
    case "æ", "Æ", "ǽ", "Ǽ": "ae"
    case "œ", "Œ": "oe"
    case "ø", "Ø", "ǿ", "Ǿ": "o"
    case "đ", "Đ", "ð", "Ð": "d"
    case "þ", "Þ": "th"
    case "ł", "Ł": "l"
    case "ı", "İ": "i"
    case "ħ", "Ħ": "h"
    case "ŧ", "Ŧ": "t"
    case "ς": "σ"
    case "й", "Й": "й"
    case "ї", "Ї": "ї"
    case "ў", "Ў": "ў"
    case "أ", "إ", "آ", "ٱ": "ا"
    case "ؤ": "و"
    case "ئ", "ى", "ی", "ې": "ي"
    case "ة": "ه"
    case "ک": "ك"
    default: nil
    }
  }

  private static func isTatweel(_ scalar: Unicode.Scalar) -> Bool { scalar.value == 0x0640 }

  /// Marks that words are found without: accents, Hebrew points, Arabic vowel signs.
  ///
  /// Not those of Thaana and of the scripts of India and beyond, which are always written.
  private static func isDroppedMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x0300...0x077F, 0x07C0...0x08FF, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF,
      0xFE20...0xFE2F:
      scalar.properties.generalCategory == .nonspacingMark
        || scalar.properties.generalCategory == .enclosingMark
    default: false
    }
  }

  /// The voicing marks of kana, which stay with the character before them.
  private static func isVoicing(_ scalar: Unicode.Scalar) -> Bool {
    [0x3099, 0x309A, 0xFF9E, 0xFF9F].contains(scalar.value)
  }

  /// The letters that Hangul syllables are written with in decomposed text.
  private static func isJamo(_ scalar: Unicode.Scalar) -> Bool {
    (0x1100...0x11FF).contains(scalar.value)
  }

  /// The letter that a mark makes with the one at the end of `bytes`, which is taken off: и and a breve
  /// are й, ka and its voicing mark are ga, and letters of Hangul make a syllable.
  ///
  /// Nil if the two make no letter of their own.
  static func composed(with mark: Unicode.Scalar, _ bytes: inout [UInt8]) -> [UInt8]? {
    guard
      (0x0300...0x036F).contains(mark.value) || isVoicing(mark)
        || (0x1161...0x11FF).contains(mark.value)
    else { return nil }
    guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }), bytes[start] >= 0x80 else {
      return nil
    }
    let mark = String(mark).precomposedStringWithCompatibilityMapping
    let pair = (String(decoding: bytes[start...], as: UTF8.self) + mark)
      .precomposedStringWithCanonicalMapping
    guard let only = pair.unicodeScalars.first, pair.unicodeScalars.count == 1 else { return nil }
    switch of(only) {
    case .word(let folded), .unspaced(let folded):
      bytes.removeSubrange(start...)
      return folded
    default: return nil
    }
  }
}
