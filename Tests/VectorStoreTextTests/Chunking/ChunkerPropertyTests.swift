// What holds for the chunks of every text, on random and hostile ones.

import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct ChunkerPropertyTests {
  private static let options = [
    ChunkingOptions(maximumTokens: 16, overlapTokens: 0),
    ChunkingOptions(maximumTokens: 16, overlapTokens: 8),
    ChunkingOptions(maximumTokens: 50, overlapTokens: 10),
    ChunkingOptions(maximumTokens: 400, overlapTokens: 200),
  ]

  @Test(arguments: TextMaker.Kind.allCases)
  func chunksOfRandomTextsKeepTheRules(kind: TextMaker.Kind) {
    for seed in 0..<24 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let pieces = [1, 8, 60, 200][seed % 4]
      let text = TextMaker.text(kind, pieces: pieces, using: &generator)
      for options in Self.options {
        for format in [DocumentFormat.text, .markdown, .code] {
          let chunks = Chunker(checked: options).chunks(of: text, format: format)
          let faults = ChunkFaults.find(in: chunks, of: text, options: options)
          #expect(
            faults.isEmpty,
            "seed \(seed), \(kind), \(format), \(options): \(faults.prefix(3))")
        }
      }
    }
  }

  @Test(arguments: 0..<6)
  func sameTextGivesSameChunks(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let text = TextMaker.text(.markdown, pieces: 120, using: &generator)
    let chunker = Chunker(checked: ChunkingOptions(maximumTokens: 60, overlapTokens: 12))
    let first = chunker.chunks(of: text, format: .markdown)
    // The same text in storage of its own.
    let copy = String(decoding: Array(text.utf8), as: UTF8.self)
    #expect(first == chunker.chunks(of: copy, format: .markdown), "seed \(seed)")
    var streamed: [TextChunk] = []
    chunker.forEachChunk(of: text, format: .markdown) { streamed.append($0) }
    #expect(first == streamed, "seed \(seed)")
  }

  @Test func hugeLineWithoutSpacesIsCutToFullChunks() {
    let text = String(repeating: "x", count: 200_000)
    let options = ChunkingOptions()
    let chunks = Chunker(checked: options).chunks(of: text, format: .text)
    #expect(ChunkFaults.find(in: chunks, of: text, options: options).isEmpty)
    #expect(chunks.dropLast().allSatisfy { $0.estimatedTokens > 380 })
  }
}

/// Checks chunks against the document, naively.
enum ChunkFaults {
  static func find(in chunks: [TextChunk], of text: String, options: ChunkingOptions) -> [String] {
    let scalars = Array(text.unicodeScalars)
    let lines = lineNumbers(scalars)
    let ends = clusterEnds(text)
    var faults: [String] = []
    var covered = 0
    var lastStart = -1
    for (number, chunk) in chunks.enumerated() {
      func fault(_ message: String) { faults.append("chunk \(number) \(chunk.range): \(message)") }
      let slice = scalars[chunk.range]
      if !chunk.text.unicodeScalars.elementsEqual(slice) { fault("text is not the range's") }
      if chunk.line != lines[chunk.range.lowerBound] { fault("line \(chunk.line)") }
      if chunk.estimatedTokens != TokenEstimator().tokens(in: chunk.text) { fault("tokens") }
      if chunk.estimatedTokens > options.maximumTokens { fault("\(chunk.estimatedTokens) tokens") }
      if slice.allSatisfy(isBlank) { fault("blank") }
      if chunk.range.lowerBound <= lastStart { fault("does not start behind the last") }
      if chunk.range.upperBound <= covered {
        fault("brings nothing new")
        continue
      }
      if chunk.range.lowerBound > covered {
        let gap = scalars[covered..<chunk.range.lowerBound]
        if !gap.allSatisfy(isBlank) { fault("text left out before it") }
        if !isDear(gap, options) { fault("few blanks left out before it") }
      }
      if chunk.range.lowerBound < covered {
        let repeated = String(scalars[chunk.range.lowerBound..<covered])
        if TokenEstimator().tokens(in: repeated) > options.overlapTokens {
          fault("overlap \(repeated)")
        }
      }
      let new = max(covered, chunk.range.lowerBound)..<chunk.range.upperBound
      if !ends.contains(new.upperBound),
        (new.lowerBound + 1..<new.upperBound).contains(where: { end in
          // A cut that leaves a chunk of blanks is no choice.
          ends.contains(end) && !scalars[chunk.range.lowerBound..<end].allSatisfy(isBlank)
        })
      {
        fault("cut inside a cluster")
      }
      lastStart = chunk.range.lowerBound
      covered = max(covered, chunk.range.upperBound)
    }
    let rest = scalars[covered...]
    if !rest.allSatisfy(isBlank) { faults.append("text left out at the end") }
    if !rest.isEmpty, !chunks.isEmpty, !isDear(rest, options) { faults.append("blanks at the end") }
    return faults
  }

  private static func isDear(
    _ blanks: ArraySlice<Unicode.Scalar>, _ options: ChunkingOptions
  ) -> Bool {
    TokenEstimator().tokens(in: String(blanks)) > options.maximumTokens / 4
  }

  private static func lineNumbers(_ scalars: [Unicode.Scalar]) -> [Int] {
    var line = 1
    return scalars.map { scalar in
      defer { if scalar == "\n" { line += 1 } }
      return line
    }
  }

  private static func clusterEnds(_ text: String) -> Set<Int> {
    var ends: Set<Int> = []
    var offset = 0
    for character in text {
      offset += character.unicodeScalars.count
      ends.insert(offset)
    }
    return ends
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || scalar.value < 0x20 || scalar.value == 0x7F
      || [0x200B, 0x2060, 0xFEFF].contains(scalar.value)
  }
}

extension String {
  /// A text of these scalars.
  init(_ scalars: ArraySlice<Unicode.Scalar>) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    self.init(view)
  }
}
