// The header of NumPy's `.npy` format, versions 1.0 to 3.0: what an array's elements are, and its
// shape; and how elements become float32.

/// The header of a `.npy` file that holds rows of floating-point numbers.
///
/// Format: numpy.lib.format, "Format Version 1.0" and following: the magic bytes, two bytes of
/// version, the header's length (2 bytes, from version 2.0 on 4, little-endian), and a Python
/// dictionary with the keys `descr`, `fortran_order` and `shape`, padded with spaces and ended by a
/// line feed.
struct NPYHeader: Equatable {
  /// The element types that can be read, as they are stored; all are read as float32.
  enum Element: String, CaseIterable {
    case littleHalf = "<f2"
    case bigHalf = ">f2"
    case littleSingle = "<f4"
    case bigSingle = ">f4"
    case littleDouble = "<f8"
    case bigDouble = ">f8"

    /// The bytes of one element: 2, 4 or 8.
    var size: Int {
      switch self {
      case .littleHalf, .bigHalf: 2
      case .littleSingle, .bigSingle: 4
      case .littleDouble, .bigDouble: 8
      }
    }
  }

  /// The magic bytes of every `.npy` file.
  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// The longest header that is read, in bytes: three short entries and their padding need far less.
  static let maximumLength = 65_536

  /// The type of the elements.
  let element: Element
  /// The number of rows; 1 where the shape is `(d,)`.
  let rows: Int
  /// The numbers of each row.
  let dimensions: Int

  /// The bytes of all rows, or nil where they are more than an `Int` counts.
  var dataBytes: Int? {
    let (count, overflow) = rows.multipliedReportingOverflow(by: dimensions)
    let (bytes, overflowOfBytes) = count.multipliedReportingOverflow(by: element.size)
    return overflow || overflowOfBytes ? nil : bytes
  }

  /// The header's bytes, magic and padding included: a multiple of 64, as numpy writes it.
  func encoded() -> [UInt8] {
    let text =
      "{'descr': '\(element.rawValue)', 'fortran_order': False, "
      + "'shape': (\(rows), \(dimensions)), }"
    let prefix = Self.magic.count + 4
    let total = (prefix + text.utf8.count + 1 + 63) / 64 * 64
    let length = total - prefix
    var bytes = Self.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
    bytes += Array(text.utf8)
    bytes += [UInt8](repeating: 0x20, count: total - bytes.count - 1)
    bytes.append(0x0A)
    return bytes
  }
}

extension NPYHeader {
  /// Reads the dictionary of a header, without the magic and the length.
  ///
  /// - Throws: ``InterchangeError`` with `malformedHeader`, `unsupportedType`, `unsupportedOrder`
  ///   or `unsupportedShape`.
  init(dictionary bytes: [UInt8], file: String) throws(InterchangeError) {
    var parser = PythonLiteral(bytes)
    guard let entries = parser.dictionary(), parser.isAtEnd,
      entries.keys.sorted() == ["descr", "fortran_order", "shape"],
      let order = entries["fortran_order"], case .bool(let isFortran) = order,
      let shape = entries["shape"], case .integers(let lengths) = shape,
      let type = entries["descr"]
    else {
      throw InterchangeError(
        .malformedHeader, file: file, found: "a header that cannot be read",
        expected: "a dictionary of descr, fortran_order and shape",
        advice: "write the array again with numpy.save")
    }
    guard case .string(let name) = type, let element = Element(rawValue: name) else {
      let names = Element.allCases.map(\.rawValue).joined(separator: " ")
      throw InterchangeError(
        .unsupportedType, file: file, found: "elements of type \(type.words)",
        expected: "one of \(names)", advice: "convert it with array.astype(\"<f4\")")
    }
    guard !isFortran else {
      throw InterchangeError(
        .unsupportedOrder, file: file, found: "an array stored column by column (fortran_order)",
        expected: "rows one after another",
        advice: "convert it with numpy.ascontiguousarray(array)")
    }
    guard lengths.count == 1 || lengths.count == 2, let dimensions = lengths.last, dimensions > 0
    else {
      throw InterchangeError(
        .unsupportedShape, file: file, found: "an array of shape \(shape.words)",
        expected: "(rows, dimensions) or (dimensions,), with at least 1 dimension",
        advice: "convert it with array.reshape(rows, dimensions)")
    }
    self.init(
      element: element, rows: lengths.count == 2 ? lengths[0] : 1, dimensions: dimensions)
  }
}

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
