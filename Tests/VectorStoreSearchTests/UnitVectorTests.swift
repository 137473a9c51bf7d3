// The door that vectors pass before they are stored: what it keeps, scales and refuses.
// Tests Sources/VectorStoreSearch/UnitVector.swift.

import TestSupport
import Testing
import VectorStoreSearch

@Suite struct UnitVectorTests {
  @Test func keepsTheBitsOfAVectorOfUnitLength() throws {
    // A length of 1 + 9e-7 is inside the tolerance, and must not be touched.
    for scale in [1, 1 + 9e-7, 1 - 9e-7] {
      var vector = [Float](repeating: 0, count: 64)
      vector[3] = Float(0.6 * scale)
      vector[60] = Float(-0.8 * scale)
      vector[61] = -0.0
      let unit = try UnitVector(vector, dimensions: 64)
      #expect(unit.components.map(\.bitPattern) == vector.map(\.bitPattern))
      #expect(abs(unit.norm - scale) < 1e-7)
    }
  }

  @Test(arguments: [1 + 2e-6, 1 - 2e-6, 0.5, 3, 1e-30, 1e30])
  func dividesOtherVectorsByTheirLength(scale: Double) throws {
    let unit = try UnitVector([Float(0.6 * scale), 0, Float(-0.8 * scale)], dimensions: 3)
    #expect(abs(unit.norm / scale - 1) < 1e-7)
    #expect(abs(Double(unit.components[0]) - 0.6) < 1e-7)
    #expect(unit.components[1] == 0)
    #expect(abs(Double(unit.components[2]) + 0.8) < 1e-7)
  }

  @Test(arguments: [
    Float.greatestFiniteMagnitude, 1e38, 1e-38, 0x1p-133, .leastNonzeroMagnitude,
  ])
  func bringsTheSmallestAndLargestNumbersToUnitLength(component: Float) throws {
    let unit = try UnitVector([Float](repeating: -component, count: 1024), dimensions: 1024)
    #expect(unit.components == [Float](repeating: -0x1p-5, count: 1024))
    #expect(abs(unit.norm / (Double(component) * 32) - 1) < 1e-12)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func passesItsOwnDoorUnchanged(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let dimensions = Int.random(in: 64...1536, using: &generator)
    let first = try UnitVector(
      RandomVectors.vector(dimensions, using: &generator), dimensions: dimensions)
    let second = try UnitVector(first.components, dimensions: dimensions)
    #expect(second.components == first.components, "seed \(seed)")
    #expect(UnitVector.isUnitLength(second.norm), "seed \(seed)")
  }

  @Test func takesABufferLikeAnArray() throws {
    let vector: [Float] = [3, 0, 4]
    let fromBuffer = try vector.withUnsafeBufferPointer { try UnitVector($0, dimensions: 3) }
    #expect(try fromBuffer == UnitVector(vector, dimensions: 3))
    #expect(fromBuffer.norm == 5)
  }

  @Test func refusesOtherDimensions() {
    #expect(throws: VectorError.wrongDimensions(found: 2, expected: 3)) {
      try UnitVector([1, 0], dimensions: 3)
    }
    #expect(throws: VectorError.wrongDimensions(found: 0, expected: 3)) {
      try UnitVector([], dimensions: 3)
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func refusesNumbersThatAreNotFinite(bad: Float) {
    #expect(throws: VectorError.notFinite(index: 1)) {
      try UnitVector([0, bad, bad], dimensions: 3)
    }
  }

  @Test func refusesTheZeroVector() {
    #expect(throws: VectorError.zero) { try UnitVector([0, -0.0, 0], dimensions: 3) }
  }

  @Test func lengthThatIsNotANumberIsNotUnitLength() {
    #expect(!UnitVector.isUnitLength(.nan))
    #expect(!UnitVector.isUnitLength(.infinity))
    #expect(UnitVector.isUnitLength(1))
  }
}
