// Cuts UTF-8 into the words, characters and symbols of the mock embedding, and folds them.

import VectorStoreText

/// Reads a text once, front to back.
///
/// A word of ASCII letters and digits is hashed where it stands, without a copy. Only words with
/// other letters are gathered in a buffer first.
struct MockTokenizer {
  /// Words are cut after so many scalars, so that a text without any space costs no more.
  static let longestWord = 48

  private let foldsArabic: Bool
  /// The folded scalars of the word being read, where it is not ASCII alone.
  private var word: [UInt32] = []
  /// The state of the character right before, or 0.
  private var previousCharacter: UInt64 = 0

  private init(foldsArabic: Bool) { self.foldsArabic = foldsArabic }

  /// Counts everything in a text.
  ///
  /// - Parameters:
  ///   - bytes: valid UTF-8, as Swift's strings hold it.
  ///   - foldsArabic: whether Arabic words are folded together (``MockArabic``).
  static func read(
    _ bytes: UnsafeBufferPointer<UInt8>, foldingArabic foldsArabic: Bool,
    into tally: inout MockTally
  ) {
    var tokenizer = MockTokenizer(foldsArabic: foldsArabic)
    var position = 0
    while position < bytes.count {
      let byte = bytes[position]
      if foldedASCII(byte) != 0 {
        position = tokenizer.takeLetters(bytes, from: position, into: &tally)
      } else if byte < 0x80 {
        tokenizer.endWord(into: &tally)
        tokenizer.previousCharacter = 0
        position += 1
      } else {
        let (scalar, length) = decode(bytes, at: position)
        tokenizer.take(scalar, into: &tally)
        position += length
      }
    }
    tokenizer.endWord(into: &tally)
  }

  /// A letter in lower case, a digit as it is, 0 for all other bytes.
  @inline(__always)
  static func foldedASCII(_ byte: UInt8) -> UInt8 {
    let lower = byte | 0x20
    if lower &- 0x61 < 26 { return lower }
    return byte &- 0x30 < 10 ? byte : 0
  }

  /// Takes the ASCII letters and digits from a position on, and returns where they end.
  @inline(__always)
  private mutating func takeLetters(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, into tally: inout MockTally
  ) -> Int {
    let limit = min(bytes.count, start + Self.longestWord)
    var end = start
    var state: UInt64 = 0
    while end < limit {
      let folded = Self.foldedASCII(bytes[end])
      if folded == 0 { break }
      state = MockHash.extended(state, by: UInt32(folded))
      end += 1
    }
    let isWhole = word.isEmpty && (end == bytes.count || bytes[end] < 0x80)
    if isWhole {
      tally.countWord(state) { scalars in
        for byte in bytes[start..<end] { scalars.append(UInt32(Self.foldedASCII(byte))) }
      }
    } else {
      for byte in bytes[start..<end] {
        takeLetter(UInt32(Self.foldedASCII(byte)), into: &tally)
      }
    }
    previousCharacter = 0
    return end
  }

  private mutating func takeLetter(_ scalar: UInt32, into tally: inout MockTally) {
    if word.count == Self.longestWord { endWord(into: &tally) }
    word.append(scalar)
    previousCharacter = 0
  }

  /// Takes a scalar beyond ASCII.
  private mutating func take(_ scalar: UInt32, into tally: inout MockTally) {
    let arabic = foldsArabic ? MockArabic.fold(scalar) : nil
    switch arabic ?? MockFolding.fold(scalar) {
    case .ignored: break
    case .letter(let folded): takeLetter(folded, into: &tally)
    case .letters(let first, let second):
      takeLetter(first, into: &tally)
      takeLetter(second, into: &tally)
    case .character:
      endWord(into: &tally)
      previousCharacter = tally.countCharacter(scalar, after: previousCharacter)
    case .symbol:
      endWord(into: &tally)
      previousCharacter = 0
      tally.countSymbol(scalar)
    case .separator:
      endWord(into: &tally)
      previousCharacter = 0
    }
  }

  /// Counts the word in the buffer, if any.
  @inline(__always)
  private mutating func endWord(into tally: inout MockTally) {
    if !word.isEmpty { countBuffer(into: &tally) }
  }

  private mutating func countBuffer(into tally: inout MockTally) {
    defer { word.removeAll(keepingCapacity: true) }
    guard let letters = foldsArabic ? MockArabic.counted(of: word) : word[...] else { return }
    var state: UInt64 = 0
    for scalar in letters { state = MockHash.extended(state, by: scalar) }
    tally.countWord(state) { $0.append(contentsOf: letters) }
  }

  /// Decodes the scalar of two to four bytes that begins at a position.
  @inline(__always)
  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at position: Int
  ) -> (scalar: UInt32, length: Int) {
    let lead = UInt32(bytes[position])
    let second = UInt32(bytes[position + 1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[position + 2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(bytes[position + 3] & 0x3F)
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }
}

/// Folds scalars: case, accents and width go, and the script says how text is cut.
enum MockFolding {
  /// What becomes of one scalar.
  enum Folded: Equatable {
    /// A letter or digit of a word.
    case letter(UInt32)
    /// Two letters of a word, for what is written so elsewhere (ß, æ).
    case letters(UInt32, UInt32)
    /// A character of a script without spaces.
    case character
    /// A sign that means something by itself, as emoji do.
    case symbol
    /// Punctuation and blanks.
    case separator
    /// Combining accents, joiners and variation selectors.
    case ignored
  }

  /// Folds a scalar of two or more UTF-8 bytes.
  static func fold(_ scalar: UInt32) -> Folded {
    switch scalar {
    case ..<0x00C0: latin1Sign(scalar)
    case 0x00C0...0x017F: latin(scalar)
    case 0x0218, 0x0219: .letter(0x73)
    case 0x021A, 0x021B: .letter(0x74)
    case 0x1E00...0x1EFF: latinAdditional(scalar)
    case 0x0300...0x036F, 0x200B...0x200F, 0x2060...0x2064, 0x3099, 0x309A, 0xFE00...0xFE0F, 0xFEFF,
      0xE0000...0xE0FFF:
      .ignored
    case 0x0370...0x03FF: greek(scalar)
    case 0x0400...0x045F: cyrillic(scalar)
    case 0x0460...0x0481, 0x048A...0x04BF, 0x04D0...0x052F: .letter(scalar | 1)
    case 0x0531...0x0556: .letter(scalar + 48)
    case 0xFF10...0xFF19: .letter(scalar - 0xFEE0)
    case 0xFF21...0xFF3A: .letter(scalar - 0xFEE0 + 32)
    case 0xFF41...0xFF5A: .letter(scalar - 0xFEE0)
    default: other(scalar)
    }
  }

  private static func other(_ scalar: UInt32) -> Folded {
    switch scalar {
    // Thai, Lao, Burmese, Khmer; kana, Bopomofo, Han. 々 and 〇 stand among punctuation.
    case 0x0E01...0x0E3A, 0x0E40...0x0E4E, 0x0E81...0x0ECD, 0x1000...0x1049, 0x1780...0x17D3,
      0x3005...0x3007, 0x3041...0x3096, 0x309D...0x309F, 0x30A1...0x30FA, 0x30FC...0x30FF,
      0x3105...0x312F, 0x31A0...0x31BF, 0x31F0...0x31FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
      0xF900...0xFAFF, 0xFF66...0xFF9F, 0x1B000...0x1B16F, 0x20000...0x3FFFF:
      .character
    // Currency, letterlike signs, arrows, mathematics, shapes, dingbats; emoji; private use.
    case 0x20A0...0x20CF, 0x2100...0x27BF, 0x2900...0x2BFF, 0x3200...0x33FF, 0x4DC0...0x4DFF,
      0xE000...0xF8FF, 0x1F000...0x1FAFF:
      .symbol
    // Punctuation: Armenian, Hebrew, Arabic, Devanagari, Thai, Burmese, Khmer, Ethiopic; general;
    // of brackets and dots; of East Asia, its full-width and small forms.
    case 0x055A...0x055F, 0x0589, 0x058A, 0x05BE, 0x05F3, 0x05F4, 0x060C, 0x061B, 0x061F,
      0x066A...0x066D, 0x06D4, 0x0964, 0x0965, 0x0E2F, 0x0E3F, 0x0E4F, 0x0E5A, 0x0E5B,
      0x104A...0x104F, 0x1361...0x1368, 0x17D4...0x17DA, 0x1680, 0x2000...0x209F,
      0x20D0...0x20FF, 0x27C0...0x28FF, 0x2E00...0x2E7F, 0x3000...0x3004, 0x3008...0x3040,
      0x3097...0x309C, 0x30A0, 0x30FB, 0xFD3E, 0xFD3F, 0xFE10...0xFE6F, 0xFF00...0xFF65,
      0xFFE0...0xFFFF:
      .separator
    default: .letter(scalar)
    }
  }

  private static func latin1Sign(_ scalar: UInt32) -> Folded {
    switch scalar {
    case 0xAA: .letter(0x61)
    case 0xB2, 0xB3: .letter(scalar - 0x80)
    case 0xB5: .letter(0x03BC)
    case 0xB9: .letter(0x31)
    case 0xBA: .letter(0x6F)
    case 0xBC, 0xBD, 0xBE, 0xA2, 0xA3, 0xA4, 0xA5, 0xA7, 0xA9, 0xAE, 0xB0, 0xB1: .symbol
    case 0xAD: .ignored
    default: .separator
    }
  }

  /// What U+00C0 to U+017F are without accents; a full stop is asked about in `latin`.
  private static let latinBases = Array(
    ("aaaaaa.ceeeeiiii" + "dnooooo.ouuuuy.." + "aaaaaa.ceeeeiiii" + "dnooooo.ouuuuy.y"
      + "aaaaaaccccccccdd" + "ddeeeeeeeeeegggg" + "gggghhhhiiiiiiii" + "ii..jjkkklllllll"
      + "lllnnnnnnnnnoooo" + "oo..rrrrrrssssss" + "ssttttttuuuuuuuu" + "uuuuwwyyyzzzzzzs").utf8)

  private static func latin(_ scalar: UInt32) -> Folded {
    switch scalar {
    case 0xC6, 0xE6: .letters(0x61, 0x65)
    case 0xD7, 0xF7: .symbol
    case 0xDE, 0xFE: .letters(0x74, 0x68)
    case 0xDF: .letters(0x73, 0x73)
    case 0x132, 0x133: .letters(0x69, 0x6A)
    case 0x152, 0x153: .letters(0x6F, 0x65)
    default: .letter(UInt32(latinBases[Int(scalar - 0xC0)]))
    }
  }

  /// U+1E00 to U+1EFF, mostly Vietnamese: one base letter for each range.
  private static func latinAdditional(_ scalar: UInt32) -> Folded {
    let base: Unicode.Scalar =
      switch scalar {
      case 0x1E00...0x1E01, 0x1E9A, 0x1EA0...0x1EB7: "a"
      case 0x1E02...0x1E07: "b"
      case 0x1E08...0x1E09: "c"
      case 0x1E0A...0x1E13: "d"
      case 0x1E14...0x1E1D, 0x1EB8...0x1EC7: "e"
      case 0x1E1E...0x1E1F: "f"
      case 0x1E20...0x1E21: "g"
      case 0x1E22...0x1E2B, 0x1E96: "h"
      case 0x1E2C...0x1E2F, 0x1EC8...0x1ECB: "i"
      case 0x1E30...0x1E35: "k"
      case 0x1E36...0x1E3D, 0x1EFA...0x1EFB: "l"
      case 0x1E3E...0x1E43: "m"
      case 0x1E44...0x1E4B: "n"
      case 0x1E4C...0x1E53, 0x1ECC...0x1EE3: "o"
      case 0x1E54...0x1E57: "p"
      case 0x1E58...0x1E5F: "r"
      case 0x1E60...0x1E69, 0x1E9B...0x1E9E: "s"
      case 0x1E6A...0x1E71, 0x1E97: "t"
      case 0x1E72...0x1E7B, 0x1EE4...0x1EF1: "u"
      case 0x1E7C...0x1E7F, 0x1EFC...0x1EFD: "v"
      case 0x1E80...0x1E89, 0x1E98: "w"
      case 0x1E8A...0x1E8D: "x"
      case 0x1E8E...0x1E8F, 0x1E99, 0x1EF2...0x1EF9, 0x1EFE...0x1EFF: "y"
      case 0x1E90...0x1E95: "z"
      default: "d"
      }
    return scalar == 0x1E9E ? .letters(0x73, 0x73) : .letter(base.value)
  }

  private static func greek(_ scalar: UInt32) -> Folded {
    switch scalar {
    case 0x037E, 0x0384, 0x0385, 0x0387: .separator
    case 0x0386, 0x03AC: .letter(0x03B1)
    case 0x0388, 0x03AD: .letter(0x03B5)
    case 0x0389, 0x03AE: .letter(0x03B7)
    case 0x038A, 0x03AA, 0x0390, 0x03AF, 0x03CA: .letter(0x03B9)
    case 0x038C, 0x03CC: .letter(0x03BF)
    case 0x038E, 0x03AB, 0x03B0, 0x03CB, 0x03CD: .letter(0x03C5)
    case 0x038F, 0x03CE: .letter(0x03C9)
    case 0x03C2: .letter(0x03C3)
    case 0x0391...0x03A9: .letter(scalar + 32)
    default: .letter(scalar)
    }
  }

  private static func cyrillic(_ scalar: UInt32) -> Folded {
    let lower = scalar < 0x0410 ? scalar + 80 : scalar < 0x0430 ? scalar + 32 : scalar
    // Letters that decompose lose their mark, as Latin ones do.
    return switch lower {
    case 0x0450, 0x0451: .letter(0x0435)
    case 0x0453: .letter(0x0433)
    case 0x0457: .letter(0x0456)
    case 0x045C: .letter(0x043A)
    case 0x0439, 0x045D: .letter(0x0438)
    case 0x045E: .letter(0x0443)
    default: .letter(lower)
    }
  }
}

/// Folds the forms of an Arabic word together: ways of writing a letter, and what is written as a part of the word.
enum MockArabic {
  /// What becomes of a scalar of Arabic; nil for one that stays as it is, and for those of other scripts.
  static func fold(_ scalar: UInt32) -> MockFolding.Folded? {
    guard 0x0610...0x06F9 ~= scalar else { return nil }
    return switch scalar {
    // Vowel signs, the stretching stroke, marks of the Quran.
    case 0x0610...0x061A, 0x0640, 0x064B...0x065F, 0x0670, 0x06D6...0x06DC, 0x06DF...0x06E4, 0x06E7,
      0x06E8, 0x06EA...0x06ED:
      .ignored
    // Carriers of hamza, and the final letter that looks like yeh.
    case 0x0622, 0x0623, 0x0625, 0x0671: .letter(0x0627)
    case 0x0624: .letter(0x0648)
    case 0x0626, 0x0649: .letter(0x064A)
    case 0x0660...0x0669: .letter(scalar - 0x0660 + 0x30)
    case 0x06F0...0x06F9: .letter(scalar - 0x06F0 + 0x30)
    default: nil
    }
  }

  /// The letters that are counted of a folded word: without article, particle and ending if it is Arabic, all if it
  /// is not; nil for a stop word.
  static func counted(of word: [UInt32]) -> ArraySlice<UInt32>? {
    guard let first = word.first, 0x0621...0x064A ~= first else { return word[...] }
    return stopWords.contains(word) ? nil : ArabicForms.stem(of: word)
  }

  /// Words that hold sentences together and questions up, in their folded form.
  private static let stopWords = Set(
    """
    ا اذ اذا الا التي الذي الذين اللتين اللذين الى ام ان انا انت انما انه انها اهم او اي اية اين ايها ب بعد بعض بل به بها
    بهم بهذا بين تلك ثم حتي حيث ذات ذلك ضد ضمن علي عليه عليها عليهم عما عن عند عنه عنها غير ف فقد فما فهو فهي في فيما فيه
    فيها قبل قد ك كان كانت كانوا كل كم كما كي كيف ل لا لان لذلك لقد لكن لكي لم لماذا لما لن له لها لهذا لهذه لهم ليس ليست ما ماذا متي
    مثل مع مما من منذ منه منها منهم مهما نحن نفس نفسه نفسها ها هذا هذان هذه هل هم هما هن هنا هناك هو هي و واذا وان وانه
    وانها واو وعلي وعن وفي وقد وكان وكانت ولا ولكن ولم ولن وله ولها وليس وما ومع ومن وهذا وهذه وهم وهو وهي يا يكون يكن
    """.split(whereSeparator: \.isWhitespace).map { $0.unicodeScalars.map(\.value) })
}
