// The last steps of the mock embedding: hashed features become components, components become a
// vector of unit length. Called by MockService and MockTally; the formula stands at MockService.

/// The hash functions of the mock embedding.
enum MockHash {
  /// An odd multiplier of well mixed bits, used by every hash here.
  static let multiplier: UInt64 = 0x9FB2_1C65_1E98_DF25

  /// One more scalar of a run.
  @inline(__always)
  static func extended(_ state: UInt64, by scalar: UInt32) -> UInt64 {
    let product = (state ^ UInt64(scalar)) &* multiplier
    return product ^ (product &>> 29)
  }

  /// One hash of two, in their order.
  @inline(__always)
  static func pair(_ first: UInt64, _ second: UInt64) -> UInt64 {
    (first &* multiplier) ^ (first &>> 32) ^ second
  }
}

/// Components of a vector while its features are added up.
///
/// Holds whole numbers as floats: exact below 2^24, and added in the order of the text beyond.
struct MockComponents {
  private let components: UnsafeMutableBufferPointer<Float>

  /// Adds to the components given, which the caller has set to zero and keeps alive.
  init(_ components: UnsafeMutableBufferPointer<Float>) {
    self.components = components
  }

  /// Whether every component is zero: no feature yet, or all cancelled out.
  var isZero: Bool { components.allSatisfy { $0 == 0 } }

  /// Adds a feature: its number and kind say where and with which sign.
  @inline(__always)
  func add(_ number: UInt64, kind: UInt64, weight: Float) {
    var bits = number ^ (kind &* 0x9E37_79B9_7F4A_7C15)
    bits = (bits ^ (bits &>> 32)) &* MockHash.multiplier
    let index = Int(truncatingIfNeeded: ((bits &>> 32) &* UInt64(components.count)) &>> 32)
    // A sign bit costs less here than a branch that nothing predicts.
    let sign = UInt32(truncatingIfNeeded: bits) & 0x8000_0000
    components[index] += Float(bitPattern: weight.bitPattern ^ sign)
  }

  /// Adds the scalars of a text that has no other feature, so that its vector is not zero.
  func addScalars(of bytes: UnsafeBufferPointer<UInt8>) {
    var run: UInt64 = 0
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      add(MockHash.extended(0, by: scalar.value), kind: 11, weight: 50)
      run = MockHash.extended(run, by: scalar.value)
    }
    add(run, kind: 11, weight: 50)
    if isZero { components[0] = 1 }
  }

  /// Turns sums `a` into `sign(a) * sqrt(|a| / Σ|a|)`, whose squares add up to 1.
  ///
  /// - Precondition: at least one component is not zero.
  func normalise() {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: components.count) { filled in
      // A short text fills few components, and square roots are the costly part: list the filled
      // ones without a branch, since which they are is chance.
      var count = 0
      for index in components.indices {
        filled[count] = Int32(truncatingIfNeeded: index)
        count += components[index] == 0 ? 0 : 1
      }
      // Whole numbers add up exactly in a Double.
      var total = 0.0
      for position in 0..<count { total += Double(components[Int(filled[position])].magnitude) }
      let scale = Float(1 / total)
      for position in 0..<count {
        let index = Int(filled[position])
        let sum = components[index]
        let root = (sum.magnitude * scale).squareRoot()
        components[index] = Float(bitPattern: root.bitPattern | sum.bitPattern & 0x8000_0000)
      }
    }
  }
}
