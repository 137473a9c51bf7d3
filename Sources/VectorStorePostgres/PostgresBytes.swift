// Reads values in PostgreSQL's binary formats.

#if Postgres
  import Foundation

  /// A value's bytes as the server sent them, for rows. Big-endian.
  enum PostgresBytes {
    static func load<T: FixedWidthInteger>(
      _ bytes: UnsafeRawBufferPointer, at offset: Int = 0, as type: T.Type
    ) -> T {
      T(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// An integer of 1, 2, 4 or 8 bytes, as `boolean`, `smallint`, `integer` and `bigint` are.
    static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
      switch bytes.count {
      case 1: Int64(bytes[0])
      case 2: Int64(load(bytes, as: Int16.self))
      case 4: Int64(load(bytes, as: Int32.self))
      case 8: load(bytes, as: Int64.self)
      default: nil
      }
    }

    /// A number of 4 or 8 bytes, as `real` and `double precision` are.
    static func real(_ bytes: UnsafeRawBufferPointer) -> Double? {
      switch bytes.count {
      case 4: Double(Float(bitPattern: load(bytes, as: UInt32.self)))
      case 8: Double(bitPattern: load(bytes, as: UInt64.self))
      default: nil
      }
    }

    static func text(_ bytes: UnsafeRawBufferPointer) -> String {
      String(decoding: bytes, as: UTF8.self)
    }

    /// The components of pgvector's binary form, as little-endian float32; nil if it is not that.
    static func vector(_ bytes: UnsafeRawBufferPointer) -> Data? {
      guard isVector(bytes) else { return nil }
      var components = Data(count: bytes.count - 4)
      components.withUnsafeMutableBytes { target in
        guard let base = target.baseAddress else { return }
        WireBuffer.swap(UnsafeRawBufferPointer(rebasing: bytes[4...]), to: base)
      }
      return components
    }

    private static func isVector(_ bytes: UnsafeRawBufferPointer) -> Bool {
      bytes.count >= 4 && load(bytes, at: 2, as: UInt16.self) == 0
        && bytes.count == 4 + 4 * Int(load(bytes, as: UInt16.self))
    }

    /// `8-4-4-4-12` hexadecimal digits.
    static func uuid(_ bytes: UnsafeRawBufferPointer) -> String? {
      guard bytes.count == 16 else { return nil }
      let digits = Array("0123456789abcdef".utf8)
      var text: [UInt8] = []
      for (index, byte) in bytes.enumerated() {
        if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
      }
      return String(decoding: text, as: UTF8.self)
    }

    /// A `numeric` (`numeric_send`: groups of four decimal digits) in decimal digits; nil if it is none.
    static func numeric(_ bytes: UnsafeRawBufferPointer) -> String? {
      guard bytes.count >= 8 else { return nil }
      let groups = Int(load(bytes, as: UInt16.self))
      let weight = Int(load(bytes, at: 2, as: Int16.self))
      let sign = load(bytes, at: 4, as: UInt16.self)
      let scale = Int(load(bytes, at: 6, as: UInt16.self))
      switch sign {
      case 0xC000: return "NaN"
      case 0xD000: return "Infinity"
      case 0xF000: return "-Infinity"
      default: break
      }
      guard bytes.count == 8 + 2 * groups else { return nil }
      func group(_ index: Int) -> String {
        let value =
          (0..<groups).contains(index) ? load(bytes, at: 8 + 2 * index, as: UInt16.self) : 0
        let digits = String(value)
        return String(repeating: "0", count: 4 - digits.utf8.count) + digits
      }
      var whole = ""
      for index in 0..<max(0, weight + 1) { whole += group(index) }
      whole = String(whole.drop { $0 == "0" })
      var fraction = ""
      var index = weight + 1
      while fraction.utf8.count < scale {
        fraction += group(index)
        index += 1
      }
      return (sign == 0x4000 ? "-" : "") + (whole.isEmpty ? "0" : whole)
        + (scale == 0 ? "" : "." + fraction.prefix(scale))
    }

    /// A `numeric` that is a whole number within Int64.
    static func integer(numeric text: String) -> Int64? {
      guard let point = text.firstIndex(of: ".") else { return Int64(text) }
      guard text[text.index(after: point)...].allSatisfy({ $0 == "0" }) else { return nil }
      return Int64(text[..<point])
    }
  }
#endif
