// What is wrong with a filter's text, and where: turned into the error that shows the place. Thrown by
// the lexer and the parser.

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
    let behind = Self.shown(scalars[position..<end]) + (end < scalars.count ? "…" : "")
    return StoreError(
      .invalidFilter,
      """
      the filter is wrong at character \(position + 1): \(message)
        \(before)\(behind)
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
