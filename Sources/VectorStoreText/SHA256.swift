// SHA-256, by which texts, vectors and downloads are known.

import CSHA256
package import Foundation

/// A SHA-256 hash (FIPS 180-4) in the making.
///
///     SHA256.hash(Data("abc".utf8))  // 32 bytes
package struct SHA256 {
  private var state = sha256_hash()

  /// Begins a hash.
  package init() { sha256_start(&state) }

  /// Adds bytes.
  ///
  /// - Complexity: O(bytes): some 1.3 GB/s with x86's SHA instructions, 0.2 GB/s without.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    sha256_add(&state, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes.
  package mutating func add(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { add($0) }
  }

  /// The 32 bytes of the hash of all that was added.
  package consuming func finish() -> Data {
    var digest = Data(count: 32)
    digest.withUnsafeMutableBytes {
      guard let start = $0.baseAddress else { return }
      sha256_finish(&state, start)
    }
    return digest
  }

  /// The hash of bytes.
  package static func hash(_ bytes: UnsafeRawBufferPointer) -> Data {
    var hash = SHA256()
    hash.add(bytes)
    return hash.finish()
  }

  /// The hash of bytes.
  package static func hash(_ bytes: some ContiguousBytes) -> Data {
    bytes.withUnsafeBytes { hash($0) }
  }
}

extension Sequence<UInt8> {
  /// The bytes in hexadecimal digits, small letters, two a byte.
  package var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * underestimatedCount)
    for byte in self {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
