// Cuts text into words and runs of unspaced scripts, as the index's tokenizer will.

/// The words of a text, in order, with their places.
struct TextSegments {
  /// What a segment is made of.
  enum Kind {
    /// A word, set off by what is not a letter, a digit or a mark.
    case word
    /// A run of a script that is indexed in pairs.
    case run
  }

  /// One word or run.
  struct Segment {
    var kind: Kind
    var range: Range<String.Index>
  }

  /// The segments of a text.
  ///
  /// - Complexity: O(n) in the text's characters.
  static func of(_ text: Substring) -> [Segment] {
    var segments: [Segment] = []
    var open: (kind: Kind, start: String.Index)?
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let kind: Kind? =
        UnspacedScripts.contains(scalar) ? .run : UnspacedScripts.isWord(scalar) ? .word : nil
      if kind != open?.kind, !(open != nil && UnspacedScripts.isVariationSelector(scalar)) {
        if let open { segments.append(Segment(kind: open.kind, range: open.start..<index)) }
        open = kind.map { ($0, index) }
      }
      index = scalars.index(after: index)
    }
    if let open { segments.append(Segment(kind: open.kind, range: open.start..<index)) }
    return segments
  }

  /// The overlapping pairs of a run, in order; the whole run where it is one character alone.
  ///
  /// - Complexity: O(n) in the run's characters.
  static func pairs(of run: Substring) -> [Substring] {
    let edges = edges(of: run)
    guard edges.count > 2 else { return [run] }
    return (2..<edges.count).map { run[edges[$0 - 2]..<edges[$0]] }
  }

  /// The characters of a run, in order, each with its marks.
  static func singles(of run: Substring) -> [Substring] {
    let edges = edges(of: run)
    return (1..<edges.count).map { run[edges[$0 - 1]..<edges[$0]] }
  }

  /// Whether a run is one character, with its marks.
  static func isSingle(_ run: some StringProtocol) -> Bool {
    edges(of: Substring(run)).count == 2
  }

  /// Where the characters of a run begin, marks staying with their letters, and the run's end.
  private static func edges(of run: Substring) -> [String.Index] {
    let scalars = run.unicodeScalars
    var edges = [scalars.startIndex]
    var index = scalars.startIndex
    while index < scalars.endIndex {
      if index > scalars.startIndex, !UnspacedScripts.isMark(scalars[index]),
        !UnspacedScripts.isVariationSelector(scalars[index])
      {
        edges.append(index)
      }
      index = scalars.index(after: index)
    }
    edges.append(index)
    return edges
  }
}

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
