// The pieces of a tokenizer's vocabulary by their bytes.

/// Numbers of pieces by their UTF-8, found by hash: two pieces are equal if all their bytes are, whatever
/// Unicode says of them.
struct PieceTable: Sendable {
  /// A hash of bytes that grows by one byte at a time, so that all beginnings of a word are hashed in one pass.
  struct Hash {
    private(set) var value: UInt64 = 0

    @inline(__always)
    mutating func add(_ byte: UInt8) {
      value = (value ^ UInt64(byte) &+ 1) &* 0x9FB2_1C65_1E98_DF25
      value ^= value >> 29
    }
  }

  private var bytes: [UInt8] = []
  /// Where piece n ends in `bytes`.
  private var ends: [UInt32] = []
  private var numbers: [Int32] = []
  /// The upper half of a hash, and which piece it is, from 1; 0 is free.
  private var slots: [UInt64]
  /// The longest piece, in bytes.
  private(set) var longest = 0

  /// Makes room for so many pieces.
  init(capacity: Int) {
    var size = 64
    while size < capacity * 2 { size *= 2 }
    slots = [UInt64](repeating: 0, count: size)
    ends.reserveCapacity(capacity)
    numbers.reserveCapacity(capacity)
  }

  /// How many pieces there are.
  var count: Int { ends.count }

  /// Adds a piece; one that is there gets the new number.
  mutating func insert(_ piece: some Sequence<UInt8>, number: Int32) {
    if (count + 1) * 2 > slots.count { grow() }
    let first = bytes.count
    var hash = Hash()
    for byte in piece {
      bytes.append(byte)
      hash.add(byte)
    }
    let length = bytes.count - first
    let found = bytes.withUnsafeBufferPointer {
      index(hash, UnsafeBufferPointer(rebasing: $0[first...]))
    }
    if let found {
      numbers[found] = number
      bytes.removeLast(length)
      return
    }
    ends.append(UInt32(bytes.count))
    numbers.append(number)
    longest = max(longest, length)
    place(hash.value, count)
  }

  /// The number of a piece, or nil.
  @inline(__always)
  func number(_ hash: Hash, _ piece: UnsafeBufferPointer<UInt8>) -> Int32? {
    index(hash, piece).map { numbers[$0] }
  }

  /// The number of a piece, or nil.
  func number(of piece: String) -> Int32? {
    var piece = piece
    return piece.withUTF8 { bytes in
      var hash = Hash()
      for byte in bytes { hash.add(byte) }
      return number(hash, bytes)
    }
  }

  @inline(__always)
  private func index(_ hash: Hash, _ piece: UnsafeBufferPointer<UInt8>) -> Int? {
    var slot = Int(truncatingIfNeeded: hash.value) & (slots.count - 1)
    let tag = hash.value >> 32
    while slots[slot] != 0 {
      if slots[slot] >> 32 == tag {
        let index = Int(slots[slot] & 0xFFFF_FFFF) - 1
        let first = index == 0 ? 0 : Int(ends[index - 1])
        let length = Int(ends[index]) - first
        if length == piece.count, isEqual(piece, at: first) { return index }
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  @inline(__always)
  private func isEqual(_ piece: UnsafeBufferPointer<UInt8>, at first: Int) -> Bool {
    for offset in 0..<piece.count where bytes[first + offset] != piece[offset] { return false }
    return true
  }

  private mutating func place(_ hash: UInt64, _ index: Int) {
    var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = (hash & 0xFFFF_FFFF_0000_0000) | UInt64(index)
  }

  private mutating func grow() {
    slots = [UInt64](repeating: 0, count: slots.count * 2)
    var first = 0
    for (index, end) in ends.enumerated() {
      var hash = Hash()
      for byte in bytes[first..<Int(end)] { hash.add(byte) }
      place(hash.value, index + 1)
      first = Int(end)
    }
  }
}
