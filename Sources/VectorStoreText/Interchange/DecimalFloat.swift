// Decimal text to the nearest float32, fast. Called for each number of a vector by
// JSONCursor+Numbers.swift; calls nothing.

/// The fast way from a JSON number to the float32 nearest to it, where that is certain.
///
/// The decimal is first computed as a double from up to 18 digits and a power of ten (after
/// W. Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990). Three roundings make an
/// error below 3 units in the last place of the double. Rounding the double to float32 then gives
/// the float32 nearest to the decimal, unless the middle between two float32 numbers lies within
/// that error: for random numbers that is once in some 30 million. Then, and for numbers that are
/// very small, large or long, there is no answer here and the caller takes the slow way.
enum DecimalFloat {
  /// The bytes that must be readable from a number's first byte on: more than the longest number
  /// that is read here, so that no byte of it needs a check.
  static let reach = 48

  /// Reads a number at `position` and moves behind it; or returns nil and stays, where the number
  /// needs the slow way or none stands there.
  ///
  /// A digit behind a leading zero is left for the caller to find, who expects a comma there.
  /// - Precondition: ``reach`` bytes can be read from `position` on.
  @inline(__always)
  static func read(_ position: inout UnsafePointer<UInt8>) -> Float? {
    var place = position
    // Signs are random, so they must not become branches.
    let sign: UInt32 = place.pointee == UInt8(ascii: "-") ? 1 : 0
    place += Int(sign)
    var significand: UInt64 = 0
    var significantDigits = 0
    var exponent = 0
    if place.pointee == UInt8(ascii: "0") {
      place += 1
    } else {
      significantDigits = readDigits(&place, into: &significand)
      guard significantDigits > 0, significantDigits < 8 else { return nil }
    }
    if place.pointee == UInt8(ascii: ".") {
      place += 1
      let zeros = significantDigits == 0 ? leadingZeros(place) : 0
      guard let count = readFraction(&place, into: &significand) else { return nil }
      exponent = -count
      significantDigits += count - zeros
    }
    if place.pointee | 0x20 == UInt8(ascii: "e") {
      guard let power = readExponent(&place) else { return nil }
      exponent += power
    }
    guard significantDigits <= 18,
      let bits = nearest(significand, exponent: exponent)
    else { return nil }
    position = place
    return Float(bitPattern: bits | sign << 31)
  }

  /// The bits of the float32 nearest to `significand × 10^exponent`, where the double tells.
  ///
  /// - Precondition: `significand` is below 10^18.
  @inline(__always)
  private static func nearest(_ significand: UInt64, exponent: Int) -> UInt32? {
    if significand == 0 { return 0 }
    guard exponent >= -40, exponent < powers.count - 40 else { return nil }
    // From a signed number, since converting an unsigned one takes several instructions.
    let value = Double(Int64(truncatingIfNeeded: significand)) * powers[exponent + 40]
    // Below, float32 numbers are subnormal and their middles lie elsewhere; above is infinity.
    guard value >= 0x1p-125, value < 0x1p127 else { return nil }
    // The 29 bits that float32 has not: the middle is the first value of their upper half.
    let beyond = value.bitPattern & 0x1FFF_FFFF
    let margin: UInt64 = 8
    guard beyond &- (0x1000_0000 - margin) > 2 * margin else { return nil }
    return Float(value).bitPattern
  }

  /// Reads up to 23 digits and returns how many; nil for none and for more.
  ///
  /// Full words are told by branches, which processors foresee: so the next word is read before the
  /// digits of this one are counted.
  @inline(__always)
  private static func readFraction(
    _ place: inout UnsafePointer<UInt8>, into significand: inout UInt64
  ) -> Int? {
    let first = place
    for _ in 0..<2 {
      let digits = nextEight(place)
      guard marks(digits) == 0 else { break }
      significand = significand &* 100_000_000 &+ number(ofEight: digits)
      place += 8
    }
    guard readDigits(&place, into: &significand) < 8, place > first else { return nil }
    return place - first
  }

  /// Reads the digits among the next eight bytes and returns how many there are up to the first
  /// other byte.
  ///
  /// The significand may wrap: the caller counts its digits.
  @inline(__always)
  private static func readDigits(
    _ place: inout UnsafePointer<UInt8>, into significand: inout UInt64
  ) -> Int {
    let digits = nextEight(place)
    let count = marks(digits).trailingZeroBitCount >> 3
    guard count > 0 else { return 0 }
    // The digits move to the word's end; zeros come before them.
    let aligned = digits &<< UInt64(truncatingIfNeeded: 64 - 8 * count)
    significand = significand &* smallPowers[count] &+ number(ofEight: aligned)
    place += count
    return count
  }

  /// A word with the high bit of the first byte that is no digit, and of none before it.
  @inline(__always)
  private static func marks(_ digits: UInt64) -> UInt64 {
    // 10 and more carry into the high bit; carries out of a byte reach later bytes only.
    (digits &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
  }

  /// The number that eight digits make, the first in the lowest byte.
  ///
  /// Pairs, fours, then all eight: Daniel Lemire, "Number Parsing at a Gigabyte per Second", 2021.
  @inline(__always)
  private static func number(ofEight digits: UInt64) -> UInt64 {
    let pairs = digits &* 10 &+ (digits >> 8)
    let mask: UInt64 = 0x0000_00FF_0000_00FF
    let upper = (pairs & mask) &* (100 + (1_000_000 << 32))
    let lower = ((pairs >> 16) & mask) &* (1 + (10_000 << 32))
    return (upper &+ lower) >> 32
  }

  /// How many of the next eight bytes are zeros, up to the first other byte.
  @inline(__always)
  private static func leadingZeros(_ place: UnsafePointer<UInt8>) -> Int {
    nextEight(place).trailingZeroBitCount >> 3
  }

  /// The next eight bytes, the first in the lowest byte, digits as 0 to 9.
  @inline(__always)
  private static func nextEight(_ place: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
      ^ 0x3030_3030_3030_3030
  }

  /// Reads an exponent of one to three digits; nil where there are none or more.
  @inline(never)
  private static func readExponent(_ place: inout UnsafePointer<UInt8>) -> Int? {
    place += 1
    let mark = place.pointee
    if mark == UInt8(ascii: "-") || mark == UInt8(ascii: "+") { place += 1 }
    var power = 0
    var count = 0
    while case let digit = place.pointee &- UInt8(ascii: "0"), digit < 10 {
      guard count < 3 else { return nil }
      power = power * 10 + Int(digit)
      count += 1
      place += 1
    }
    guard count > 0 else { return nil }
    return mark == UInt8(ascii: "-") ? -power : power
  }

  private static let smallPowers: [UInt64] = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000,
  ]

  /// The powers of ten from -40 to 19.
  ///
  /// Written out, so that they are constants of the program and not made at the first use, which
  /// every use would have to ask for.
  private static let powers: [Double] = [
    1e-40, 1e-39, 1e-38, 1e-37, 1e-36, 1e-35, 1e-34, 1e-33, 1e-32, 1e-31,
    1e-30, 1e-29, 1e-28, 1e-27, 1e-26, 1e-25, 1e-24, 1e-23, 1e-22, 1e-21,
    1e-20, 1e-19, 1e-18, 1e-17, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11,
    1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1,
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
    1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
  ]
}
