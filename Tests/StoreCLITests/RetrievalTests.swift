import Foundation
import TestSupport
import Testing

/// How well real questions are answered through the command: `import`, then `query --stdin --json`.
@Suite struct RetrievalTests {
  struct Bars: CustomTestStringConvertible, Sendable {
    var name: String
    var mock: Double
    var words: Double
    /// The least part of the hits called strong that are relevant.
    var strong: Double
    var testDescription: String { name }
  }

  /// A debug build asks every fifth question of a large set: its mean is off by a standard error.
  #if DEBUG
    private static let slack = 0.012
  #else
    private static let slack = 0.0
  #endif

  static let bars = [
    Bars(name: "cranfield", mock: 0.31, words: 0.35, strong: 0.6),
    Bars(name: "xquad-en", mock: 0.95, words: 0.97, strong: 0.8),
    Bars(name: "xquad-de", mock: 0.87, words: 0.93, strong: 0.8),
    Bars(name: "xquad-zh", mock: 0.74, words: 0.95, strong: 0.8),
  ]

  @Test(
    .enabled(if: bars.allSatisfy { RetrievalSet.exists($0.name) }, "needs the shared data"),
    arguments: bars)
  func answersRealQuestions(bars: Bars) async throws {
    let set = try RetrievalSet.load(bars.name)
    let store = Command(folder: try TemporaryFolder())
    let lines = try set.documents.map { document in
      String(
        decoding: try JSONSerialization.data(
          withJSONObject: ["id": document.id, "text": document.text]), as: UTF8.self)
    }
    try store.folder.write(lines.joined(separator: "\n"), to: "corpus.jsonl")
    let imported = try await store.run("import", "corpus.jsonl", "--mode", "mock")
    #expect(imported.status == 0, "\(imported.errors)")
    let mock = try await nDCG(set, store, ["--rank", "vector"])
    #expect(mock >= bars.mock - Self.slack, "nDCG@10 by mock vectors \(mock)")
    let words = try await nDCG(set, store, ["--lexical"])
    #expect(words >= bars.words - Self.slack, "nDCG@10 by words \(words)")
    try await expectLabelsToHold(bars, set, store)
  }

  /// What is called strong is mostly relevant, and more often than what is likely; that more often than what is weak.
  /// Nearly all questions about something else get the answer that nothing is near.
  private func expectLabelsToHold(
    _ bars: Bars, _ set: RetrievalSet, _ store: Command
  ) async throws {
    var counts: [String: (all: Int, relevant: Int)] = [:]
    for (query, hits) in zip(set.queries, try await hits(set.queries, store, ["--copies"])) {
      for hit in hits {
        let grade = set.judgements[query.id]?[hit.source]
        // Cranfield judges the paper that a question was taken from by 0.
        if grade == 0 { continue }
        let label = hit.strength ?? ""
        counts[label, default: (0, 0)].all += 1
        counts[label, default: (0, 0)].relevant += grade == nil ? 0 : 1
      }
    }
    let precision = ["strong", "likely", "weak"].map { label in
      counts[label].map { Double($0.relevant) / Double($0.all) } ?? -1
    }
    #expect(precision[0] >= bars.strong, "\(precision)")
    #expect(precision[0] > precision[1] && precision[1] > precision[2], "\(precision)")
    #expect(counts.count == 3, "\(counts)")
    let other = try RetrievalSet.load(bars.name == "cranfield" ? "xquad-en" : "cranfield")
    let asked = Array(other.queries.prefix(100))
    let answers = try await hits(asked, store, ["--copies"])
    let far = answers.count { $0.allSatisfy { $0.strength == "weak" } }
    #expect(far >= 90, "\(far) of 100 questions about something else are far from everything")
  }

  private struct Hit: Decodable {
    var query: Int
    var source: String
    var strength: String?
  }

  private func nDCG(
    _ set: RetrievalSet, _ store: Command, _ options: [String]
  ) async throws -> Double {
    let rankings = try await hits(set.queries, store, options).map { $0.map(\.source) }
    let sum = zip(set.queries, rankings).reduce(0.0) { sum, pair in
      sum + set.nDCG(at: 10, ranking: pair.1, for: pair.0.id)
    }
    return sum / Double(set.queries.count)
  }

  /// The hits of each question.
  private func hits(
    _ queries: [RetrievalSet.Query], _ store: Command, _ options: [String]
  ) async throws -> [[Hit]] {
    let lines = queries.map { $0.text.replacingOccurrences(of: "\n", with: " ") }
    let outcome = try await store.run(
      ["query", "--stdin", "--json", "--quiet", "--mode", "mock"] + options,
      input: lines.joined(separator: "\n"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    var hits = [[Hit]](repeating: [], count: queries.count)
    for line in outcome.output.split(separator: "\n") {
      let hit = try JSONDecoder().decode(Hit.self, from: Data(line.utf8))
      hits[hit.query].append(hit)
    }
    return hits
  }
}
