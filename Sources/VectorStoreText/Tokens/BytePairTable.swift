// Finds the rank of a byte string. Built once by BytePairTokenizer, asked by BytePairEncoder for every
// piece of a text and by BytePairMerge for every pair that might be merged.

/// A hash table from the bytes of tokens to their ranks.
///
/// Open addressing over slots of 16 bytes, of which at most half are taken. A token of up to 8 bytes
/// is its own key; the key of a longer one is its hash, and its bytes are compared. Before the slots
/// comes a bit per hash, which answers most questions about pairs, since most pairs are no tokens.
struct BytePairTable: Sendable {
  /// The rank of what is no token.
  static let none = UInt32.max

  fileprivate struct Slot {
    var key: UInt64
    var rank: UInt32
    /// The bytes of the token, 0 in an empty slot.
    var length: UInt32
  }

  private let vocabulary: TokenVocabulary
  private var slots: [Slot]
  /// 64 bits a word, eight bits a slot: 256 KB for cl100k_base, which stay in the cache.
  private var bits: [UInt64]
  /// The ranks of tokens of two bytes, by the first byte times 256 and the second.
  private var pairs: [UInt32]
  private var longest = 0

  /// Creates the table of a vocabulary.
  ///
  /// - Throws: ``TokenVocabularyError/repeatedToken(rank:first:)``.
  /// - Complexity: O(bytes of the vocabulary).
  init(_ vocabulary: TokenVocabulary) throws {
    self.vocabulary = vocabulary
    var capacity = 1024
    while capacity < 2 * vocabulary.count { capacity *= 2 }
    slots = [Slot](repeating: Slot(key: 0, rank: Self.none, length: 0), count: capacity)
    bits = [UInt64](repeating: 0, count: capacity / 8)
    pairs = [UInt32](repeating: Self.none, count: 256 * 256)
    try vocabulary.bytes.withUnsafeBufferPointer { bytes in
      for rank in 0..<vocabulary.count { try insert(rank, from: bytes) }
    }
  }

  private mutating func insert(_ rank: Int, from bytes: UnsafeBufferPointer<UInt8>) throws {
    let start = Int(vocabulary.starts[rank])
    let length = Int(vocabulary.starts[rank + 1]) - start
    let (key, hash) = BytePairKey.make(bytes, from: start, length: length)
    let mask = slots.count - 1
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index].length > 0 {
      let slot = slots[index]
      if slot.key == key, slot.length == length, vocabulary[Int(slot.rank)] == vocabulary[rank] {
        throw TokenVocabularyError.repeatedToken(rank: rank, first: Int(slot.rank))
      }
      index = (index + 1) & mask
    }
    slots[index] = Slot(key: key, rank: UInt32(rank), length: UInt32(length))
    bits[BytePairKey.word(hash, of: bits.count)] |= BytePairKey.bit(hash)
    if length == 2 { pairs[Int(bytes[start]) << 8 | Int(bytes[start + 1])] = UInt32(rank) }
    longest = max(longest, length)
  }

  /// Lends the table to look up slices of a text.
  func withLookup<Result>(
    in text: UnsafeBufferPointer<UInt8>, _ body: (Lookup) -> Result
  ) -> Result {
    slots.withUnsafeBufferPointer { slots in
      bits.withUnsafeBufferPointer { bits in
        pairs.withUnsafeBufferPointer { pairs in
          vocabulary.bytes.withUnsafeBufferPointer { bytes in
            vocabulary.starts.withUnsafeBufferPointer { starts in
              body(
                Lookup(
                  text: text, slots: slots, bits: bits, pairs: pairs, bytes: bytes, starts: starts,
                  longest: longest))
            }
          }
        }
      }
    }
  }
}

extension BytePairTable {
  /// The table, lent for one text.
  struct Lookup {
    fileprivate let text: UnsafeBufferPointer<UInt8>
    fileprivate let slots: UnsafeBufferPointer<Slot>
    fileprivate let bits: UnsafeBufferPointer<UInt64>
    fileprivate let pairs: UnsafeBufferPointer<UInt32>
    fileprivate let bytes: UnsafeBufferPointer<UInt8>
    fileprivate let starts: UnsafeBufferPointer<UInt32>
    fileprivate let longest: Int

    /// The rank of the text's bytes `start..<end`, at least one of them, or ``BytePairTable/none``.
    @inline(__always)
    func rank(_ start: Int, _ end: Int) -> UInt32 {
      let length = end &- start
      guard length <= longest else { return BytePairTable.none }
      let (key, hash) = BytePairKey.make(text, from: start, length: length)
      guard bits[BytePairKey.word(hash, of: bits.count)] & BytePairKey.bit(hash) != 0 else {
        return BytePairTable.none
      }
      let mask = slots.count &- 1
      var index = Int(truncatingIfNeeded: hash) & mask
      while true {
        let slot = slots[index]
        if slot.length == 0 { return BytePairTable.none }
        if slot.key == key, slot.length == length,
          length <= BytePairKey.wordLength || isToken(Int(slot.rank), at: start)
        {
          return slot.rank
        }
        index = (index &+ 1) & mask
      }
    }

    /// The rank of the two bytes from an index, or ``BytePairTable/none``.
    @inline(__always)
    func rankOfPair(at start: Int) -> UInt32 {
      pairs[Int(text[start]) << 8 | Int(text[start &+ 1])]
    }

    /// Whether the bytes of a token stand at an index.
    private func isToken(_ rank: Int, at start: Int) -> Bool {
      let first = Int(starts[rank])
      for index in first..<Int(starts[rank + 1]) where bytes[index] != text[start + index - first] {
        return false
      }
      return true
    }
  }
}

/// The keys and hashes of byte strings.
enum BytePairKey {
  /// The bytes that a key holds as they are.
  static let wordLength = 8

  /// The key and the hash of `length` bytes, at least one.
  @inline(__always)
  static func make(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, length: Int
  ) -> (key: UInt64, hash: UInt64) {
    if length <= wordLength {
      let word = load(bytes, from: start, length: length)
      return (word, mix(word, length))
    }
    // The last 8 bytes overlap those before them, so that there is no shorter rest.
    var hash = mix(load(bytes, from: start), length)
    var index = start &+ wordLength
    let last = start &+ length &- wordLength
    while index < last {
      hash = mix(hash ^ load(bytes, from: index), length)
      index &+= wordLength
    }
    hash = mix(hash ^ load(bytes, from: last), length)
    return (hash, hash)
  }

  /// The word of a hash's bit.
  @inline(__always)
  static func word(_ hash: UInt64, of count: Int) -> Int {
    Int(truncatingIfNeeded: hash &>> 32) & (count &- 1)
  }

  /// A hash's bit in its word.
  @inline(__always)
  static func bit(_ hash: UInt64) -> UInt64 { 1 &<< (hash &>> 58) }

  /// Up to 8 bytes as a number, the first byte lowest, zeros above the last.
  @inline(__always)
  private static func load(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, length: Int
  ) -> UInt64 {
    if start &+ wordLength <= bytes.count {
      return load(bytes, from: start) & (.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* length))
    }
    var word: UInt64 = 0
    for offset in 0..<length { word |= UInt64(bytes[start &+ offset]) &<< UInt64(8 &* offset) }
    return word
  }

  /// Eight bytes as a number, the first byte lowest.
  @inline(__always)
  private static func load(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> UInt64 {
    let base = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped)
    return UInt64(littleEndian: base.loadUnaligned(fromByteOffset: start, as: UInt64.self))
  }

  /// The halves of a product of 128 bits folded onto each other, as wyhash does.
  @inline(__always)
  static func mix(_ word: UInt64, _ length: Int) -> UInt64 {
    let salt = UInt64(truncatingIfNeeded: length) &* 0x9E37_79B9_7F4A_7C15
    let product = (word ^ salt).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
    return product.high ^ product.low
  }
}
