// Which hits say what another one says, and which are of a document that has its share already.

/// Looks at the hits of a ranking in their order.
struct CopyFolding {
  /// What becomes of a hit.
  enum Place {
    case new
    /// It says what the hit of this number says.
    case copy(of: Int)
    /// Its document has as many hits as it may have.
    case tooMany
  }

  /// The share of words that two texts must have in common, of those that either has.
  private static let likeness = 0.9
  /// Texts of fewer words are copies only if they are equal.
  private static let minimumWords = 8
  /// Only so many hits are compared word by word.
  private static let comparedHits = 50

  private let foldsCopies: Bool
  private let maximumPerDocument: Int
  private var texts: [String: Int] = [:]
  private var words: [Set<String>] = []
  private var counts: [Int64: Int] = [:]

  init(_ options: QueryOptions) {
    foldsCopies = options.foldsCopies
    maximumPerDocument = options.maximumPerDocument ?? .max
  }

  /// What becomes of the next hit.
  mutating func place(of text: String, document: Int64) -> Place {
    let new =
      foldsCopies && !text.isEmpty
      ? Set(IndexedText.make(from: text).split(separator: " ").map(String.init)) : []
    if foldsCopies, !text.isEmpty {
      if let original = texts[text] { return .copy(of: original) }
      if let original = words.firstIndex(where: { Self.areAlike($0, new) }) {
        return .copy(of: original)
      }
    }
    guard counts[document, default: 0] < maximumPerDocument else { return .tooMany }
    counts[document, default: 0] += 1
    texts[text] = texts[text] ?? words.count
    words.append(words.count < Self.comparedHits ? new : [])
    return .new
  }

  private static func areAlike(_ one: Set<String>, _ other: Set<String>) -> Bool {
    let (small, large) = one.count < other.count ? (one, other) : (other, one)
    guard small.count >= minimumWords, Double(small.count) >= likeness * Double(large.count) else {
      return false
    }
    let shared = small.count { large.contains($0) }
    return Double(shared) >= likeness * Double(one.count + other.count - shared)
  }
}
