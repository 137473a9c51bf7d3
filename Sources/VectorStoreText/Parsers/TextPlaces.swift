// Pages, chapters, cells, messages and rows of a text: a form feed begins the next one.

/// The places of a text as its readers name them: pages of a book, cells of a notebook, messages of a mailbox.
///
/// A form feed (U+000C) begins the next one, as it does for printers. So they are in the text itself, and stay
/// with it wherever it goes.
package struct TextPlaces: Sendable {
  private static let mark: Unicode.Scalar = "\u{0C}"

  /// What one is called, as `page`.
  private let kind: String
  /// What has nothing to do with the next of its kind.
  private static let independent = ["message", "row", "line"]
  /// Whether each has nothing to do with the next.
  var areIndependent: Bool { Self.independent.contains(kind) }
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
      case "epub", "fb2": "chapter"
      case "csv", "tsv", "tab": "row"
      case "jsonl", "ndjson": "line"
      default: "page"
      }
    for (place, scalar) in text.unicodeScalars.enumerated() where scalar == Self.mark {
      starts.append(place + 1)
    }
  }

  /// What holds a part of the text, as "page 3" or "pages 3 to 5".
  ///
  /// - Parameter range: in Unicode scalars of the text, not empty.
  /// - Complexity: O(log n) in the places.
  package func label(of range: Range<Int>) -> String {
    let (first, last) = (number(at: range.lowerBound), number(at: range.upperBound - 1))
    return first == last ? "\(kind) \(first)" : "\(kind)s \(first) to \(last)"
  }

  /// Where the place begins that holds a scalar, if it has nothing to do with those before it; else 0.
  package func independentStart(at scalar: Int) -> Int {
    guard areIndependent else { return 0 }
    let number = number(at: scalar)
    return number > 1 ? starts[number - 2] : 0
  }

  private func number(at scalar: Int) -> Int {
    var (low, high) = (0, starts.count)
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= scalar { low = middle + 1 } else { high = middle }
    }
    return low + 1
  }

  /// Whether a text is what ``label(of:)`` makes, and no heading.
  package static func isLabel(_ text: Substring) -> Bool {
    text.wholeMatch(of: /(page|chapter|cell|message|slide|row|line)(s \d+ to)? \d+/) != nil
  }

  /// The label of one place of a passage, by how many others of the passage come before it.
  ///
  /// - Parameter label: that of the whole passage, as "pages 3 to 5".
  package static func label(_ label: String, after count: Int) -> String? {
    guard let match = label.wholeMatch(of: /([a-z]+?)s? (\d+)(?: to \d+)?/),
      let first = Int(match.2)
    else { return nil }
    return "\(match.1) \(first + count)"
  }

  /// The number of "message 3", or of another place that has nothing to do with the next; nil for others.
  package static func independentNumber(_ label: Substring) -> Int? {
    let words = label.split(separator: " ")
    guard words.count == 2, independent.contains(String(words[0])) else { return nil }
    return Int(words[1])
  }

  /// How many places a text has.
  package static func count(in text: String) -> Int {
    text.unicodeScalars.lazy.filter { $0 == mark }.count + 1
  }

  /// The text of one place, from 1; nil if there is none of that number.
  package static func text(of number: Int, in text: String) -> Substring? {
    let places = text.split(separator: "\u{0C}", omittingEmptySubsequences: false)
    guard places.indices.contains(number - 1) else { return nil }
    let place = places[number - 1]
    return number > 1 && place.first == "\n" ? place.dropFirst() : place
  }
}

extension Chunker {
  /// Cuts a document's text: each message of a mailbox by itself.
  package func chunks(
    of text: String, format: DocumentFormat, source: String
  ) -> [TextChunk] {
    guard TextPlaces(of: text, source: source)?.areIndependent == true else {
      return chunks(of: text, format: format)
    }
    var all: [TextChunk] = []
    var (scalars, lines) = (0, 0)
    for var part in text.split(separator: "\u{0C}", omittingEmptySubsequences: false) {
      if scalars > 0, part.first == "\n" {
        part.removeFirst()
        scalars += 1
        lines += 1
      }
      all += chunks(of: String(part), format: format).map { chunk in
        TextChunk(
          text: chunk.text,
          range: chunk.range.lowerBound + scalars..<chunk.range.upperBound + scalars,
          line: chunk.line + lines, estimatedTokens: chunk.estimatedTokens)
      }
      scalars += part.unicodeScalars.count + 1
      lines += part.utf8.count { $0 == UInt8(ascii: "\n") }
    }
    return all
  }
}

/// Puts a text together out of its places.
package struct PlacedText {
  /// What was added, with a form feed between two places.
  package private(set) var text = ""
  private var place = 1

  /// Creates an empty text.
  package init() {}

  /// Adds a place, after all others. Numbers that are left out stay empty.
  package mutating func append(_ part: some StringProtocol, at number: Int) {
    // On a line of its own, so that a heading after it begins its line.
    if number > place { text += String(repeating: "\u{0C}", count: number - place) + "\n" }
    place = number
    text += part
    if text.last?.isNewline != true { text += "\n" }
  }
}
