// Values of metadata as bytes whose order is that of SQLite's values, for PostgreSQL.

import Foundation
import VectorStoreText

/// How PostgreSQL keeps a value of metadata: one column of bytes, which one index orders.
///
/// A letter says the type, in SQLite's order: 1 a number, 2 a text, 3 what else there is. A number is its double
/// with the bits in the order of the numbers, then how far an integer is above it: 64 bits of an integer do not
/// fit into a double. A long text is its beginning and its hash, since an index takes no long values; its order
/// among others with the same beginning is that of the hashes.
enum FieldBytes {
  /// Texts up to this many bytes stand as they are.
  private static let longest = 1024

  static func isLong(_ text: String) -> Bool { text.utf8.count > longest }

  /// The bytes from which on texts begin so.
  static func start(_ text: String) -> Data { Data([2]) + Data(text.utf8.prefix(longest)) }

  /// The value as it is bound: bytes for PostgreSQL, as it is for SQLite.
  static func argument(_ value: BulkValue, _ isPostgres: Bool) -> BulkValue {
    isPostgres ? .blob(bytes(value)) : value
  }

  static func bytes(_ value: BulkValue) -> Data {
    switch value {
    case .null: Data()
    case .integer(let number): Data([1]) + bytes(Double(number), number)
    case .real(let number): Data([1]) + bytes(number, nil)
    case .text(let text):
      isLong(text)
        ? Data([2]) + Data(text.utf8.prefix(longest)) + TextHash.of(text)
        : Data([2]) + Data(text.utf8)
    case .blob(let data), .vector(let data): Data([3]) + data
    case .bytes(let bytes): Data([3]) + Data(bytes)
    }
  }

  /// - Parameter integer: the number itself, if it is an integer.
  private static func bytes(_ number: Double, _ integer: Int64?) -> Data {
    var number = number == 0 ? 0 : number
    var above: UInt16 = 0
    if let integer, abs(number) >= 0x1p53 {
      // The next double below, so that what is missing is positive.
      while number >= 0x1p63 || Int64(number) > integer { number = number.nextDown }
      above = UInt16(clamping: integer &- Int64(number))
    }
    let bits = number.bitPattern
    let ordered = bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    return withUnsafeBytes(of: ordered.bigEndian) { Data($0) }
      + withUnsafeBytes(of: above.bigEndian) { Data($0) }
  }
}
