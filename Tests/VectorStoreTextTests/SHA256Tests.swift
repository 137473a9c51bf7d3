// SHA-256 against published vectors, and the processor's instructions against portable C.

import CSHA256
import Foundation
import Testing

@testable import VectorStoreText

@Suite struct SHA256Tests {
  private typealias Start = @Sendable (UnsafeMutablePointer<sha256_hash>) -> Void

  private static let starts: [Start] = [{ sha256_start($0) }, { sha256_start_portable($0) }]

  private static func hash(_ pieces: [[UInt8]], _ start: Start) -> [UInt8] {
    var state = sha256_hash()
    start(&state)
    for piece in pieces { sha256_add(&state, piece, piece.count) }
    var digest = [UInt8](repeating: 0, count: 32)
    sha256_finish(&state, &digest)
    return digest
  }

  private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { String(format: "%02x", $0) }.joined()
  }

  /// NIST's examples for FIPS 180-4, and the empty message.
  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
          + "lmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
    ])
  func agreesWithPublishedVectors(message: String, digest: String) {
    let bytes = Array(message.utf8)
    for start in Self.starts { #expect(Self.hexadecimal(Self.hash([bytes], start)) == digest) }
    #expect(Self.hexadecimal(SHA256.hash(bytes)) == digest)
  }

  @Test func agreesOnAMillionTimesA() {
    let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
    for start in Self.starts {
      #expect(
        Self.hexadecimal(Self.hash([bytes], start))
          == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }
  }

  /// The hash of the hashes of messages of 0 to 999 bytes, as Python's hashlib gives it. Each message
  /// comes in two pieces.
  @Test func agreesAtEveryLength() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }
    for start in Self.starts {
      let digests = (0..<1000).map { count in
        Self.hash([Array(bytes[..<(count / 3)]), Array(bytes[(count / 3)..<count])], start)
      }
      #expect(
        Self.hexadecimal(Self.hash(digests, start))
          == "82ca42267eb054ecdb6b637aa70a502ff6d422cfb765b6edc370c8fbde271c29")
    }
  }

  @Test func takesPiecesAndCopies() {
    var hash = SHA256()
    hash.add(Array("ab".utf8))
    var other = hash
    hash.add(Data("c".utf8))
    other.add(Data("d".utf8))
    #expect(hash.finish() == SHA256.hash(Data("abc".utf8)))
    #expect(other.finish() == SHA256.hash(Data("abd".utf8)))
  }
}
