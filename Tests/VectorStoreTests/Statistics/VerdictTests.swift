// What figures become in words. Tests Sources/VectorStore/Statistics/Verdict.swift.

import Foundation
import Testing
@testable import VectorStore

@Suite struct VerdictTests {
  /// Figures of a space with nothing to find.
  private static func good() -> StatisticsReport.Space {
    var figures = StatisticsReport.Space(
      space: .openAI3Small, kind: .real, rows: 1000, dimensions: 1536,
      sample: StatisticsReport.SampleFigures(rows: 1000, of: 1000, seed: nil), neighbours: 10,
      duplicates: StatisticsReport.DuplicateFigures(threshold: 0.98, share: 0))
    figures.meanCosine = 0.18
    figures.isotropy = 0.37
    figures.participationRatio = 29
    figures.suggestedMinimumScore = 0.5
    figures.hubness = 1.5
    return figures
  }

  private static func verdict(_ change: (inout StatisticsReport.Space) -> Void)
    -> StatisticsReport.Verdict
  {
    var figures = good()
    change(&figures)
    return StatisticsReport.Verdict(of: figures)
  }

  private static func levels(_ verdict: StatisticsReport.Verdict) -> [String: StatisticsReport
    .Verdict.Level]
  {
    Dictionary(verdict.findings.map { ($0.topic, $0.level) }, uniquingKeysWith: { $1 })
  }

  @Test func goodFiguresAreGood() {
    let verdict = Self.verdict { _ in }
    #expect(verdict.level == .good && verdict.findings.map(\.topic) == ["isotropy"])
  }

  @Test(
    arguments: [
      (0.37, StatisticsReport.Verdict.Level.good), (0.2, .good), (0.07, .watch), (0.019, .bad),
    ])
  func isotropyIsJudged(isotropy: Double, level: StatisticsReport.Verdict.Level) {
    let verdict = Self.verdict { $0.isotropy = isotropy }
    #expect(verdict.level == level && Self.levels(verdict)["isotropy"] == level)
  }

  @Test func eachTroubleIsFound() {
    let few = Self.levels(Self.verdict { $0.rows = 3 })
    #expect(few == ["rows": .watch])
    #expect(Self.levels(Self.verdict { $0.participationRatio = nil })["dimensions"] == .bad)
    #expect(Self.levels(Self.verdict { $0.participationRatio = 2 })["dimensions"] == .bad)
    #expect(Self.levels(Self.verdict { $0.participationRatio = 8 })["dimensions"] == .watch)
    #expect(Self.levels(Self.verdict { $0.deadDimensions = [4] })["dimensions"] == .watch)
    #expect(
      Self.levels(Self.verdict { $0.deadDimensions = Array(0..<700) })["dimensions"] == .bad)
    #expect(Self.levels(Self.verdict { $0.hubness = 7 })["hubness"] == .watch)
    let chunk = StatisticsReport.Chunk(id: 1, collection: "default", source: "toc.md", ordinal: 0)
    let hub = Self.verdict {
      $0.hubness = 20
      $0.hubs = [StatisticsReport.Hub(chunk: chunk, occurrences: 400)]
    }
    #expect(Self.levels(hub)["hubness"] == .bad)
    #expect(hub.findings[0].message.contains("toc.md alone is among the nearest of 40.0 %"))
    let unsure = Self.verdict {
      $0.hubness = 7
      $0.hubnessError = 2
    }
    #expect(Self.levels(unsure)["hubness"] == nil)
    #expect(Self.levels(Self.verdict { $0.duplicates.share = 0.2 })["duplicates"] == .watch)
    #expect(Self.levels(Self.verdict { $0.duplicates.share = 0.6 })["duplicates"] == .bad)
    #expect(Self.levels(Self.verdict { $0.outlierCount = 50 })["outliers"] == .watch)
    #expect(Self.levels(Self.verdict { $0.kind = .mock })["stand-ins"] == .watch)
  }

  @Test func theWorstComesFirst() {
    let verdict = Self.verdict {
      $0.duplicates.share = 0.2
      $0.participationRatio = 2
    }
    #expect(verdict.level == .bad && verdict.findings.map(\.level) == [.bad, .watch, .good])
  }

  @Test func nothingIsSaidOfNoRows() {
    let verdict = Self.verdict { $0.rows = 0 }
    #expect(verdict.level == .watch && verdict.findings.map(\.message) == ["There are no rows."])
  }

  @Test(arguments: [
    (1.0, 0.0, StatisticsReport.Verdict.Level.good), (0.97, 0.02, .watch), (0.999, 0.4, .bad),
  ])
  func driftIsJudged(cosine: Double, relative: Double, level: StatisticsReport.Verdict.Level) {
    let verdict = Self.verdict {
      $0.drift = StatisticsReport.DriftFigures(
        name: "monday", savedAt: Date(timeIntervalSince1970: 0), rowsBefore: 1000, rowsNow: 1000,
        centroidCosine: cosine,
        centroidDistance: 0, frechetDistance: relative, relativeFrechetDistance: relative,
        distance99: 1, newRows: 0)
    }
    #expect(Self.levels(verdict)["drift"] == level)
  }
}
