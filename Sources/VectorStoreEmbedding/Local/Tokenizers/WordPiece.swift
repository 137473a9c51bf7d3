// WordPiece: the longest pieces of a word first.

/// The model `WordPiece` (Schuster and Nakajima, ICASSP 2012): a word is cut into the longest piece of the
/// vocabulary that it begins with, then the longest that continues it, and so on; a word for which that fails
/// is unknown as a whole.
struct WordPiece: Sendable {
  /// Pieces that begin a word.
  private(set) var beginnings: PieceTable
  /// Pieces that continue one, without their prefix.
  private var continuations: PieceTable
  let unknown: Int32
  private let mostScalars: Int

  /// - Parameters:
  ///   - vocabulary: each piece with its number.
  ///   - prefix: what pieces that continue a word begin with.
  ///   - mostScalars: longer words are unknown.
  /// - Throws: ``LocalModelError`` if the vocabulary lacks the unknown piece.
  init(
    vocabulary: [(piece: String, number: Int32)], prefix: String, unknown: String, mostScalars: Int,
    from place: String
  ) throws(LocalModelError) {
    beginnings = PieceTable(capacity: vocabulary.count)
    continuations = PieceTable(capacity: vocabulary.count / 4)
    let mark = Array(prefix.utf8)
    for (piece, number) in vocabulary {
      beginnings.insert(piece.utf8, number: number)
      if !mark.isEmpty, piece.utf8.starts(with: mark) {
        continuations.insert(piece.utf8.dropFirst(mark.count), number: number)
      }
    }
    if mark.isEmpty { continuations = beginnings }
    guard let unknown = beginnings.number(of: unknown) else {
      throw LocalModelError(
        .damaged, "the vocabulary of \(place) lacks its unknown token \(unknown)")
    }
    self.unknown = unknown
    self.mostScalars = mostScalars
  }

  /// Appends the numbers of a word's pieces.
  ///
  /// - Complexity: O(bytes) for a word of the vocabulary, else O(bytes · pieces).
  func append(_ word: UnsafeBufferPointer<UInt8>, to numbers: inout [Int32]) {
    guard word.count <= mostScalars || isShort(word) else { return numbers.append(unknown) }
    let first = numbers.count
    var start = 0
    while start < word.count {
      let rest = UnsafeBufferPointer(rebasing: word[start...])
      guard let (number, length) = longest(in: start == 0 ? beginnings : continuations, rest) else {
        numbers.removeLast(numbers.count - first)
        return numbers.append(unknown)
      }
      numbers.append(number)
      start += length
    }
  }

  private func isShort(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
    var scalars = 0
    for byte in word where byte & 0xC0 != 0x80 { scalars += 1 }
    return scalars <= mostScalars
  }

  /// The longest piece that the bytes begin with.
  @inline(__always)
  private func longest(
    in table: PieceTable, _ bytes: UnsafeBufferPointer<UInt8>
  ) -> (number: Int32, length: Int)? {
    let most = min(bytes.count, table.longest)
    return withUnsafeTemporaryAllocation(of: PieceTable.Hash.self, capacity: most) { hashes in
      var hash = PieceTable.Hash()
      for index in 0..<most {
        hash.add(bytes[index])
        hashes.initializeElement(at: index, to: hash)
      }
      var length = most
      while length > 0 {
        // A piece ends where a scalar does.
        if length == bytes.count || bytes[length] & 0xC0 != 0x80,
          let number = table.number(
            hashes[length - 1], UnsafeBufferPointer(rebasing: bytes[..<length]))
        {
          return (number, length)
        }
        length -= 1
      }
      return nil
    }
  }
}
