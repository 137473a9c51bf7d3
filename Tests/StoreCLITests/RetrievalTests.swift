import Foundation
import TestSupport
import Testing

/// How well real questions are answered through the command: `import`, then `query --stdin --json`.
@Suite struct RetrievalTests {
  struct Bars: CustomTestStringConvertible, Sendable {
    var name: String
    var mock: Double
    var words: Double
    var testDescription: String { name }
  }

  /// A debug build asks every fifth question of a large set: its mean is off by a standard error.
  #if DEBUG
    private static let slack = 0.012
  #else
    private static let slack = 0.0
  #endif

  static let bars = [
    Bars(name: "cranfield", mock: 0.31, words: 0.35),
    Bars(name: "xquad-en", mock: 0.95, words: 0.97),
    Bars(name: "xquad-de", mock: 0.87, words: 0.93),
    Bars(name: "xquad-zh", mock: 0.74, words: 0.95),
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
    let mock = try await nDCG(set, store, ["--mode", "mock", "--rank", "vector"])
    #expect(mock >= bars.mock - Self.slack, "nDCG@10 by mock vectors \(mock)")
    let words = try await nDCG(set, store, ["--lexical"])
    #expect(words >= bars.words - Self.slack, "nDCG@10 by words \(words)")
  }

  private func nDCG(
    _ set: RetrievalSet, _ store: Command, _ options: [String]
  ) async throws -> Double {
    let queries = set.queries.map { $0.text.replacingOccurrences(of: "\n", with: " ") }
    let outcome = try await store.run(
      ["query", "--stdin", "--json"] + options, input: queries.joined(separator: "\n"))
    #expect(outcome.status == 0, "\(outcome.errors)")
    struct Line: Decodable {
      var query: Int
      var source: String
    }
    var rankings = [[String]](repeating: [], count: queries.count)
    for line in outcome.output.split(separator: "\n") {
      let hit = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
      rankings[hit.query].append(hit.source)
    }
    let sum = zip(set.queries, rankings).reduce(0.0) { sum, pair in
      sum + set.nDCG(at: 10, ranking: pair.1, for: pair.0.id)
    }
    return sum / Double(queries.count)
  }
}
