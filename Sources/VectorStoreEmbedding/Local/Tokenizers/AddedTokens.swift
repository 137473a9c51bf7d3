// Tokens that a tokenizer takes out of a text before anything else, such as `[SEP]`.

import VectorStoreText

/// The `added_tokens` of a tokenizer: texts that are one token as they stand.
struct AddedTokens: Sendable {
  private struct Token: Sendable {
    var bytes: [UInt8]
    var number: Int32
    var isWord: Bool
    var stripsLeft: Bool
    var stripsRight: Bool
  }

  /// What a text consists of.
  enum Part {
    case text(Range<Int>)
    case token(Int32)
  }

  /// Longest first.
  private let tokens: [Token]
  /// Whether a token begins with a byte; by the byte's value.
  private let isFirst: [Bool]

  init(_ values: [MetadataValue]) {
    tokens =
      values.compactMap { value in
        guard let content = value["content"]?.string, !content.isEmpty,
          let number = value["id"]?.integer
        else { return nil }
        return Token(
          bytes: Array(content.utf8), number: Int32(truncatingIfNeeded: number),
          isWord: value["single_word"]?.bool ?? false, stripsLeft: value["lstrip"]?.bool ?? false,
          stripsRight: value["rstrip"]?.bool ?? false)
      }
      .sorted { $0.bytes.count > $1.bytes.count }
    var isFirst = [Bool](repeating: false, count: 256)
    for token in tokens { isFirst[Int(token.bytes[0])] = true }
    self.isFirst = isFirst
  }

  /// The numbers of all tokens.
  var numbers: [Int32] { tokens.map(\.number) }

  /// Cuts a text at its tokens; nil if it has none, as nearly all have.
  ///
  /// - Complexity: O(bytes).
  func parts(of text: UnsafeBufferPointer<UInt8>) -> [Part]? {
    var parts: [Part] = []
    var (start, index) = (0, 0)
    while index < text.count {
      guard isFirst[Int(text[index])], let token = token(at: index, of: text) else {
        index += 1
        continue
      }
      let end = index + token.bytes.count
      var last = index
      if token.stripsLeft {
        while last > start, let before = Self.scalar(before: last, of: text, from: start),
          before.scalar.properties.isWhitespace
        { last -= before.length }
      }
      if last > start { parts.append(.text(start..<last)) }
      parts.append(.token(token.number))
      index = end
      if token.stripsRight {
        while index < text.count {
          let next = UTF8Scalar.decode(text, at: index)
          guard next.0.properties.isWhitespace else { break }
          index += next.length
        }
      }
      start = index
    }
    guard !parts.isEmpty else { return nil }
    if start < text.count { parts.append(.text(start..<text.count)) }
    return parts
  }

  private func token(at index: Int, of text: UnsafeBufferPointer<UInt8>) -> Token? {
    tokens.first { token in
      let end = index + token.bytes.count
      guard end <= text.count, text[index..<end].elementsEqual(token.bytes) else { return false }
      guard token.isWord else { return true }
      let before = Self.scalar(before: index, of: text, from: 0)?.scalar
      let after = end < text.count ? UTF8Scalar.decode(text, at: end).0 : nil
      return ![before, after].contains { $0.map(Self.isWordCharacter) ?? false }
    }
  }

  private static func isWordCharacter(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic
      || scalar.properties.generalCategory == .decimalNumber
  }

  private static func scalar(
    before index: Int, of text: UnsafeBufferPointer<UInt8>, from start: Int
  ) -> (scalar: Unicode.Scalar, length: Int)? {
    var first = index - 1
    while first >= start, text[first] & 0xC0 == 0x80 { first -= 1 }
    return first >= start ? (UTF8Scalar.decode(text, at: first).0, index - first) : nil
  }
}
