// Statistics of rows against closed forms. Tests Sources/VectorStoreSearch/Statistics/RowAnalysis.swift
// and what it calls.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct RowAnalysisTests {
  /// Over unit rows that point evenly everywhere, E[cos²] = 1/d, and the sample covariance has
  /// (tr C)² / tr C² = 1 / (1/d + (1 − 1/d)/(n − 1)).
  @Test(arguments: [UInt64(1), 2, 3])
  func isotropicRowsHaveTheirKnownFigures(seed: UInt64) throws {
    let (n, d) = (1500.0, 64.0)
    let rows = try isotropicRows(Int(n), dimensions: Int(d), seed: seed).analysis()
    let expected = 1 / (1 / d + (1 - 1 / d) / (n - 1))
    #expect(agrees(rows.spectrum?.participationRatio, expected, within: 0.01), "seed \(seed)")
    #expect(agrees(rows.cosineSpread, 1 / d.squareRoot(), within: 0.02), "seed \(seed)")
    #expect(abs(rows.moments.meanCosine ?? 1) < 1e-3, "seed \(seed)")
    #expect((rows.isotropy ?? 0) > 0.9, "seed \(seed)")
    #expect(rows.deadDimensions(below: 1e-4).isEmpty)
    #expect(agrees(rows.spectrum?.totalVariance, 1, within: 1e-2))
  }

  /// A circle: two equal eigenvalues.
  @Test func aRankTwoCloudHasTwoComponents() throws {
    let rows = try isotropicRows(400, dimensions: 96, within: 2, seed: 4).analysis()
    let spectrum = try #require(rows.spectrum)
    #expect(agrees(spectrum.participationRatio, 2, within: 0.02))
    #expect(agrees(spectrum.effectiveRank, 2, within: 0.02))
    #expect(spectrum.components(holding: 0.99) == 2)
    #expect(spectrum.eigenvalues.dropFirst(2).allSatisfy { $0 < 1e-12 })
    #expect(rows.deadDimensions(below: 1e-4) == Array(2..<96))
    #expect(agrees(rows.neighbours.intrinsicDimension, 1, within: 0.15))
    // On the map the circle is round.
    #expect(rows.map.count == 400)
    for point in rows.map {
      #expect(abs((point.x * point.x + point.y * point.y).squareRoot() - 1) < 0.2)
    }
  }

  @Test func oneRepeatedVectorHasNoSpectrum() throws {
    var made = MadeRows(dimensions: 64)
    for _ in 0..<20 { try made.append((1...64).map { Double($0) }) }
    let rows = try made.analysis(blockSize: 7)
    #expect(agrees(rows.moments.meanCosine, 1, within: 1e-6))
    #expect((rows.cosineSpread ?? 1) < 1e-6)
    #expect((rows.isotropy ?? 1) < 1e-3)
    #expect(rows.spectrum?.participationRatio == nil)
    #expect(rows.spectrum?.effectiveRank == nil)
    #expect(rows.spectrum?.components(holding: 0.5) == nil)
    #expect(rows.neighbours.intrinsicDimension == nil)
    #expect(rows.neighbours.duplicates.map(\.ids) == [Array(1...20)])
    #expect(rows.neighbours.duplicateShare?.value == 1)
    #expect(rows.neighbours.distribution?.mean ?? 0 > 1 - 1e-12)
    #expect(rows.neighbours.outliers.isEmpty && rows.map.isEmpty)
    #expect(rows.deadDimensions(below: 1e-4).count == 64)
  }

  /// One row in the middle of a cone is near to all the others, which are far from each other.
  @Test func aPlantedHubIsFound() throws {
    var generator = SeededGenerator(seed: 5)
    var made = MadeRows(dimensions: 128)
    for _ in 0..<300 {
      let noise = generator.normals(127).map { $0 / 127.0.squareRoot() * 0.8 }
      try made.append([0.6] + noise)
    }
    try made.append([1] + Array(repeating: 0, count: 127))
    let hubness = try made.analysis().neighbours.hubness
    let hubs = hubness.hubs(limit: 3)
    #expect(hubs[0].id == 301 && hubs[0].occurrences == 300)
    #expect(hubness.skewness ?? 0 > 10)
    #expect(hubness.histogram?.total == 301)
  }

  @Test func plantedDuplicatesAreGrouped() throws {
    var made = try isotropicRows(200, dimensions: 64, seed: 6)
    var generator = SeededGenerator(seed: 7)
    let copied = [3, 90, 150].map { made.rows[$0].map(Double.init) }
    for _ in 0..<3 { try made.append(copied[0]) }
    for _ in 0..<2 {
      try made.append(zip(copied[1], generator.normals(64)).map { $0 + 0.005 * $1 })
    }
    try made.append(zip(copied[2], generator.normals(64)).map { $0 + 0.2 * $1 })
    let figures = try made.analysis().neighbours
    #expect(figures.duplicates.map(\.ids) == [[4, 201, 202, 203], [91, 204, 205]])
    #expect(figures.duplicates[0].minimumCosine > 1 - 1e-6)
    #expect(agrees(figures.duplicateShare?.value, 7.0 / 206, within: 1e-9))
    #expect(figures.duplicateShare?.standardError == 0)
  }

  @Test func aPlantedDeadDimensionAndAnOutlierAreFound() throws {
    var generator = SeededGenerator(seed: 8)
    var made = MadeRows(dimensions: 64)
    for row in 0..<300 {
      var vector = [4.0] + generator.normals(63)
      vector[17] = 0
      if row == 40 { vector[0] = -40 }
      try made.append(vector)
    }
    let rows = try made.analysis()
    #expect(rows.deadDimensions(below: 1e-4) == [17])
    #expect(rows.neighbours.outliers.map(\.id) == [41])
  }

  /// Points on a sphere of k dimensions look like k dimensions near by, whatever space they lie in.
  @Test(arguments: [2, 5])
  func intrinsicDimensionIsThatOfTheSubspace(k: Int) throws {
    let rows = try isotropicRows(2000, dimensions: 64, within: k + 1, seed: UInt64(k)).analysis()
    #expect(agrees(rows.neighbours.intrinsicDimension, Double(k), within: 0.12))
    let error = try #require(rows.neighbours.intrinsicDimensionError)
    #expect(error > 0 && error < 0.1 * Double(k))
  }

  @Test func orderAndBlocksDoNotMatter() throws {
    let made = try isotropicRows(700, dimensions: 80, within: 12, seed: 9)
    var options = RowAnalysisOptions()
    options.exactRows = 100
    options.sampleRows = 300
    let one = try made.analysis(blockSize: 700, options: options)
    for seed in [UInt64(1), 2] {
      let other = try made.analysis(blockSize: 33, seed: seed, options: options)
      #expect(agrees(other.moments.meanCosine, one.moments.meanCosine ?? 0, within: 1e-5))
      #expect(agrees(other.cosineSpread, one.cosineSpread ?? 0, within: 1e-6))
      #expect(
        agrees(
          other.spectrum?.effectiveRank, one.spectrum?.effectiveRank ?? 0, within: 1e-6))
      #expect(other.neighbours.distribution == one.neighbours.distribution)
      #expect(other.neighbours.hubness.skewness == one.neighbours.hubness.skewness)
      #expect(other.neighbours.intrinsicDimension == one.neighbours.intrinsicDimension)
      #expect(other.neighbours.duplicates == one.neighbours.duplicates)
      #expect(other.map.map(\.id) == one.map.map(\.id))
    }
  }

  /// A sample comes within four of its standard errors of what all rows say.
  @Test(arguments: [UInt64(1), 2, 3])
  func samplesAreAsFarOffAsTheySay(seed: UInt64) throws {
    var made = try isotropicRows(1500, dimensions: 64, within: 10, seed: 10)
    for row in 0..<300 { try made.append(made.rows[row].map(Double.init)) }
    let all = try made.analysis()
    var options = RowAnalysisOptions()
    options.exactRows = 1000
    options.sampleRows = 500
    options.seed = seed
    let some = try made.analysis(options: options)
    #expect(some.neighbours.sampleCount == 500 && some.neighbours.population == 1800)
    func near(_ value: Double?, _ truth: Double?, _ error: Double?) -> Bool {
      guard let value, let truth, let error, error > 0 else { return false }
      return abs(value - truth) < 4 * error
    }
    let (exact, sampled) = (all.neighbours, some.neighbours)
    #expect(
      near(
        sampled.distribution?.mean, exact.distribution?.mean, sampled.distribution?.meanError))
    #expect(
      near(sampled.hubness.skewness, exact.hubness.skewness, sampled.hubness.standardError))
    #expect(
      near(
        sampled.duplicateShare?.value, exact.duplicateShare?.value,
        sampled.duplicateShare?.standardError))
    #expect(
      near(
        sampled.intrinsicDimension, exact.intrinsicDimension, sampled.intrinsicDimensionError))
    #expect(near(some.pairs?.mean, all.pairs?.mean, some.pairs?.meanError))
    // Copies are found whether they are in the sample or not.
    #expect(sampled.duplicates.count == 300)
    #expect(exact.distribution?.meanError == nil && exact.hubness.standardError == nil)
    #expect(some.cosineSpread == all.cosineSpread)
  }

  @Test func fewRowsGiveWhatTheyCan() throws {
    var made = MadeRows(dimensions: 64)
    let none = try made.analysis()
    #expect(none.moments.count == 0 && none.moments.meanCosine == nil && none.isotropy == nil)
    #expect(none.spectrum == nil && none.pairs == nil && none.neighbours.distribution == nil)
    try made.append([1] + Array(repeating: 0, count: 63))
    let one = try made.analysis()
    #expect(one.moments.count == 1 && one.moments.meanCosine == nil && one.cosineSpread == nil)
    #expect(one.spectrum == nil && one.neighbours.k == 0 && one.neighbours.hubness.skewness == nil)
    try made.append([0, 1] + Array(repeating: 0, count: 62))
    let two = try made.analysis()
    #expect(agrees(1 + (two.moments.meanCosine ?? 1), 1, within: 1e-12))
    #expect((two.cosineSpread ?? 1) < 1e-6)
    #expect(agrees(two.spectrum?.totalVariance, 1, within: 1e-6))
    #expect(agrees(two.spectrum?.participationRatio, 1, within: 1e-9))
    #expect(two.pairs?.count == 1 && two.neighbours.k == 1)
    #expect(two.neighbours.hubness.skewness == nil && two.neighbours.intrinsicDimension == nil)
  }

  @Test func damagedRowsAreNamed() throws {
    let stream = RowStream(dimensions: 64) { body in
      let block = VectorBlock(dimensions: 64, capacity: 1)
      try block.append(Array(repeating: 0.5, count: 64), id: 7)
      try body(block)
    }
    #expect(throws: SearchError.notUnitLength(id: 7, norm: 4)) {
      try RowAnalysis(of: [stream], dimensions: 64)
    }
  }
}
