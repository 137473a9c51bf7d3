// Cuts a text into chunks, one after the other.

/// The chunks of a text that lies in memory, made one at a time.
///
/// It holds the boundaries of little more than one chunk, so a large text needs no memory but its
/// own and its chunks'.
struct ChunkSequence: Sequence, IteratorProtocol {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let maximum: Int
  private let overlap: Int
  private let estimator = TokenEstimator()
  private var scanner: BoundaryScanner
  /// The boundaries from the chunk's start on; empty when the text is done.
  private var window: [Boundary] = []
  /// The index in `window` of the end of the chunk before.
  private var previous = 0
  private var hasMore = true

  /// Creates the sequence.
  ///
  /// - Parameter bytes: valid UTF-8, which must stay where it is while the sequence is used.
  init(
    bytes: UnsafeBufferPointer<UInt8>, format: DocumentFormat, maximumTokens: Int,
    overlapTokens: Int
  ) {
    self.bytes = bytes
    maximum = maximumTokens
    overlap = overlapTokens
    scanner = BoundaryScanner(
      bytes: bytes, format: format, estimator: estimator, longestBlank: maximumTokens / 4)
    if let first = scanner.start() { window.append(first) }
  }

  /// The next chunk, or nil at the end of the text.
  ///
  /// - Complexity: O(bytes of the chunk), amortised.
  mutating func next() -> TextChunk? {
    guard !window.isEmpty else { return nil }
    fillWindow()
    guard previous + 1 < window.count else { return nil }
    let (start, end, tokens) = chooseChunk()
    let chunk = makeChunk(from: window[start], to: window[end], tokens: tokens)
    startNext(after: end, startingAt: start)
    return chunk
  }

  /// Reads ahead until the window holds a chunk and a quarter, or the text's end.
  private mutating func fillWindow() {
    let reach = window[0].cost + maximum * TokenEstimator.unit * 5 / 4
    while hasMore, let last = window.last, last.cost <= reach {
      hasMore = scanner.advance(into: &window)
    }
  }

  /// Chooses the next chunk's start and end in the window.
  private func chooseChunk() -> (start: Int, end: Int, tokens: Int) {
    var start = 0
    let first = previous + 1
    let rest = window[first...]
    let last = rest.firstIndex { $0.rank == .end } ?? window.count - 1
    let choices = window[first...last]
    // Two tokens are kept back for what a cut adds to the pieces at both ends.
    var budget = (maximum - 2) * TokenEstimator.unit
    while true {
      let chooser = CutChooser(budget: budget)
      let cut = chooser.cut(
        choices, start: window[start].cost, new: window[previous].cost)
      let end = cut ?? first
      let tokens = tokens(from: window[start], to: window[end])
      let isOverlapInTheWay = start < previous && (end == first || window[end].rank == .scalar)
      if tokens <= maximum, window[end].rank > .scalar || !isOverlapInTheWay {
        return (start, end, tokens)
      }
      if isOverlapInTheWay {
        // The overlap leaves no room for what comes next, or only for a part of a cluster.
        start = previous
        budget = (maximum - 2) * TokenEstimator.unit
      } else if end > first {
        budget -= (tokens - maximum) * TokenEstimator.unit
      } else {
        return (start, end, tokens)
      }
    }
  }

  /// Drops what the next chunk does not need, and finds where it starts.
  private mutating func startNext(after end: Int, startingAt start: Int) {
    guard end + 1 < window.count || hasMore else {
      window = []
      return
    }
    let next = overlapStart(before: end, after: start)
    window.removeFirst(next)
    previous = end - next
  }

  /// Where the chunk after a cut starts: at the farthest sentence in the overlap's reach, else the
  /// farthest line, else the farthest word.
  ///
  /// Nothing is repeated from before a heading, since it is of another subject.
  private func overlapStart(before end: Int, after start: Int) -> Int {
    guard window[end].rank < .section else { return end }
    var budget = overlap * TokenEstimator.unit
    while budget > 0 {
      let next = farthestStart(before: end, after: start, budget: budget)
      // Boundaries' costs leave out the blanks before the cut, which are repeated too.
      let excess = next == end ? 0 : tokens(from: window[next], to: window[end]) - overlap
      if excess <= 0 { return next }
      budget -= excess * TokenEstimator.unit
    }
    return end
  }

  private func farthestStart(before end: Int, after start: Int, budget: Int) -> Int {
    var best = end
    var bestRank = Boundary.Rank.scalar
    var index = end - 1
    while index > start, window[index].cost >= window[end].cost - budget {
      let rank = Swift.min(window[index].rank, .sentence)
      if rank >= .word, rank >= bestRank {
        best = index
        bestRank = rank
      }
      if window[index].rank >= .section { break }
      index -= 1
    }
    return best
  }

  private func tokens(from start: Boundary, to end: Boundary) -> Int {
    estimator.tokens(in: UnsafeBufferPointer(rebasing: bytes[start.start.byte..<end.end.byte]))
  }

  private func makeChunk(from start: Boundary, to end: Boundary, tokens: Int) -> TextChunk {
    let slice = UnsafeBufferPointer(rebasing: bytes[start.start.byte..<end.end.byte])
    return TextChunk(
      text: String(decoding: slice, as: UTF8.self),
      range: start.start.scalar..<end.end.scalar,
      line: start.start.line + 1,
      estimatedTokens: tokens)
  }
}
