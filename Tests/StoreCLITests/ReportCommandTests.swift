// `store stats --html` and `--qrels`, and `store query --explain` and `--hybrid`, as processes.

import Foundation
import TestSupport
import Testing

@Suite struct ReportCommandTests {
  private static func filledStore() async throws -> Command {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    let lines = [
      ("sky", "The sky is blue."), ("bread", "Bread rises by yeast."), ("walrus", "It has tusks."),
      ("sea", "The sea is blue too."),
    ].map { "{\"id\": \"\($0)\", \"text\": \"\($1)\"}" }
    try store.folder.write(lines.joined(separator: "\n"), to: "texts.jsonl")
    _ = try await store.run("import", "texts.jsonl")
    return store
  }

  @Test func writesThePage() async throws {
    let store = try await Self.filledStore()
    let outcome = try await store.run("stats", "--html", "page.html")
    #expect(outcome.status == 0 && outcome.errors == "wrote page.html\n")
    #expect(outcome.output.hasPrefix("mock/hashed-features-2/1536: watch\n"))
    let page = try String(contentsOfFile: store.folder.path("page.html"), encoding: .utf8)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
    #expect(page.contains("How good are the vectors of <bdi>store.db</bdi>?"))
    #expect(page.contains("vector-store 0.1.0") && !page.contains(store.folder.path("")))
    let quiet = try await store.run("stats", "--html", "page.html", "--json", "--quiet")
    #expect(quiet.status == 0 && quiet.errors.isEmpty && quiet.output.hasPrefix("{"))
  }

  @Test func aPageThatCannotBeWrittenIsAnError() async throws {
    let store = try await Self.filledStore()
    let outcome = try await store.run("stats", "--html", "nowhere/page.html")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("the page cannot be written to nowhere/page.html"))
  }

  @Test func measuresRankingsByJudgedQuestions() async throws {
    let store = try await Self.filledStore()
    try store.folder.write("1 0 sky 2\n1 0 sea 1\n2 0 bread 1\n", to: "qrels")
    try store.folder.write("1\twhat is blue?\n2\tyeast for bread\n", to: "queries.tsv")
    let options = ["stats", "--qrels", "qrels", "--queries", "queries.tsv"]
    let outcome = try await store.run(options)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("\nretrieval: 2 questions, 3 relevant documents\n"))
    for name in ["vector", "lexical", "fused"] {
      #expect(outcome.output.contains("\n  \(name) "), "\(name)")
    }
    let output = try await store.run(options + ["--json"]).output
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    let retrieval = try #require(report["retrieval"] as? [String: Any])
    let rankings = try #require(retrieval["rankings"] as? [[String: Any]])
    #expect(rankings.map { $0["ranking"] as? String } == ["vector", "lexical", "fused"])
    for key in ["nDCG10", "map", "recall10", "recall100", "mrr"] {
      let figure = rankings[0][key] as? [String: Any]
      #expect(figure?["mean"] as? Double != nil && figure?["standardError"] as? Double != nil)
    }
  }

  @Test func badJudgementsAreNamedByLine() async throws {
    let store = try await Self.filledStore()
    try store.folder.write("1 0 sky 2\n1 sea\n", to: "qrels")
    try store.folder.write("1\twhat is blue?\n", to: "queries.tsv")
    let outcome = try await store.run("stats", "--qrels", "qrels", "--queries", "queries.tsv")
    #expect(outcome.status == 1 && outcome.errors.contains("qrels, line 2: found 2 fields"))
    #expect(try await store.run("stats", "--qrels", "qrels").status == 64)
  }

  @Test func asksTheModelAgain() async throws {
    let store = try await Self.filledStore()
    let outcome = try await store.run("stats", "--canary", "--html", "page.html")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("\ncanary: good. The model is the one that made the vectors"))
    #expect(outcome.output.contains("least / mean: 1.000000 / 1.000000\n"))
    let page = try String(contentsOfFile: store.folder.path("page.html"), encoding: .utf8)
    #expect(page.contains("<section id=\"canary\""))
  }

  @Test func explainsScores() async throws {
    let store = try await Self.filledStore()
    let outcome = try await store.run(
      "query", "which sea has a blue sky?", "--explain", "--limit", "1")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains(":1\n    cosine 0."))
    #expect(outcome.output.contains(" of random pairs and "))
    #expect(outcome.output.contains("\nmock/hashed-features-2/1536: --min-score "))
    #expect(outcome.output.contains(" suggested, from 4 of 4 rows\nlooked at: "))
    let words = try await store.run("query", "blue sky", "--explain", "--lexical")
    #expect(words.output.contains("    ranked by words; no cosine\n"))
    let line = try await store.run("query", "blue sky", "--explain", "--json", "--limit", "1")
      .output
    let hit = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let explanation = try #require(hit["explanation"] as? [String: Any])
    for key in ["percentOfRandomPairs", "percentOfNearestNeighbours", "suggestedMinimumScore"] {
      #expect(explanation[key] as? Double != nil, "\(key)")
    }
    #expect((explanation["effort"] as? [String: Any])?["scored"] as? Int == 4)
    let plain = try await store.run("query", "blue sky", "--json", "--limit", "1").output
    #expect(!plain.contains("explanation"))
  }

  @Test func fusesBothRankings() async throws {
    let store = try await Self.filledStore()
    let line = try await store.run("query", "blue sky", "--hybrid", "--json", "--limit", "1").output
    let hit = try #require(
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    #expect(hit["source"] as? String == "sky" && hit["degraded"] as? Bool == false)
    #expect(abs((hit["score"] as? Double ?? 0) - 1) < 1e-12 && hit["cosine"] != nil)
    #expect(try await store.run("query", "x", "--hybrid", "--lexical").status == 64)
  }
}
