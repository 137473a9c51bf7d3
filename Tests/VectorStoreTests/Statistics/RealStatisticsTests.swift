// Statistics of real vectors against numpy and against what is known of them, where they are at hand.
// Tests Sources/VectorStore/Statistics/Store+Statistics.swift.

import Foundation
import TestSupport
import Testing
@testable import VectorStore

@Suite struct RealStatisticsTests {
  static let models = ["text-embedding-3-small", "text-embedding-ada-002"]
  static let areThere = models.allSatisfy { file($0) != nil }

  static func file(_ model: String) -> URL? { SharedData.file("openai1536/\(model).npy") }

  /// The figures of each model's vectors, measured once for all tests.
  private static let figures = Dictionary(
    uniqueKeysWithValues: models.map { model in (model, Task { try await measure(model) }) })

  private static func figures(of model: String) async throws -> StatisticsReport.Space {
    try await #require(figures[model]).value
  }

  private static func measure(_ model: String) async throws -> StatisticsReport.Space {
    let path = try #require(file(model)).path
    let folder = try TemporaryFolder()
    let store = try await Store(
      path: folder.path("real.db"), configuration: StoreConfiguration(mode: .mock))
    try await store.import(from: path, space: EmbeddingSpace("openai/\(model)/1536"))
    var options = StatisticsOptions()
    options.duplicateThreshold = 0.98
    let report = try await store.statistics(options: options)
    try await store.close()
    return try #require(report.spaces.first)
  }

  private static func agrees(_ one: Double?, _ other: Double) -> Bool {
    one.map { abs($0 - other) <= 1e-3 * abs(other) } ?? false
  }

  /// The digits that the data's own page gives, by numpy in float64.
  @Test(
    .enabled(if: areThere),
    arguments: zip(
      models,
      [
        ["0.186376", "0.167456", "28.9640", "120.013", "22", "201", "482"],
        ["0.716297", "0.048533", "55.0836", "195.298", "31", "312", "871"],
      ]))
  func theKnownFactsComeOut(model: String, facts: [String]) async throws {
    let figures = try await Self.figures(of: model)
    func text(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? "-"
    }
    let found = [
      text(figures.meanCosine, 6), text(figures.cosineSpread, 6),
      text(figures.participationRatio, 4), text(figures.effectiveRank, 3),
    ]
    let components = [figures.components50, figures.components90, figures.components99]
    #expect(found + components.map { $0.map(String.init) ?? "-" } == facts)
    let isotropy = figures.verdict.findings.first { $0.topic == "isotropy" }
    #expect(isotropy?.level == (model == "text-embedding-3-small" ? .good : .watch))
  }

  /// What `statistics_reference.py` prints.
  private struct Reference: Decodable {
    let meanCosine, cosineSpread, isotropy, totalVariance, participationRatio: Double
    let effectiveRank, intrinsicDimension, nearestMean, hubness: Double
    let components: [Int]
    let eigenvalues, nearest, random: [Double]
    let mostOccurrences, groups, largestGroup: Int
  }

  @Test(
    .enabled(if: areThere, "needs the shared data"),
    .enabled("needs Python with numpy") { try await PythonScript.isThere() },
    arguments: models)
  func figuresAreThoseOfNumpy(model: String) async throws {
    let path = try #require(Self.file(model)).path
    let output = try #require(
      try await PythonScript.run("statistics_reference.py", path, "0.98"))
    let reference = try JSONDecoder().decode(Reference.self, from: output)
    let figures = try await Self.figures(of: model)
    let pairs: [(String, Double?, Double)] = [
      ("meanCosine", figures.meanCosine, reference.meanCosine),
      ("cosineSpread", figures.cosineSpread, reference.cosineSpread),
      ("isotropy", figures.isotropy, reference.isotropy),
      ("totalVariance", figures.totalVariance, reference.totalVariance),
      ("participationRatio", figures.participationRatio, reference.participationRatio),
      ("effectiveRank", figures.effectiveRank, reference.effectiveRank),
      ("intrinsicDimension", figures.intrinsicDimension, reference.intrinsicDimension),
      ("nearestMean", figures.nearestNeighbours?.mean, reference.nearestMean),
      ("hubness", figures.hubness, reference.hubness),
      ("randomMean", figures.randomPairs?.mean, reference.meanCosine),
      ("randomDeviation", figures.randomPairs?.standardDeviation, reference.cosineSpread),
    ]
    for (name, value, expected) in pairs {
      #expect(Self.agrees(value, expected), "\(name): \(value ?? .nan), numpy \(expected)")
    }
    for (percent, expected) in zip([1.0, 5, 50, 95], reference.nearest) {
      #expect(
        Self.agrees(figures.nearestNeighbours?.value(atPercent: percent), expected), "\(percent)")
    }
    for (percent, expected) in zip([1.0, 5, 50, 95, 99], reference.random) {
      #expect(Self.agrees(figures.randomPairs?.value(atPercent: percent), expected), "\(percent)")
    }
    for (value, expected) in zip(figures.eigenvalues, reference.eigenvalues) {
      #expect(Self.agrees(value, expected))
    }
    let components = [figures.components50, figures.components90, figures.components99]
    #expect(components.compactMap { $0 } == reference.components)
    #expect(figures.hubs.first?.occurrences == reference.mostOccurrences)
    #expect(figures.duplicates.groupCount == reference.groups)
    #expect(figures.duplicates.groups.first?.rows == reference.largestGroup)
  }
}
