// The bytes of a file → text: UTF-8 or UTF-16, or why they are neither.

package import Foundation

/// Decodes the bytes of a text file, and refuses what is not text.
///
/// ```swift
/// let text = try TextDecoder.decode(Data(contentsOf: file))
/// ```
///
/// The text is what the file holds: a byte order mark is removed, line ends stay as they are, and
/// nothing is ever replaced by U+FFFD. Encodings are not guessed: bytes are UTF-8 unless a UTF-16
/// byte order mark says otherwise.
package enum TextDecoder {
  /// Decodes `bytes`, a whole file.
  ///
  /// - Throws: ``TextDecodingError``.
  /// - Complexity: O(*n*) in bytes, at the speed of memory for ASCII.
  package static func decode(_ bytes: some ContiguousBytes) throws -> String {
    try bytes.withUnsafeBytes { try decode($0) }
  }

  /// Judges the bytes of a text as they come, so that most of what is no text is refused before all
  /// of it has been read. What passes is still to be decoded.
  package struct Screen {
    private var offset = 0
    private var isUTF16 = false

    package init() {}

    /// Looks at the next bytes.
    ///
    /// - Throws: ``TextDecodingError``.
    package mutating func look(at bytes: UnsafeRawBufferPointer) throws {
      if offset == 0 {
        isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        if bytes.starts(with: Array("%PDF-".utf8)) { throw TextDecodingError.pdf }
      }
      // Half of what UTF-16 holds is NUL bytes.
      if !isUTF16, let start = bytes.baseAddress, let nul = memchr(start, 0, bytes.count) {
        throw TextDecodingError.binary(offset: offset + (UnsafeRawPointer(nul) - start))
      }
      offset += bytes.count
    }
  }

  /// Decodes `bytes`, a whole file, which may be in an encoding that somebody names; what is UTF-8, or says
  /// that it is UTF-16, is read as such.
  ///
  /// - Parameter name: an IANA name, as `windows-1252`; nil for none.
  /// - Throws: ``TextDecodingError``.
  package static func decode(_ bytes: some ContiguousBytes, or name: String?) throws -> String {
    guard let name else { return try decode(bytes) }
    // Some encodings are ASCII with escapes, or half zeros.
    let isNamedForSure =
      name.uppercased().hasPrefix("UTF-")
      || bytes.withUnsafeBytes { bytes in
        bytes.baseAddress.map { memchr($0, 0x1B, bytes.count) != nil } ?? false
      }
    if !isNamedForSure, let text = try? decode(bytes) { return text }
    return try NamedEncoding.decode(bytes, as: name)
  }

  private static func decode(_ bytes: UnsafeRawBufferPointer) throws -> String {
    if bytes.starts(with: [0xFF, 0xFE]) {
      return try decodeUTF16(bytes, unit: { UInt16($0) | UInt16($1) << 8 })
    }
    if bytes.starts(with: [0xFE, 0xFF]) {
      return try decodeUTF16(bytes, unit: { UInt16($0) << 8 | UInt16($1) })
    }
    return try decodeUTF8(bytes)
  }

  private static func decodeUTF8(_ bytes: UnsafeRawBufferPointer) throws -> String {
    // A PDF without streams can be all ASCII, and would be paid for as text.
    if bytes.starts(with: Array("%PDF-".utf8)) { throw TextDecodingError.pdf }
    if let start = bytes.baseAddress, let nul = memchr(start, 0, bytes.count) {
      throw TextDecodingError.binary(offset: UnsafeRawPointer(nul) - start)
    }
    let mark = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let body = UnsafeRawBufferPointer(rebasing: bytes[mark...])
    guard let text = String(validating: body, as: UTF8.self) else {
      throw TextDecodingError.invalidUTF8(offset: mark + firstInvalidOffset(body))
    }
    return text
  }

  /// The offset of the first byte that begins no valid UTF-8 character.
  private static func firstInvalidOffset(_ bytes: UnsafeRawBufferPointer) -> Int {
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    var offset = 0
    while case .valid(let scalar) = parser.parseScalar(from: &iterator) { offset += scalar.count }
    return offset
  }

  private static func decodeUTF16(
    _ bytes: UnsafeRawBufferPointer, unit: (UInt8, UInt8) -> UInt16
  ) throws -> String {
    var units: [UInt16] = []
    units.reserveCapacity(bytes.count / 2)
    var isAfterHighSurrogate = false
    for offset in stride(from: 2, to: bytes.count - 1, by: 2) {
      let value = unit(bytes[offset], bytes[offset + 1])
      if value == 0 { throw TextDecodingError.binary(offset: offset) }
      let isLowSurrogate = UTF16.isTrailSurrogate(value)
      guard isLowSurrogate == isAfterHighSurrogate else {
        throw TextDecodingError.invalidUTF16(offset: isLowSurrogate ? offset : offset - 2)
      }
      isAfterHighSurrogate = UTF16.isLeadSurrogate(value)
      units.append(value)
    }
    if isAfterHighSurrogate {
      throw TextDecodingError.invalidUTF16(offset: 2 * units.count)
    }
    if bytes.count % 2 == 1 {
      throw TextDecodingError.invalidUTF16(offset: bytes.count - 1)
    }
    return String(decoding: units, as: UTF16.self)
  }
}
