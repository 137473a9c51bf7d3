// The scripts that write no spaces between words, and what belongs to a word.

/// The scripts whose runs are indexed as overlapping pairs of characters.
///
/// They are Han, kana, Thai, Lao, Khmer and Myanmar, which write no spaces between words, and Hangul,
/// whose words carry their particles without a space: pairs serve all of them without a dictionary
/// (Lee and Ahn, SIGIR 1996, for Korean; Nie, Gao, Zhang and Zhou, IRAL 2000, for Chinese).
package enum UnspacedScripts {
  /// The blocks' letters and vowel signs, without their digits and punctuation, ascending.
  private static let ranges: [ClosedRange<UInt32>] = [
    0x0E01...0x0E3A, 0x0E40...0x0E4E,  // Thai
    0x0E81...0x0EBD, 0x0EC0...0x0ECE, 0x0EDC...0x0EDF,  // Lao
    0x1000...0x103F, 0x1050...0x108F, 0x109A...0x109D,  // Myanmar
    0x1780...0x17D3, 0x17D7...0x17D7, 0x17DC...0x17DD,  // Khmer
    0x3005...0x3007, 0x3041...0x3096, 0x3099...0x309A, 0x309D...0x309F,  // Hiragana
    0x30A1...0x30FA, 0x30FC...0x30FF, 0x3105...0x312F, 0x31F0...0x31FF,  // Katakana, Bopomofo
    0x3400...0x4DBF, 0x4E00...0x9FFF,  // Han
    0xA9E0...0xA9EF, 0xA9FA...0xA9FE, 0xAA60...0xAA7F,  // Myanmar
    0xAC00...0xD7A3,  // Hangul
    0xF900...0xFAFF, 0xFF66...0xFF9F,  // Han, half-width Katakana
    0x1AFF0...0x1B16F, 0x20000...0x3FFFD,  // kana, Han
  ]

  /// Whether a character is indexed in pairs with its neighbours.
  package static func contains(_ scalar: Unicode.Scalar) -> Bool {
    let value = scalar.value
    if value < 0x0E01 { return false }
    if value >= 0x4E00, value <= 0x9FFF { return true }
    return ranges.contains { $0.contains(value) }
  }

  /// Whether a character stays with the one before it, as Thai's vowel signs and tone marks do.
  static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x3400...0x9FFF, 0xAC00...0xD7A3: return false
    default:
      let category = scalar.properties.generalCategory
      return category == .nonspacingMark || category == .spacingMark
    }
  }

  /// Whether the index's tokenizer takes a character as a part of a word: the categories that
  /// ``IndexedText/declaration`` names.
  package static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9": return true
      default: return false
      }
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      .decimalNumber, .letterNumber, .otherNumber, .privateUse, .nonspacingMark, .spacingMark:
      return !isVariationSelector(scalar)
    default: return false
    }
  }

  /// Whether a character only chooses how the one before it is drawn: it is left out of the index.
  static func isVariationSelector(_ scalar: Unicode.Scalar) -> Bool {
    (0xFE00...0xFE0F).contains(scalar.value) || (0xE0100...0xE01EF).contains(scalar.value)
  }
}
