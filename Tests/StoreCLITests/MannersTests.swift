import Foundation
import TestSupport
import Testing

@testable import StoreCLI

/// What people type at first: other verbs, questions without quotes, values that begin with a dash.
@Suite struct MannersTests {
  @Test(arguments: [
    (["search", "x"], "did you mean store query?"), (["ls"], "did you mean store list?"),
    (["rm", "a"], "did you mean store remove?"), (["show", "a"], "did you mean store get?"),
    (["qurey", "x"], "did you mean store query?"), (["statz"], "did you mean store stats?"),
    (["what", "is", "it"], "to search, write: store query \"what is it\""),
    (["query", "x", "--limt", "3"], "did you mean --limit?"),
    (["query", "--error-on-warnings"], "stands after --: store query -- \"--error-on-warnings\""),
    (["query", "- item one"], "stands after --: store query -- \"- item one\""),
  ])
  func saysWhatWasMeant(line: [String], expected: String) async throws {
    let store = Command(folder: try TemporaryFolder())
    let outcome = try await store.run(line)
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(expected), "\(outcome.errors)")
  }

  @Test func rightUseHasNoHint() {
    for line in [
      ["query", "-n5", "x"], ["query", "x", "-n", "5", "--", "-y"], ["add", "x", "--store=y"], [],
      ["--help"], ["help", "add"], ["query", "-qn5", "x"], ["add", "a", "-c", "b"],
      ["query", "x", "--filter", "-1 = n"], ["query", "x", "-n", "-5"],
    ] {
      #expect(UsageHint.hint(line) == nil, "\(line)")
    }
  }

  @Test func distancesCountLettersAndSwaps() {
    #expect(UsageHint.distance("query", "qurey") == 1)
    #expect(UsageHint.distance("query", "") == 5)
    #expect(UsageHint.distance("stats", "statistics") == 5)
    #expect(UsageHint.distance("list", "lists") == 1)
    #expect(UsageHint.nearest(to: "ad", among: ["add", "get"]) == "add")
    #expect(UsageHint.nearest(to: "xy", among: ["add", "get"]) == nil)
  }

  @Test func wordsWithoutQuotesAreOneQuestion() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    _ = try await store.run("add", "--text", "- walruses have tusks", "--id", "a")
    _ = try await store.run("add", "--text", "bread has yeast", "--id", "b")
    #expect(try await store.run("get", "a").output == "- walruses have tusks\n")
    let quoted = try await store.run("query", "walruses have tusks", "-n", "1")
    for line in [
      ["query", "walruses", "have", "tusks", "-n1"],
      ["query", "-n1", "--", "walruses have", "tusks"],
      ["query", "walruses", "have", "tusks", "-n", "1", "--min-score", "-0.5"],
    ] {
      let outcome = try await store.run(line)
      #expect(outcome.status == 0 && outcome.output == quoted.output, "\(line): \(outcome.errors)")
    }
  }

  @Test func severalCollectionsAnswerTogether() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    for (name, text) in [("a", "the walrus has tusks"), ("b", "a walrus"), ("c", "walrus pups")] {
      _ = try await store.run("add", "--text", text, "--id", "x", "-c", name)
    }
    func sources(_ line: [String]) async throws -> [String] {
      let outcome = try await store.run(["query", "walrus", "--json"] + line)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let hits = try outcome.output.split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(hits.map { $0["rank"] as? Int } == Array(hits.indices.map { $0 + 1 }))
      let scores = hits.compactMap { $0["score"] as? Double }
      #expect(scores == scores.sorted(by: >))
      return hits.compactMap { $0["collection"] as? String }
    }
    #expect(try await Set(sources(["-c", "a", "-c", "b"])) == ["a", "b"])
    #expect(try await Set(sources(["--all-collections"])) == ["a", "b", "c"])
    #expect(try await sources(["--all-collections", "-n1"]).count == 1)
    #expect(try await Set(sources(["--all-collections", "--lexical"])) == ["a", "b", "c"])
    let shown = try await store.run("query", "walrus", "--all-collections").output
    #expect(shown.contains("b  x:1"))
    #expect(try await store.run("query", "walrus", "-c", "a", "-c", "no").status == 1)
    #expect(try await store.run("query", "x", "-c", "a", "--all-collections").status == 64)
  }
}
