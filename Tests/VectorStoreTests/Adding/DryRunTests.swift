// A dry run tells what the run then does, over many stores and many ways to come to them.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

@Suite struct DryRunTests {
  /// A service of two texts a request, which counts a token a text and can end in mid-run.
  private struct SmallService: EmbeddingService {
    let space = EmbeddingSpace.openAI3Small
    /// After so many requests the key is refused.
    var requestsUntilRefused = Int.max
    let sent = Counter()

    var terms: ServiceTerms {
      var terms = ServiceTerms()
      terms.textsPerRequest = 2
      return terms
    }

    func tokenCounter() async -> TokenCounter { TokenCounter(isExact: true) { _ in 1 } }

    func embed(_ texts: [String]) async throws -> EmbeddingBatch {
      guard sent.next() <= requestsUntilRefused else {
        throw ServiceError(.authentication, message: "the key is refused; set another")
      }
      let batch = try await MockService(dimensions: space.dimensions).embed(texts)
      return EmbeddingBatch(vectors: batch.vectors, tokens: texts.count)
    }
  }

  /// One way a store is opened: a mode, and a service or none.
  private struct Way: CustomStringConvertible {
    var mode: ServiceMode
    var service: SmallService?
    var description: String {
      "\(mode) \(service.map { $0.requestsUntilRefused == .max ? "up" : "refusing" } ?? "none")"
    }
  }

  /// The texts of which documents are made, a chunk each.
  private static let paragraphs = (0..<7).map { number in
    (0..<20).map { "word\(number * 100 + $0)" }.joined(separator: " ")
  }

  private static var options: AddOptions {
    var options = AddOptions()
    options.chunking = ChunkingOptions(maximumTokens: 64, overlapTokens: 0)
    return options
  }

  private static func documents(_ random: inout SeededGenerator) -> [Document] {
    (0..<Int.random(in: 1...5, using: &random)).map { _ in
      let count = Int.random(in: 1...3, using: &random)
      let text = (0..<count).map { _ in paragraphs.randomElement(using: &random) ?? "" }
      return Document(
        id: "d\(Int.random(in: 0..<6, using: &random))", text: text.joined(separator: "\n\n"))
    }
  }

  /// Rows with vectors, and one text without.
  private static func lines(_ random: inout SeededGenerator, dimensions: Int) async throws -> String
  {
    var lines = ""
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let text = paragraphs.randomElement(using: &random) ?? ""
      let vector = try await MockService(dimensions: dimensions).embed([text]).vectors[0]
      lines += "{\"id\": \"d\(Int.random(in: 0..<6, using: &random))\", \"text\": \"\(text)\""
      lines += Bool.random(using: &random) ? ", \"vector\": \(vector)}\n" : "}\n"
    }
    return lines
  }

  private static func ways(refusing requests: Int) -> [Way] {
    [
      Way(mode: .mock), Way(mode: .hybrid), Way(mode: .real),
      Way(mode: .hybrid, service: SmallService()), Way(mode: .real, service: SmallService()),
      Way(mode: .hybrid, service: SmallService(requestsUntilRefused: requests)),
      Way(mode: .real, service: SmallService(requestsUntilRefused: requests)),
    ]
  }

  private static func open(_ path: String, _ way: Way) async throws -> Store {
    try await Store(
      path: path, configuration: StoreConfiguration(mode: way.mode, service: way.service))
  }

  /// One thing done to a store before.
  private static func prepare(
    _ path: String, _ folder: TemporaryFolder, _ random: inout SeededGenerator
  ) async throws -> String {
    let requests = Int.random(in: 0...2, using: &random)
    guard let way = ways(refusing: requests).randomElement(using: &random) else { return "" }
    let store = try await open(path, way)
    var done: String
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      let dimensions = try await store.collections().first?.space.dimensions ?? 1536
      let file = try folder.write(
        try await lines(&random, dimensions: dimensions), to: "rows.jsonl")
      done = "import"
      _ = try? await store.import(from: file)
    case 1:
      done = "remove"
      _ = try? await store.remove(["d\(Int.random(in: 0..<6, using: &random))"])
    default:
      done = "add"
      _ = try? await store.add(documents(&random), options: options)
    }
    try await store.close()
    done += " (\(way))"
    return done
  }

  @Test func tellsWhatTheRunDoes() async throws {
    var seen: Set<String> = []
    for seed in 0..<100 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let folder = try TemporaryFolder()
      let path = folder.path("s.db")
      var history: [String] = []
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        history.append(try await Self.prepare(path, folder, &random))
      }
      let ways = Self.ways(refusing: 0).prefix(5)
      let way = try #require(ways.randomElement(using: &random))
      let batch = Self.documents(&random)
      history.append("then \(way): \(batch.compactMap(\.source))")
      let store = try await Self.open(path, way)
      var dry = Self.options
      dry.isDryRun = true
      let planned = await Result.of { try await store.add(batch, options: dry) }
      let done = await Result.of { try await store.add(batch, options: Self.options) }
      try await store.close()
      let place = "seed \(seed): \(history.joined(separator: "; "))"
      switch (planned, done) {
      case (.success(let planned), .success(let done)):
        // Documents of one source wait for each other, and so their texts do not share requests.
        let isOnce = Set(batch.map(\.source)).count == batch.count
        #expect(
          Self.comparable(planned, withRequests: isOnce)
            == Self.comparable(done, withRequests: isOnce), "\(place)")
        seen.formUnion(Self.kinds(done))
      case (.failure(let planned), .failure(let done)):
        #expect((planned as? StoreError)?.code == (done as? StoreError)?.code, "\(place)")
        seen.insert("refused")
      default: Issue.record("\(place): planned \(planned), done \(done)")
      }
    }
    // The situations that matter did come up.
    #expect(
      seen.isSuperset(of: [
        "added", "updated", "unchanged", "pending", "embedded", "reused", "stand-in",
        "stand-in and reused",
      ]), "\(seen)")
  }

  @Test func tellsWhatAReembedDoes() async throws {
    var embedded = 0
    for seed in 1000..<1040 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let folder = try TemporaryFolder()
      let path = folder.path("s.db")
      var history: [String] = []
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        history.append(try await Self.prepare(path, folder, &random))
      }
      let store = try await Self.open(path, Way(mode: .real, service: SmallService()))
      let space = EmbeddingSpace.openAI3Small
      let planned = await Result.of { try await store.reembed(to: space, isDryRun: true) }
      let done = await Result.of { try await store.reembed(to: space) }
      try await store.close()
      let place = "seed \(seed): \(history.joined(separator: "; "))"
      switch (planned, done) {
      case (.success(let planned), .success(let done)):
        #expect(planned.chunks == done.chunks, "\(place)")
        #expect(planned.tokens == done.tokens && planned.requests == done.requests, "\(place)")
        #expect(planned.pendingRemaining == done.pendingPlaced, "\(place)")
        embedded += done.chunks.embedded
      case (.failure(let planned), .failure(let done)):
        #expect((planned as? StoreError)?.code == (done as? StoreError)?.code, "\(place)")
      default: Issue.record("\(place): planned \(planned), done \(done)")
      }
    }
    #expect(embedded > 25)
  }

  private static func comparable(_ report: AddReport, withRequests: Bool) -> AddReport {
    var report = report
    report.duration = .zero
    report.isDryRun = false
    if !withRequests { report.requests = 0 }
    return report
  }

  private static func kinds(_ report: AddReport) -> Set<String> {
    let (documents, chunks) = (report.documents, report.chunks)
    let kinds: [(String, Bool)] = [
      ("added", documents.added > 0), ("updated", documents.updated > 0),
      ("unchanged", documents.unchanged > 0), ("pending", documents.pending > 0),
      ("embedded", chunks.embedded > 0), ("reused", chunks.reused > 0),
      ("stand-in", chunks.standIn > 0),
      ("stand-in and reused", chunks.standIn > 0 && chunks.reused > 0 && documents.added > 0),
    ]
    return Set(kinds.filter(\.1).map(\.0))
  }

  /// Requests that were sent.
  private final class Counter: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }
}

extension Result where Success: Sendable, Failure == any Error {
  /// What an asynchronous call comes to.
  fileprivate static func of(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
