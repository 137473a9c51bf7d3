// Turns one text into tokens, piece by piece.

/// What tokens are handed to: a list of them, or a tally.
protocol TokenSink {
  /// The tokens so far.
  var count: Int { get }

  /// Takes the next token; a tally does not ask for its rank.
  mutating func append(_ rank: @autoclosure () -> UInt32)

  /// Gives back the last tokens.
  mutating func removeLast(_ tokens: Int)
}

/// The encoding of one text.
struct BytePairEncoder {
  private let pieces: PreTokenizer
  private let lookup: BytePairTable.Lookup
  private let merge: BytePairMerge

  /// - Parameter merge: merges a piece at once where its capacity suffices, else in windows of that size.
  init(pieces: PreTokenizer, lookup: BytePairTable.Lookup, merge: BytePairMerge) {
    self.pieces = pieces
    self.lookup = lookup
    self.merge = merge
  }

  /// Hands over the tokens of the text, `size` bytes of it.
  func encode<Sink: TokenSink>(_ size: Int, into sink: inout Sink) {
    var start = 0
    while start < size {
      let end = pieces.end(ofPieceAt: start)
      let rank = lookup.rank(start, end)
      if rank != BytePairTable.none {
        sink.append(rank)
      } else if end &- start <= merge.capacity {
        merge.run(start, end)
        append(0..<end &- start, of: merge, at: start, to: &sink)
      } else {
        encodeLongPiece(start, end, into: &sink)
      }
      start = end
    }
  }

  /// A piece is merged in windows, so that its length does not matter; in larger ones if these were
  /// too small, at last in one.
  private func encodeLongPiece<Sink: TokenSink>(_ start: Int, _ end: Int, into sink: inout Sink) {
    let count = sink.count
    var capacity = merge.capacity
    var isDone = encodeInWindows(start, end, by: merge, into: &sink)
    while !isDone {
      sink.removeLast(sink.count - count)
      capacity = min(4 * capacity, end - start)
      isDone = BytePairMerge.withCapacity(capacity, lookup: lookup) {
        encodeInWindows(start, end, by: $0, into: &sink)
      }
    }
  }

  /// Merges window after window, each from the last token that was kept of the one before.
  ///
  /// Of a window that does not reach the end of the piece, the tokens in its last quarter are dropped:
  /// what follows may change them. The others are right if the next window begins with the same token
  /// as this one kept last. For a list of tokens is what merging the whole makes of it if and only if
  /// each two neighbours are what merging these two makes of them: the first merge across a border
  /// would be the same one in the whole and in the two. All neighbours come out of one window.
  ///
  /// - Returns: false where a window did not begin so; what was handed over is then void.
  private func encodeInWindows<Sink: TokenSink>(
    _ start: Int, _ end: Int, by merge: BytePairMerge, into sink: inout Sink
  ) -> Bool {
    let cut = merge.capacity * 3 / 4
    var position = start
    var known = 0
    while true {
      let limit = min(position + merge.capacity, end)
      merge.run(position, limit)
      if known > 0, merge.end(ofPartAt: 0) != known { return false }
      if limit == end {
        append(known..<limit - position, of: merge, at: position, to: &sink)
        return true
      }
      var last = 0
      var index = known
      while merge.end(ofPartAt: index) <= cut {
        last = index
        index = merge.end(ofPartAt: index)
      }
      if last == 0 { return false }
      append(known..<index, of: merge, at: position, to: &sink)
      position += last
      known = index - last
    }
  }

  /// Hands over the parts in a range of the bytes merged last, which lie at `start`.
  @inline(__always)
  private func append<Sink: TokenSink>(
    _ range: Range<Int>, of merge: BytePairMerge, at start: Int, to sink: inout Sink
  ) {
    var index = range.lowerBound
    while index < range.upperBound {
      let end = merge.end(ofPartAt: index)
      sink.append(lookup.rank(start &+ index, start &+ end))
      index = end
    }
  }
}
