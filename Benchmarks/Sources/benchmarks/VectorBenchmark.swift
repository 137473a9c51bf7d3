// How fast vectors are imported, and how fast and how right exact search answers.

import ArgumentParser
import Foundation
import VectorStore

struct VectorBenchmark: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vectors",
    abstract: "Import rows/s and exact query ms, with recall against a double-precision loop.")

  @Option(parsing: .upToNextOption, help: "Rows of the stores to measure.")
  var rows = [10_000, 100_000]

  @Option(help: "A .npy file with base vectors; without it, vectors are made.")
  var base: String?

  @Option(help: "Queries; the median is printed.")
  var queries = 20

  func run() async throws {
    for count in rows {
      let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try await measure(count, in: folder)
    }
  }

  private func measure(_ count: Int, in folder: URL) async throws {
    let file = folder.appending(path: "base.npy").path
    let made = try MadeVectors(rows: count, base: base)
    try made.write(npy: file)
    let path = folder.appending(path: "vectors.db").path
    let store = try await Store(path: path)

    let started = ContinuousClock.now
    let imported = try await store.import(from: file)
    let seconds = (ContinuousClock.now - started).seconds
    precondition(imported.documents.added == count, "\(imported)")
    let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    report(
      "\(count) rows: import from .npy, durable", Double(count) / seconds, "rows/s",
      "\(size / 1_000_000) MB on disk")

    let questions = made.queries(queries)
    _ = try await store.query(vectors: [questions[0]])
    var answers: [[String]] = []
    var times: [Double] = []
    for question in questions {
      let started = ContinuousClock.now
      let hits = try await store.query(vectors: [question])[0].hits
      times.append((ContinuousClock.now - started).seconds)
      answers.append(hits.map(\.document))
    }
    let single = Timing(seconds: times.sorted())
    let recall = made.recall(of: answers, queries: questions)
    report(
      "\(count) rows: exact query, warm, median", 1e3 * single.median, "ms",
      "p99 \(String(format: "%.1f", 1e3 * single.quantile(0.99))) ms, recall@10 \(recall)")
    let batch = try await Timing.of(3) { _ = try await store.query(vectors: questions) }
    report(
      "\(count) rows: exact query in a batch of \(queries)",
      1e3 * batch.median / Double(queries), "ms a query")
    try await store.close()
  }
}

/// Vectors to measure on: given ones, or made in clusters around a common mean, as embeddings lie.
struct MadeVectors {
  static let dimensions = 1536

  let rows: Int
  private var elements: [Float] = []

  init(rows: Int, base: String?) throws {
    self.rows = rows
    if let base {
      let data = try Data(contentsOf: URL(filePath: base))
      let bytes = rows * Self.dimensions * 4
      precondition(data.count > bytes, "\(base) has fewer than \(rows) rows of 1536")
      let header = 10 + Int(data[8]) + Int(data[9]) << 8
      elements = data[header..<header + bytes].withUnsafeBytes {
        Array($0.bindMemory(to: Float.self))
      }
      return
    }
    var random = SplitMix64(seed: 42)
    let centres = (0..<200).map { _ in Self.direction(&random, scale: 1, around: nil) }
    elements.reserveCapacity(rows * Self.dimensions)
    for _ in 0..<rows {
      elements += Self.direction(
        &random, scale: 0.7, around: centres[Int.random(in: 0..<200, using: &random)])
    }
  }

  /// Queries near rows of the base, none equal to one.
  func queries(_ count: Int) -> [[Float]] {
    var random = SplitMix64(seed: 43)
    return (0..<count).map { _ in
      let row = Int.random(in: 0..<rows, using: &random)
      let start = row * Self.dimensions
      return Self.direction(
        &random, scale: 0.5, around: Array(elements[start..<start + Self.dimensions]))
    }
  }

  /// The share of the ten best rows, by a plain loop in double precision, that the answers hold.
  func recall(of answers: [[String]], queries: [[Float]]) -> Double {
    var found = 0
    for (answer, query) in zip(answers, queries) {
      var scores: [(Double, Int)] = []
      for row in 0..<rows {
        var dot = 0.0
        for column in 0..<Self.dimensions {
          dot += Double(elements[row * Self.dimensions + column]) * Double(query[column])
        }
        scores.append((dot, row))
      }
      let best = scores.sorted { $0.0 > $1.0 }.prefix(10).map { String($0.1) }
      found += Set(best).intersection(answer).count
    }
    return Double(found) / Double(10 * queries.count)
  }

  /// NumPy's format, version 1.0.
  func write(npy path: String) throws {
    var header =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(Self.dimensions)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var data = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    data += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
    data += Data(header.utf8)
    elements.withUnsafeBytes { data.append(contentsOf: $0) }
    try data.write(to: URL(filePath: path))
  }

  private static func direction(
    _ random: inout SplitMix64, scale: Float, around centre: [Float]?
  ) -> [Float] {
    var vector = (0..<dimensions).map { _ -> Float in
      // The sum of three uniform numbers is normal enough here.
      let sum = (0..<3).reduce(Float(0)) { total, _ in
        total + Float.random(in: -1...1, using: &random)
      }
      return scale * sum
    }
    normalize(&vector)
    guard let centre else { return vector }
    for index in vector.indices { vector[index] = centre[index] + scale * vector[index] }
    normalize(&vector)
    return vector
  }

  private static func normalize(_ vector: inout [Float]) {
    let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    for index in vector.indices { vector[index] = Float(Double(vector[index]) / norm) }
  }
}
