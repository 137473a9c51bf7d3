// Cuts a text into the pieces within which byte pairs are merged: words, numbers, punctuation and
// whitespace.

/// Finds the pieces of a text, as cl100k_base's pattern does.
///
/// ```
/// '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+
/// |\s++$|\s*[\r\n]|\s+(?!\S)|\s
/// ```
///
/// Each function is an alternative of the pattern. The work is linear in the bytes: of a run, only
/// white space is read twice.
struct PreTokenizer {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let classes: UnsafeBufferPointer<ScalarClass>

  /// - Parameter bytes: valid UTF-8.
  init(bytes: UnsafeBufferPointer<UInt8>, classes: UnsafeBufferPointer<ScalarClass>) {
    self.bytes = bytes
    self.classes = classes
  }

  /// Where the piece ends that starts at an index.
  @inline(__always)
  func end(ofPieceAt start: Int) -> Int {
    let (kind, length) = scalar(at: start)
    let next = start &+ length
    switch kind {
    case .letter: return endOfLetters(from: next)
    case .number: return endOfNumbers(from: next)
    case .newline: return endOfWhitespace(from: start)
    case .space, .other:
      if bytes[start] == UInt8(ascii: "'"), let end = endOfContraction(from: start) { return end }
      guard next < bytes.count else { return next }
      let (kindOfNext, lengthOfNext) = scalar(at: next)
      if kindOfNext == .letter { return endOfLetters(from: next &+ lengthOfNext) }
      if kind == .other { return endOfOthers(from: next) }
      if bytes[start] == UInt8(ascii: " "), kindOfNext == .other {
        return endOfOthers(from: next &+ lengthOfNext)
      }
      return endOfWhitespace(from: start)
    }
  }

  /// `'(?i:[sdmt]|ll|ve|re)`, of which the long s (U+017F) is an s too.
  private func endOfContraction(from start: Int) -> Int? {
    let first = start + 1 < bytes.count ? bytes[start + 1] : 0
    let second = start + 2 < bytes.count ? bytes[start + 2] : 0
    switch (first | 0x20, second | 0x20) {
    case (UInt8(ascii: "s"), _), (UInt8(ascii: "d"), _), (UInt8(ascii: "m"), _),
      (UInt8(ascii: "t"), _):
      return start + 2
    case (UInt8(ascii: "l"), UInt8(ascii: "l")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "r"), UInt8(ascii: "e")):
      return start + 3
    default:
      return first == 0xC5 && second == 0xBF ? start + 3 : nil
    }
  }

  /// `\p{L}++`
  @inline(__always)
  private func endOfLetters(from start: Int) -> Int {
    end(of: .letter, from: start)
  }

  /// `\p{N}{1,3}+`, the first number before `start`.
  @inline(__always)
  private func endOfNumbers(from start: Int) -> Int {
    var index = start
    for _ in 0..<2 where index < bytes.count {
      let (kind, length) = scalar(at: index)
      guard kind == .number else { break }
      index &+= length
    }
    return index
  }

  /// `[^\s\p{L}\p{N}]++[\r\n]*+`
  @inline(__always)
  private func endOfOthers(from start: Int) -> Int {
    end(of: .newline, from: end(of: .other, from: start))
  }

  /// `\s++$|\s*[\r\n]|\s+(?!\S)|\s`: to the end of the text, else to the last newline, else to the
  /// last scalar of the run, which belongs to what follows unless it is the only one.
  private func endOfWhitespace(from start: Int) -> Int {
    var index = start
    var last = start
    var newline = start
    while index < bytes.count {
      let (kind, length) = scalar(at: index)
      guard kind == .space || kind == .newline else { break }
      last = index
      index &+= length
      if kind == .newline { newline = index }
    }
    if index == bytes.count { return index }
    if newline > start { return newline }
    return last > start ? last : index
  }

  /// Where a run of scalars of one class ends.
  @inline(__always)
  private func end(of kind: ScalarClass, from start: Int) -> Int {
    var index = start
    while index < bytes.count {
      let next = scalar(at: index)
      guard next.kind == kind else { break }
      index &+= next.length
    }
    return index
  }

  /// The class of the scalar that starts at an index, and its length in bytes.
  @inline(__always)
  private func scalar(at index: Int) -> (kind: ScalarClass, length: Int) {
    let byte = bytes[index]
    if byte < 0x80 { return (classes[Int(byte)], 1) }
    let (value, length) = UTF8Scalar.decode(bytes, at: index)
    return (Int(value) < classes.count ? classes[Int(value)] : .other, length)
  }
}
