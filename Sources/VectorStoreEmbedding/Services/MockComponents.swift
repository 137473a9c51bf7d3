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

  /// A feature's place and sign come from all bits of this.
  @inline(__always)
  static func finished(_ number: UInt64, kind: UInt64) -> UInt64 {
    var bits = number ^ (kind &* 0x9E37_79B9_7F4A_7C15)
    bits = (bits ^ (bits &>> 32)) &* multiplier
    bits = (bits ^ (bits &>> 29)) &* multiplier
    return bits ^ (bits &>> 32)
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

  /// Adds a feature.
  @inline(__always)
  mutating func add(_ number: UInt64, kind: UInt64, weight: Float) {
    let bits = MockHash.finished(number, kind: kind)
    let index = Int(truncatingIfNeeded: ((bits &>> 32) &* UInt64(components.count)) &>> 32)
    components[index] += bits & 1 == 0 ? weight : -weight
  }

  /// Adds the scalars of a text that has no other feature, so that its vector is not zero.
  mutating func placeScalars(of bytes: UnsafeBufferPointer<UInt8>) {
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
  mutating func normalise() {
    // Whole numbers add up exactly in a Double, so that these sums have no order.
    var sums = SIMD4<Double>()
    let whole = components.count & ~3
    for start in stride(from: 0, to: whole, by: 4) {
      sums += SIMD4(
        Double(components[start].magnitude), Double(components[start + 1].magnitude),
        Double(components[start + 2].magnitude), Double(components[start + 3].magnitude))
    }
    var total = sums.sum()
    for index in whole..<components.count { total += Double(components[index].magnitude) }
    let scale = Float(1 / total)
    for index in components.indices {
      let sum = components[index]
      let root = (sum.magnitude * scale).squareRoot()
      components[index] = sum < 0 ? -root : root
    }
  }
}
