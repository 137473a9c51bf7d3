// Codes of rows and of queries against their definitions in double precision.
// Tests vk_encode and vk_quantize_query of Sources/CVectorKernels: codes.c and the variants.

import CVectorKernels
import TestSupport
import Testing

@Suite struct EncodingKernelTests {
  @Test func codesAreThoseOfTheDefinition() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in KernelVariants.dimensions {
          var generator = SeededGenerator(seed: UInt64(p))
          expectCodes(of: KernelVariants.normal(p, using: &generator), variant: variant)
        }
      }
    }
  }

  @Test func zeroVectorAndSpecialNumbers() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in [64, 192, 1536] {
          let zero = Encoded([Float](repeating: 0, count: p))
          #expect(zero.bits.allSatisfy { $0 == .max }, "\(variant)")
          #expect(zero.fine.allSatisfy { $0 == 0x88 }, "\(variant)")
          let values = zero.values
          #expect(values.norm == 0 && values.abs_sum == 0)
          #expect(values.fine_dot == 0 && values.fine_norm == 0)
          var special = [Float](repeating: 1, count: p)
          special[p - 1] = .nan
          special[3] = -0.0
          special[5] = -1
          let encoded = Encoded(special)
          for i in 0..<p {
            #expect(encoded.bit(i) == (i != p - 1 && i != 5), "\(variant), \(i)")
          }
          #expect(encoded.values.norm.isNaN)
        }
      }
    }
  }

  @Test func queriesAreQuantizedAsDefined() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for p in KernelVariants.dimensions {
          var generator = SeededGenerator(seed: UInt64(p))
          expectQuantized(KernelVariants.normal(p, using: &generator), variant: variant)
        }
      }
    }
  }

  @Test func zeroQueryIsAllZeros() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        let zero = Quantized([Float](repeating: 0, count: 192))
        #expect(zero.levels.allSatisfy { $0 == 0 }, "\(variant)")
        #expect(zero.bytes.allSatisfy { $0 == 0 }, "\(variant)")
        let values = zero.values
        #expect([values.norm, values.scale4, values.error4].allSatisfy { $0 == 0 }, "\(variant)")
        #expect(values.scale8 == 0 && values.error8 == 0 && values.sum4 == 0 && values.sum8 == 0)
      }
    }
  }

  @Test func variantsDifferByRoundingOnly() async {
    await #expect(processExitsWith: .success) {
      for p in KernelVariants.dimensions {
        var generator = SeededGenerator(seed: UInt64(p))
        let y = KernelVariants.normal(p, using: &generator)
        precondition(vk_choose_variant("portable") == 1)
        let expected = Encoded(y), expectedQuery = Quantized(y)
        KernelVariants.forEach { variant in
          let found = Encoded(y), query = Quantized(y)
          #expect(found.bits == expected.bits, "\(variant), p \(p)")
          let differences = (0..<p).map { abs(found.level($0) - expected.level($0)) }
          #expect(differences.reduce(0, +) <= 2, "\(variant), p \(p)")
          let inQuery = (0..<p).map {
            abs(query.u($0) - expectedQuery.u($0))
              + abs(Int(query.bytes[$0]) - Int(expectedQuery.bytes[$0]))
          }
          #expect(inQuery.reduce(0, +) <= 2, "\(variant), p \(p)")
        }
      }
    }
  }
}

/// A row encoded at an unaligned place.
private struct Encoded {
  let bits: [UInt8]
  let fine: [UInt8]
  let values: vk_encoded

  init(_ y: [Float]) {
    let p = y.count
    var bits = [UInt8](repeating: 0x55, count: p / 8 + 2)
    var fine = [UInt8](repeating: 0x55, count: p / 2 + 2)
    var values = vk_encoded()
    let shifted = [0] + y
    shifted.withUnsafeBufferPointer { y in
      bits.withUnsafeMutableBufferPointer { bits in
        fine.withUnsafeMutableBufferPointer { fine in
          guard let y = y.baseAddress, let bits = bits.baseAddress, let fine = fine.baseAddress
          else { preconditionFailure("an array of elements has no address") }
          vk_encode(y + 1, p, bits + 1, fine + 1, &values)
        }
      }
    }
    precondition([bits.first, bits.last, fine.first, fine.last].allSatisfy { $0 == 0x55 })
    self.bits = Array(bits.dropFirst().dropLast())
    self.fine = Array(fine.dropFirst().dropLast())
    self.values = values
  }

  func bit(_ i: Int) -> Bool { bits[i / 8] >> UInt8(i % 8) & 1 == 1 }

  func level(_ i: Int) -> Int {
    i < fine.count ? Int(fine[i] & 15) : Int(fine[i - fine.count] >> 4)
  }
}

private struct Quantized {
  let levels: [Int8]
  let bytes: [Int8]
  let values: vk_quantized

  init(_ q: [Float]) {
    let p = q.count
    var levels = [Int8](repeating: -1, count: p)
    var bytes = [Int8](repeating: -1, count: p)
    var values = vk_quantized()
    vk_quantize_query(q, p, &levels, &bytes, &values)
    self.levels = levels
    self.bytes = bytes
    self.values = values
  }

  func u(_ i: Int) -> Int { Int(levels[i]) }
}

private func near(_ a: Float, _ b: Double, _ tolerance: Double = 1e-5) -> Bool {
  abs(Double(a) - b) <= tolerance * abs(b)
}

private func expectCodes(of y: [Float], variant: String) {
  let p = y.count, found = Encoded(y), step = Double(Float(VK_FINE_STEP))
  let norm = y.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  let root = Double(p).squareRoot()
  var fineDot = 0.0, fineSquares = 0.0
  for i in 0..<p {
    #expect(found.bit(i) == (y[i] >= 0), "\(variant), p \(p), \(i)")
    let exact = min(max(Double(y[i]) * root / norm / step + 7.5, 0), 15)
    let level = Double(found.level(i))
    #expect(abs(level - exact) <= 0.5001, "\(variant), p \(p), \(i)")
    let z = (level - 7.5) * step / root
    fineDot += z * Double(y[i])
    fineSquares += z * z
  }
  #expect(near(found.values.norm, norm), "\(variant), p \(p)")
  #expect(near(found.values.abs_sum, y.reduce(0) { $0 + Double(abs($1)) }), "\(variant), p \(p)")
  #expect(near(found.values.fine_dot, fineDot), "\(variant), p \(p)")
  #expect(near(found.values.fine_norm, fineSquares.squareRoot()), "\(variant), p \(p)")
}

private func expectQuantized(_ q: [Float], variant: String) {
  let p = q.count, found = Quantized(q), values = found.values
  let squares = q.reduce(0) { $0 + Double($1) * Double($1) }
  let step4 = 0.352 * squares.squareRoot() / Double(p).squareRoot()
  let step8 = Double(q.map { abs($0) }.max() ?? 0) / 127
  var sum4 = 0, sum8 = 0, dot = 0.0, error4 = 0.0, error8 = 0.0
  for i in 0..<p {
    let u = found.u(i), w = Int(found.bytes[i]), component = Double(q[i])
    #expect(abs(Double(u) - min(max(component / step4, -7), 7)) <= 0.5001, "\(variant), p \(p)")
    #expect(abs(Double(w) - component / step8) <= 0.5001, "\(variant), p \(p)")
    sum4 += u
    sum8 += w
    dot += component * Double(u)
  }
  let scale4 = squares / dot
  for i in 0..<p {
    let rest4 = Double(q[i]) - scale4 * Double(found.u(i))
    let rest8 = Double(q[i]) - step8 * Double(found.bytes[i])
    error4 += rest4 * rest4
    error8 += rest8 * rest8
  }
  #expect(Int(values.sum4) == sum4 && Int(values.sum8) == sum8, "\(variant), p \(p)")
  #expect(near(values.norm, squares.squareRoot()), "\(variant), p \(p)")
  #expect(near(values.scale4, scale4) && near(values.scale8, step8), "\(variant), p \(p)")
  #expect(near(values.error4, error4.squareRoot(), 1e-3), "\(variant), p \(p)")
  #expect(near(values.error8, error8.squareRoot(), 1e-3), "\(variant), p \(p)")
}
