// How many pages a document has, as far as that is known before it is parsed.

import Foundation

/// The number of pages of a file.
package enum PageCount {
  private static let pictures: Set<String> = ["png", "jpg", "jpeg", "bmp", "webp", "heic", "heif"]

  /// The pages of a PDF document, or 1 for a picture; nil if it is not known.
  ///
  /// Blocks its thread: `pdfinfo` of Poppler is asked if it is installed, else the objects of the file are
  /// counted, which newer files do not show.
  package static func of(_ file: ParsedFile) -> Int? {
    if pictures.contains(file.ending) { return 1 }
    guard file.ending == "pdf" else { return nil }
    if let program = try? Program("pdfinfo", package: "poppler-utils"),
      let output = try? program.run(["{}"], on: file)
    {
      let line = String(decoding: output, as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix("Pages:") }
      if let count = line?.split(separator: " ").last.flatMap({ Int($0) }), count > 0 {
        return count
      }
    }
    return countedPages(file.bytes)
  }

  /// How many objects `/Type /Page` there are; nil if none can be seen.
  static func countedPages(_ bytes: Data) -> Int? {
    var count = 0
    var rest = bytes[...]
    while let found = rest.firstRange(of: Data("/Type".utf8)) {
      rest = rest[found.upperBound...]
      let value = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
      let name = value.dropFirst(5).first
      let isName = name.map { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) } ?? false
      if value.starts(with: "/Page".utf8), !isName { count += 1 }
    }
    return count > 0 ? count : nil
  }
}
