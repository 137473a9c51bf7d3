import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

private func contents(_ folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

/// Runs a Python program with numpy; nil where there is none.
private func python(_ program: String, _ arguments: String...) -> String? {
  let process = Process()
  process.executableURL = URL(filePath: "/usr/bin/env")
  process.arguments = ["python3", "-c", program] + arguments
  let output = Pipe()
  process.standardOutput = output
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return nil }
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
}

private let hasNumPy = python("import numpy") != nil

@Suite struct NPYWriterTests {
  @Test func padsHeaderTo64Bytes() throws {
    for (rows, dimensions) in [(0, 1), (1, 1), (100_000, 1536), (Int.max, 4096)] {
      let header = NPYHeader(element: .littleSingle, rows: rows, dimensions: dimensions)
      let bytes = header.encoded()
      #expect(bytes.count % 64 == 0 && bytes.last == 0x0A)
      #expect(Int(bytes[8]) | Int(bytes[9]) << 8 == bytes.count - 10)
      #expect(try NPYHeader(dictionary: Array(bytes[10...]), file: "") == header)
    }
  }

  @Test(arguments: UInt64(1)...5)
  func writesWhatTheReaderReads(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let rows = Int.random(in: 0...40, using: &generator)
    let dimensions = Int.random(in: 1...70, using: &generator)
    let values = (0..<(rows * dimensions)).map { _ in
      Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator))
    }
    try withScratchFolder { folder in
      let path = folder.appending(path: "a.npy").path
      let writer = try NPYWriter(path: path, rows: rows, dimensions: dimensions)
      var row = 0
      while row < rows {
        let count = Int.random(in: 1...(rows - row), using: &generator)
        try writer.append(Array(values[(row * dimensions)..<((row + count) * dimensions)]))
        row += count
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      try writer.finish()
      #expect(try contents(folder) == ["a.npy"])
      let reader = try NPYReader(path: path)
      #expect(reader.rows == rows && reader.dimensions == dimensions)
      var block: [Float] = []
      try reader.read(rows: 0..<rows, into: &block)
      #expect(block.map(\.bitPattern) == values.map(\.bitPattern), "seed \(seed)")
    }
  }

  @Test(.enabled(if: hasNumPy)) func numpyReadsItBitForBit() throws {
    let values: [Float] = [1, -0.0, .leastNonzeroMagnitude, .infinity, -3.4e38, 0.1]
    try withScratchFolder { folder in
      let path = folder.appending(path: "a.npy").path
      let writer = try NPYWriter(path: path, rows: 2, dimensions: 3)
      try writer.append(values)
      try writer.finish()
      let program = """
        import sys, numpy
        a = numpy.load(sys.argv[1]); numpy.save(sys.argv[2], a)
        print(a.dtype.str, a.shape, *a.view('<u4').ravel())
        """
      let copy = folder.appending(path: "b.npy").path
      let output = try #require(python(program, path, copy))
      let bits = values.map { "\($0.bitPattern)" }.joined(separator: " ")
      #expect(output == "<f4 (2, 3) \(bits)\n")
      #expect(
        FileManager.default.contents(atPath: path) == FileManager.default.contents(atPath: copy))
    }
  }

  @Test func leavesNothingWithoutFinish() throws {
    try withScratchFolder { folder in
      let path = try folder.file("a.npy", Array("before".utf8))
      do {
        let writer = try NPYWriter(path: path, rows: 2, dimensions: 2)
        try writer.append([1, 2])
        #expect(try contents(folder).count == 2)
      }
      #expect(try contents(folder) == ["a.npy"])
      #expect(FileManager.default.contents(atPath: path) == Data("before".utf8))
    }
  }

  @Test func refusesWrongCountsOfRows() throws {
    try withScratchFolder { folder in
      let path = folder.appending(path: "a.npy").path
      let writer = try NPYWriter(path: path, rows: 1, dimensions: 2)
      do throws(InterchangeError) {
        try writer.append([1, 2, 3, 4])
        Issue.record("took too many rows")
      } catch {
        #expect(error.code == .wrongCount)
        #expect(error.description.contains("found 2 rows, expected 1, as announced"))
      }
      #expect(throws: InterchangeError.self) { try writer.finish() }
      #expect(try contents(folder).isEmpty)
    }
  }

  @Test func keepsLinksAndPermissionsOfWhatItReplaces() throws {
    try withScratchFolder { folder in
      let target = try folder.file("target.npy", Array("before".utf8))
      #expect(chmod(target, 0o600) == 0)
      let link = folder.appending(path: "link.npy").path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "target.npy")
      let writer = try NPYWriter(path: link, rows: 1, dimensions: 1)
      try writer.append([1])
      try writer.finish()
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "target.npy")
      #expect(try NPYReader(path: target).rows == 1)
      var status = stat()
      #expect(stat(target, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
  }

  @Test func refusesPlacesThatCannotBeWritten() throws {
    try withScratchFolder { folder throws in
      for path in [folder.appending(path: "none/a.npy").path, folder.path, "/dev/null"] {
        do throws(InterchangeError) {
          _ = try NPYWriter(path: path, rows: 1, dimensions: 1)
          Issue.record("opened \(path)")
        } catch {
          #expect(error.code == .cannotWrite, "\(path)")
        }
      }
      #expect(try contents(folder).isEmpty)
    }
  }
}
