// The vectors that a LoopbackServer answers with: a function of the text's bytes, and cheap, so that
// a debug build answers hundreds of texts in milliseconds. Also their base64 and decimal forms.

import Foundation
import Synchronization

/// Makes vectors of some dimensions, each a row of blocks out of a fixed set of random ones, chosen by
/// a hash of the text. A block's part of the squared length is its part of the dimensions, so every
/// vector is of unit length; blocks are whole base64 groups, so their base64 is joined as they are.
struct LoopbackVectors: Sendable {
  /// How a vector is written into JSON.
  enum Form: Hashable { case base64, numbers }

  private static let variants = 256
  private static let made = Mutex<[Int: LoopbackVectors]>([:])
  private static let written = Mutex<[Written.Key: Written]>([:])

  let dimensions: Int
  /// Components of a block, a multiple of 3; the last block of a vector may be shorter.
  private let length: Int
  private let blocks: [[Float]]
  private let tails: [[Float]]

  /// The vectors of these dimensions; the set of blocks is made once in a process.
  static func of(_ dimensions: Int) -> LoopbackVectors {
    made.withLock { made in
      if let found = made[dimensions] { return found }
      let new = LoopbackVectors(dimensions: dimensions)
      made[dimensions] = new
      return new
    }
  }

  private init(dimensions: Int) {
    self.dimensions = dimensions
    let length = max(3, dimensions / 8 / 3 * 3)
    self.length = length
    var generator = SeededGenerator(seed: UInt64(dimensions))
    let drawn = (0..<Self.variants).map { _ in
      (0..<length).map { _ in
        // Both signs, never near zero.
        let bits = generator.next()
        let size = 0.5 + Float(bits >> 40) / Float(1 << 24)
        return bits & 1 == 0 ? size : -size
      }
    }
    func scaled(_ block: some Sequence<Float>, _ count: Int) -> [Float] {
      let squares = block.reduce(Float(0)) { $0 + $1 * $1 }
      let factor = (Float(count) / Float(dimensions) / squares).squareRoot()
      return block.map { $0 * factor }
    }
    let rest = dimensions % length
    blocks = drawn.map { scaled($0, length) }
    tails = rest == 0 ? [] : drawn.map { scaled($0.prefix(rest), rest) }
  }

  /// The vector of a text.
  func vector(for text: String) -> [Float] {
    var vector: [Float] = []
    vector.reserveCapacity(dimensions)
    choose(for: text) { isTail, variant in
      vector += isTail ? tails[variant] : blocks[variant]
    }
    return vector
  }

  /// Writes a text's vector as it stands between the JSON's quotes or brackets.
  func write(_ text: String, as form: Form, to buffer: inout [UInt8]) {
    let written = written(form)
    var isFirst = true
    choose(for: text) { isTail, variant in
      if !isFirst, form == .numbers { buffer.append(UInt8(ascii: ",")) }
      buffer += isTail ? written.tails[variant] : written.blocks[variant]
      isFirst = false
    }
  }

  /// Some components as they stand between the JSON's quotes or brackets.
  static func written(_ components: [Float], as form: Form) -> [UInt8] {
    switch form {
    case .base64:
      var data = Data(capacity: components.count * 4)
      for component in components {
        withUnsafeBytes(of: component.bitPattern.littleEndian) { data.append(contentsOf: $0) }
      }
      return [UInt8](data.base64EncodedData())
    case .numbers:
      let numbers = components.map {
        $0.isNaN ? "NaN" : $0.isInfinite ? "Infinity" : "\($0)"
      }
      return [UInt8](numbers.joined(separator: ",").utf8)
    }
  }

  /// All blocks, written.
  private struct Written {
    struct Key: Hashable {
      var dimensions: Int
      var form: Form
    }
    var blocks: [[UInt8]]
    var tails: [[UInt8]]
  }

  private func written(_ form: Form) -> Written {
    Self.written.withLock { all in
      let key = Written.Key(dimensions: dimensions, form: form)
      if let found = all[key] { return found }
      let new = Written(
        blocks: blocks.map { Self.written($0, as: form) },
        tails: tails.map { Self.written($0, as: form) })
      all[key] = new
      return new
    }
  }

  private func choose(for text: String, _ body: (_ isTail: Bool, _ variant: Int) -> Void) {
    var generator = SeededGenerator(seed: Self.hash(text))
    var left = dimensions
    while left >= length {
      body(false, Int(generator.next() >> 56))
      left -= length
    }
    if left > 0 { body(true, Int(generator.next() >> 56)) }
  }

  /// A hash of the text's bytes, eight at a time: the same on every machine and run.
  private static func hash(_ text: String) -> UInt64 {
    var text = text
    return text.withUTF8 { bytes in
      let count = bytes.count / 8 + 1
      return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { words in
        guard let word = words.baseAddress else { return 0 }
        words[count - 1] = 0
        UnsafeMutableRawBufferPointer(words).copyBytes(from: bytes)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bytes.count)
        var index = 0
        while index < count {
          hash = (hash ^ word[index].littleEndian) &* 0x9FB2_1C65_1E98_DF25
          hash ^= hash &>> 29
          index += 1
        }
        return hash
      }
    }
  }
}
