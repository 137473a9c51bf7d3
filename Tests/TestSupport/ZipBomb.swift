// Zip archives that unpack to far more than they are.

package import Foundation

/// An archive of one packed file, which is a text, one letter over and over, and another text.
package enum ZipBomb {
  /// Makes an archive.
  ///
  /// - Parameters:
  ///   - name: of the file in it.
  ///   - megabytes: what it unpacks to, about.
  package static func make(
    _ name: String, _ start: String, megabytes: Int, _ end: String
  ) -> Data {
    let runs = (megabytes << 20) / 258
    var bits = BitWriter()
    // The last block, of fixed codes (RFC 1951, 3.2.6).
    bits.write(0b1, 1)
    bits.write(0b01, 2)
    for byte in start.utf8 + [UInt8(ascii: "b")] { bits.writeCode(0x30 + Int(byte), 8) }
    for _ in 0..<runs {
      // 258 bytes again from one byte before.
      bits.writeCode(0b1100_0101, 8)
      bits.writeCode(0, 5)
    }
    for byte in end.utf8 { bits.writeCode(0x30 + Int(byte), 8) }
    bits.writeCode(0, 7)
    let packed = bits.finish()
    let size = start.utf8.count + 1 + 258 * runs + end.utf8.count

    func number(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    // Version, flags, method, time, date, checksum, sizes, lengths of the name and of more.
    let common =
      number(20, 2) + number(0, 2) + number(8, 2) + number(0, 8) + number(packed.count, 4)
      + number(size, 4) + number(name.utf8.count, 2) + number(0, 2)
    var file = Array("PK\u{3}\u{4}".utf8) + common + Array(name.utf8) + packed
    let table =
      Array("PK\u{1}\u{2}".utf8) + number(20, 2) + common + number(0, 14) + Array(name.utf8)
    let end = number(0, 4) + number(1, 2) + number(1, 2) + number(table.count, 4)
    let place = file.count
    file += table + Array("PK\u{5}\u{6}".utf8) + end + number(place, 4) + number(0, 2)
    return Data(file)
  }

  /// Bits from the lowest of each byte up.
  private struct BitWriter {
    private var bytes: [UInt8] = []
    private var (pending, count) = (0, 0)

    mutating func write(_ value: Int, _ bits: Int) {
      pending |= value << count
      count += bits
      while count >= 8 {
        bytes.append(UInt8(truncatingIfNeeded: pending))
        pending >>= 8
        count -= 8
      }
    }

    /// Codes come with their highest bit first.
    mutating func writeCode(_ code: Int, _ bits: Int) {
      var turned = 0
      for place in 0..<bits where code >> place & 1 == 1 { turned |= 1 << (bits - 1 - place) }
      write(turned, bits)
    }

    mutating func finish() -> [UInt8] {
      if count > 0 { write(0, 8 - count) }
      return bytes
    }
  }
}
