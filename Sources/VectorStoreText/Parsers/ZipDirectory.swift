// What a zip archive says of its entries: documents of office programs and books are such archives.

import Foundation

/// The table of contents of a zip archive.
struct ZipDirectory {
  /// A file in the archive.
  struct Entry {
    var name: String
    /// Its bytes as it says, unpacked.
    var size: Int
    /// Its bytes if it is not packed; nil if it is.
    var stored: ArraySlice<UInt8>?
  }

  let entries: [Entry]

  private static let (fileMark, entryMark) = ("PK\u{3}\u{4}", "PK\u{1}\u{2}")
  private static let endMark = "PK\u{5}\u{6}"
  /// The end of the archive, without and with the longest comment.
  private static let (endBytes, longestEnd) = (22, 22 + 0xFFFF)

  /// Reads the table; nil if there is none, as in a file that has been cut off.
  ///
  /// - Complexity: O(bytes), which are copied once.
  init?(_ file: Data) {
    let bytes = Array(file)[...]
    func number(_ place: Int, _ count: Int) -> Int {
      bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    func isMark(_ mark: String, at place: Int) -> Bool { bytes[place...].starts(with: mark.utf8) }
    guard bytes.count >= Self.endBytes, isMark(Self.fileMark, at: 0) else { return nil }
    let last = bytes.count - Self.endBytes
    let first = max(0, bytes.count - Self.longestEnd)
    guard let end = (first...last).last(where: { isMark(Self.endMark, at: $0) }) else { return nil }
    var place = number(end + 16, 4)
    var entries: [Entry] = []
    // A larger archive says elsewhere where its table is: it is left to who unpacks it.
    while place + 46 <= end, isMark(Self.entryMark, at: place) {
      let lengths = (28...32).filter { $0 % 2 == 0 }.map { number(place + $0, 2) }
      let nameEnd = place + 46 + lengths[0]
      guard nameEnd <= end else { break }
      let (method, packed, header) = (
        number(place + 10, 2), number(place + 20, 4), number(place + 42, 4)
      )
      var stored: ArraySlice<UInt8>?
      if method == 0, header + 30 <= end {
        let start = header + 30 + number(header + 26, 2) + number(header + 28, 2)
        if start <= end { stored = bytes[start..<min(end, start + packed)] }
      }
      entries.append(
        Entry(
          name: String(decoding: bytes[(place + 46)..<nameEnd], as: UTF8.self),
          size: number(place + 24, 4), stored: stored))
      place = nameEnd + lengths[1] + lengths[2]
    }
    self.entries = entries
  }
}

/// Judges documents that are zip archives before a program unpacks them.
enum ZippedDocument {
  /// The most bytes that a text in it may come to: pandoc takes some fifty times as much memory.
  static let mostBytes = 64 << 20

  /// Checks a document that is to be read.
  ///
  /// - Parameter format: as pandoc calls it.
  /// - Throws: ``DocumentParserError/damaged(_:)`` if it is no archive, encrypted, or would come to too much.
  static func check(_ file: Data, format: String) throws(DocumentParserError) {
    guard let directory = ZipDirectory(file) else {
      if file.starts(with: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
        // The name of the part that holds it, in UTF-16.
        let mark = Data("EncryptedPackage".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        throw file.range(of: mark) != nil ? .encrypted : .olderOffice(format)
      }
      throw file.starts(with: "PK".utf8) ? .brokenOff : .noArchive(format)
    }
    let texts = directory.entries.filter { entry in
      ["xml", "html", "xhtml", "htm", "opf", "ncx"].contains(ParsedFile.ending(of: entry.name))
    }
    let size = texts.reduce(0) { $0 + $1.size }
    guard size <= mostBytes else {
      throw .unpacks(to: size, most: mostBytes)
    }
    // What is encrypted is not packed, and does not begin as XML.
    let content = directory.entries.first { $0.name == "content.xml" }?.stored
    if format == "odt", let start = content?.first, ![0x3C, 0xEF].contains(start) {
      throw .encrypted
    }
    if directory.entries.contains(where: { $0.name == "META-INF/rights.xml" }) {
      throw .encryptedForDevice
    }
  }
}
