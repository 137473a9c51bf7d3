// The page: hostile texts stay texts, nothing is loaded, markup is whole, few rows and many look right.

import Foundation
import TestSupport
import Testing
@testable import VectorStore

@testable import StoreCLI

@Suite struct StatisticsPageTests {
  private static let hostile =
    "</script><script>alert(1)</script> \"' onload=x <!-- ]]> \u{1B}[31m שלום \u{202E}abc "
    + String(repeating: "W", count: 300)

  private static func page(
    _ store: Store, _ change: (inout StatisticsReport) -> Void = { _ in }
  ) async throws -> String {
    var report = try await store.statistics()
    change(&report)
    return StatisticsPage(report, store: "notes.db", version: "9.9").html
  }

  /// A store with words in common, copies and a stranger.
  private static func fill(_ store: Store) async throws {
    let words = ["walrus", "tusk", "bread", "yeast", "sky", "blue", "river", "stone"]
    for collection in ["animals", "baking"] {
      try await store.add(
        (0..<40).map { index in
          Document(
            id: "\(collection)/\(index).md",
            text: "\(words[index % 8]) and \(words[index / 5 % 8]) number \(index / 2)")
        }, to: collection)
    }
  }

  @Test func hostileTextsStayTexts() async throws {
    try await withStore { store in
      let names = ["<img src=x>\"'", "a\u{202E}b", "long" + String(repeating: "n", count: 400)]
      for collection in ["default", "<b>bold</b>"] {
        try await store.add(
          names.map { Document(id: $0, text: Self.hostile) }, to: collection)
      }
      // The door refuses NUL; a report may be made by hand.
      let page = try await Self.page(store) { report in
        report.spaces[0].duplicates.groups[0].chunks[0].excerpt? = "nul \u{0}"
      }
      #expect(!page.contains("<script>alert") && !page.contains("<img") && !page.contains("<b>"))
      #expect(
        !page.contains("onload=x <!--") && !page.contains("\u{0}") && !page.contains("\u{1B}"))
      #expect(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"))
      #expect(page.components(separatedBy: "<script").count == 2)
      #expect(Self.unbalanced(page) == [])
    }
  }

  @Test func nothingIsLoaded() async throws {
    try await withStore { store in
      try await Self.fill(store)
      let page = try await Self.page(store)
      for loader in ["http:", "https:", "src=", "url(", "@import", "<link", "<iframe", "<img"] {
        #expect(!page.contains(loader), "\(loader)")
      }
      #expect(page.contains("default-src 'none'") && page.contains("script-src 'sha256-"))
    }
  }

  @Test func theVerdictComesFirstThenEachPlot() async throws {
    try await withStore { store in
      try await Self.fill(store)
      let page = try await Self.page(store)
      let order = [
        "<title>Vectors of notes.db</title>", "class=\"lead", "class=\"verdict\"",
        "What a score means", "Where the variance lies", "Map (principal components)",
        "Who answers how often", "Lengths as they came", "<h3>Collections</h3>",
        "<h3>Near-duplicates</h3>", "Biggest hubs", "All figures", "vector-store 9.9",
      ]
      var rest = page[...]
      for part in order {
        let range = rest.range(of: part)
        #expect(range != nil, "\(part) is missing or out of order")
        rest = range.map { rest[$0.upperBound...] } ?? rest
      }
      #expect(page.components(separatedBy: "role=\"img\" aria-label=\"").count == 6)
      #expect(page.contains("--min-score") && page.contains("class=\"m1\""))
      #expect(page.contains("<title>animals/0.md:1 — walrus and walrus number 0</title>"))
      #expect(!page.contains("nan") && !page.contains("inf\""))
      #expect(Self.unbalanced(page) == [])
    }
  }

  @Test(arguments: 0...3)
  func fewRowsAreNotEnoughToTell(rows: Int) async throws {
    try await withStore { store in
      try await store.add(
        (0..<rows).map { Document(id: "\($0)", text: "The walrus has tusks \($0).") })
      let page = try await Self.page(store)
      if rows == 0 {
        #expect(page.contains("There are no vectors yet, so there is nothing to judge."))
      } else {
        #expect(page.contains("too few to judge a space by"))
      }
      #expect((1...2).contains(rows) == page.contains("Not enough rows to tell.") || rows == 3)
      #expect(!page.contains("nan") && Self.unbalanced(page) == [])
    }
  }

  @Test func copiesOfOneTextAreDrawnToo() async throws {
    try await withStore { store in
      try await store.add((0..<60).map { Document(id: "\($0)", text: "Always the same.") })
      let page = try await Self.page(store)
      #expect(
        page.contains("All rows are the same vector.") && page.contains("60 rows, cosine 1.0000"))
      #expect(!page.contains("nan") && Self.unbalanced(page) == [])
    }
  }

  @Test func severalSpacesHaveContentsAndSections() async throws {
    try await withStore { store in
      try await Self.fill(store)
      let space = try #require(EmbeddingSpace("openai/<small>/1536"))
      let page = try await Self.page(store) { report in
        var other = report.spaces[0]
        other.space = space
        other.drift = StatisticsReport.DriftFigures(
          name: "<monday>", savedAt: Date(timeIntervalSince1970: 1_767_225_600), rowsBefore: 1000,
          rowsNow: 1100,
          centroidCosine: 0.99, centroidDistance: 0.1, frechetDistance: 0.01, distance99: 1,
          newRows: 100, newShareBeyond: 0.2)
        report.spaces.append(other)
        report.retrieval = Self.quality
        report.refused = [
          StatisticsReport.Refusal(code: "bad_vector", reason: "zero", rows: 3, runs: 1)
        ]
        report.chunksWithoutVector = 2
      }
      for part in [
        "<nav aria-label=\"Contents\">", "href=\"#space-2\"", "id=\"space-2\"",
        "href=\"#retrieval\"", "(2026-01-01T00:00:00.000Z)",
        "openai/&lt;small&gt;/1536", "Drift since “<bdi>&lt;monday&gt;</bdi>”", "20.0 %",
        "Best by nDCG@10: both fused. Its lead over vectors is within chance.",
        "0.250 ±\u{A0}0.010", "3 rows refused with <code>bad_vector/zero</code>, by 1 command",
        "2 chunks without a vector",
      ] {
        #expect(page.contains(part), "\(part)")
      }
      #expect(Self.unbalanced(page) == [])
    }
  }

  /// Runs `body` with a new store of stand-ins.
  private func withStore(_ body: (Store) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    let store = try await Store(
      path: folder.path("test.db"), configuration: StoreConfiguration(mode: .mock))
    try await body(store)
    try await store.close()
  }

  private static let quality: RetrievalQuality = {
    func ranking(_ name: RetrievalQuality.RankingName, _ mean: Double) -> RetrievalQuality.Ranking {
      let figure = RetrievalQuality.Figure(mean: mean, standardError: 0.01)
      return RetrievalQuality.Ranking(
        ranking: name, nDCG10: figure, map: figure, recall10: figure, recall100: figure, mrr: figure
      )
    }
    var quality = RetrievalQuality(
      collection: "<c>", space: EmbeddingSpace("mock/words/1536"), queries: 9,
      queriesWithoutRelevant: 0, relevant: 20,
      relevantMissing: 1, depth: 100)
    quality.rankings = [ranking(.vector, 0.25), ranking(.lexical, 0.2), ranking(.fused, 0.26)]
    quality.comparisons = [
      RetrievalQuality.Comparison(
        ranking: .fused, baseline: .vector, difference: 0.01, low: -0.01, high: 0.03)
    ]
    return quality
  }()

  /// Elements that are not closed, or closed and never opened.
  private static func unbalanced(_ page: String) -> [String] {
    let empty: Set<String> = ["meta", "!DOCTYPE"]
    var (open, wrong) = ([String](), [String]())
    for part in page.components(separatedBy: "<").dropFirst() {
      guard let end = part.firstIndex(of: ">") else { return wrong + ["<\(part.prefix(20))"] }
      let tag = part[..<end]
      let name = tag.prefix { !$0.isWhitespace && $0 != "/" || $0 == "!" }
      if tag.hasPrefix("/") {
        let closed = String(tag.dropFirst())
        if open.last == closed { open.removeLast() } else { wrong.append("/" + closed) }
      } else if !tag.hasSuffix("/"), !empty.contains(String(name)) {
        open.append(String(name))
      }
    }
    return wrong + open
  }
}
