// The declarations of a text of code, and which of them are around a place.

/// The declarations of a text that have a body.
package struct CodeOutline: Sendable {
  private struct Scope {
    var range: Range<Int>
    var title: String
    var parent: Int
  }

  /// By their beginnings.
  private var scopes: [Scope] = []

  /// Finds the declarations of a text; nil if its language is not known.
  ///
  /// - Parameter source: of the document. The ending of its name tells the language.
  /// - Complexity: O(length of the text).
  package init?(of text: String, source: String) {
    guard let language = CodeLanguage(fileName: source) else { return nil }
    var text = text
    text.withUTF8 { bytes in
      var scanner = CodeScanner(bytes: bytes, language: language)
      scanner.scan()
      let places = Self.scalars(
        scanner.scopes.flatMap { [$0.start, Self.blanksEnd(from: $0.end, bytes)] }, bytes)
      scopes = scanner.scopes.enumerated().map { index, scope in
        let (start, end) = (places[2 * index], places[2 * index + 1])
        return Scope(range: start..<max(start, end), title: scope.title, parent: scope.parent)
      }
    }
  }

  /// The titles of the declarations around a part of the text, from the outermost in, as "struct Store" and
  /// "func add".
  ///
  /// - Parameter range: in Unicode scalars. A declaration is around it if it begins no later and ends no earlier,
  ///   the blanks after it included.
  /// - Complexity: O(log n + depth) in the declarations.
  package func path(around range: Range<Int>) -> [String] {
    var (low, high) = (0, scopes.count)
    while low < high {
      let middle = (low + high) / 2
      if scopes[middle].range.lowerBound <= range.lowerBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    var path: [String] = []
    var index = low - 1
    while index >= 0 {
      if range.upperBound <= scopes[index].range.upperBound { path.append(scopes[index].title) }
      index = scopes[index].parent
    }
    return path.reversed()
  }

  /// Where the blanks from a place on end.
  private static func blanksEnd(from place: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var end = place
    while end < bytes.count, bytes[end] <= 0x20 { end += 1 }
    return end
  }

  /// How many scalars are before each of some places of bytes.
  private static func scalars(_ places: [Int], _ bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
    var counts = [Int](repeating: 0, count: places.count)
    var (byte, scalar) = (0, 0)
    for index in places.indices.sorted(by: { places[$0] < places[$1] }) {
      while byte < places[index] {
        if bytes[byte] & 0xC0 != 0x80 { scalar += 1 }
        byte += 1
      }
      counts[index] = scalar
    }
    return counts
  }
}
