// Splits a question into what stands in quotation marks and the rest. Called by LexicalQuery; calls
// UnspacedScripts.

/// A question's quoted phrases and the pieces of text around them, each in order.
struct QuotedPhrases {
  /// The texts between quotation marks.
  var phrases: [Substring] = []
  /// The texts outside of them.
  var rest: [Substring] = []

  /// Splits a text.
  ///
  /// Straight, English, German and French marks quote; a mark that is never closed, or that follows
  /// a letter or digit as in `5" pipe`, is no quotation mark.
  init(_ text: String) {
    var from = text.startIndex
    var index = text.startIndex
    var previous: Unicode.Scalar?
    // Each mark is looked for once, so that a text of quotation marks alone takes no square time.
    var unclosed: Set<Unicode.Scalar> = []
    let scalars = text.unicodeScalars
    while index < scalars.endIndex {
      let mark = scalars[index]
      let next = scalars.index(after: index)
      if let closers = Self.closers(of: mark), Self.mayOpen(after: previous),
        !unclosed.contains(mark)
      {
        if let close = scalars[next...].firstIndex(where: closers.contains) {
          rest.append(text[from..<index])
          phrases.append(text[next..<close])
          from = scalars.index(after: close)
          index = from
          previous = nil
          continue
        }
        unclosed.insert(mark)
      }
      previous = mark
      index = next
    }
    rest.append(text[from...])
  }

  private static func closers(of mark: Unicode.Scalar) -> [Unicode.Scalar]? {
    switch mark {
    case "\"": ["\""]
    case "\u{201C}", "\u{201D}", "\u{201E}", "\u{201F}": ["\u{201C}", "\u{201D}", "\u{201F}"]
    case "«": ["»"]
    case "»": ["«"]
    default: nil
    }
  }

  private static func mayOpen(after previous: Unicode.Scalar?) -> Bool {
    guard let previous else { return true }
    return !UnspacedScripts.isWord(previous) || UnspacedScripts.contains(previous)
  }
}
