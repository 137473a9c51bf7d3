// Why a file is not text. Thrown by TextDecoder; adding a file reports it beside the file's name.

/// Why bytes were refused as text.
///
/// Offsets count bytes from the start of the file, BOM included.
package enum TextDecodingError: Error, Sendable, Hashable {
  /// A NUL character, which texts do not hold: an image, an archive, a database, a program.
  case binary(offset: Int)
  /// A PDF document. Its text is inside, but not readable as it lies there.
  case pdf
  /// No whole UTF-8 character begins at byte `offset`.
  case invalidUTF8(offset: Int)
  /// Half a UTF-16 character at `offset`: an unpaired surrogate, or a single byte at the end.
  case invalidUTF16(offset: Int)
}

extension TextDecodingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .binary(let offset):
      "binary, not text: a NUL character at byte \(offset)"
    case .pdf:
      "a PDF document, not text; convert it to text first"
    case .invalidUTF8(let offset):
      "not UTF-8: byte \(offset) begins no valid character; convert the file to UTF-8 first"
    case .invalidUTF16(let offset):
      "damaged UTF-16: byte \(offset) begins half a character"
    }
  }
}
