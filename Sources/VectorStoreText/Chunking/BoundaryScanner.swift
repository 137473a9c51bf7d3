// Finds the places where a document may be cut, in one pass over its bytes.

/// Walks over UTF-8 text, a word and the blanks behind it at a time, and lists the boundaries it
/// passes.
///
/// A boundary stands behind the blanks that follow a word, or behind the last line break among
/// them, so that a line keeps its indentation. Inside words there is one at least every eight bytes
/// where clusters allow, and inside longer clusters one at scalars. So a chunk of 16 tokens always
/// finds one: no text costs more tokens than it has bytes.
///
/// - Complexity: O(bytes) for the whole text; memory O(1).
struct BoundaryScanner {
  /// The most bytes of a word between two boundaries inside it, if its clusters are no longer.
  private static let longestStep = 8
  /// The most bytes of a word that are looked at in one step.
  private static let longestPart = 256

  private let bytes: UnsafeBufferPointer<UInt8>
  private let estimator: TokenEstimator
  private let longestBlank: Int
  private var lines: LineRules
  private var word: WordWalker
  /// Where the scan has come to.
  private var at = Position()
  /// The cost of the text before `counted`, a byte's index.
  private var cost = 0
  private var counted = 0
  private var isFirstInLine = true

  /// Creates a scanner at the start of a text.
  ///
  /// - Parameter longestBlank: the most tokens of a run of blanks that stays in the document; a
  ///   dearer run is left out.
  init(
    bytes: UnsafeBufferPointer<UInt8>, format: DocumentFormat, estimator: TokenEstimator,
    longestBlank: Int
  ) {
    self.bytes = bytes
    self.estimator = estimator
    self.longestBlank = longestBlank
    self.lines = LineRules(format: format, bytes: bytes)
    self.word = WordWalker(bytes: bytes, longestStep: Self.longestStep)
  }

  /// Skips the blanks at the start and returns the place where the first chunk starts.
  ///
  /// To be called once, first.
  ///
  /// - Returns: nil if the whole text is blank.
  mutating func start() -> Boundary? {
    let blanks = readBlanks()
    guard at.byte < bytes.count else { return nil }
    let first = isTooLong(from: 0, to: at.byte) ? at : Position()
    counted = first.byte
    let context = LineRules.Context(isAfterBlank: true, isAfterSentence: false, lastByte: 0)
    let line = blanks.afterBreak?.byte ?? 0
    _ = lines.rank(lineAt: line, text: at.byte, context: context)
    word.start(at: at)
    return Boundary(end: Position(), start: first, cost: 0, rank: .end)
  }

  /// Reads on by one word, or a part of a long one, and appends the boundaries on the way.
  ///
  /// - Returns: whether there is more text. The last boundary of a text has the rank `end`.
  mutating func advance(into boundaries: inout [Boundary]) -> Bool {
    let first = boundaries.count
    let partEnd = at.byte + Self.longestPart
    let isWhole = word.walk(from: &at, until: partEnd, into: &boundaries)
    countWord(boundaries: &boundaries, from: first)
    guard isWhole else { return true }
    return readGap(into: &boundaries)
  }

  /// Adds the cost of the text up to here and shares it out among the boundaries inside.
  private mutating func countWord(boundaries: inout [Boundary], from first: Int) {
    let start = counted
    counted = at.byte
    // Line breaks after punctuation are of one piece with it.
    if Bytes.isPunctuation(bytes[at.byte - 1]) {
      while counted < bytes.count, Bytes.isNewline(bytes[counted]) { counted += 1 }
    }
    // A word that ends where its part ended is counted already, the line breaks behind it too.
    let length = max(1, counted - start)
    let added = estimator.cost(of: UnsafeBufferPointer(rebasing: bytes[start..<counted]))
    for index in first..<boundaries.count {
      let share = max(0, boundaries[index].end.byte - start)
      boundaries[index].cost = cost + added * min(share, length) / length
    }
    cost += added
  }

  /// Reads the blanks after a word and appends the boundary they make.
  private mutating func readGap(into boundaries: inout [Boundary]) -> Bool {
    let wordEnd = at
    let blanks = readBlanks()
    let isLast = at.byte == bytes.count
    let isLeftOut = isTooLong(from: wordEnd.byte, to: at.byte)
    let cut = isLast ? (place: at, rank: .end) : rankCut(after: wordEnd, blanks: blanks)
    if isLeftOut {
      boundaries.append(Boundary(end: wordEnd, start: at, cost: cost, rank: .end))
      counted = at.byte
    } else {
      boundaries.append(Boundary(end: cut.place, start: cut.place, cost: cost, rank: cut.rank))
    }
    word.start(at: at)
    return !isLast
  }

  private mutating func rankCut(
    after wordEnd: Position, blanks: Blanks
  ) -> (place: Position, rank: Boundary.Rank) {
    let ending = word.ending(isFirstInLine: isFirstInLine, end: wordEnd.byte)
    isFirstInLine = blanks.afterBreak != nil
    if let line = blanks.afterBreak {
      let context = LineRules.Context(
        isAfterBlank: blanks.breaks > 1, isAfterSentence: ending == .sentence,
        lastByte: bytes[wordEnd.byte - 1])
      return (line, lines.rank(lineAt: line.byte, text: at.byte, context: context))
    }
    // A mark joins the space before it, so the cut goes before that space.
    if bytes[at.byte] >= 0x80,
      ClusterRules.extends(UTF8Scalar.decode(bytes, at: at.byte).value)
    {
      return (blanks.beforeLast, word.holdsNext ? .scalar : .cluster)
    }
    return (at, lines.rankInLine(ending))
  }
}

// MARK: - Blanks

extension BoundaryScanner {
  /// What a run of blanks holds.
  private struct Blanks {
    /// The line breaks: LF, CR, and CR LF as one.
    var breaks = 0
    /// The place behind the last of them.
    var afterBreak: Position?
    /// The place before the last blank.
    var beforeLast: Position
  }

  /// Moves over the blanks from here to the next visible scalar.
  private mutating func readBlanks() -> Blanks {
    var blanks = Blanks(beforeLast: at)
    while at.byte < bytes.count {
      let length = BlankScalars.length(bytes, at: at.byte)
      guard length > 0 else { break }
      let byte = bytes[at.byte]
      blanks.beforeLast = at
      at.byte += length
      at.scalar += 1
      guard Bytes.isNewline(byte) else { continue }
      let isSecondHalf = byte == 0x0A && at.byte > 1 && bytes[at.byte - 2] == 0x0D
      if byte == 0x0A { at.line += 1 }
      if !isSecondHalf { blanks.breaks += 1 }
      blanks.afterBreak = at
    }
    return blanks
  }

  private func isTooLong(from start: Int, to end: Int) -> Bool {
    // No text costs more tokens than it has bytes, so short runs need no estimate.
    guard end - start > longestBlank else { return false }
    return estimator.tokens(in: UnsafeBufferPointer(rebasing: bytes[start..<end])) > longestBlank
  }
}

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

/// Tells the scalars that show nothing: the controls of ASCII, Unicode's White_Space, and the zero
/// width space, word joiner and byte order mark.
enum BlankScalars {
  /// The bytes of the blank scalar that starts at an index, or 0 where the scalar is visible.
  @inline(__always)
  static func length(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Int {
    let byte = bytes[index]
    if byte < 0x80 { return byte <= 0x20 || byte == 0x7F ? 1 : 0 }
    switch byte {
    case 0xC2, 0xE1, 0xE2, 0xE3, 0xEF: return lengthBeyondASCII(bytes, at: index)
    default: return 0
    }
  }

  private static func lengthBeyondASCII(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> Int {
    let (value, length) = UTF8Scalar.decode(bytes, at: index)
    switch value {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200B, 0x2028, 0x2029, 0x202F, 0x205F, 0x2060, 0x3000,
      0xFEFF:
      return length
    default: return 0
    }
  }
}
