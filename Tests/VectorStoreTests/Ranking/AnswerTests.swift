import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// What a hit tells, and which hits there are: titles, names, copies, neighbours.
@Suite struct AnswerTests {
  private static func sources(
    _ question: String, _ store: Store, _ change: (inout QueryOptions) -> Void = { _ in }
  ) async throws -> [String] {
    var options = QueryOptions()
    options.ranking = .lexical
    change(&options)
    return try await store.query(question, options: options).hits.map(\.source)
  }

  @Test func titlesAndNamesAreFound() async throws {
    try await withStore { store, folder in
      _ = try folder.write("It went well.", to: "d/Zebrafish Corp review.md")
      _ = try folder.write("Pay in May.", to: "d/taxes-2025.md")
      _ = try folder.write("# Guide\n\nStart.\n\n## Onager care\n\nFeed it.", to: "d/g/README.md")
      try await store.add(paths: [folder.path("d")])
      try await store.add([
        Document(id: "d", text: "They smile.", metadata: ["title": "Quokka facts"])
      ])
      #expect(try await Self.sources("zebrafish", store).count == 1)
      #expect(try await Self.sources("taxes 2025", store).first?.hasSuffix("taxes-2025.md") == true)
      #expect(try await Self.sources("onager", store).first?.hasSuffix("README.md") == true)
      #expect(try await Self.sources("quokka", store) == ["d"])
      try await store.updateMetadata(of: "d", to: ["title": "Numbat facts"])
      #expect(try await Self.sources("quokka", store).isEmpty)
      #expect(try await Self.sources("numbat", store) == ["d"])
    }
  }

  @Test func definitionsComeBeforeUses() async throws {
    try await withStore { store, folder in
      _ = try folder.write("parseHeader(a)\nparseHeader(b)\nparseHeader(c)\n", to: "d/use.swift")
      _ = try folder.write("func parseHeader(_ x: Int) {\n  print(x)\n}\n", to: "d/make.swift")
      try await store.add(paths: [folder.path("d")])
      #expect(
        try await Self.sources("parseHeader", store).first?.hasSuffix("make.swift") == true)
      #expect(
        try await Self.sources("parse header", store).first?.hasSuffix("make.swift") == true)
    }
  }

  @Test func whatIsLeftOutIsInNoRanking() async throws {
    try await withStore { store, _ in
      try await store.add([
        Document(id: "pie", text: "apple pie with cream"),
        Document(id: "tart", text: "apple tart with cream"),
      ])
      for ranking in [QueryOptions.Ranking.vector, .lexical, .fused] {
        #expect(
          try await Self.sources("apple cream -tart", store) { $0.ranking = ranking } == ["pie"],
          "\(ranking)")
      }
    }
  }

  @Test func withoutAWordOfTheQuestionTheScoresAreCosines() async throws {
    try await withStore { store, _ in
      try await store.add(
        ["apple pie", "pear tart", "plum cake"].map { Document(id: $0, text: $0) })
      var options = QueryOptions()
      options.ranking = .fused
      let strange = try await store.query("zebra quantum", options: options).hits
      #expect(strange.count == 3)
      #expect(strange.allSatisfy { $0.cosine == $0.score && $0.score < 0.5 })
      let known = try await store.query("apple", options: options).hits
      #expect(known.first?.source == "apple pie" && known.first?.score == 1)
    }
  }

  @Test(arguments: [QueryOptions.Ranking.vector, .lexical, .fused])
  func copiesAreOneHit(ranking: QueryOptions.Ranking) async throws {
    try await withStore { store, _ in
      let text = "The onager is a wild ass that lives in the deserts of Asia in small herds"
      try await store.add(
        (1...30).map { Document(id: "copy\($0)", text: text) } + [
          Document(id: "near", text: text + " today"),
          Document(id: "other", text: "An onager was also a catapult of the Romans."),
        ])
      var options = QueryOptions(limit: 2)
      options.ranking = ranking
      options.foldsCopies = true
      let hits = try await store.query("onager wild ass", options: options).hits
      #expect(hits.map(\.source).contains("other") && hits.count == 2)
      #expect(hits[0].copies.count == 30 && hits[1].copies.isEmpty)
      options.foldsCopies = false
      #expect(try await store.query("onager wild ass", options: options).hits[1].copies.isEmpty)
    }
  }

  @Test func aDocumentHasAtMostItsShare() async throws {
    try await withStore { store, folder in
      let parts = (1...40).map { "# Part \($0)\n\nThe onager number \($0) eats \($0) thistles." }
      _ = try folder.write(parts.joined(separator: "\n\n"), to: "d/long.md")
      _ = try folder.write("An onager sleeps here, far away from all.", to: "d/short.md")
      var adding = AddOptions()
      adding.chunking = ChunkingOptions(maximumTokens: 32, overlapTokens: 0)
      try await store.add(paths: [folder.path("d")], options: adding)
      let found = try await Self.sources("onager", store) {
        $0.maximumPerDocument = 2
        $0.limit = 3
      }
      #expect(found.count { $0.hasSuffix("long.md") } == 2)
      #expect(found.count { $0.hasSuffix("short.md") } == 1)

      var options = QueryOptions(limit: 1)
      options.ranking = .lexical
      let alone = try #require(try await store.query("\"number 20\"", options: options).hits.first)
      #expect(alone.headings.isEmpty || alone.headings.allSatisfy { $0.hasPrefix("Part") })
      options.neighbours = 1
      let wide = try #require(try await store.query("\"number 20\"", options: options).hits.first)
      #expect(wide.id == alone.id)
      let (text, part) = (try #require(wide.text), try #require(alone.text))
      #expect(text.contains("number 20 eats") && text.contains(part) && text.count > part.count)
      let (from, start) = (try #require(wide.start), try #require(alone.start))
      let (to, end) = (try #require(wide.end), try #require(alone.end))
      #expect(from < start && to > end)
    }
  }

  @Test func contextKeepsToItsTokens() async throws {
    try await withStore { store, _ in
      let long = String(repeating: "the onager eats thistles and sleeps. ", count: 40)
      try await store.add([
        Document(id: "long", text: long), Document(id: "short", text: "An onager."),
      ])
      var options = QueryOptions()
      options.ranking = .lexical
      let result = try await store.query("onager thistles", options: options)
      let all = result.context()
      #expect(all.contains("[1] ") && all.contains("[2] ") && all.contains("An onager."))
      let some = result.context(tokens: 40)
      #expect(some.contains("An onager.") || some.hasPrefix("[1] "))
      #expect(some.utf8.count < 400 && !some.isEmpty)
      #expect(QueryResult(hits: []).context().isEmpty)
    }
  }
}
