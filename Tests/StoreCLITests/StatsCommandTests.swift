// `store stats` as a process: the page, the JSON, saved summaries, wrong use.

import Foundation
import TestSupport
import Testing

@Suite struct StatsCommandTests {
  private static func filledStore() async throws -> Command {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    for (id, text) in [
      ("a", "The walrus has \u{1B}[31mtusks.\u{7}"), ("b", "The walrus has tusks, two of them."),
      ("c", "Bread rises."), ("d", "Bread rises."),
    ] {
      _ = try await store.run("add", "--text", text, "--id", id)
    }
    return store
  }

  @Test func printsTheVerdictThenTheFigures() async throws {
    let store = try await Self.filledStore()
    let outcome = try await store.run("stats")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "mock/hashed-features-2/1536: watch")
    #expect(lines[1] == "4 rows of 1536 dimensions in 1 collection")
    #expect(lines[2].hasPrefix("watch  4 rows are too few to judge a space by."))
    for name in ["mean cosine", "isotropy", "effective rank", "random pairs", "near-duplicates"] {
      #expect(outcome.output.contains("\n  \(name) "), "\(name)")
    }
    #expect(outcome.output.contains("    c:1  Bread rises.\n    d:1  Bread rises.\n"))
    #expect(!outcome.output.contains("\u{1B}") && !outcome.output.contains("\u{7}"))
  }

  @Test func printsOneObjectOfJSON() async throws {
    let store = try await Self.filledStore()
    let output = try await store.run("stats", "--json").output
    #expect(output.count { $0 == "\n" } == 1)
    let report = try #require(
      try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    let space = try #require((report["spaces"] as? [[String: Any]])?.first)
    for key in [
      "space", "rows", "dimensions", "norms", "meanCosine", "cosineSpread", "isotropy",
      "participationRatio", "effectiveRank", "components50", "components90", "components99",
      "eigenvalues", "nearestNeighbours", "randomPairs", "suggestedMinimumScore", "hubs",
      "duplicates", "outliers", "deadDimensions", "sample", "verdict", "collections",
    ] {
      #expect(space[key] != nil, "\(key)")
    }
    #expect(space["rows"] as? Int == 4)
  }

  @Test func savesAndCompares() async throws {
    let store = try await Self.filledStore()
    let saved = try await store.run("stats", "--save", "monday")
    #expect(saved.status == 0 && saved.errors == "saved as \"monday\"\n")
    let same = try await store.run("stats", "--compare", "monday")
    #expect(same.status == 0 && same.output.contains("since \"monday\""))
    #expect(same.output.contains("Little moved since \"monday\""))
    let unknown = try await store.run("stats", "--compare", "tuesday")
    #expect(unknown.status == 1)
    #expect(unknown.errors.contains("no statistics of all collections are saved as \"tuesday\""))
  }

  @Test func refusesWrongUse() async throws {
    let store = try await Self.filledStore()
    for threshold in ["0", "1.5", "nan", "x"] {
      #expect(try await store.run("stats", "--duplicate-threshold", threshold).status == 64)
    }
    #expect(try await store.run("stats", "--space", "nonsense").status == 64)
    #expect(try await store.run("stats", "--collection", "nowhere").status == 1)
    let absent = try await store.run("stats", "--store", "absent.db", "--save", "x")
    #expect(absent.status == 1 && absent.errors.contains("there is no store at absent.db"))
  }
}
