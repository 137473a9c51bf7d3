// A file cut into blocks of whole lines, with bounded memory.

import Foundation

/// Reads a file block by block; each block holds whole lines.
///
/// Lines end with a line feed, the last one with or without; a byte order mark before the first is
/// left out, and blank lines are counted but not handed out. Memory is one block, or the longest
/// line where that is longer.
struct LineBlocks {
  /// A line of the current block.
  struct Line {
    /// Its number in the file, from 1.
    let number: Int
    /// Its bytes in the block, without the line feed; nil where it is longer than allowed.
    let range: Range<Int>?
  }

  /// The file it reads.
  let file: DocumentStream
  /// The lines of the current block that are not blank.
  private(set) var lines: [Line] = []
  private let blockBytes: Int
  private let maximumLineBytes: Int
  /// The bytes of the current block, and behind them the start of the next block's first line.
  private var bytes: [UInt8] = []
  private var filled = 0
  private var rest = 0
  private var lineNumber = 0
  private var isAtStart = true
  private var isAtEnd = false
  /// Within a line that is too long and was reported: bytes are dropped up to its end.
  private var isSkipping = false

  /// - Precondition: both sizes are positive.
  init(file: InputFile, blockBytes: Int, maximumLineBytes: Int) {
    precondition(blockBytes > 0 && maximumLineBytes > 0, "sizes must be positive")
    self.file = DocumentStream(file)
    self.blockBytes = blockBytes
    self.maximumLineBytes = maximumLineBytes
  }

  /// Calls `body` with the bytes that the lines' ranges count in.
  func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    bytes.withUnsafeBufferPointer(body)
  }

  /// Reads the next block and replaces ``lines``; false at the end of the file.
  ///
  /// - Throws: ``InterchangeError/Code/cannotRead``.
  mutating func advance() throws(InterchangeError) -> Bool {
    lines.removeAll(keepingCapacity: true)
    var wanted = blockBytes
    while lines.isEmpty {
      moveRestToFront()
      if isAtEnd && filled == 0 { return false }
      // A rest as long as the block is one unfinished line: it needs more room.
      while wanted <= filled { wanted *= 2 }
      try fill(upTo: wanted)
      splitLines()
    }
    return true
  }

  private mutating func moveRestToFront() {
    let start = rest
    filled -= start
    rest = 0
    guard start > 0, filled > 0 else { return }
    let count = filled
    bytes.withUnsafeMutableBytes { all in
      let tail = UnsafeRawBufferPointer(rebasing: all[start..<(start + count)])
      all.copyMemory(from: tail)
    }
  }

  private mutating func fill(upTo wanted: Int) throws(InterchangeError) {
    if bytes.count < wanted { grow(to: wanted) }
    while filled < wanted && !isAtEnd {
      let range = filled..<wanted
      let file = file
      let outcome = bytes.withUnsafeMutableBytes { all in
        Result { () throws(InterchangeError) in
          try file.read(into: UnsafeMutableRawBufferPointer(rebasing: all[range]))
        }
      }
      let count = try outcome.get()
      filled += count
      isAtEnd = count == 0
    }
  }

  private mutating func grow(to size: Int) {
    let old = bytes
    bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      old.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      // Megabytes of zeros byte by byte take a while in debug builds.
      if let base = buffer.baseAddress { memset(base + old.count, 0, size - old.count) }
      count = size
    }
  }

  private mutating func splitLines() {
    var start = 0
    if isAtStart, bytes[..<filled].starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
    isAtStart = false
    while let feed = lineFeed(from: start) {
      addLine(start..<feed)
      start = feed + 1
    }
    rest = start
    guard rest < filled else {
      isSkipping = isSkipping && !isAtEnd
      return
    }
    if isAtEnd {
      addLine(rest..<filled)
      rest = filled
    } else if isSkipping {
      rest = filled
    } else if filled - rest > maximumLineBytes {
      lines.append(Line(number: lineNumber + 1, range: nil))
      isSkipping = true
      rest = filled
    }
  }

  private mutating func addLine(_ range: Range<Int>) {
    lineNumber += 1
    if isSkipping {
      isSkipping = false
    } else if range.count > maximumLineBytes {
      lines.append(Line(number: lineNumber, range: nil))
    } else if !isBlank(range) {
      lines.append(Line(number: lineNumber, range: range))
    }
  }

  private func lineFeed(from start: Int) -> Int? {
    bytes.withUnsafeBytes { all in
      guard start < filled, let base = all.baseAddress,
        let found = memchr(base + start, 0x0A, filled - start)
      else { return nil }
      return UnsafeRawPointer(found) - base
    }
  }

  private func isBlank(_ range: Range<Int>) -> Bool {
    bytes[range].allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
  }
}

extension LineBlocks {
  /// The document of a line, or why it is none.
  ///
  /// - Parameters:
  ///   - bytes: the current block's bytes.
  ///   - capacity: how many numbers its vector is expected to have.
  func document(
    _ line: Line, in bytes: UnsafeBufferPointer<UInt8>, capacity: Int
  ) -> Result<ImportedDocument, InterchangeError> {
    guard let range = line.range else {
      return .failure(
        InterchangeError(
          .lineTooLong, file: file.name, line: line.number,
          found: "more bytes than a line may have",
          expected: "at most \(maximumLineBytes)",
          advice: "check that each document ends with a line feed"))
    }
    let slice = UnsafeBufferPointer(rebasing: bytes[range])
    do throws(JSONFault) {
      return .success(
        try JSONLineParser.document(in: slice, line: line.number, capacity: capacity))
    } catch {
      return .failure(error.error(file: file.name, line: line.number))
    }
  }
}
