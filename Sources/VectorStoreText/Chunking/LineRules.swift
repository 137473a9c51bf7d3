// What a line is, by its document's format: a heading, a list item, a line of code.

/// Ranks the place before each line of a document, and remembers what holds lines together: fences,
/// headings, front matter.
struct LineRules {
  /// What a line stands after.
  struct Context {
    /// Whether a blank line or the start of the text is before it.
    var isAfterBlank: Bool
    /// Whether the line before ends a sentence.
    var isAfterSentence: Bool
    /// The last visible byte before it, 0 at the start of the text.
    var lastByte: UInt8
  }

  private enum Previous { case text, heading, headingText, fence, comment, frontMatterEnd }

  /// The kind of the text, which is asked at each place.
  private enum Kind { case text, markdown, code }

  private let kind: Kind
  private let lines: LineReader
  private var previous = Previous.text
  private var fence: (sign: UInt8, count: Int)?
  private var isFrontMatter = false

  init(format: DocumentFormat, bytes: UnsafeBufferPointer<UInt8>) {
    kind = format == .markdown ? .markdown : format == .code ? .code : .text
    self.lines = LineReader(bytes: bytes)
  }

  /// Ranks the place before a line and takes the line in.
  ///
  /// - Parameters:
  ///   - start: where the line starts.
  ///   - text: its first visible byte.
  mutating func rank(lineAt start: Int, text: Int, context: Context) -> Boundary.Rank {
    switch kind {
    case .text: proseRank(context)
    case .markdown: markdownRank(start, text, context)
    case .code: codeRank(start, text, context)
    }
  }

  /// Lowers the rank of a place inside the line that was ranked last.
  func rankInLine(_ rank: Boundary.Rank) -> Boundary.Rank {
    switch kind {
    case .text: return rank
    case .code: return min(rank, .word)
    case .markdown:
      if previous == .heading || previous == .headingText { return .cluster }
      return fence != nil || isFrontMatter ? min(rank, .word) : rank
    }
  }

  private func proseRank(_ context: Context) -> Boundary.Rank {
    context.isAfterBlank ? .paragraph : context.isAfterSentence ? .sentence : .line
  }
}

// MARK: - Code

extension LineRules {
  private mutating func codeRank(
    _ start: Int, _ text: Int, _ context: Context
  ) -> Boundary.Rank {
    let wasComment = previous == .comment
    previous = lines.isCommentOrAttribute(text) ? .comment : .text
    let isUnindented = start == text
    if lines.isClosing(text) { return context.isAfterBlank ? .line : .clause }
    if context.isAfterBlank {
      // One level in are the members of a type; deeper lines are inside a function.
      return isUnindented
        ? .section : lines.columns(from: start, to: text) <= 4 ? .paragraph : .sentence
    }
    if wasComment && previous != .comment { return .clause }
    if LineReader.opens(context.lastByte) { return .clause }
    return isUnindented && !wasComment ? .sentence : .line
  }
}

// MARK: - Markdown

extension LineRules {
  private mutating func markdownRank(
    _ start: Int, _ text: Int, _ context: Context
  ) -> Boundary.Rank {
    if isFrontMatter {
      if lines.isFrontMatterEnd(start) {
        isFrontMatter = false
        previous = .frontMatterEnd
      }
      return .line
    }
    if let open = fence { return rankInFence(open, text, context) }
    let last = previous
    previous = .text
    if start == 0, lines.isFrontMatterStart() {
      isFrontMatter = true
      return .paragraph
    }
    // The line under a setext heading's text is the heading's end.
    if last == .headingText {
      previous = .heading
      return .cluster
    }
    let rank = blockRank(start, text, context, after: last)
    return last == .heading ? .cluster : rank
  }

  private mutating func blockRank(
    _ start: Int, _ text: Int, _ context: Context, after last: Previous
  ) -> Boundary.Rank {
    let isFresh = context.isAfterBlank || last == .heading || last == .frontMatterEnd
    if let opened = lines.fence(text) {
      fence = opened
      previous = .fence
      return .paragraph
    }
    if text - start < 4 {
      if lines.isHeading(text) {
        previous = .heading
        return .section
      }
      if isFresh, lines.isHeadingText(text) {
        previous = .headingText
        return .section
      }
    }
    if isFresh || last == .fence { return .paragraph }
    if lines.isListItem(text) { return text - start < 4 ? .sentence : .line }
    return proseRank(context)
  }

  private mutating func rankInFence(
    _ open: (sign: UInt8, count: Int), _ text: Int, _ context: Context
  ) -> Boundary.Rank {
    let isFirst = previous == .fence
    previous = .text
    if lines.closesFence(text, open) {
      fence = nil
      previous = .fence
      return .clause
    }
    if isFirst { return .clause }
    return context.isAfterBlank ? .sentence : .line
  }
}
