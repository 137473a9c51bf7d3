// The text as the word index holds it, the index's declaration and its ranking.

/// The form in which a text is indexed for search by words.
///
/// Words stay as they are. A run of a script without spaces becomes its overlapping pairs:
///
/// ```swift
/// IndexedText.make(from: "NFL的黑豹队!")  // "NFL 的黑 黑豹 豹队 !"
/// ```
///
/// It is what the table stores, so that any `sqlite3` shell can read, check and rebuild the index.
package enum IndexedText {
  /// The arguments of `CREATE VIRTUAL TABLE chunk_search USING fts5(…)`: one column, `text`.
  ///
  /// Only tokenizers of SQLite itself. Beside letters and digits, combining marks belong to words:
  /// without them the vowel signs of Hindi, Thai or pointed Arabic would cut words apart.
  package static let declaration =
    "text, tokenize=\"porter unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\""

  /// The expression to order matches by, the best first: FTS5's BM25, negative, lower is better.
  ///
  /// A column weight w multiplies the term frequency, so it divides FTS5's fixed k1 of 1.2: 4/3
  /// makes it the 0.9 that is usual for passages (Yang, Fang and Lin, SIGIR 2017, Anserini).
  package static let rank = "bm25(chunk_search, 1.3333)"

  /// The text as it is indexed: runs of unspaced scripts cut into pairs, set off by spaces.
  ///
  /// Zero bytes become spaces, since SQLite's text ends at the first; variation selectors go.
  ///
  /// - Complexity: O(n) in the text's bytes; a text in Latin, Greek, Cyrillic, Hebrew or Arabic is
  ///   only read, and returned as it is.
  package static func make(from text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      guard bytes.contains(where: { mayBegin($0) || $0 == 0 }) else { return nil }
      return String(decoding: cut(bytes), as: UTF8.self)
    } ?? text
  }

  /// Whether a byte begins a character that may be one of an unspaced script or a variation
  /// selector.
  ///
  /// The byte E2 begins dashes and quotation marks, but none of these.
  private static func mayBegin(_ byte: UInt8) -> Bool { byte >= 0xE0 && byte != 0xE2 }

  private static func cut(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count + bytes.count / 4)
    // Where the run's characters begin in `run`, which holds the run without variation selectors.
    var run: [UInt8] = []
    var starts: [Int] = []
    var copied = 0
    var index = 0
    while index < bytes.count {
      guard mayBegin(bytes[index]) || bytes[index] == 0 || !run.isEmpty else {
        index += 1
        continue
      }
      let (scalar, length) = decode(bytes, at: index)
      if UnspacedScripts.contains(scalar) {
        if run.isEmpty { output += bytes[copied..<index] }
        if run.isEmpty || !UnspacedScripts.isMark(scalar) { starts.append(run.count) }
        run += bytes[index..<(index + length)]
        copied = index + length
      } else if UnspacedScripts.isVariationSelector(scalar) {
        if run.isEmpty { output += bytes[copied..<index] }
        copied = index + length
      } else {
        if !run.isEmpty {
          appendPairs(of: run, starts: starts, to: &output)
          run.removeAll(keepingCapacity: true)
          starts.removeAll(keepingCapacity: true)
          if !isSpace(bytes[index]) { output.append(UInt8(ascii: " ")) }
        }
        if scalar.value == 0 {
          output += bytes[copied..<index]
          output.append(UInt8(ascii: " "))
          copied = index + length
        }
      }
      index += length
    }
    appendPairs(of: run, starts: starts, to: &output)
    return output + bytes[copied...]
  }

  /// Appends a run's overlapping pairs, or its one character, set off from what is before them.
  private static func appendPairs(of run: [UInt8], starts: [Int], to output: inout [UInt8]) {
    guard !run.isEmpty else { return }
    if let last = output.last, !isSpace(last) { output.append(UInt8(ascii: " ")) }
    guard starts.count > 1 else {
      output += run
      return
    }
    for first in 0..<(starts.count - 1) {
      if first > 0 { output.append(UInt8(ascii: " ")) }
      let end = first + 2 < starts.count ? starts[first + 2] : run.count
      output += run[starts[first]..<end]
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }

  /// The character at a place of valid UTF-8, and its bytes.
  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, at index: Int
  ) -> (scalar: Unicode.Scalar, length: Int) {
    let lead = UInt32(bytes[index])
    let length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    var value = length == 1 ? lead : lead & (0xFF >> UInt32(length + 1))
    for next in 1..<max(length, 1) { value = value << 6 | UInt32(bytes[index + next] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
  }
}
