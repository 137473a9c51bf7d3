// What reads a file that is more than plain text: the protocol, what it makes, and the table of parsers.

public import Foundation

/// Reads one kind of file: bytes in, readable text and metadata out.
///
/// ```swift
/// struct InvoiceParser: DocumentParser {
///   let endings: Set<String> = ["invoice"]
///
///   func parse(_ file: ParsedFile) throws -> ParsedDocument {
///     ParsedDocument(text: String(decoding: file.bytes, as: UTF8.self))
///   }
/// }
/// configuration.parsers = [InvoiceParser()]
/// ```
public protocol DocumentParser: Sendable {
  /// The endings of the names of its files, in small letters and without the dot, as `html`.
  var endings: Set<String> { get }
  /// Whether a file is one of its, judged by its beginning, if its name has none of anyone's endings.
  func isMine(_ start: Data) -> Bool
  /// Names what reads the files, with all that changes what it makes of the same bytes; nil by default. If it is not
  /// nil, a file that has not changed is not read again.
  var identity: String? { get }
  /// Reads a file. It may take its time: it is called on a thread that may block.
  ///
  /// - Throws: ``DocumentParserError``, or another error whose description completes "it cannot be read: ".
  func parse(_ file: ParsedFile) throws -> ParsedDocument
}

extension DocumentParser {
  /// By its name alone.
  public func isMine(_ start: Data) -> Bool { false }
  /// Reads a file each time.
  public var identity: String? { nil }
}

/// A file that is to be parsed.
public struct ParsedFile: Sendable {
  /// All its bytes.
  public var bytes: Data
  /// Its name, or a path whose last component is it.
  public var name: String
  /// The IANA name of the encoding of texts that are neither UTF-8 nor say what they are; nil for none.
  public var encoding: String?

  /// Creates a value from its parts.
  public init(bytes: Data, name: String, encoding: String? = nil) {
    self.bytes = bytes
    self.name = name
    self.encoding = encoding
  }

  /// The ending of its name in small letters, without the dot; empty if it has none.
  public var ending: String { Self.ending(of: name) }

  static func ending(of name: String) -> String {
    let last = name.split(separator: "/").last ?? ""
    guard let dot = last.lastIndex(of: "."), dot > last.startIndex else { return "" }
    return last[last.index(after: dot)...].lowercased()
  }
}

/// What a file holds, as text.
///
/// A form feed (U+000C) in the text begins the next page, chapter, cell, message or row.
public struct ParsedDocument: Sendable, Hashable {
  /// The readable text, best as Markdown: headings show where it is cut.
  public var text: String
  /// How the text is cut.
  public var format: DocumentFormat
  /// What the document says about itself, such as `title`, `author` and `language`.
  public var metadata: [String: MetadataValue]

  /// Creates a value from its parts.
  public init(
    text: String, format: DocumentFormat = .markdown, metadata: [String: MetadataValue] = [:]
  ) {
    self.text = text
    self.format = format
    self.metadata = metadata
  }
}

/// Which parser reads which file.
package struct ParserTable: Sendable {
  /// A kind of file for each ending: own parsers come first.
  private var byEnding: [String: any DocumentParser] = [:]
  private let parsers: [any DocumentParser]

  /// The parsers of the library.
  package static let builtIn = ParserTable([])

  /// The parsers of the library, after those of its user.
  package init(_ own: [any DocumentParser]) {
    parsers =
      own + [
        HTMLParser(), NotebookParser(), TableParser(), MailParser(), SubtitleParser(), PDFParser(),
        PandocParser(),
      ]
    for parser in parsers.reversed() {
      for ending in parser.endings { byEnding[ending] = parser }
    }
  }

  /// The parser of files of such a name; nil if the name says nothing.
  package func parser(named name: String) -> (any DocumentParser)? {
    byEnding[ParsedFile.ending(of: name)]
  }

  /// The parser of a file; nil for plain text, and for what nobody reads.
  ///
  /// - Parameter start: its first bytes.
  package func parser(
    of name: String, start: @autoclosure () -> Data
  ) -> (any DocumentParser)? {
    if let parser = parser(named: name) { return parser }
    guard !DocumentFormat.isTextName(name) else { return nil }
    let start = start()
    return parsers.first { $0.isMine(start) }
  }
}
