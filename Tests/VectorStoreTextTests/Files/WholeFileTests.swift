// WholeFile: only regular files, only so many bytes, and judged as they come.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

struct WholeFileTests {
  private func problem(_ body: () throws -> Data) -> FileProblem.Reason? {
    do {
      _ = try body()
      return nil
    } catch {
      return error as? FileProblem.Reason
    }
  }

  @Test func readsAFileUpToItsLimit() throws {
    let folder = try TemporaryFolder()
    let bytes = Data((0..<600_000).map { UInt8(truncatingIfNeeded: $0) })
    let path = try folder.write(bytes, to: "file")
    #expect(try WholeFile.read(path, limit: bytes.count) == bytes)
    #expect(
      problem { try WholeFile.read(path, limit: bytes.count - 1) }
        == .tooLarge(limit: bytes.count - 1))
    #expect(WholeFile.start(of: path, count: 300_000) == bytes.prefix(300_000))
    #expect(WholeFile.start(of: path, count: 1 << 30) == bytes)
    #expect(try WholeFile.read(try folder.write(Data(), to: "empty"), limit: 0).isEmpty)
  }

  @Test func refusesWhatIsNoFile() throws {
    let folder = try TemporaryFolder()
    mkfifo(folder.path("fifo"), 0o600)
    symlink("/dev/zero", folder.path("zero"))
    for path in [folder.path("fifo"), folder.path("zero"), "/dev/null", folder.url.path] {
      #expect(problem { try WholeFile.read(path, limit: 10) } == .notFile, "\(path)")
      #expect(WholeFile.start(of: path, count: 10) == nil)
    }
    #expect(problem { try WholeFile.read(folder.path("none"), limit: 10) } == .missing)
    let file = try folder.write("text", to: "file")
    symlink(file, folder.path("link"))
    #expect(try WholeFile.read(folder.path("link"), limit: 10) == Data("text".utf8))
    #expect(
      problem { try WholeFile.read(folder.path("link"), limit: 10, followsLink: false) } == .notFile
    )
  }

  @Test func judgesBeforeTheRestIsRead() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Data([0x61, 0]), to: "film")
    truncate(path, 5 << 30)  // a hole: no room is taken
    var screen = TextDecoder.Screen()
    let error = #expect(throws: TextDecodingError.self) {
      try WholeFile.read(path, limit: 1 << 20) { try screen.look(at: $0) }
    }
    #expect(error == .binary(offset: 1))
  }

  /// A pipe that is never closed: what is no text is refused though more could come.
  @Test func judgesAStreamWhileItComes() throws {
    var ends: [Int32] = [-1, -1]
    #expect(pipe(&ends) == 0)
    defer { ends.forEach { close($0) } }
    #expect(write(ends[1], "ab\0", 3) == 3)
    var screen = TextDecoder.Screen()
    #expect(throws: TextDecodingError.binary(offset: 2)) {
      try WholeFile.read(stream: ends[0], limit: 100) { try screen.look(at: $0) }
    }
    #expect(write(ends[1], "abcd", 4) == 4)
    #expect(problem { try WholeFile.read(stream: ends[0], limit: 3) } == .tooLarge(limit: 3))
  }

  @Test func screensAcrossPieces() throws {
    func verdict(_ pieces: [[UInt8]]) -> TextDecodingError? {
      var screen = TextDecoder.Screen()
      do {
        for piece in pieces { try piece.withUnsafeBytes { try screen.look(at: $0) } }
        return nil
      } catch {
        return error as? TextDecodingError
      }
    }
    #expect(verdict([[0x61], [0x62, 0x00]]) == .binary(offset: 2))
    #expect(verdict([[0xFF, 0xFE], [0x61, 0x00]]) == nil)
    #expect(verdict([Array("%PDF-1".utf8)]) == .pdf)
    #expect(verdict([Array("a %PDF-1".utf8)]) == nil)
  }

  @Test func numbersAreReadAsTheGrammarHasThem() throws {
    let json = #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#
    let pieces = ["-", "0", "7", "12", ".", "e", "E", "+", "x", "9223372036854775808"]
    for seed in 0..<3000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let text = (0..<Int.random(in: 0...6, using: &random))
        .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
      var expected: MetadataValue?
      if let match = text.wholeMatch(of: json) {
        if match.output.2 == nil, match.output.3 == nil {
          expected = Int64(text).map { .integer($0) }
        } else if let number = Double(text), number.isFinite {
          expected = .number(number)
        }
      }
      #expect(MetadataValue.number(written: text) == expected, "seed \(seed): \(text)")
    }
  }

  /// A block of 64 KB takes little more than its bytes do: no expression is compiled for each value.
  @Test func manyValuesOfFrontMatterAreReadQuickly() throws {
    for value in ["7", "2024-05-01 10:00:00"] {
      var lines = ""
      while lines.utf8.count < 60_000 { lines += "k\(lines.utf8.count): \(value)\n" }
      let text = "---\n\(lines)---\nwords\n"
      let time = try processorSeconds { _ = try FrontMatter.parse(text) }
      #expect(time < 1, "\(value): \(time)")
    }
  }
}
