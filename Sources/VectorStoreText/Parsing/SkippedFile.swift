// What is said of a file that was skipped: its kind, the reason, and what helps. All such messages are worded here.

import Foundation

/// What a file is that was not taken, in a word or two, the same for all of its kind.
///
/// The kinds may become more.
public struct SkippedFileKind: RawRepresentable, Hashable, Sendable, Codable,
  CodingKeyRepresentable,
  ExpressibleByStringLiteral, CustomStringConvertible
{
  /// The kind as text, as it stands in reports printed as JSON.
  public let rawValue: String

  /// Creates a kind from its text.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Creates a kind from its text.
  public init(stringLiteral rawValue: String) { self.rawValue = rawValue }

  /// The kind as text.
  public var description: String { rawValue }

  /// A picture.
  public static let image = SkippedFileKind(rawValue: "image")
  /// Sound.
  public static let audio = SkippedFileKind(rawValue: "audio file")
  /// A film.
  public static let video = SkippedFileKind(rawValue: "video")
  /// Files in one file, or a packed file.
  public static let archive = SkippedFileKind(rawValue: "archive")
  /// A font.
  public static let font = SkippedFileKind(rawValue: "font")
  /// A PDF document that was not read.
  public static let pdf = SkippedFileKind(rawValue: "PDF document")
  /// A document of Word or of a program like it.
  public static let wordDocument = SkippedFileKind(rawValue: "Word document")
  /// A spreadsheet.
  public static let spreadsheet = SkippedFileKind(rawValue: "spreadsheet")
  /// Slides.
  public static let presentation = SkippedFileKind(rawValue: "presentation")
  /// An electronic book.
  public static let eBook = SkippedFileKind(rawValue: "e-book")
  /// A database.
  public static let database = SkippedFileKind(rawValue: "database")
  /// A program, or a part of one.
  public static let program = SkippedFileKind(rawValue: "program")
  /// A document, of a kind that is read, that could not be read.
  public static let unreadableDocument = SkippedFileKind(rawValue: "unreadable document")
  /// Text that is neither UTF-8 nor in the encoding that was named.
  public static let otherEncoding = SkippedFileKind(rawValue: "text in another encoding")
  /// No text, and nothing that its name explains.
  public static let binary = SkippedFileKind(rawValue: "binary file")
  /// A symbolic link, where links are not followed.
  public static let link = SkippedFileKind(rawValue: "link")
  /// A symbolic link that was followed and leads nowhere, or to a folder that is read already.
  public static let deadLink = SkippedFileKind(rawValue: "dead link")

  /// What files are, by their endings.
  private static let endings: [(kind: SkippedFileKind, endings: String)] = [
    (image, "png jpg jpeg gif webp bmp tif tiff heic heif ico avif psd raw cr2 nef icns"),
    (audio, "mp3 m4a wav flac ogg opus aac aif aiff mid midi"),
    (video, "mp4 mov mkv avi webm mpg mpeg m4v wmv"),
    (archive, "zip gz tgz bz2 xz zst 7z rar tar lz4 dmg iso deb rpm"),
    (font, "ttf otf woff woff2 eot"),
    (pdf, "pdf"),
    (wordDocument, "doc docx odt rtf pages"),
    (spreadsheet, "xls xlsx ods numbers"),
    (presentation, "ppt pptx odp key"),
    (eBook, "epub mobi azw3"),
    (database, "db sqlite sqlite3 mdb parquet"),
    (program, "exe dll so dylib a o obj class jar pyc wasm bin elf node"),
  ]

  private static let byEnding: [String: SkippedFileKind] = Dictionary(
    endings.flatMap { kind, endings in
      endings.split(separator: " ").map { (String($0), kind) }
    }
  ) { first, _ in first }

  /// The kind that the ending of a file's name tells.
  fileprivate init?(named name: String) {
    guard let kind = Self.byEnding[ParsedFile.ending(of: name)] else { return nil }
    self = kind
  }
}

/// A file that is not taken: what it is, why it is not taken, and what helps.
package struct SkippedFile: Sendable {
  package let kind: SkippedFileKind
  /// The end of a sentence that begins "it cannot be added: ".
  package let sentence: String

  /// The same where the file's name comes before it.
  package var reason: String {
    sentence.hasPrefix("it is ") ? String(sentence.dropFirst(6)) : sentence
  }

  /// A symbolic link that a walk came upon.
  ///
  /// - Parameter isFollowed: whether links are followed.
  package init(linkIsFollowed isFollowed: Bool) {
    kind = isFollowed ? .deadLink : .link
    sentence =
      isFollowed
      ? "it is a symbolic link that leads nowhere, or to a folder that is read already"
      : "it is a symbolic link; name what it leads to, or have links followed"
  }

  /// A file that its parser could not read.
  package init(_ error: DocumentParserError, source: String) {
    kind = SkippedFileKind(named: source) ?? .unreadableDocument
    sentence = "\(error)"
  }

  /// A file that holds no text, or in another encoding.
  ///
  /// - Parameter path: the file, of which the beginning is read if its encoding is to be guessed.
  package init(_ error: TextDecodingError, path: String, source: String) {
    let named = SkippedFileKind(named: source)
    kind =
      switch error {
      case .pdf: .pdf
      case .invalidUTF8, .invalidUTF16, .invalid, .unknownEncoding: named ?? .otherEncoding
      case .binary: named ?? .binary
      }
    sentence = "it is \(Self.reason(error, named, path: path))"
  }

  private static func reason(
    _ error: TextDecodingError, _ named: SkippedFileKind?, path: String
  ) -> String {
    switch (error, named) {
    case (.pdf, _), (.unknownEncoding, _): return "\(error)"
    case (_, let kind?)
    where [.wordDocument, .presentation, .spreadsheet, .eBook].contains(kind):
      return "a \(kind), not text; convert it to text first"
    case (_, let kind?):
      let article = "aeiou".contains(kind.rawValue.first ?? "x") ? "an" : "a"
      return "\(article) \(kind), not text"
    case (.invalidUTF8(let offset), nil):
      let likely = NamedEncoding.likely(WholeFile.start(of: path, count: 1 << 16) ?? Data())
      guard !likely.isEmpty else { return "\(error)" }
      return "not UTF-8: byte \(offset) begins no valid character; it may be in the encoding "
        + likely.joined(separator: " or ") + ": name it, or convert the file to UTF-8"
    case (.invalidUTF16, nil), (.invalid, nil), (.binary, nil): return "\(error)"
    }
  }
}

/// Why bytes were refused as text.
///
/// Offsets count bytes from the start of the file, BOM included.
package enum TextDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A NUL character, which texts do not hold: an image, an archive, a database, a program.
  case binary(offset: Int)
  /// A PDF document. Its text is inside, but not readable as it lies there.
  case pdf
  /// No whole UTF-8 character begins at byte `offset`.
  case invalidUTF8(offset: Int)
  /// Half a UTF-16 character at `offset`: an unpaired surrogate, or a single byte at the end.
  case invalidUTF16(offset: Int)
  /// No character of a named encoding begins at byte `offset`.
  case invalid(String, offset: Int)
  /// The system knows no encoding of this name.
  case unknownEncoding(String)

  /// The rest of a sentence that begins "it is ".
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
    case .invalid(let name, let offset):
      "not \(name): byte \(offset) begins no valid character; name its own encoding"
    case .unknownEncoding(let name):
      "in an encoding that this system does not know, \"\(name)\"; expected an IANA name, as windows-1252 "
        + "or Shift_JIS"
    }
  }
}

/// Why a file could not be read as what it seems to be.
public enum DocumentParserError: Error, Sendable, Hashable, CustomStringConvertible {
  /// It is not what its name says, damaged, encrypted, or made to do harm: what was found. No other program need
  /// try.
  case damaged(String)
  /// It is well, but holds no text: why.
  case noText(String)
  /// A program that reads such files is not installed: its name, and the package that has it.
  case needsProgram(String, package: String)
  /// A program or library that reads such files failed: its own words.
  case failed(String)
  /// It took longer than this.
  case timedOut(Duration)
  /// A command was not run, which says nothing about the file: why.
  case notRun(String)

  /// Whether this says something about the file, and not only about what is to read it.
  package var isAboutTheFile: Bool {
    switch self {
    case .damaged, .noText, .failed, .timedOut: true
    case .needsProgram, .notRun: false
    }
  }

  /// The rest of a sentence that begins "it cannot be read: ".
  public var description: String {
    switch self {
    case .damaged(let found): found
    case .noText(let why): why
    case .needsProgram(let program, let package) where program == package:
      "there is no program \(program), which is to read such files"
    case .needsProgram(let program, let package):
      "the program \(program) is not installed, which reads such files; install \(package)"
    case .failed(let words), .notRun(let words): words
    case .timedOut(let limit): "reading it took longer than \(limit.components.seconds) seconds"
    }
  }
}

/// What the parsers of the library find.
extension DocumentParserError {
  // MARK: - Damaged, or not what the name says

  static let noMail = damaged("it is not a mail: it does not begin with a header")
  static let noNotebook = damaged("it is not a Jupyter notebook: not JSON with a list of cells")
  static let noPDF = damaged("it is not a PDF document: it does not begin with %PDF")
  static let encrypted = damaged("it is encrypted; save it without a password")
  static let encryptedForDevice = damaged("it is encrypted for the device of its buyer")
  static let brokenOff = damaged(
    "it is damaged: its end is missing, as in a download that was broken off")

  static func noArchive(_ format: String) -> Self {
    .damaged("it is not a .\(format) document: it does not begin as a zip archive")
  }

  static func olderOffice(_ format: String) -> Self {
    .damaged("it is a document of an older Office; save it as .\(format) first")
  }

  static func unpacks(to bytes: Int, most: Int) -> Self {
    .damaged(
      "its text unpacks to \(bytes >> 20) MB of markup, and at most \(most >> 20) MB are read")
  }

  static func nested(deeperThan depth: Int) -> Self {
    .damaged("its elements are within each other more than \(depth) deep, as in no page for people")
  }

  static func attributes(moreThan most: Int) -> Self {
    .damaged("one of its tags has more than \(most) attributes, as in no page for people")
  }

  static func rows(moreThanBytes most: Int) -> Self {
    .damaged("its rows come to more than \(most >> 20) MB with the names of their columns")
  }

  static func fields(moreThan most: Int) -> Self {
    .damaged("one of its rows has more than \(most) fields")
  }

  static func noObject(line: Int) -> Self {
    .damaged("line \(line) is not a JSON object; write one whole object a line")
  }

  // MARK: - No text

  package static let empty = noText("it is empty")
  static let noWords = noText("it holds no text")
  static let noRow = noText("it holds no row")
  static let emptyRows = noText("its rows are empty")
  static let noSubtitle = noText("it holds no subtitle")
  static let emptyPages = noText("its pages are empty")
  static let scanned = noText(
    "its pages hold no text, only pictures as from a scanner; make it searchable first, for example with ocrmypdf"
  )

  /// - Parameter what: what a row is made of, a column or a field.
  static func no(_ what: String, _ name: String, known: String) -> Self {
    .noText("it has no \(what) \"\(name)\"" + (known.isEmpty ? "" : "; it has \(known)"))
  }

  static func emptyField(_ name: String) -> Self {
    .noText("its field \"\(name)\" holds no text in any row")
  }

  package static func noTextFound(by service: String, pages: Int) -> Self {
    .noText("\(service) found no text on its \(pages) pages")
  }

  // MARK: - Programs, commands and services

  static let noMemory = failed("there was no memory to parse it")
  static let pandocNeedsMemory = failed("pandoc would need more than 1 GB of memory to read it")

  static func notStarted(_ program: String, _ error: any Error) -> Self {
    .failed("\(program) cannot be started: \((error as NSError).localizedDescription)")
  }

  static func ended(_ program: String, _ process: Process, lastLine: Substring?) -> Self {
    let how =
      process.terminationReason == .exit
      ? "failed with exit status \(process.terminationStatus)"
      : "was ended by signal \(process.terminationStatus)"
    return .failed("\(program) \(how)" + (lastLine.map { ": \($0.prefix(300))" } ?? ""))
  }

  static func printed(moreThan most: Int, by program: String) -> Self {
    .failed("\(program) printed more than \(most >> 20) MB")
  }

  static func printedNoUTF8(_ converter: FileConverter) -> Self {
    .failed("the command \"\(converter.commandLine)\" printed something that is not UTF-8 text")
  }

  static func printedNothing(_ converter: FileConverter) -> Self {
    .noText("the command \"\(converter.commandLine)\" printed no text")
  }

  static func notAllowed(_ converter: FileConverter) -> Self {
    .notRun(
      "the command \"\(converter.commandLine)\", which the store remembers for .\(converter.ending) files, was not "
        + "run: you have not allowed it")
  }

  static func runsWhatIsAdded(_ converter: FileConverter, _ path: String, in folder: String) -> Self
  {
    .notRun(
      "the command \"\(converter.commandLine)\" was not run: \(path) leads into \(folder), which is added; what is "
        + "added is read and never run: keep programs elsewhere")
  }

  package static func refused(by service: String, _ problem: String) -> Self {
    .failed("\(service) cannot parse it: \(problem)")
  }

  package static func tooManyPages(_ pages: Int, most: Int, for service: String) -> Self {
    .failed(
      "it has \(pages) pages, and at most \(most) are sent to \(service); allow more, or split it")
  }
}
