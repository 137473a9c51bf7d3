// What scalars beyond ASCII cost, by code point ranges, so that no table of a Unicode version is
// asked.

extension TokenEstimator {
  /// Costs of scalars that are neither ASCII nor Latin letters, in 1/64 of a token: means over
  /// translated program messages in each script, and over all scalars of a block where no text was
  /// at hand.
  enum Scripts {
    /// How a run of scalars begins: alphabets merge their first letters with the space before.
    enum Script {
      case alphabet, syllables, signs

      /// The cost of a run beside its scalars.
      func start(afterSpace: Bool) -> Int {
        switch self {
        case .alphabet: afterSpace ? 24 : 36
        case .syllables: afterSpace ? 48 : 0
        case .signs: afterSpace ? 8 : 0
        }
      }
    }

    /// What a scalar costs, and the kind of run it belongs to.
    ///
    /// - Parameter length: its UTF-8 bytes, 2 to 4, which bound the cost.
    static func cost(of value: UInt32, length: Int) -> (cost: Int, script: Script) {
      switch value {
      case 0x4E00...0x9FFF: (han(value), .syllables)
      case 0x3041...0x309F: (52, .syllables)
      case 0x30A0...0x30FF: (60, .syllables)
      case 0xAC00...0xD7A3: (hangul(value), .alphabet)
      case 0x0080..<0x0800: alphabet(value)
      case 0x0800..<0x1E00: (brahmic(value), .alphabet)
      case 0x1F00..<0x2000: (128, .alphabet)
      case 0x2000..<0x3000: (symbol(value), .signs)
      case 0x3000..<0x3020: (64, .signs)
      case 0xFF00..<0xFFF0: (fullWidth(value), .signs)
      case 0xFE0F, 0xFEFF: (64, .signs)
      case 0x1F300..<0x1FB00: (150, .signs)
      case 0x1D400..<0x1D800: (192, .signs)
      case 0xFFFD: (64, .signs)
      default: (length * 60, .signs)
      }
    }

    private static func alphabet(_ value: UInt32) -> (cost: Int, script: Script) {
      switch value {
      case 0x00A0...0x00BF, 0x00D7, 0x00F7: (64, .signs)
      case 0x0300..<0x0370: (110, .signs)
      case 0x0370..<0x0400: (65, .alphabet)
      // Letters of Ukrainian that Russian has not.
      case 0x0404, 0x0406, 0x0407, 0x0490, 0x0454, 0x0456, 0x0457, 0x0491: (110, .alphabet)
      case 0x0430...0x044F: (27, .alphabet)
      case 0x0400..<0x0460: (48, .alphabet)
      case 0x0460..<0x0530: (110, .alphabet)
      case 0x0590..<0x0600: (69, .alphabet)
      // Letters of Persian and Urdu that Arabic has not.
      case 0x067E, 0x0686, 0x0698, 0x06A9, 0x06AF, 0x06CC: (76, .alphabet)
      case 0x0621...0x064A: (45, .alphabet)
      case 0x0660...0x0669: (100, .alphabet)
      default: (122, .alphabet)
      }
    }

    /// India and South-East Asia, and the other scripts of the first plane before Greek Extended.
    private static func brahmic(_ value: UInt32) -> Int {
      switch value {
      case 0x0900..<0x0980: 71
      case 0x0E00..<0x0E80: 60
      case 0x0980..<0x0E00: 118
      case 0x10A0..<0x1100: 140
      case 0x0E80..<0x1100: 160
      default: 188
      }
    }

    private static func symbol(_ value: UInt32) -> Int {
      switch value {
      case 0x2013...0x2026, 0x203A, 0x2039, 0x200D: 64
      case 0x2000..<0x2070: 110
      case 0x20A0..<0x20D0: 110
      case 0x2500..<0x25A0: 80
      default: 144
      }
    }

    private static func fullWidth(_ value: UInt32) -> Int {
      switch value {
      case 0xFF01, 0xFF08, 0xFF09, 0xFF0C, 0xFF1A, 0xFF1B, 0xFF1F: 64
      default: 120
      }
    }

    /// A Han character: the blocks of rare radicals cost two tokens and more.
    private static func han(_ value: UInt32) -> Int {
      switch value {
      case 0x8400..<0x8800, 0x9C00..<0xA000: 150
      case 0x6800..<0x7400, 0x7C00..<0x8400: 88
      case 0x4E00..<0x5000: 70
      default: 77
      }
    }

    /// A Hangul syllable, by its vowel and its final consonant: of these the rare ones are the ones
    /// that no token holds.
    private static func hangul(_ value: UInt32) -> Int {
      let syllable = Int(value - 0xAC00)
      return vowelCosts[syllable / 28 % 21] + finalCosts[syllable % 28]
    }

    private static let vowelCosts: [Int] = [
      19, 46, 69, 96, 43, 50, 52, 78, 53, 27, 117, 43, 39, 30, 75, 119, 61, 102, 42, 43, 36,
    ]
    private static let finalCosts: [Int] = [
      23, 50, 83, 60, 40, 60, 60, 68, 35, 58, 89, 62, 60, 60, 82, 60, 50, 60, 60, 20, 5, 27, 101,
      72, 60, 85, 133, 72,
    ]
  }
}
