// The retrieval self-test of a store. Tests Sources/VectorStore/Retrieval/Store+RetrievalQuality.swift, on
// Cranfield against a count in Python.

import Foundation
import Synchronization
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreRetrievalQualityTests {
  @Test func documentsStandWhereTheirBestChunkDoes() async throws {
    try await withStore { store, _ in
      let filler = (0..<60).map { "Sentence \($0) is about bread and yeast." }.joined(
        separator: " ")
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 40, overlapTokens: 0)
      try await store.add(
        [
          Document(id: "long", text: filler + "\n\nThe walrus has tusks."),
          Document(id: "other", text: "The sky is blue."),
        ], options: options)
      let quality = try await store.retrievalQuality(
        queries: [
          JudgedQuery(id: "1", text: "walrus tusks"), JudgedQuery(id: "2", text: "blue sky"),
          JudgedQuery(id: "3", text: "nobody knows"),
        ],
        judgements: RetrievalJudgements(
          grades: ["1": ["long": 2, "gone": 1], "2": ["other": 1], "3": ["other": 0]]))
      #expect(quality.queries == 2 && quality.queriesWithoutRelevant == 1)
      #expect(quality.relevant == 3 && quality.relevantMissing == 1)
      #expect(quality.space?.name == "mock/hashed-features-2/1536" && quality.degradedReason == nil)
      #expect(quality.rankings.map(\.ranking) == [.vector, .lexical, .fused])
      for ranking in quality.rankings {
        #expect(ranking.mrr.mean == 1 && ranking.recall10.mean == 0.75, "\(ranking.ranking)")
      }
      #expect(quality.comparisons.count == 3)
    }
  }

  @Test func withoutAServiceOnlyWordsRank() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      let vector = [Float](repeating: 1, count: 1536).map { "\($0)" }.joined(separator: ",")
      try folder.write(
        "{\"id\": \"far\", \"text\": \"The sky is blue.\", \"vector\": [\(vector)]}",
        to: "one.jsonl")
      try await store.import(from: folder.path("one.jsonl"), space: .openAI3Small, into: "real")
      let quality = try await store.retrievalQuality(
        queries: [JudgedQuery(id: "1", text: "blue sky")],
        judgements: RetrievalJudgements(grades: ["1": ["far": 1]]), in: "real")
      #expect(quality.space == nil && quality.rankings.map(\.ranking) == [.lexical])
      #expect(quality.degradedReason?.isEmpty == false && quality.comparisons.isEmpty)
    }
  }

  @Test func questionsAreSentOnceForAllRankings() async throws {
    let sent = Mutex(0)
    let service = FakeService(onRequest: { texts in sent.withLock { $0 += texts.count } })
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add([Document(id: "sky", text: "The sky is blue.")])
      let before = sent.withLock { $0 }
      let quality = try await store.retrievalQuality(
        queries: [JudgedQuery(id: "1", text: "blue"), JudgedQuery(id: "2", text: "unjudged")],
        judgements: RetrievalJudgements(grades: ["1": ["sky": 1]]))
      #expect(sent.withLock { $0 } - before == 1 && quality.rankings.count == 3)
    }
  }

  @Test func judgementsNameFilesInAnySpelling() async throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      try folder.write("Only \(name)\(name)\(name).", to: "docs/\(name).md")
    }
    try await withStore(folder.path("s.db"), from: folder.path("docs")) { store in
      try await store.add(paths: ["."])
      let quality = try await store.retrievalQuality(
        queries: [JudgedQuery(id: "1", text: "aaa")],
        judgements: RetrievalJudgements(
          grades: ["1": ["a.md": 1, "./b.md": 0, folder.path("docs/b.md"): 1]]))
      #expect(quality.relevant == 2 && quality.relevantMissing == 0)
      #expect(quality.rankings.allSatisfy { $0.mrr.mean == 1 })
      let error = await #expect(throws: StoreError.self) {
        _ = try await store.retrievalQuality(
          queries: [JudgedQuery(id: "1", text: "aaa")],
          judgements: RetrievalJudgements(grades: ["1": ["elsewhere/a.md": 1]]))
      }
      #expect(error?.code == .empty)
      #expect(error?.message.contains("name them as \"elsewhere/a.md\", the collection as") == true)
    }
  }

  @Test func idsThatDoNotMeetAreAnError() async throws {
    try await withStore { store, _ in
      try await store.add([Document(id: "sky", text: "The sky is blue.")])
      let code = await errorCode {
        _ = try await store.retrievalQuality(
          queries: [JudgedQuery(id: "q1", text: "blue")],
          judgements: RetrievalJudgements(grades: ["1": ["sky": 1]]))
      }
      #expect(code == .empty)
    }
  }

  @Test(
    .enabled(if: RetrievalSet.exists("cranfield"), "needs the shared data"),
    .enabled("needs Python with numpy") { try await PythonScript.isThere() })
  func agreesWithPythonOnCranfield() async throws {
    try await withStore { store, folder in
      let set = try RetrievalSet.load("cranfield")
      try await store.add(set.documents.map { Document(id: $0.id, text: $0.text) })
      let qrels = try #require(SharedData.file("ir/cranfield/qrels.tsv"))
      let judgements = try RetrievalJudgements(contentsOfFile: qrels.path)
      let queries = set.queries.map { JudgedQuery(id: $0.id, text: $0.text) }
      let quality = try await store.retrievalQuality(queries: queries, judgements: judgements)
      let asked = queries.filter { judgements.grades[$0.id]?.contains { $0.value > 0 } ?? false }
      var runs: [String: [String: [String]]] = [:]
      var scores: [String: [String: [Double]]] = [:]
      for (name, ranking) in [
        ("vector", QueryOptions.Ranking.vector), ("lexical", .lexical), ("fused", .fused),
      ] {
        // As deep as the self-test goes: documents of several chunks need more than 100 of them.
        let held = try #require(try await store.collections().first)
        let perDocument = (held.chunks + held.documents - 1) / held.documents
        var options = QueryOptions(limit: 100 * perDocument)
        options.ranking = ranking
        let answers = try await store.query(asked.map(\.text), options: options)
        for (query, answer) in zip(asked, answers) {
          var seen = Set<String>()
          let hits = answer.hits.filter { seen.insert($0.source).inserted }.prefix(100)
          runs[name, default: [:]][query.id] = hits.map(\.source)
          scores[name, default: [:]][query.id] = hits.map(\.score)
        }
      }
      try folder.write(
        String(decoding: try JSONEncoder().encode(runs), as: UTF8.self), to: "run.json")
      try folder.write(
        String(decoding: try JSONEncoder().encode(scores), as: UTF8.self), to: "scores.json")
      let output = try #require(
        try await PythonScript.run(
          "retrieval_reference.py", qrels.path, folder.path("run.json"),
          folder.path("scores.json")))
      let reference = try #require(
        try JSONSerialization.jsonObject(with: output) as? [String: Any])
      for ranking in quality.rankings {
        let figures = try #require(
          reference[ranking.ranking.rawValue] as? [String: [Double]])
        for (name, figure) in [
          ("nDCG10", ranking.nDCG10), ("map", ranking.map), ("recall10", ranking.recall10),
          ("recall100", ranking.recall100), ("mrr", ranking.mrr),
        ] {
          let expected = try #require(figures[name])
          #expect(abs(figure.mean - expected[0]) < 1e-9, "\(ranking.ranking) \(name)")
          #expect(abs((figure.standardError ?? 0) - expected[1]) < 1e-9)
        }
      }
      let fused = try #require(quality.rankings.first { $0.ranking == .fused })
      let here = try #require(reference["fusedHere"] as? Double)
      #expect(abs(fused.nDCG10.mean - here) < 0.01)
      #expect(quality.rankings[0].nDCG10.mean > 0.31 && quality.rankings[1].nDCG10.mean > 0.35)
    }
  }
}
