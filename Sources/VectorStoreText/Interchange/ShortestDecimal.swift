// Float32 to the shortest decimal text, fast for numbers below 1, as the components of unit vectors
// are.

/// The shortest decimal that reads back as the same float32.
enum ShortestDecimal {
  /// The bytes that the longest text takes, with some to spare.
  static let reach = 24

  /// Writes a finite number and returns how many bytes it took.
  ///
  /// From 1e-6 to below 1 the text is found here: the nearest decimal of n digits reads back as the
  /// number exactly where it lies within half a unit of the number's last place, and if one of n
  /// digits does, so does one of n + 1. All others go through Swift's own `description`.
  /// - Precondition: `bytes` has ``reach`` bytes.
  @inline(__always)
  static func write(_ value: Float, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
    let size = value.magnitude
    // Of a power of two the halves below and above differ, and the reasoning does not hold.
    guard size >= 1e-6, size < 1, size.significandBitPattern != 0,
      case let zeros = leadingZeros(size),
      let (digits, count) = shortestDigits(Double(size), Double(size.ulp), zeros: zeros)
    else { return writeDescription(value, to: bytes) }
    var end = 0
    if value < 0 {
      bytes[0] = UInt8(ascii: "-")
      end = 1
    }
    bytes[end] = UInt8(ascii: "0")
    bytes[end + 1] = UInt8(ascii: ".")
    end += 2
    for index in 0..<zeros { bytes[end + index] = UInt8(ascii: "0") }
    end += zeros + count
    var rest = digits
    for index in 1...count {
      bytes[end - index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    return end
  }

  /// How many zeros stand between the point and the first digit of a number from 1e-6 to 1.
  @inline(__always)
  private static func leadingZeros(_ size: Float) -> Int {
    // As doubles: the float32 number nearest to 0.01 is below it and has two zeros.
    let size = Double(size)
    if size >= 0.1 { return 0 }
    if size >= 0.01 { return 1 }
    if size >= 0.001 { return 2 }
    if size >= 0.0001 { return 3 }
    return size >= 0.00001 ? 4 : 5
  }

  /// The digits behind the zeros and their count, or nil where doubles cannot tell.
  ///
  /// - Parameters:
  ///   - size: the number.
  ///   - ulp: the distance to its neighbours.
  @inline(__always)
  private static func shortestDigits(
    _ size: Double, _ ulp: Double, zeros: Int
  ) -> (digits: UInt32, count: Int)? {
    var found: (digits: UInt32, count: Int)?
    // Eight digits are the commonest; nine always suffice.
    var count = 8
    while count > 0 {
      let power = powers[count + zeros]
      let scaled = size * power
      let nearest = scaled.rounded()
      // Both products are rounded, to within 1e9 × 2^-53.
      let beyond = (scaled - nearest).magnitude - ulp * 0.5 * power
      guard beyond.magnitude > 1e-6 else { return nil }
      if beyond < 0 {
        found = (UInt32(nearest), count)
        guard count < 9 else { break }
        count -= 1
      } else if found == nil, count == 8 {
        count = 9
      } else {
        break
      }
    }
    // Rounding up to the next power of ten makes one digit more than was asked for.
    guard let found, Double(found.digits) < powers[found.count] else { return nil }
    return found
  }

  @inline(never)
  private static func writeDescription(
    _ value: Float, to bytes: UnsafeMutablePointer<UInt8>
  ) -> Int {
    var count = 0
    for byte in value.description.utf8 {
      bytes[count] = byte
      count += 1
    }
    return count
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
  ]
}
