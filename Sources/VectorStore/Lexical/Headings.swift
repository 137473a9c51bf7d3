// The headings of a Markdown text and the declarations of code: which of them are above a passage.

import VectorStoreText

/// The headings of a text, in order; of code, what it declares.
struct Headings {
  /// A heading of a text.
  private struct Heading {
    /// Where its line begins, in Unicode scalars.
    var start: Int
    /// 1 is the highest.
    var level: Int
    var title: String
    /// The place among all of the heading that it is below.
    var parent: Int?
  }

  private var all: [Heading] = []
  private let places: TextPlaces?
  private let outline: CodeOutline?

  /// Reads the headings of a text; only Markdown and code have any.
  ///
  /// - Parameter source: that of the document whose whole text it is, which may have pages, cells or messages:
  ///   what holds a place then comes before the headings above it. Its name tells the language of code.
  /// - Complexity: O(n) in the text's scalars.
  init(of text: String, format: DocumentFormat, source: String? = nil) {
    places = source.flatMap { TextPlaces(of: text, source: $0) }
    outline = format == .code ? source.flatMap { CodeOutline(of: text, source: $0) } : nil
    guard format == .markdown, text.utf8.contains(UInt8(ascii: "#")) else { return }
    var fence: Character?
    var start = 0
    // Not by characters: a line end of Windows is one of its own.
    for bytes in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
      let line = Substring(bytes)
      let trimmed = line.drop { $0 == " " }
      if let mark = trimmed.first, mark == "`" || mark == "~",
        trimmed.prefix(3) == String(repeating: mark, count: 3)
      {
        if fence == nil { fence = mark } else if fence == mark { fence = nil }
      } else if fence == nil, let heading = Self.heading(trimmed) {
        append(Heading(start: start, level: heading.level, title: heading.title))
      }
      start += line.unicodeScalars.count + 1
    }
  }

  /// Adds the next heading, below the last one that is higher.
  private mutating func append(_ heading: Heading) {
    var heading = heading
    var above = all.isEmpty ? nil : all.count - 1
    while let place = above, all[place].level >= heading.level { above = all[place].parent }
    // A message has nothing to do with the one before it.
    if let place = above, all[place].start < (places?.independentStart(at: heading.start) ?? 0) {
      above = nil
    }
    heading.parent = above
    all.append(heading)
  }

  private static func heading(_ line: Substring) -> (level: Int, title: String)? {
    let level = line.prefix { $0 == "#" }.count
    guard (1...6).contains(level), line.dropFirst(level).first?.isWhitespace ?? false else {
      return nil
    }
    let title = line.dropFirst(level).drop(while: \.isWhitespace)
    let end = title.lastIndex { !$0.isWhitespace && $0 != "#" }
    return end.map { (level, String(title[...$0])) }
  }

  /// Their titles.
  var titles: [String] { all.map(\.title) }

  /// Whether a heading begins at a place.
  ///
  /// - Complexity: O(log n) in the headings.
  func hasOne(at place: Int) -> Bool {
    let next = count(before: place)
    return next < all.count && all[next].start == place
  }

  /// How many headings begin before a place.
  private func count(before place: Int) -> Int {
    var (low, high) = (0, all.count)
    while low < high {
      let middle = (low + high) / 2
      if all[middle].start < place { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// What holds a passage, as "page 3", and the headings above it, from the highest down; of code the declarations
  /// that all of it is in.
  ///
  /// - Parameter range: in Unicode scalars; a heading that begins where it does is not above it.
  func above(_ range: Range<Int>) -> [String] {
    (places.map { [$0.label(of: range)] } ?? [])
      + (outline?.path(around: range) ?? above(range.lowerBound))
  }

  /// The headings above a place, from the highest down.
  ///
  /// - Complexity: O(log n) in the headings.
  func above(_ place: Int) -> [String] { path(below: [], at: place) }

  /// The same with the headings above the text itself, of which the first may be what holds it, as "page 3".
  func path(below above: [String], at place: Int) -> [String] {
    let holders = above.prefix { TextPlaces.isLabel($0[...]) }
    let above = above.dropFirst(holders.count)
    // Of those above the text only the order is known: one level each, below them those of the text.
    let isBeforeAll = all.first.map { $0.start >= place } ?? true
    let levels = isBeforeAll ? above.count : (all.first?.level ?? 7) - 1
    var path = above.prefix(levels).enumerated()
      .map { Heading(start: -1, level: $0 + 1, title: $1) }
    var own: [Heading] = []
    var last = count(before: place) - 1
    let start = places?.independentStart(at: place) ?? 0
    while all.indices.contains(last), all[last].start >= start {
      own.append(all[last])
      guard let parent = all[last].parent else { break }
      last = parent
    }
    if let highest = own.last { path.removeAll { $0.level >= highest.level } }
    return holders + (path + own.reversed()).map(\.title)
  }
}
