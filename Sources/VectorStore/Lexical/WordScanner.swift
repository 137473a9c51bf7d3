// Takes a text apart into words, as they are indexed, asked for and marked.

/// A word of a text.
struct ScannedWord: Equatable {
  /// What it is.
  enum Kind {
    /// A word as it stands.
    case word
    /// A word of several parts, joined: `getUser`, `get_user` and `get-user` are `getuser`.
    case whole
    /// One of its parts, after it.
    case part
    /// Two neighbouring characters of a script without spaces, or one that stands alone.
    case pair
    /// A sign, or a word with a sign that belongs to it: 🎉, →, C++, C#, .NET, @name.
    case symbol
  }

  var kind: Kind
  /// The word as it is indexed: UTF-8.
  var folded: [UInt8]
  /// Where it stands in the text, in UTF-8 bytes.
  var range: Range<Int>

  /// The word as it is indexed.
  var text: String { String(decoding: folded, as: UTF8.self) }
}

/// Takes texts apart into words.
struct WordScanner {
  /// More parts than these make no word, but a number or a list.
  private static let (maximumParts, maximumDigitParts, maximumWhole) = (8, 4, 64)

  private let bytes: UnsafeBufferPointer<UInt8>
  private let emit: (ScannedWord) -> Void

  /// Calls `body` for each word of a text, in order; a joined word comes before its parts.
  ///
  /// - Complexity: O(n) in the text's bytes.
  static func forEachWord(in text: String, _ body: (ScannedWord) -> Void) {
    var text = text
    text.withUTF8 { bytes in
      withoutActuallyEscaping(body) { body in
        WordScanner(bytes: bytes, emit: body).run()
      }
    }
  }

  /// The words of a text, in order.
  static func words(of text: String) -> [ScannedWord] {
    var words: [ScannedWord] = []
    forEachWord(in: text) { words.append($0) }
    return words
  }

  private func run() {
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      if Self.isAlphanumeric(byte) {
        index = word(at: index)
        continue
      }
      if byte < 0x80 {
        if byte == UInt8(ascii: "&"), let entity = Entity(bytes, at: index) {
          if case .word? = entity.letter.map(Self.fold) {
            index = word(at: index)
          } else {
            index += entity.length
          }
        } else if Self.isSign(byte), isFree(before: index), index + 1 < bytes.count,
          Self.isAlphanumeric(bytes[index + 1])
        {
          index = word(at: index + 1, sign: byte)
        } else {
          index += 1
        }
        continue
      }
      let (scalar, length) = Self.decode(bytes, at: index)
      switch Folding.of(scalar) {
      case .word(let folded):
        index = folded.isEmpty ? index + length : word(at: index)
      case .unspaced: index = unspacedRun(at: index)
      case .symbol(let folded):
        emit(ScannedWord(kind: .symbol, folded: folded, range: index..<(index + length)))
        index += length
      case .ignored, .separator: index += length
      }
    }
  }

  // MARK: Words

  /// A part of a word: where its letters begin, folded and in the text.
  private struct Part {
    var folded: Int
    var start: Int
    var end: Int
  }

  private enum Letter { case lower, upper, digit, other }

  /// Reads a word, its signs and parts; returns where it ends.
  private func word(at start: Int, sign: UInt8? = nil) -> Int {
    var folded: [UInt8] = []
    var parts = [Part(folded: 0, start: start, end: start)]
    var previous: Letter?
    var breaks = 0
    var index = start
    var end = start
    func cut(at place: Int, folded count: Int) {
      guard count > parts[parts.count - 1].folded else { return }
      parts[parts.count - 1].end = min(place, end)
      parts.append(Part(folded: count, start: place, end: place))
    }
    loop: while index < bytes.count {
      let byte = bytes[index]
      if Self.isAlphanumeric(byte) {
        let letter: Letter = byte < 0x3A ? .digit : byte < 0x5B ? .upper : .lower
        switch (previous, letter) {
        case (.lower, .upper): cut(at: index, folded: folded.count)
        case (.digit, .lower), (.digit, .upper), (.lower, .digit), (.upper, .digit):
          breaks += 1
          cut(at: index, folded: folded.count)
        case (.upper, .lower)
        where index - start > 1 && Self.isUpper(bytes[index - 2]):
          // The last capital of several begins the next part: HTTPServer.
          cut(at: index - 1, folded: folded.count - 1)
        default: break
        }
        folded.append(Folding.lowercased(byte))
        previous = letter
        index += 1
        end = index
      } else if byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") {
        guard previous != nil, let next = continuation(after: index) else { break loop }
        index = next
        cut(at: next, folded: folded.count)
        previous = nil
      } else if byte == UInt8(ascii: "&") {
        guard let entity = Entity(bytes, at: index), let letter = entity.letter else { break loop }
        switch Self.fold(letter) {
        case .word(let letters): folded += letters
        case .ignored: break
        default: break loop
        }
        index += entity.length
        end = index
        previous = .other
      } else if byte >= 0x80 {
        let (scalar, length) = Self.decode(bytes, at: index)
        switch Folding.of(scalar) {
        case .word(let letters):
          if letters.isEmpty, let letter = Folding.composed(with: scalar, &folded) {
            folded += letter
          }
          folded += letters
          previous = .other
          end = index + length
        case .ignored: break
        default: break loop
        }
        index += length
      } else {
        break loop
      }
    }
    if parts[parts.count - 1].folded == folded.count, parts.count > 1 { parts.removeLast() }
    parts[parts.count - 1].end = end
    let signs = Self.trailingSigns(bytes, at: end, folded)
    if sign != nil || !signs.isEmpty {
      let from = sign == nil ? start : start - 1
      emit(
        ScannedWord(
          kind: .symbol, folded: (sign.map { [$0] } ?? []) + folded + signs,
          range: from..<(end + signs.count)))
    }
    emitParts(folded, parts, breaks: breaks)
    return end + signs.count
  }

  private func emitParts(_ folded: [UInt8], _ parts: [Part], breaks: Int) {
    guard let first = parts.first, let last = parts.last, !folded.isEmpty else { return }
    let range = first.start..<last.end
    // A hash or a serial number is one word.
    let isOne = parts.count == 1 || breaks >= Self.maximumDigitParts
    if isOne || (folded.count <= Self.maximumWhole && parts.count <= Self.maximumParts) {
      emit(ScannedWord(kind: isOne ? .word : .whole, folded: folded, range: range))
    }
    guard !isOne else { return }
    for (index, part) in parts.enumerated() {
      let until = index + 1 < parts.count ? parts[index + 1].folded : folded.count
      emit(
        ScannedWord(
          kind: .part, folded: Array(folded[part.folded..<until]), range: part.start..<part.end))
    }
  }

  /// Where a word goes on after `_` or `-`: at the next letter, or in the next line if it was broken
  /// there.
  private func continuation(after index: Int) -> Int? {
    var next = index + 1
    while next < bytes.count, bytes[next] == UInt8(ascii: "_"), bytes[index] == bytes[next] {
      next += 1
    }
    guard next < bytes.count else { return nil }
    if bytes[index] == UInt8(ascii: "-"), Self.isBreak(bytes[next]) {
      while next < bytes.count, next - index < 16, Self.isBreak(bytes[next]) || bytes[next] == 0x20
      {
        next += 1
      }
      guard next < bytes.count, bytes[next] &- 0x61 < 26 || bytes[next] >= 0xC3 else { return nil }
    }
    if Self.isAlphanumeric(bytes[next]) { return next }
    guard bytes[next] >= 0x80, case .word = Folding.of(Self.decode(bytes, at: next).scalar) else {
      return nil
    }
    return next
  }

  /// The `++` of C++, the `#` of C#.
  private static func trailingSigns(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, _ word: [UInt8]
  ) -> [UInt8] {
    func byte(_ at: Int) -> UInt8 { at < bytes.count ? bytes[at] : 0x20 }
    guard word.count <= 12, word.last.map({ $0 &- 0x61 < 26 }) ?? false else { return [] }
    let plus = UInt8(ascii: "+")
    if byte(index) == plus, byte(index + 1) == plus, !isAlphanumeric(byte(index + 2)) {
      return [plus, plus]
    }
    if byte(index) == UInt8(ascii: "#"), !isAlphanumeric(byte(index + 1)) {
      return [UInt8(ascii: "#")]
    }
    return []
  }

  private static func isSign(_ byte: UInt8) -> Bool { "@#.$".utf8.contains(byte) }

  /// Whether nothing that belongs to a word stands before a place.
  private func isFree(before index: Int) -> Bool {
    guard index > 0 else { return true }
    let byte = bytes[index - 1]
    return !Self.isAlphanumeric(byte) && byte < 0x80 && !Self.isSign(byte)
      && byte != UInt8(ascii: ")") && byte != UInt8(ascii: "]")
  }

  // MARK: Scripts without spaces

  /// Reads a run of a script without spaces, emits its pairs; returns where it ends.
  private func unspacedRun(at start: Int) -> Int {
    var letters: [(folded: [UInt8], range: Range<Int>)] = []
    var index = start
    loop: while index < bytes.count, bytes[index] >= 0x80 {
      let (scalar, length) = Self.decode(bytes, at: index)
      switch Folding.of(scalar) {
      case .unspaced(let folded):
        if var last = letters.last, let letter = Folding.composed(with: scalar, &last.folded) {
          letters[letters.count - 1] = (
            last.folded + letter, last.range.lowerBound..<(index + length)
          )
        } else if !letters.isEmpty, UnspacedScripts.isMark(scalar) {
          let last = letters[letters.count - 1]
          letters[letters.count - 1] = (
            last.folded + folded, last.range.lowerBound..<(index + length)
          )
        } else {
          letters.append((folded, index..<(index + length)))
        }
      case .ignored: break
      default: break loop
      }
      index += length
    }
    guard letters.count > 1 else {
      emit(ScannedWord(kind: .pair, folded: letters[0].folded, range: letters[0].range))
      return index
    }
    for next in 1..<letters.count {
      emit(
        ScannedWord(
          kind: .pair, folded: letters[next - 1].folded + letters[next].folded,
          range: letters[next - 1].range.lowerBound..<letters[next].range.upperBound))
    }
    return index
  }

  // MARK: Bytes

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
  }

  private static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }

  private static func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  private static func fold(_ scalar: Unicode.Scalar) -> FoldedScalar {
    if scalar.isASCII {
      let byte = UInt8(truncatingIfNeeded: scalar.value)
      return isAlphanumeric(byte) ? .word([Folding.lowercased(byte)]) : .separator
    }
    return Folding.of(scalar)
  }

  /// The character at a place of valid UTF-8, and its bytes.
  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> (scalar: Unicode.Scalar, length: Int) {
    let lead = UInt32(bytes[index])
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard length > 1, index + length <= bytes.count else {
      return (Unicode.Scalar(lead) ?? "\u{FFFD}", 1)
    }
    var value = lead & (0xFF >> UInt32(length + 1))
    for next in 1..<length { value = value << 6 | UInt32(bytes[index + next] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }
}

/// A character as HTML writes it: `&eacute;`, `&#233;`, `&#xE9;`.
private struct Entity {
  /// The character, if it may belong to a word.
  let letter: Unicode.Scalar?
  /// Its bytes, with `&` and `;`.
  let length: Int

  /// Reads one, or returns nil if there is none at this place.
  init?(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) {
    let window = bytes[index..<min(bytes.count, index + 12)]
    guard let end = window.firstIndex(of: UInt8(ascii: ";")), end > index + 1 else { return nil }
    let name = String(decoding: window[(index + 1)..<end], as: UTF8.self)
    guard name.utf8.allSatisfy({ ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x23 })
    else { return nil }
    length = end + 1 - index
    if name.hasPrefix("#x") || name.hasPrefix("#X") {
      letter = UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
    } else if name.hasPrefix("#") {
      letter = UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
    } else {
      letter = Self.letter(named: name)
    }
  }

  /// A named letter; other names stand for signs between words.
  private static func letter(named name: String) -> Unicode.Scalar? {
    let letters: [String: Unicode.Scalar] = [
      "szlig": "ß", "aelig": "æ", "AElig": "Æ", "oelig": "œ", "OElig": "Œ", "eth": "ð", "ETH": "Ð",
      "thorn": "þ", "THORN": "Þ", "oslash": "ø", "Oslash": "Ø", "lstrok": "ł", "Lstrok": "Ł",
      "shy": "\u{AD}", "zwj": "\u{200D}", "zwnj": "\u{200C}",
    ]
    if let letter = letters[name] { return letter }
    // A letter and the name of its mark, which is dropped.
    let marks = [
      "grave", "acute", "circ", "tilde", "uml", "ring", "cedil", "caron", "slash", "breve", "macr",
      "ogon", "dot", "dblac", "strok",
    ]
    guard let first = name.unicodeScalars.first, marks.contains(String(name.dropFirst())) else {
      return nil
    }
    return first
  }
}
