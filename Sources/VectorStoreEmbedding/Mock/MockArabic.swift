// Arabic words as the mock embedding counts them.

import VectorStoreText

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
