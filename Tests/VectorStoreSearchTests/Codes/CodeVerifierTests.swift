// Codes are recognised as those of their vectors, and others are not. Tests
// Sources/VectorStoreSearch/Codes/CodeVerifier.swift.

import TestSupport
import Testing

@testable import VectorStoreSearch

@Suite struct CodeVerifierTests {
  private static func vectors(_ count: Int, dimensions: Int, seed: UInt64) -> [[Float]] {
    var generator = SeededGenerator(seed: seed)
    let centre = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &generator) }
    return (0..<count).compactMap { _ in
      let vector = centre.map { 0.7 * $0 + Float.random(in: -1...1, using: &generator) }
      return try? UnitVector(vector, dimensions: dimensions).components
    }
  }

  private static func segment(_ vectors: [[Float]], damaged: Set<Int> = []) -> CodeSegment {
    let rows = (1...vectors.count).map { id in
      SegmentRow(vector: Int64(id), chunk: 1, document: 1, collection: 1)
    }
    let encoder = SegmentEncoder(rotation: Rotation(dimensions: vectors[0].count))
    return vectors.flatMap(\.self).withUnsafeBufferPointer {
      encoder.encode($0, rows: rows, damaged: damaged)
    }
  }

  private static func agrees(_ segment: CodeSegment, _ row: Int, _ vector: [Float]) throws -> Bool {
    let verifier = CodeVerifier(
      rotation: Rotation(dimensions: vector.count), segment: segment,
      fine: try #require(segment.fine))
    return vector.withUnsafeBytes { verifier.agrees(row: row, vector: $0) }
  }

  @Test(arguments: [64, 100, 768, 1536], [1, 2, 77])
  func codesAreThoseOfTheirVectorsAndOfNoOther(dimensions: Int, count: Int) throws {
    let vectors = Self.vectors(count, dimensions: dimensions, seed: UInt64(dimensions + count))
    let segment = Self.segment(vectors)
    for row in vectors.indices {
      #expect(try Self.agrees(segment, row, vectors[row]), "row \(row)")
      let other = vectors[(row + 1) % count]
      #expect(try Self.agrees(segment, row, other) == (count == 1), "row \(row)")
    }
  }

  /// A difference that matters to no search need not be seen, one component in a wrong place must.
  @Test func aSwappedComponentIsSeen() throws {
    let vectors = Self.vectors(20, dimensions: 256, seed: 3)
    let segment = Self.segment(vectors)
    var changed = vectors[7]
    changed.swapAt(3, 200)
    changed.swapAt(5, 100)
    #expect(try !Self.agrees(segment, 7, changed))
  }

  @Test func equalRowsAndDamagedOnesAgree() throws {
    let vector = Self.vectors(1, dimensions: 128, seed: 4)[0]
    let equal = Self.segment([vector, vector, vector])
    #expect(try Self.agrees(equal, 1, vector))
    let damaged = Self.segment([vector, [Float](repeating: 0, count: 128)], damaged: [1])
    #expect(try Self.agrees(damaged, 1, vector))
  }
}
