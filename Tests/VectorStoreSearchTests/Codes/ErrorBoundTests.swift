// The theory behind the pruning, on real and made vectors: estimates are unbiased, and their errors are
// those of a normal distribution with the predicted deviation. Tests ErrorBound, SegmentEncoder and
// SegmentScan's estimates through the kernels.

import CVectorKernels
import Foundation
import TestSupport
import Testing

@testable import VectorStoreSearch

@Suite struct ErrorBoundTests {
  @Test func deviationsAreTheNormalQuantiles() {
    // Tables of the normal distribution.
    let known = [
      (0.5, 0.0), (0.158655, 1.0), (0.00134990, 3.0), (1e-6, 4.753424), (1e-9, 5.997807),
    ]
    for (probability, deviations) in known {
      let found = ErrorBound.deviations(failureProbability: probability)
      #expect(abs(found - deviations) < 1e-4, "\(probability): \(found)")
    }
  }

  @Test func estimatesOfRandomRowsKeepToTheirBounds() throws {
    var generator = SeededGenerator(seed: 11)
    for dimensions in [100, 768, 1536] {
      let rows = try RandomVectors.units(400, dimensions: dimensions, using: &generator)
      let queries = try RandomVectors.units(20, dimensions: dimensions, using: &generator)
      expectNormal(Estimates(rows, queries), "\(dimensions) dimensions")
    }
  }

  private static let realFiles = ["text-embedding-3-small", "text-embedding-ada-002"]

  private static func real(_ name: String) -> URL? {
    SharedData.file("openai1536/\(name).npy")
  }

  @Test(
    .enabled(if: realFiles.allSatisfy { real($0) != nil }, "needs the shared data"),
    arguments: realFiles)
  func estimatesOfRealRowsKeepToTheirBounds(name: String) throws {
    let matrix = try NPYFixture(contentsOf: try #require(Self.real(name)))
    let all = try (0..<776).map {
      try UnitVector(matrix[$0 * matrix.rows / 776], dimensions: matrix.columns).components
    }
    expectNormal(Estimates(Array(all.dropLast(20)), Array(all.suffix(20))), name)
  }

  private func expectNormal(_ estimates: Estimates, _ name: String) {
    for (errors, bits) in [(estimates.coarse, 1), (estimates.fine, 4)] {
      let count = Double(errors.count)
      let mean = errors.reduce(0, +) / count
      let deviation = (errors.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
      let beyond = Double(errors.count { abs($0) > 4 }) / count
      #expect(abs(mean) < 0.1, "\(name), \(bits) bits: mean \(mean)")
      #expect((0.85...1.06).contains(deviation), "\(name), \(bits) bits: deviation \(deviation)")
      #expect(beyond < 5e-4, "\(name), \(bits) bits: \(beyond) beyond 4 deviations")
    }
  }
}

/// Errors of estimates in predicted standard deviations.
private struct Estimates {
  var coarse: [Double] = []
  var fine: [Double] = []

  init(_ rows: [[Float]], _ queries: [[Float]]) {
    let coded = CodedRows(rows, segmentRows: SegmentLayout.maximumRows)
    let segment = coded.segments[0]
    let p = coded.rotation.paddedDimensions
    for query in queries {
      var rotated = query + [Float](repeating: 0, count: p - query.count)
      coded.rotation.apply(&rotated)
      let centroid = Array(segment.centroid)
      let centred = zip(rotated, centroid).map { $0 - $1 }
      let norm = NaiveSearch.sequentialDot(centred, centred).squareRoot()
      let offset =
        NaiveSearch.sequentialDot(rotated, centroid)
        - NaiveSearch.sequentialDot(centroid, centroid)
      for row in rows.indices {
        let truth = NaiveSearch.sequentialDot(query, rows[row])
        let base = offset + Double(segment.base[row])
        let (signs, levels) = Self.products(centred, segment, row: row)
        coarse.append(
          (base + Double(segment.scale[row]) * signs - truth)
            / (Double(segment.error[row]) * norm))
        fine.append(
          (base + Double(segment.fineScale[row]) * levels - truth)
            / (Double(segment.fineError[row]) * norm))
      }
    }
  }

  /// The products of a query with a row's two codes, decoded by hand.
  private static func products(
    _ query: [Float], _ segment: CodeSegment, row: Int
  ) -> (signs: Double, levels: Double) {
    let p = query.count
    let root = Double(p).squareRoot()
    var bits = [UInt8](repeating: 0, count: p / 8)
    vk_get_code(
      segment.codes.start.assumingMemoryBound(to: UInt8.self), p, segment.layout.rows, row, &bits)
    let bytes = segment.fine?.start.assumingMemoryBound(to: UInt8.self)
    var (signs, levels) = (0.0, 0.0)
    for i in 0..<p {
      let byte = bits[i / 8]
      let sign = byte >> UInt8(i % 8) & 1 == 1 ? 1.0 : -1.0
      signs += Double(query[i]) * sign / root
      let both = bytes?[row * p / 2 + i % (p / 2)] ?? 0
      let level = i < p / 2 ? both & 15 : both >> 4
      let z = (Double(level) - 7.5) * Double(VK_FINE_STEP) / root
      levels += Double(query[i]) * z
    }
    return (signs, levels)
  }
}
