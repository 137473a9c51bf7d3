// What BERT's normaliser and pre-tokeniser make of each Unicode scalar.

import Foundation

/// A scalar after normalisation, and what it does to the words around it.
enum BertScalar: Equatable {
  /// Part of a word.
  case letter(UTF8Scalar)
  /// Part of a word that goes before what stands at its end with a higher class (Unicode's canonical order).
  case combining(UTF8Scalar, order: UInt8)
  /// A word of its own.
  case mark(UTF8Scalar)
  /// Ends a word.
  case space
}

/// One scalar's UTF-8, first byte lowest.
struct UTF8Scalar: Equatable {
  let bits: UInt32
  let count: UInt8

  init(_ scalar: Unicode.Scalar) {
    var bits: UInt32 = 0
    var count: UInt8 = 0
    for byte in String(scalar).utf8 {
      bits |= UInt32(byte) << (8 * UInt32(count))
      count += 1
    }
    (self.bits, self.count) = (bits, count)
  }
}

/// The rules of `BertNormalizer` and `BertPreTokenizer` in Hugging Face's tokenizers, a scalar at a time.
///
/// In their order: control characters go and white space becomes a blank (`clean_text`); Han ideographs are
/// words of their own (`handle_chinese_chars`); accents go, that is non-spacing marks after canonical
/// decomposition (`strip_accents`); capitals become small (`lowercase`); then punctuation is a word of its
/// own. Their tables of categories are those of Unicode 8, so later characters have none here.
struct BertRules: Sendable, Hashable {
  var cleansText = true
  var splitsHan = true
  var stripsAccents = true
  var lowercases = true

  /// What becomes of a scalar.
  func scalars(of scalar: Unicode.Scalar) -> [BertScalar] {
    if cleansText {
      if Self.isSpace(scalar) { return [.space] }
      if Self.isRemoved(scalar) { return [] }
    }
    var isWord = false
    var parts = [scalar]
    if splitsHan, Self.isHan(scalar) { isWord = true }
    if stripsAccents {
      parts = Self.decomposition(of: scalar).filter { !Self.isNonSpacingMark($0) }
    }
    if lowercases { parts = parts.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } }
    let result = parts.map { part -> BertScalar in
      if Self.isWhiteSpace(part) { return .space }
      if Self.isPunctuation(part) { return .mark(UTF8Scalar(part)) }
      let order = part.properties.canonicalCombiningClass.rawValue
      return stripsAccents && order > 0
        ? .combining(UTF8Scalar(part), order: order) : .letter(UTF8Scalar(part))
    }
    return isWord ? [.space] + result + [.space] : result
  }

  private static func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    guard scalar.value >= 0xC0, isOld(scalar) else { return [scalar] }
    return Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: true
    // Control characters, though Unicode calls them white space.
    case 0x0B, 0x0C, 0x85: false
    default: isWhiteSpace(scalar)
    }
  }

  private static func isWhiteSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace
  }

  private static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value == 0xFFFD { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse: return isOld(scalar)
    default: return false
    }
  }

  private static func isNonSpacingMark(_ scalar: Unicode.Scalar) -> Bool {
    if [0x1734, 0x1171E].contains(scalar.value) { return true }
    return scalar.properties.generalCategory == .nonspacingMark && isOld(scalar)
      && ![0x1885, 0x1886, 0xA9BD, 0x111C9].contains(scalar.value)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return (0x21...0x2F).contains(scalar.value) || (0x3A...0x40).contains(scalar.value)
        || (0x5B...0x60).contains(scalar.value) || (0x7B...0x7E).contains(scalar.value)
    }
    if scalar.value == 0x166D || scalar.value == 0x111C9 { return true }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return isOld(scalar)
    default: return false
    }
  }

  private static func isHan(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
      0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  /// Whether Unicode 8 has the scalar.
  private static func isOld(_ scalar: Unicode.Scalar) -> Bool {
    // Private use has no age.
    scalar.properties.age.map { $0.major < 9 } ?? true
  }
}
