// Conversions of a `.npy` file's elements to float32.

extension NPYHeader.Element {
  /// Whether the stored bytes are this machine's own float32, so that nothing is to convert.
  var isNativeSingle: Bool {
    let isLittleEndian = UInt32(1).littleEndian == 1
    return self == (isLittleEndian ? .littleSingle : .bigSingle)
  }

  /// Converts stored elements to float32: halves exactly, doubles to the nearest.
  ///
  /// - Precondition: `bytes` holds ``size`` bytes for each element of `floats`.
  func convert(_ bytes: UnsafeRawBufferPointer, into floats: UnsafeMutableBufferPointer<Float>) {
    precondition(bytes.count == floats.count * size, "\(bytes.count) bytes")
    for index in floats.indices {
      let at = index * size
      switch self {
      case .littleHalf:
        let bits = bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)
        floats[index] = Self.float(halfBits: UInt16(littleEndian: bits))
      case .bigHalf:
        let bits = bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)
        floats[index] = Self.float(halfBits: UInt16(bigEndian: bits))
      case .littleSingle:
        let bits = bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
        floats[index] = Float(bitPattern: UInt32(littleEndian: bits))
      case .bigSingle:
        let bits = bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)
        floats[index] = Float(bitPattern: UInt32(bigEndian: bits))
      case .littleDouble:
        let bits = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        floats[index] = Float(Double(bitPattern: UInt64(littleEndian: bits)))
      case .bigDouble:
        let bits = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        floats[index] = Float(Double(bitPattern: UInt64(bigEndian: bits)))
      }
    }
  }

  /// An IEEE 754 binary16 number as float32.
  ///
  /// Swift's Float16 is missing on macOS for x86-64.
  static func float(halfBits bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x03FF)
    switch exponent {
    case 0:
      // Subnormal: fraction × 2^-24, exact in float32.
      return sign * Float(fraction) * 0x1p-24
    case 0x1F:
      return Float(bitPattern: UInt32(bits & 0x8000) << 16 | 0x7F80_0000 | fraction << 13)
    default:
      return Float(
        bitPattern: UInt32(bits & 0x8000) << 16 | UInt32(exponent + 112) << 23 | fraction << 13)
    }
  }
}
