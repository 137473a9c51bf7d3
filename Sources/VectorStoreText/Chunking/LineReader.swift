// Reads single lines as Markdown (CommonMark 0.31) or as source code.

/// Answers questions about the line at a byte, looking no further than a few hundred bytes ahead.
struct LineReader {
  /// The most bytes of a line of text that can be a heading with a line under it.
  private static let longestHeading = 512
  /// The most bytes of front matter.
  private static let longestFrontMatter = 1 << 16

  let bytes: UnsafeBufferPointer<UInt8>

  /// Whether one to six number signs and a space or the line's end are at `text`.
  func isHeading(_ text: Int) -> Bool {
    let count = run(of: UInt8(ascii: "#"), at: text)
    return (1...6).contains(count) && isBlankOrEnd(text + count)
  }

  /// Whether the line at `text` has a line of equals signs or hyphens under it, and is text itself.
  func isHeadingText(_ text: Int) -> Bool {
    guard !isListItem(text), !isUnderline(text),
      bytes[text] != UInt8(ascii: ">"), bytes[text] != UInt8(ascii: "|"),
      let next = nextLine(after: text, within: Self.longestHeading)
    else { return false }
    return isUnderline(next)
  }

  /// The fence that opens at `text`: three or more backticks or tildes.
  func fence(_ text: Int) -> (sign: UInt8, count: Int)? {
    let sign = bytes[text]
    guard sign == UInt8(ascii: "`") || sign == UInt8(ascii: "~") else { return nil }
    let count = run(of: sign, at: text)
    guard count >= 3 else { return nil }
    // Backticks with more of them on the line are a code span.
    if sign == UInt8(ascii: "`") {
      var at = text + count
      let end = min(bytes.count, at + Self.longestHeading)
      while at < end, !Bytes.isNewline(bytes[at]) {
        if bytes[at] == sign { return nil }
        at += 1
      }
    }
    return (sign, count)
  }

  /// Whether the line at `text` closes a fence: its sign, as often or more, and nothing else.
  func closesFence(_ text: Int, _ open: (sign: UInt8, count: Int)) -> Bool {
    let count = run(of: open.sign, at: text)
    return count >= open.count && isLineEnd(skippingSpaces(text + count))
  }

  /// Whether a bullet, or a number of up to nine digits with a dot or parenthesis, is at `text`.
  func isListItem(_ text: Int) -> Bool {
    switch bytes[text] {
    case UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "+"): return isBlankOrEnd(text + 1)
    default:
      var at = text
      while at < bytes.count, at - text < 9, Bytes.isDigit(bytes[at]) { at += 1 }
      guard at > text, at < bytes.count,
        bytes[at] == UInt8(ascii: ".") || bytes[at] == UInt8(ascii: ")")
      else { return false }
      return isBlankOrEnd(at + 1)
    }
  }

  /// Whether the text starts with a line `---` that a later line `---` or `...` answers.
  func isFrontMatterStart() -> Bool {
    guard run(of: UInt8(ascii: "-"), at: 0) == 3, isLineEnd(skippingSpaces(3)) else { return false }
    var line = nextLine(after: 0, within: Self.longestHeading)
    while let start = line, start < Self.longestFrontMatter {
      if isFrontMatterEnd(start) { return true }
      line = nextLine(after: start, within: Self.longestFrontMatter)
    }
    return false
  }

  /// Whether the line at `start` is `---` or `...`.
  func isFrontMatterEnd(_ start: Int) -> Bool {
    guard start < bytes.count else { return false }
    let sign = bytes[start]
    guard sign == UInt8(ascii: "-") || sign == UInt8(ascii: ".") else { return false }
    return run(of: sign, at: start) == 3 && isLineEnd(skippingSpaces(start + 3))
  }

  /// The width of a line's indentation, a tab being four columns wide.
  func columns(from start: Int, to text: Int) -> Int {
    bytes[start..<text].reduce(0) { $0 + ($1 == 0x09 ? 4 : 1) }
  }

  /// Whether a comment, an attribute or a decorator is at `text`, in the commonest languages.
  func isCommentOrAttribute(_ text: Int) -> Bool {
    let next = text + 1 < bytes.count ? bytes[text + 1] : 0
    switch bytes[text] {
    case UInt8(ascii: "/"): return next == UInt8(ascii: "/") || next == UInt8(ascii: "*")
    case UInt8(ascii: "*"), UInt8(ascii: "#"): return next == 0x20 || next == UInt8(ascii: "[")
    case UInt8(ascii: "-"): return next == UInt8(ascii: "-")
    case UInt8(ascii: "@"): return true
    default: return false
    }
  }

  /// Whether a closing bracket is at `text`.
  func isClosing(_ text: Int) -> Bool {
    switch bytes[text] {
    case UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: "]"): true
    default: false
    }
  }

  /// Whether a line that ends with this byte goes on in the next one.
  static func opens(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: ":"): true
    default: false
    }
  }

  private func isUnderline(_ start: Int) -> Bool {
    let text = skippingSpaces(start)
    guard text < bytes.count, text - start < 4 else { return false }
    let sign = bytes[text]
    guard sign == UInt8(ascii: "=") || sign == UInt8(ascii: "-") else { return false }
    return isLineEnd(skippingSpaces(text + run(of: sign, at: text)))
  }

  /// The start of the line after the one at `start`, if it begins within so many bytes.
  private func nextLine(after start: Int, within limit: Int) -> Int? {
    let end = min(bytes.count, start + limit)
    var at = start
    while at < end {
      if bytes[at] == 0x0A { return at + 1 }
      if bytes[at] == 0x0D {
        return at + 1 < bytes.count && bytes[at + 1] == 0x0A ? at + 2 : at + 1
      }
      at += 1
    }
    return nil
  }

  private func run(of sign: UInt8, at start: Int) -> Int {
    var at = start
    while at < bytes.count, bytes[at] == sign { at += 1 }
    return at - start
  }

  private func skippingSpaces(_ start: Int) -> Int {
    var at = start
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
    return at
  }

  private func isLineEnd(_ index: Int) -> Bool {
    index >= bytes.count || Bytes.isNewline(bytes[index])
  }

  private func isBlankOrEnd(_ index: Int) -> Bool {
    index >= bytes.count || Bytes.isSpace(bytes[index])
  }
}
