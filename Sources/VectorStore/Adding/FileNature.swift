// What a file that holds no text is, in words for people.

import Foundation
import VectorStoreText

/// Says of a file that was not taken what it is and why it was not.
enum FileNature {
  /// What files are, by their endings.
  private static let kinds: [(kind: String, endings: String)] = [
    ("image", "png jpg jpeg gif webp bmp tif tiff heic heif ico avif psd raw cr2 nef icns"),
    ("audio file", "mp3 m4a wav flac ogg opus aac aif aiff mid midi"),
    ("video", "mp4 mov mkv avi webm mpg mpeg m4v wmv"),
    ("archive", "zip gz tgz bz2 xz zst 7z rar tar lz4 dmg iso deb rpm"),
    ("font", "ttf otf woff woff2 eot"),
    ("PDF document", "pdf"),
    ("Word document", "doc docx odt rtf pages"),
    ("spreadsheet", "xls xlsx ods numbers"),
    ("presentation", "ppt pptx odp key"),
    ("e-book", "epub mobi azw3"),
    ("database", "db sqlite sqlite3 mdb parquet"),
    ("program", "exe dll so dylib a o obj class jar pyc wasm bin elf node"),
  ]

  private static let kindByEnding: [String: String] = Dictionary(
    kinds.flatMap { kind in
      kind.endings.split(separator: " ").map { (String($0), kind.kind) }
    }
  ) { first, _ in first }

  /// What a file is, the same word for all of its kind.
  static func kind(_ error: TextDecodingError, source: String) -> String {
    switch error {
    case .pdf: return "PDF document"
    case .invalidUTF8, .invalidUTF16, .invalid, .unknownEncoding:
      return byEnding(source) ?? "text in another encoding"
    case .binary: return byEnding(source) ?? "binary file"
    }
  }

  /// What a file is that a parser could not read.
  static func kind(ofFile source: String) -> String { byEnding(source) ?? "unreadable document" }

  /// Why a file was not taken, and what helps.
  static func reason(_ error: TextDecodingError, path: String, source: String) -> String {
    switch (error, byEnding(source)) {
    case (.pdf, _), (.invalid, nil), (.unknownEncoding, _), (.invalidUTF16, nil): return "\(error)"
    case (_, let kind?)
    where ["Word document", "presentation", "spreadsheet", "e-book"].contains(kind):
      return "a \(kind), not text; convert it to text first"
    case (_, let kind?):
      return "\("aeiou".contains(kind.first ?? "x") ? "an" : "a") \(kind), not text"
    case (.invalidUTF8(let offset), nil):
      let likely = NamedEncoding.likely(WholeFile.start(of: path, count: 1 << 16) ?? Data())
      guard !likely.isEmpty else { return "\(error)" }
      return "not UTF-8: byte \(offset) begins no valid character; it may be in the encoding "
        + likely.joined(separator: " or ") + ": name it, or convert the file to UTF-8"
    case (.binary, nil): return "\(error)"
    }
  }

  private static func byEnding(_ source: String) -> String? {
    let name = source.split(separator: "/").last ?? ""
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
    return kindByEnding[name[name.index(after: dot)...].lowercased()]
  }
}
