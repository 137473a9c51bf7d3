// The published file of a vocabulary: where it is and how it is told from any other. Read by
// TokenVocabularySource and by what downloads for it.

/// A published vocabulary.
package struct TokenVocabularyFile: Sendable, Hashable {
  /// The encoding's name.
  package var name: String
  /// The public address.
  package var address: String
  /// Its name in a cache folder, which is the SHA-1 of the address in hexadecimal, as tiktoken has it.
  package var cacheName: String
  /// Its size in bytes.
  package var size: Int
  /// Its SHA-256 in hexadecimal, as tiktoken's source has it.
  package var sha256: String

  /// The vocabulary of cl100k_base, with which OpenAI's embedding models count.
  package static let cl100k = TokenVocabularyFile(
    name: "cl100k_base",
    address: "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
    cacheName: "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    size: 1_681_126,
    sha256: "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7")

  /// Why bytes are not this file, or nil if they are.
  ///
  /// - Parameter place: where they come from.
  /// - Complexity: O(bytes).
  func problem(with bytes: [UInt8], from place: String) -> TokenVocabularyProblem? {
    if bytes.count != size {
      return .wrongSize(place: place, found: bytes.count, expected: size)
    }
    let digits = Array("0123456789abcdef")
    let found = SHA256.hash(bytes).reduce(into: "") {
      $0.append(digits[Int($1 >> 4)])
      $0.append(digits[Int($1 & 15)])
    }
    return found == sha256 ? nil : .wrongHash(place: place, found: found, expected: sha256)
  }
}
