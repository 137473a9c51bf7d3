// How fast text is cut, embedded by the mock service, and added whole.

import ArgumentParser
import Foundation
import VectorStore

struct TextBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "text", abstract: "Chunking, mock embedding and adding, in MB of text a second.")

  @Option(help: "A text file to measure on; without it, text is made.")
  var file: String?

  @Option(help: "Megabytes of text.")
  var megabytes = 16

  @Option(help: "How often each is measured; the median is printed.")
  var repetitions = 5

  func run() async throws {
    let seed = try file.map { try String(contentsOfFile: $0, encoding: .utf8) } ?? MadeText.text()
    let copies = max(1, megabytes << 20 / max(1, seed.utf8.count))
    let text = String(repeating: seed + "\n", count: copies)
    let size = Double(text.utf8.count) / 1e6

    let chunker = try Chunker(options: ChunkingOptions())
    let chunks = chunker.chunks(of: text, format: .text).map(\.text)
    let chunking = await Timing.of(repetitions) {
      _ = chunker.chunks(of: text, format: .text).count
    }
    report("chunking, one core", size / chunking.median, "MB/s", "\(chunks.count) chunks")

    let mock = MockService()
    let sample = Array(chunks.prefix(4000))
    let bytes = Double(sample.reduce(0) { $0 + $1.utf8.count }) / 1e6
    let before = processorSeconds()
    let embedding = try await Timing.of(repetitions) { _ = try await mock.embed(sample) }
    let spent = (processorSeconds() - before) / Double(repetitions)
    report("mock embedding, one core", bytes / spent, "MB/s", "by processor time")
    report("mock embedding, all cores", bytes / embedding.median, "MB/s")

    try await add(chunks.prefix(20_000).map { $0 })
  }

  /// Adds each chunk as a document of its own, to a new store.
  private func add(_ texts: [String]) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await Store(
      path: folder.appending(path: "add.db").path, configuration: StoreConfiguration(mode: .mock))
    // Every text is made different, so that none is reused.
    let documents = texts.enumerated().map { Document(id: "\($0)", text: "\($0) \($1)") }
    let bytes = Double(documents.reduce(0) { $0 + ($1.text ?? "").utf8.count }) / 1e6
    let adding = try await Timing.of(1) { try await store.add(documents) }
    report("adding to a store, mock", bytes / adding.median, "MB/s", "\(documents.count) documents")
    report(
      "adding to a store, mock", Double(documents.count) / adding.median, "documents/s",
      "peak memory \(Int(peakMemory())) MB")
  }
}

/// Made text: words with the lengths and frequencies of English.
enum MadeText {
  static func text() -> String {
    var random = SplitMix64(seed: 7)
    let letters = Array("etaoinshrdlucmfwypvbgkjqxz")
    let words = (0..<5000).map { _ in
      String(
        (0..<Int.random(in: 2...11, using: &random)).map { _ in
          letters[min(25, Int(26 * pow(Double.random(in: 0..<1, using: &random), 1.6)))]
        })
    }
    var text = ""
    for sentence in 1...12_000 {
      let length = Int.random(in: 5...24, using: &random)
      let chosen = (0..<length).map { _ in
        words[Int(5000 * pow(Double.random(in: 0..<1, using: &random), 3))]
      }
      text += chosen.joined(separator: " ") + (sentence.isMultiple(of: 6) ? ".\n\n" : ". ")
    }
    return text
  }
}

/// A seeded generator, so that every run measures the same.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
