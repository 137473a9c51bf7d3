import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

/// Lines of which every seventh is broken and every fifth blank.
private func lines(_ count: Int, seed: UInt64) -> String {
  var generator = SeededGenerator(seed: seed)
  return (1...count).map { number in
    if number % 7 == 0 { return "{\"text\":" }
    if number % 5 == 0 { return "  " }
    let text = String(repeating: "y", count: Int.random(in: 0...80, using: &generator))
    return "{\"id\":\(number),\"text\":\"\(text)\",\"vector\":[\(number),0.5]}"
  }.joined(separator: "\n")
}

@Suite struct JSONLBatchReaderTests {
  /// Blocks end anywhere within lines; the outcome must not depend on it, nor on the workers.
  @Test(arguments: UInt64(1)...3)
  func keepsOrderWhateverTheWorkersAndBlocks(seed: UInt64) throws {
    let count = 200
    let good = (1...count).filter { $0 % 7 != 0 && $0 % 5 != 0 }
    let bad = (1...count).filter { $0 % 7 == 0 }
    try withScratchFolder { folder in
      let path = try folder.file("a.jsonl", lines(count, seed: seed).utf8)
      for workers in [1, 2, 5] {
        for batchBytes in [1, 17, 1000, 1 << 20] {
          let reader = try JSONLBatchReader(path: path, workers: workers, batchBytes: batchBytes)
          var documents: [ImportedDocument] = []
          var failures: [InterchangeError] = []
          while let batch = try reader.next() {
            #expect(!batch.documents.isEmpty || !batch.failures.isEmpty)
            documents += batch.documents
            failures += batch.failures
          }
          #expect(documents.map(\.line) == good, "seed \(seed), \(workers), \(batchBytes)")
          #expect(documents.map(\.id) == good.map { "\($0)" })
          #expect(documents.map(\.vector) == good.map { [Float($0), 0.5] })
          #expect(failures.map(\.line) == bad)
        }
      }
    }
  }

  @Test func hasNoBatchOfAnEmptyFile() throws {
    try withScratchFolder { folder in
      let reader = try JSONLBatchReader(path: try folder.file("a.jsonl", "\n\n".utf8), workers: 2)
      #expect(try reader.next() == nil)
      #expect(try reader.next() == nil)
    }
  }

  @Test func skipsLongLinesInLittleMemory() throws {
    let long = String(repeating: "z", count: 10_000)
    let text = "{\"text\":\"a\"}\n\(long)\n\(long)\n{\"text\":\"b\"}\n\(long)"
    try withScratchFolder { folder in
      let path = try folder.file("a.jsonl", text.utf8)
      for batchBytes in [1, 64, 9999, 10_001, 1 << 20] {
        let reader = try JSONLBatchReader(path: path, batchBytes: batchBytes, maximumLineBytes: 50)
        var texts: [String?] = []
        var failures: [Int?] = []
        while let batch = try reader.next() {
          texts += batch.documents.map(\.text)
          failures += batch.failures.map { $0.code == .lineTooLong ? $0.line : nil }
        }
        #expect(texts == ["a", "b"], "\(batchBytes)")
        #expect(failures == [2, 3, 5], "\(batchBytes)")
      }
    }
  }
}

@Suite struct JSONLBatchesTests {
  @Test func readsAheadInOrder() async throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data(lines(60, seed: 9).utf8))
    try pipe.fileHandleForWriting.close()
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    let batches = JSONLBatches(
      JSONLBatchReader(descriptor: descriptor, workers: 2, batchBytes: 500))
    var numbers: [Int] = []
    var count = 0
    for try await batch in batches {
      numbers += batch.documents.map(\.line)
      count += 1
    }
    #expect(numbers == (1...60).filter { $0 % 7 != 0 && $0 % 5 != 0 })
    #expect(count > 3)
    withExtendedLifetime(pipe) {}
  }

  @Test func handsErrorsOfReadingOn() async throws {
    let folder = FileManager.default.temporaryDirectory.path
    await #expect(throws: InterchangeError.self) {
      for try await _ in JSONLBatches(try JSONLBatchReader(path: folder)) {}
    }
  }
}
