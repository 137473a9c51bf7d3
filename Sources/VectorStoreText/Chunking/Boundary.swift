// A place where a document may be cut. Found by BoundaryScanner, chosen among by CutChooser.

/// A place between two scalars where a chunk may end and the next one start.
struct Boundary: Sendable, Hashable {
  /// How good a place it is to cut, best last.
  enum Rank: UInt8, Sendable, Comparable {
    /// Inside a grapheme cluster: only for clusters that no chunk can hold.
    case scalar
    /// Between grapheme clusters: inside a word, or where a cut would part a heading from its text.
    case cluster
    /// Before a word.
    case word
    /// After a comma, a semicolon or a colon, or before a line that leans on the one before it, such
    /// as a closing brace.
    case clause
    /// Before a line.
    case line
    /// Before a sentence, a list item, an unindented line of code, or after a blank line deep in code.
    case sentence
    /// Before a paragraph, or after a blank line of code.
    case paragraph
    /// Before a heading, or before an unindented line of code after a blank one.
    case section
    /// The end of the text, or of the part before whitespace that is left out.
    case end

    static func < (left: Rank, right: Rank) -> Bool { left.rawValue < right.rawValue }
  }

  /// Where the chunk before ends.
  var end: Position
  /// Where the next chunk starts: at `end`, or behind whitespace that is left out.
  var start: Position
  /// The estimated cost of the text up to here, in 1/64 of a token, without the whitespace before.
  var cost: Int
  /// How good a place it is.
  var rank: Rank
}

/// A place in a text, counted in three ways.
struct Position: Sendable, Hashable {
  /// UTF-8 bytes before it.
  var byte = 0
  /// Unicode scalars before it.
  var scalar = 0
  /// Line feeds before it.
  var line = 0
}
