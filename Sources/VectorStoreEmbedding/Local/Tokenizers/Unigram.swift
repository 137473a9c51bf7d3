// Unigram: the most probable cut of a word.

/// The model `Unigram` (Kudo, ACL 2018), as SentencePiece and XLM-R have it: of all ways to cut a text into
/// pieces, the one with the greatest sum of log probabilities, found by Viterbi's algorithm. A scalar of no
/// piece is unknown, at 10 below the least probable piece; unknown neighbours are one token.
struct Unigram: Sendable {
  private var pieces: PieceTable
  private let scores: [Double]
  let unknown: Int32
  private let unknownScore: Double
  /// A bit for the hash of each beginning of a piece: without it, no longer piece is there either.
  private var beginnings: [UInt64]

  private static let penalty = 10.0

  /// - Parameters:
  ///   - vocabulary: the pieces in the order of their numbers, with their log probabilities.
  ///   - unknown: the number of the unknown piece.
  init(vocabulary: [(piece: String, score: Double)], unknown: Int) {
    pieces = PieceTable(capacity: vocabulary.count)
    scores = vocabulary.map(\.score)
    self.unknown = Int32(unknown)
    unknownScore = (scores.min() ?? 0) - Self.penalty
    var words = 1024
    while words * 2 < vocabulary.count { words *= 2 }
    beginnings = [UInt64](repeating: 0, count: words * 8)
    for (number, (piece, _)) in vocabulary.enumerated() {
      pieces.insert(piece.utf8, number: Int32(number))
      var hash = PieceTable.Hash()
      for byte in piece.utf8 {
        hash.add(byte)
        let bit = Int(truncatingIfNeeded: hash.value) & (beginnings.count * 64 - 1)
        beginnings[bit >> 6] |= 1 << (UInt64(bit) & 63)
      }
    }
  }

  /// Appends the numbers of a text's pieces.
  ///
  /// - Complexity: O(bytes · length of the longest piece).
  func append(_ text: UnsafeBufferPointer<UInt8>, to numbers: inout [Int32]) {
    // The best cut of the first n bytes: its score, its last piece and where that begins.
    var best = [(score: Double, number: Int32, start: Int)](
      repeating: (0, unknown, -1), count: text.count + 1)
    var start = 0
    while start < text.count {
      let score = best[start].score
      let scalarEnd = start + UTF8Scalar.decode(text, at: start).length
      var hash = PieceTable.Hash()
      var hasScalar = false
      func offer(_ end: Int, _ score: Double, _ number: Int32) {
        if best[end].start < 0 || score > best[end].score { best[end] = (score, number, start) }
      }
      for end in (start + 1)..<(min(text.count, start + pieces.longest) + 1) {
        hash.add(text[end - 1])
        guard begins(hash) else { break }
        let piece = UnsafeBufferPointer(rebasing: text[start..<end])
        if let number = pieces.number(hash, piece) {
          offer(end, score + scores[Int(number)], number)
          if end == scalarEnd { hasScalar = true }
        }
      }
      if !hasScalar { offer(scalarEnd, score + unknownScore, unknown) }
      start = scalarEnd
    }
    var found: [Int32] = []
    var end = text.count
    while end > 0 {
      let node = best[end]
      if node.number != unknown || found.last != unknown { found.append(node.number) }
      end = node.start
    }
    numbers.append(contentsOf: found.reversed())
  }

  @inline(__always)
  private func begins(_ hash: PieceTable.Hash) -> Bool {
    let bit = Int(truncatingIfNeeded: hash.value) & (beginnings.count * 64 - 1)
    return beginnings[bit >> 6] >> (UInt64(bit) & 63) & 1 == 1
  }
}
