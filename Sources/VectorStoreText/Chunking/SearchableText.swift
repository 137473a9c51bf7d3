// Binary data that stands in a text: base64 of images and attachments, drawn paths, minified code. It is
// not embedded, since nobody searches for it.

/// A text without the binary data in it, and where its parts stand in the whole.
///
/// Left out are: base64 of 200 characters or more, in one run or in lines of a mail or a notebook; what a
/// data URI carries from 64 characters on; the drawing in `d="…"` and `points="…"` of 200 or more; lists
/// of numbers alone, of 1,000 characters or more; lines of 2,000 characters or more of minified scripts and
/// styles.
package struct SearchableText {
  /// What is embedded.
  package let text: String
  /// The runs left out: where each stood in ``text``, in Unicode scalars, and how many scalars and lines it
  /// had.
  let gaps: [Gap]

  struct Gap: Equatable {
    var offset: Int
    var scalars: Int
    var lines: Int
  }

  /// - Parameter isScript: whether the file is a script or a style sheet, which may be minified.
  /// - Complexity: O(bytes); a text without such data is not copied.
  package init(_ whole: String, isScript: Bool = false) {
    var whole = whole
    let runs = whole.withUTF8 { BinaryRuns(bytes: $0, isScript: isScript).find() }
    guard !runs.isEmpty else {
      (text, gaps) = (whole, [])
      return
    }
    var kept: [UInt8] = []
    var gaps: [Gap] = []
    var (scalars, last) = (0, 0)
    whole.withUTF8 { bytes in
      for run in runs {
        let part = bytes[last..<run.lowerBound]
        kept += part
        scalars += part.lazy.count { $0 & 0xC0 != 0x80 }
        let gap = bytes[run]
        gaps.append(
          Gap(
            offset: scalars, scalars: gap.lazy.count { $0 & 0xC0 != 0x80 },
            lines: gap.lazy.count { $0 == 0x0A }))
        last = run.upperBound
      }
      kept += bytes[last...]
    }
    text = String(decoding: kept, as: UTF8.self)
    self.gaps = gaps
  }

  /// Chunks of ``text`` as chunks of the whole text: their ranges count what was left out, and a chunk
  /// repeats nothing of the one before beyond a gap.
  package func placed(_ chunks: [TextChunk]) -> [TextChunk] {
    guard !gaps.isEmpty else { return chunks }
    var placed: [TextChunk] = []
    var end = 0
    for chunk in chunks {
      var (text, range, line) = (chunk.text, chunk.range, chunk.line)
      if let gap = gaps.last(where: { $0.offset > range.lowerBound && $0.offset < end }) {
        let repeated = text.unicodeScalars.prefix(gap.offset - range.lowerBound)
        line += repeated.count { $0 == "\n" }
        text = String(text.unicodeScalars.dropFirst(repeated.count))
        range = gap.offset..<range.upperBound
      }
      end = max(end, range.upperBound)
      guard text.contains(where: { !$0.isWhitespace }) else { continue }
      // A gap at the very start or end of a chunk is not within it.
      let before = gaps.prefix { $0.offset <= range.lowerBound }
      let within = gaps.prefix { $0.offset < range.upperBound }
      let start = range.lowerBound + before.reduce(0) { $0 + $1.scalars }
      placed.append(
        TextChunk(
          text: text, range: start..<(range.upperBound + within.reduce(0) { $0 + $1.scalars }),
          line: line + before.reduce(0) { $0 + $1.lines }, estimatedTokens: chunk.estimatedTokens))
    }
    return placed
  }
}

/// Finds binary data in the bytes of a text.
private struct BinaryRuns {
  private static let (base64, dataURI, drawing, numbers, minified) = (200, 64, 200, 1000, 2000)

  let bytes: UnsafeBufferPointer<UInt8>
  let isScript: Bool

  /// The runs, in order, none touching another.
  func find() -> [Range<Int>] {
    var runs: [Range<Int>] = []
    func add(_ run: Range<Int>) {
      if let last = runs.last, run.lowerBound <= last.upperBound {
        runs[runs.count - 1] = last.lowerBound..<max(last.upperBound, run.upperBound)
      } else {
        runs.append(run)
      }
    }
    var index = 0
    var lineStart = 0
    while index < bytes.count {
      if isScript, index == lineStart, let line = minifiedLine(from: index) {
        add(line)
        index = line.upperBound
        continue
      }
      let byte = bytes[index]
      if byte == 0x0A { lineStart = index + 1 }
      if Self.isBase64(byte), index == 0 || !Self.isBase64(bytes[index - 1]) {
        let run = base64Run(from: index)
        let carried = hasPrefix(";base64,", before: index) ? Self.dataURI : Self.base64
        if run.count >= carried, carried == Self.dataURI || looksRandom(run) {
          add(run)
          index = run.upperBound
          lineStart = index
          continue
        }
        // The word is over where the run's first line is.
        while index < run.upperBound, Self.isBase64(bytes[index]) { index += 1 }
        continue
      }
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"),
        hasPrefix(" d=", before: index) || hasPrefix("points=", before: index)
      {
        let end = bytes[(index + 1)...].firstIndex(of: byte) ?? bytes.count
        if end - index > Self.drawing, isDrawing((index + 1)..<end) {
          add((index + 1)..<end)
          index = end
          continue
        }
      }
      if byte == UInt8(ascii: "[") {
        let end = numbersEnd(from: index + 1)
        if end - index > Self.numbers {
          add((index + 1)..<end)
          index = end
          continue
        }
      }
      index += 1
    }
    return runs
  }

  /// A run of base64 and the line breaks within it, also those that JSON writes as `\n`.
  private func base64Run(from start: Int) -> Range<Int> {
    var (end, lineStart) = (start, start)
    var firstLength: Int?
    while true {
      while end < bytes.count, Self.isBase64(bytes[end]) { end += 1 }
      let length = end - lineStart
      // Lines of base64 are long and of one length, but for the last.
      guard length >= 40, length == firstLength ?? length, let next = nextLine(after: end) else {
        return start..<end
      }
      firstLength = length
      let line = bytes[next...].prefix(length + 1).prefix { Self.isBase64($0) }.count
      // A shorter one is the last, and no word of a sentence.
      let isLast =
        line > 0 && line < length && (next + line == bytes.count || bytes[next + line] != 0x20)
      guard line == length || isLast else { return start..<end }
      (end, lineStart) = (next, next)
    }
  }

  /// The start of the line after a place; nil if no line ends there. JSON writes line ends as `\n`, and a
  /// notebook each line as a text of its own.
  private func nextLine(after place: Int) -> Int? {
    var next = place
    if next < bytes.count, bytes[next] == 0x0D { next += 1 }
    if next < bytes.count, bytes[next] == 0x0A { return next + 1 }
    guard place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"),
      bytes[place + 1] == UInt8(ascii: "n")
    else { return nil }
    next = place + 2
    guard bytes[next...].starts(with: "\",\n".utf8) else { return next }
    next += 3
    while next < bytes.count, bytes[next] == 0x20 { next += 1 }
    return next < bytes.count && bytes[next] == UInt8(ascii: "\"") ? next + 1 : place + 2
  }

  /// Whether letters of both cases and digits stand among each other as they do in no word and no path.
  private func looksRandom(_ run: Range<Int>) -> Bool {
    var (upper, lower, digits, changes) = (0, 0, 0, 0)
    var before = 0
    for byte in bytes[run] {
      let kind: Int
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): (upper, kind) = (upper + 1, 1)
      case UInt8(ascii: "a")...UInt8(ascii: "z"): (lower, kind) = (lower + 1, 2)
      case UInt8(ascii: "0")...UInt8(ascii: "9"): (digits, kind) = (digits + 1, 3)
      default: kind = 0
      }
      if kind != before { changes += 1 }
      before = kind
    }
    let count = run.count
    let isHexadecimal = digits * 3 > count && (upper == 0 || lower == 0)
    return (upper * 8 > count && lower * 8 > count && digits * 40 > count && changes * 4 > count)
      || (isHexadecimal && changes * 4 > count)
  }

  private func isDrawing(_ run: Range<Int>) -> Bool {
    let digits = bytes[run].lazy.count { UInt8(ascii: "0") <= $0 && $0 <= UInt8(ascii: "9") }
    return digits * 10 > run.count * 4
      && bytes[run].allSatisfy {
        $0 < 0x80 && ($0 <= UInt8(ascii: "9") || "MmLlHhVvCcSsQqTtAaZzeE".utf8.contains($0))
      }
  }

  /// Where a list of numbers alone, and of lists of them, ends: its closing bracket, or what is no number.
  private func numbersEnd(from start: Int) -> Int {
    var depth = 1
    for index in start..<bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return index }
      case UInt8(ascii: "0")...UInt8(ascii: "9"), 0x20, 0x0A, 0x0D, 0x09, UInt8(ascii: "+"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "e"),
        UInt8(ascii: "E"):
        continue
      default: return index
      }
    }
    return bytes.count
  }

  private func minifiedLine(from start: Int) -> Range<Int>? {
    guard start + Self.minified <= bytes.count else { return nil }
    let head = bytes[start..<(start + Self.minified)]
    guard !head.contains(0x0A) else { return nil }
    let blanks = head.lazy.count { $0 == 0x20 || $0 == 0x09 }
    guard blanks * 20 < head.count * 2 else { return nil }
    return start..<(bytes[start...].firstIndex(of: 0x0A) ?? bytes.count)
  }

  private func hasPrefix(_ text: StaticString, before index: Int) -> Bool {
    let count = text.utf8CodeUnitCount
    guard index >= count else { return false }
    return (0..<count).allSatisfy { bytes[index - count + $0] == text.utf8Start[$0] }
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"),
      UInt8(ascii: "="), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
