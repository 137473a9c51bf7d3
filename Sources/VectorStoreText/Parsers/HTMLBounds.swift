// Pages that would keep libxml2 busy for hours: its work grows with the square of a tag's attributes, and with
// the depth of the elements for each end tag.

/// What a page may be.
enum HTMLBounds {
  /// The most attributes of one tag.
  static let mostAttributes = 500
  /// The depth that a page may always have. Browsers stop at 512.
  private static let certainDepth = 500
  /// The most comparisons of end tags with open elements.
  private static let mostComparisons = 2_000_000_000

  /// How deep the elements of a page may be.
  ///
  /// - Throws: ``DocumentParserError/damaged(_:)`` if a tag has too many attributes.
  /// - Complexity: O(bytes).
  static func deepest(in html: String) throws -> Int {
    var html = html
    let ends = try html.withUTF8 { try endTags(in: $0) }
    return max(certainDepth, mostComparisons / max(1, ends))
  }

  /// How many end tags there are.
  private static func endTags(in bytes: UnsafeBufferPointer<UInt8>) throws -> Int {
    var (ends, place) = (0, 0)
    func find(_ byte: UInt8) -> Int { bytes[place...].firstIndex(of: byte) ?? bytes.count }
    while true {
      place = find(UInt8(ascii: "<"))
      guard place + 1 < bytes.count else { return ends }
      let next = bytes[place + 1]
      if next == UInt8(ascii: "/") {
        ends += 1
        place += 2
      } else if bytes[place...].starts(with: "<!--".utf8) {
        place += 4
        repeat {
          place = find(UInt8(ascii: ">")) + 1
        } while place < bytes.count
          && !bytes[..<(place - 1)].suffix(2).elementsEqual("--".utf8)
        place = min(place, bytes.count)
      } else if isLetter(next) {
        try skipTag(bytes, &place)
      } else {
        place += 1
      }
    }
  }

  /// Goes behind a tag, and behind the text of a script or style.
  private static func skipTag(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) throws {
    let name = bytes[(place + 1)...].prefix { isLetter($0) }.map { $0 | 0x20 }
    place += 1 + name.count
    var attributes = 0
    var (isInWord, isAfterEquals) = (false, false)
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      switch byte {
      case UInt8(ascii: ">"):
        if ["script", "style"].contains(where: { name.elementsEqual($0.utf8) }) {
          skip(to: name, bytes, &place)
        }
        return
      case 0x20, 0x09...0x0D, UInt8(ascii: "/"): isInWord = false
      case UInt8(ascii: "="): isAfterEquals = true
      case UInt8(ascii: "\""), UInt8(ascii: "'"):
        if isAfterEquals { place = (bytes[place...].firstIndex(of: byte) ?? bytes.count - 1) + 1 }
        (isInWord, isAfterEquals) = (false, false)
      default:
        if !isInWord { attributes += 1 }
        (isInWord, isAfterEquals) = (true, false)
        guard attributes <= mostAttributes else {
          throw DocumentParserError.attributes(moreThan: mostAttributes)
        }
      }
    }
  }

  /// Goes to the end tag of an element.
  private static func skip(
    to name: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int
  ) {
    while let start = bytes[place...].firstIndex(of: UInt8(ascii: "<")) {
      place = start
      let tag = bytes[(start + 1)...].prefix(1 + name.count)
      if tag.first == UInt8(ascii: "/"), tag.dropFirst().map({ $0 | 0x20 }) == name { return }
      place += 1
    }
    place = bytes.count
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
