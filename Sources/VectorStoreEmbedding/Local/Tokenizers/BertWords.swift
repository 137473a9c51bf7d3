// Cuts a text into BERT's words: normalised, in UTF-8, one at a time.

/// Normalises texts and cuts them into words as BERT's tokenizers do, with what it has found out about scalars
/// kept for the next text. One thread uses it at a time.
struct BertWords {
  private enum ASCII {
    static let nothing: UInt8 = 0
    static let space: UInt8 = 1
    /// From here on the character itself: letters, and marks with the highest bit set.
    static let mark: UInt8 = 0x80
  }

  private let rules: BertRules
  /// For each ASCII character: nothing, space, a letter, or a mark.
  private let ascii: [UInt8]
  private var others: [UInt32: [BertScalar]] = [:]
  private var word: [UInt8] = []
  /// The combining scalars at the end of the word: their class, and where they begin.
  private var tail: [(order: UInt8, offset: Int)] = []

  init(_ rules: BertRules) {
    self.rules = rules
    ascii = (0..<128).map { (code: UInt8) -> UInt8 in
      switch rules.scalars(of: Unicode.Scalar(code)).first {
      case .letter(let scalar), .combining(let scalar, _): UInt8(truncatingIfNeeded: scalar.bits)
      case .mark(let scalar): UInt8(truncatingIfNeeded: scalar.bits) | ASCII.mark
      case .space: ASCII.space
      case nil: ASCII.nothing
      }
    }
  }

  /// Calls `body` with each word's UTF-8.
  ///
  /// - Complexity: O(bytes).
  mutating func forEach(
    in text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    word.removeAll(keepingCapacity: true)
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte < 0x80 {
        index += 1
        let what = ascii[Int(byte)]
        if what >= ASCII.mark {
          end(body)
          word.append(what & 0x7F)
          end(body)
        } else if what > ASCII.space {
          word.append(what)
          if !tail.isEmpty { tail.removeAll(keepingCapacity: true) }
        } else if what == ASCII.space {
          end(body)
        }
        continue
      }
      let (scalar, length) = UTF8Scalar.decode(text, at: index)
      index += length
      add(scalar, body)
    }
    end(body)
  }

  private mutating func add(
    _ scalar: Unicode.Scalar, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    let parts: [BertScalar]
    if let known = others[scalar.value] {
      parts = known
    } else {
      parts = rules.scalars(of: scalar)
      others[scalar.value] = parts
    }
    for part in parts {
      switch part {
      case .letter(let letter):
        append(letter)
        tail.removeAll(keepingCapacity: true)
      case .combining(let letter, let order): insert(letter, order)
      case .mark(let mark):
        end(body)
        append(mark)
        end(body)
      case .space: end(body)
      }
    }
  }

  private mutating func append(_ scalar: UTF8Scalar) {
    var bits = scalar.bits
    for _ in 0..<scalar.count {
      word.append(UInt8(truncatingIfNeeded: bits))
      bits >>= 8
    }
  }

  /// Appends a combining scalar, before those at the end of the word that have a higher class.
  private mutating func insert(_ scalar: UTF8Scalar, _ order: UInt8) {
    let higher = tail.reversed().prefix { $0.order > order }.count
    let length = Int(scalar.count)
    guard higher > 0 else {
      tail.append((order, word.count))
      return append(scalar)
    }
    let place = tail.count - higher
    let offset = tail[place].offset
    append(scalar)
    word.insert(contentsOf: word[(word.count - length)...], at: offset)
    word.removeLast(length)
    tail.insert((order, offset), at: place)
    for index in (place + 1)..<tail.count { tail[index].offset += length }
  }

  @inline(__always)
  private mutating func end(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    guard !word.isEmpty else { return }
    word.withUnsafeBufferPointer(body)
    word.removeAll(keepingCapacity: true)
    tail.removeAll(keepingCapacity: true)
  }
}

extension UTF8Scalar {
  /// The scalar at a place of UTF-8 that is known to be right, and its bytes.
  @inline(__always)
  static func decode(
    _ text: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> (Unicode.Scalar, length: Int) {
    let first = UInt32(text[index])
    func next(_ offset: Int) -> UInt32 {
      index + offset < text.count ? UInt32(text[index + offset] & 0x3F) : 0
    }
    let (value, length): (UInt32, Int) =
      switch first {
      case 0..<0x80: (first, 1)
      case 0x80..<0xE0: ((first & 0x1F) << 6 | next(1), 2)
      case 0xE0..<0xF0: ((first & 0x0F) << 12 | next(1) << 6 | next(2), 3)
      default: ((first & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3), 4)
      }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }
}
