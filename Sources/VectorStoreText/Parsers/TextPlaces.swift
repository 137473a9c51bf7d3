// Pages, cells and messages of a text: a form feed begins the next one.

/// The places of a text as its readers name them: pages of a book, cells of a notebook, messages of a mailbox.
///
/// A form feed (U+000C) begins the next one, as it does for printers. So they are in the text itself, and stay
/// with it wherever it goes.
package struct TextPlaces: Sendable {
  private static let mark: Unicode.Scalar = "\u{0C}"

  /// What one is called, as `page`.
  private let kind: String
  /// Where each but the first begins, in Unicode scalars.
  private var starts: [Int] = []

  /// Finds the places of a text; nil if it has only one.
  ///
  /// - Parameter source: of the document. The ending of its name tells what its places are called.
  /// - Complexity: O(length of the text).
  package init?(of text: String, source: String) {
    guard text.utf8.contains(0x0C) else { return nil }
    kind =
      switch ParsedFile.ending(of: source) {
      case "ipynb": "cell"
      case "mbox", "mbx": "message"
      case "pptx", "odp": "slide"
      default: "page"
      }
    for (place, scalar) in text.unicodeScalars.enumerated() where scalar == Self.mark {
      starts.append(place + 1)
    }
  }

  /// What holds a scalar of the text, as "page 3".
  ///
  /// - Complexity: O(log n) in the places.
  package func label(at scalar: Int) -> String {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    return "\(kind) \(low + 1)"
  }

  /// Whether a text is what ``label(at:)`` makes, and no heading.
  package static func isLabel(_ text: Substring) -> Bool {
    text.wholeMatch(of: /(page|cell|message|slide) \d+/) != nil
  }

  /// How many places a text has.
  package static func count(in text: String) -> Int {
    text.unicodeScalars.lazy.filter { $0 == mark }.count + 1
  }

  /// The text of one place, from 1; nil if there is none of that number.
  package static func text(of number: Int, in text: String) -> Substring? {
    let places = text.split(separator: "\u{0C}", omittingEmptySubsequences: false)
    guard places.indices.contains(number - 1) else { return nil }
    return places[number - 1]
  }
}

/// Puts a text together out of its places.
struct PlacedText {
  private(set) var text = ""
  private var place = 1

  /// Adds a place, after all others. Numbers that are left out stay empty.
  mutating func append(_ part: some StringProtocol, at number: Int) {
    text += String(repeating: "\u{0C}", count: number - place)
    place = number
    text += part
    if text.last?.isNewline != true { text += "\n" }
  }
}
