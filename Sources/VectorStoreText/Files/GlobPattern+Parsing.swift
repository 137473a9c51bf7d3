// The text of a pattern → its tokens, by the rules of gitignore(5) and of POSIX sets.

extension GlobPattern {
  /// Compiles a pattern, or returns nil where it is broken off: a `[` that is never closed, a set
  /// with an unknown `[:class:]`, or a `\` at the end.
  ///
  /// Such a pattern stands for nothing.
  ///
  /// - Parameters:
  ///   - text: the pattern in UTF-8.
  ///   - unit: what `?` and sets stand for.
  package init?(_ text: some Sequence<UInt8>, unit: Unit) {
    let text = Array(text)
    var tokens: [Token] = []
    var place = 0
    while place < text.count {
      switch text[place] {
      case UInt8(ascii: "\\"):
        guard place + 1 < text.count else { return nil }
        tokens.append(.literal(text[place + 1]))
        place += 2
      case UInt8(ascii: "?"):
        tokens.append(.any)
        place += 1
      case UInt8(ascii: "*"):
        tokens.append(Self.wildcard(in: text, at: &place))
      case UInt8(ascii: "["):
        guard let set = SetParser.parse(text, at: &place, unit: unit) else { return nil }
        tokens.append(set)
      default:
        tokens.append(.literal(text[place]))
        place += 1
      }
    }
    self.init(tokens: tokens, unit: unit)
  }

  /// Reads a run of asterisks.
  ///
  /// Two or more are special only as a whole component.
  private static func wildcard(in text: [UInt8], at place: inout Int) -> Token {
    let start = place
    while place < text.count, text[place] == UInt8(ascii: "*") { place += 1 }
    let beginsComponent = start == 0 || text[start - 1] == slash
    guard place - start >= 2, beginsComponent else { return .star }
    if place == text.count { return .tree }
    guard text[place] == slash else { return .star }
    place += 1
    return .folders
  }
}

/// Reads one set, `[…]`.
private struct SetParser {
  private let text: ArraySlice<UInt8>
  private let unit: GlobPattern.Unit
  private var place: Int
  private var ranges: [ClosedRange<UInt32>] = []

  /// The set that opens at `place`, which is then moved past it; nil where it is broken.
  static func parse(
    _ text: [UInt8], at place: inout Int, unit: GlobPattern.Unit
  ) -> GlobPattern.Token? {
    var parser = SetParser(text: text[...], unit: unit, place: place + 1)
    guard let set = parser.parse() else { return nil }
    place = parser.place
    return set
  }

  private init(text: ArraySlice<UInt8>, unit: GlobPattern.Unit, place: Int) {
    self.text = text
    self.unit = unit
    self.place = place
  }

  private mutating func parse() -> GlobPattern.Token? {
    let isNegated = peek("!") || peek("^")
    if isNegated { place += 1 }
    var lower: UInt32?
    var isFirst = true
    // A `]` that comes first is a member, and so is a `-` that is not between two members.
    while isFirst || !peek("]") {
      isFirst = false
      if peek("["), peek(":", after: 1), let isKnown = parseClass() {
        guard isKnown else { return nil }
        lower = nil
      } else if peek("-"), let start = lower, place + 1 < text.endIndex, !peek("]", after: 1) {
        place += 1
        guard let end = parseMember() else { return nil }
        if start <= end { ranges.append(start...end) }
        lower = nil
      } else {
        guard let member = parseMember() else { return nil }
        ranges.append(member...member)
        lower = member
      }
    }
    place += 1
    return .set(ranges, isNegated: isNegated)
  }

  private func peek(_ character: Unicode.Scalar, after distance: Int = 0) -> Bool {
    place + distance < text.endIndex && text[place + distance] == UInt8(ascii: character)
  }

  /// One member, escaped or not; nil at the end of the pattern, where the set is not closed.
  private mutating func parseMember() -> UInt32? {
    if peek("\\") { place += 1 }
    guard place < text.endIndex else { return nil }
    let (value, length) = unit.read(text[place...])
    place += length
    return value
  }

  /// Reads `[:name:]` and says whether the name is known; nil where a `[` is only a `[`.
  private mutating func parseClass() -> Bool? {
    let name = text[(place + 2)...].prefix { $0 != UInt8(ascii: "]") }
    guard name.endIndex < text.endIndex else { return false }
    guard name.last == UInt8(ascii: ":") else { return nil }
    guard let members = Self.classes[String(decoding: name.dropLast(), as: UTF8.self)] else {
      return false
    }
    ranges += members
    place = name.endIndex + 1
    return true
  }

  /// The classes of POSIX in the C locale.
  private static let classes: [String: [ClosedRange<UInt32>]] = [
    "alnum": [0x30...0x39, 0x41...0x5A, 0x61...0x7A],
    "alpha": [0x41...0x5A, 0x61...0x7A],
    "blank": [0x09...0x09, 0x20...0x20],
    "cntrl": [0x00...0x1F, 0x7F...0x7F],
    "digit": [0x30...0x39],
    "graph": [0x21...0x7E],
    "lower": [0x61...0x7A],
    "print": [0x20...0x7E],
    "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E],
    "space": [0x09...0x0D, 0x20...0x20],
    "upper": [0x41...0x5A],
    "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
  ]
}
