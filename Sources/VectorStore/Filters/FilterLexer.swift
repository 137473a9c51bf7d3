// Cuts a filter's text into words, values and marks; a fault shows its place.

import VectorStoreText

/// A piece of a filter's text.
struct FilterToken: Equatable {
  /// The kinds of pieces.
  enum Kind: Equatable {
    /// Letters, digits, `_` and `-`: a field, a keyword, or a text without its quotes.
    case word(String)
    /// In double quotes: a key, or a text in a value's place.
    case quoted(String)
    /// In single quotes.
    case text(String)
    /// A number as JSON writes it.
    case number(MetadataValue)
    case comparison(Filter.Comparison)
    case open, close, comma, dot, end
  }

  let kind: Kind
  /// Where it starts, in Unicode scalars.
  let position: Int
}

/// Reads a filter's text from left to right.
struct FilterLexer {
  let scalars: [Unicode.Scalar]
  private var index = 0

  init(_ text: String) {
    scalars = Array(text.unicodeScalars)
  }

  private func scalar(at index: Int) -> Unicode.Scalar? {
    index < scalars.count ? scalars[index] : nil
  }

  /// The next piece; at the end ``FilterToken/Kind/end`` again and again.
  ///
  /// - Complexity: O(length of the piece and the blanks before it).
  mutating func next() throws(FilterFault) -> FilterToken {
    while let scalar = scalar(at: index), scalar.properties.isWhitespace { index += 1 }
    let start = index
    guard let scalar = scalar(at: index) else { return FilterToken(kind: .end, position: start) }
    let kind: FilterToken.Kind
    switch scalar {
    case "(": kind = mark(.open)
    case ")": kind = mark(.close)
    case ",": kind = mark(.comma)
    case "'": kind = .text(try quoted(by: "'"))
    case "\"": kind = .quoted(try quoted(by: "\""))
    case "=", "!", "<", ">": kind = .comparison(try comparison())
    case "0"..."9", "-", "+": kind = .number(try number())
    case ".": kind = startsNumber(at: index + 1) ? .number(try number()) : mark(.dot)
    default:
      guard FilterWords.isStart(scalar) else { throw unknown(scalar) }
      kind = .word(word())
    }
    return FilterToken(kind: kind, position: start)
  }

  /// What stands at a place up to the next blank or mark, to be named in an error.
  ///
  /// - Parameter orMark: whether a mark stands for itself.
  func run(at position: Int, orMark: Bool = false) -> String {
    let marks = "(),'\"".unicodeScalars
    if orMark, let mark = scalar(at: position), marks.contains(mark) { return String(mark) }
    let run = scalars[position...].prefix { !$0.properties.isWhitespace && !marks.contains($0) }
    return String(String.UnicodeScalarView(run.prefix(40))) + (run.count > 40 ? "…" : "")
  }

  private mutating func mark(_ kind: FilterToken.Kind) -> FilterToken.Kind {
    index += 1
    return kind
  }

  private mutating func word() -> String {
    let start = index
    while let scalar = scalar(at: index), FilterWords.isPart(scalar) { index += 1 }
    return String(String.UnicodeScalarView(scalars[start..<index]))
  }

  private mutating func quoted(by quote: Unicode.Scalar) throws(FilterFault) -> String {
    let start = index
    var text = String.UnicodeScalarView()
    index += 1
    while let scalar = scalar(at: index) {
      index += 1
      if scalar == "\0" {
        throw FilterFault(
          position: index - 1, message: "found a NUL character, expected text; remove it")
      }
      if scalar == quote {
        guard self.scalar(at: index) == quote else { return String(text) }
        index += 1
      }
      text.append(scalar)
    }
    throw FilterFault(
      position: start,
      message:
        "found a \(quote) that none closes, expected another after the text; write two for one "
        + "inside it")
  }

  private mutating func comparison() throws(FilterFault) -> Filter.Comparison {
    let start = index
    while let scalar = scalar(at: index), "=!<>".unicodeScalars.contains(scalar) { index += 1 }
    let written = String(String.UnicodeScalarView(scalars[start..<index].prefix(8)))
    if let comparison = Filter.Comparison(rawValue: written) { return comparison }
    let instead =
      switch written {
      case "==", "===": "write = for equal"
      case "<>", "!==", "=!": "write != for not equal"
      case "=<": "write <= for at most"
      case "=>": "write >= for at least"
      case "!": "write not before the condition, or != for not equal"
      default: "write one of them"
      }
    throw FilterFault(
      position: start, message: "found \(written), expected = != < <= > or >=; \(instead)")
  }

  private func startsNumber(at index: Int) -> Bool {
    scalar(at: index).map { ("0"..."9").contains($0) } ?? false
  }

  private mutating func number() throws(FilterFault) -> MetadataValue {
    let start = index
    while let scalar = scalar(at: index),
      FilterWords.isPart(scalar) || ".+:".unicodeScalars.contains(scalar)
    {
      index += 1
    }
    let written = String(String.UnicodeScalarView(scalars[start..<index]))
    if let number = MetadataValue.number(written: written) { return number }
    // Metadata keeps whole numbers beyond 64 bits as texts.
    let digits = written.utf8.drop { $0 == UInt8(ascii: "-") }
    if digits.first != UInt8(ascii: "0"),
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    {
      return .string(written)
    }
    throw FilterFault(
      position: start,
      message:
        "found \(run(at: start)), expected a number as JSON writes it, such as 20, -3 or 1.5e3; "
        + "a text stands in single quotes")
  }

  private func unknown(_ scalar: Unicode.Scalar) -> FilterFault {
    let shown = scalar.properties.isWhitespace || scalar.value < 0x20 ? " " : String(scalar)
    let instead =
      switch scalar {
      case "‘", "’", "‚", "“", "”", "„", "`", "´", "«", "»": "quotes are straight ones: 'text'"
      case "&": "write and"
      case "|": "write or"
      case "~", "*": "forms of text are written with like, % and _"
      case "[", "{": "lists are written in ( )"
      default: "keys that are not plain words are written in double quotes, texts in single ones"
      }
    return FilterFault(
      position: index, message: "found \(shown), expected a field, a value or a sign; \(instead)")
  }
}

/// A place in a filter's text at which it is no filter.
struct FilterFault: Error {
  /// The place, in Unicode scalars from the start.
  let position: Int
  /// What was found, what was expected, and the next step.
  let message: String

  /// How much of a long text is shown on either side of the place.
  private static let reach = 36

  /// The error with the text and a caret under the place.
  func error(in scalars: [Unicode.Scalar]) -> StoreError {
    let position = min(position, scalars.count)
    let start = position > Self.reach ? position - Self.reach : 0
    let end = min(scalars.count, position + Self.reach)
    let message = Self.shown(Array(message.unicodeScalars)[...])
    let before = (start > 0 ? "…" : "") + Self.shown(scalars[start..<position])
    let after = Self.shown(scalars[position..<end]) + (end < scalars.count ? "…" : "")
    return StoreError(
      .invalidFilter,
      """
      the filter is wrong at character \(position + 1): \(message)
        \(before)\(after)
        \(String(repeating: " ", count: before.count))^
      """)
  }

  /// Characters on one line: what is no printable one is shown as a blank.
  private static func shown(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in scalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse:
        shown.append(" ")
      default: shown.append(scalar)
      }
    }
    return String(shown)
  }
}
