// The kernels of local models against naive loops in double precision, with every variant.
// Tests encoder_kernels.h of Sources/CVectorKernels.

import CVectorKernels
import Foundation
import TestSupport
import Testing

@Suite struct EncoderKernelTests {
  /// Rows, inputs and outputs: whole vectors and tiles, and all kinds of remainders.
  private static let shapes = [
    (1, 16, 4), (2, 50, 8), (3, 7, 12), (5, 64, 20), (13, 33, 4), (14, 800, 100),
  ]

  @Test func linearIsTheProductPlusTheBias() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for (rows, inputs, outputs) in Self.shapes {
          var generator = SeededGenerator(seed: UInt64(rows))
          let x = RandomVectors.vector(rows * inputs, using: &generator)
          let w = RandomVectors.vector(outputs * inputs, using: &generator)
          let bias = RandomVectors.vector(outputs, using: &generator)
          var y = [Float](repeating: .nan, count: rows * outputs)
          vk_linear(x, inputs, rows, w, bias, inputs, outputs, &y, outputs)
          for row in 0..<rows {
            for output in 0..<outputs {
              var sum = Double(bias[output])
              for k in 0..<inputs {
                sum += Double(x[row * inputs + k]) * Double(w[output * inputs + k])
              }
              #expect(abs(Double(y[row * outputs + output]) - sum) < 1e-4, "\(variant) \(rows)")
            }
          }
        }
      }
    }
  }

  @Test func aRowHasTheSameBitsInEveryBatch() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        var generator = SeededGenerator(seed: 3)
        let (rows, inputs, outputs) = (11, 80, 8)
        let x = RandomVectors.vector(rows * inputs, using: &generator)
        let w = RandomVectors.vector(outputs * inputs, using: &generator)
        let bias = RandomVectors.vector(outputs, using: &generator)
        var all = [Float](repeating: 0, count: rows * outputs)
        vk_linear(x, inputs, rows, w, bias, inputs, outputs, &all, outputs)
        for row in 0..<rows {
          var one = [Float](repeating: 0, count: outputs)
          let alone = Array(x[row * inputs..<(row + 1) * inputs])
          vk_linear(alone, inputs, 1, w, bias, inputs, outputs, &one, outputs)
          #expect(one == Array(all[row * outputs..<(row + 1) * outputs]), "\(variant) \(row)")
        }
      }
    }
  }

  @Test func combineSumsRows() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for (rows, inner, columns) in Self.shapes {
          var generator = SeededGenerator(seed: UInt64(columns))
          let p = RandomVectors.vector(rows * inner, using: &generator)
          let v = RandomVectors.vector(inner * columns, using: &generator)
          var y = [Float](repeating: .nan, count: rows * columns)
          vk_combine(p, inner, rows, inner, v, columns, columns, &y, columns)
          for row in 0..<rows {
            for column in 0..<columns {
              var sum = 0.0
              for k in 0..<inner {
                sum += Double(p[row * inner + k]) * Double(v[k * columns + column])
              }
              #expect(abs(Double(y[row * columns + column]) - sum) < 1e-4, "\(variant) \(rows)")
            }
          }
        }
      }
    }
  }

  @Test func softmaxGeluAndNormalizationAreTheirFormulas() async {
    await #expect(processExitsWith: .success) {
      KernelVariants.forEach { variant in
        for count in [1, 4, 15, 16, 37, 384] {
          var generator = SeededGenerator(seed: UInt64(count))
          let x = RandomVectors.vector(count, using: &generator).map { $0 * 6 }
          var soft = x
          vk_softmax(&soft, count, 1, count, 0.5)
          let total = x.reduce(0) { $0 + exp(Double($1) / 2) }
          var unit = x
          vk_gelu(&unit, count)
          let added = RandomVectors.vector(count, using: &generator)
          let gain = RandomVectors.vector(count, using: &generator)
          let shift = RandomVectors.vector(count, using: &generator)
          var normal = x
          vk_add_norm(&normal, added, 1, count, gain, shift, 1e-3)
          let sums = zip(x, added).map { Double($0) + Double($1) }
          let mean = sums.reduce(0, +) / Double(count)
          let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
          for i in 0..<count {
            #expect(abs(Double(soft[i]) - exp(Double(x[i]) / 2) / total) < 1e-6, "\(variant)")
            let gelu = Double(x[i]) / 2 * (1 + erf(Double(x[i]) / 2.0.squareRoot()))
            #expect(abs(Double(unit[i]) - gelu) < 2e-6, "\(variant)")
            let expected =
              (sums[i] - mean) / (variance + 1e-3).squareRoot() * Double(gain[i]) + Double(shift[i])
            #expect(abs(Double(normal[i]) - expected) < 1e-4, "\(variant)")
          }
          var sum = x
          vk_add_scaled(&sum, added, 0.25, count)
          #expect(zip(sum, zip(x, added)).allSatisfy { abs($0 - ($1.0 + 0.25 * $1.1)) < 1e-5 })
        }
      }
    }
  }
}
