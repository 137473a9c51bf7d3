// Files and texts become documents: bytes decoded, format and metadata found, source named. Called
// by Store+Add; calls Parsing/ of the embedding layer.

import Foundation

/// Turns what a user adds into documents, with the options of one `add`.
struct DocumentReader: Sendable {
  /// What reading a file came to.
  enum Outcome: Sendable {
    case document(IncomingDocument, warning: String?)
    /// The file holds no text. A plain binary needs no words; one that could be text gets a warning.
    case skipped(TextDecodingError, source: String)
    case failed(StoreError)
  }

  /// The largest file that is read, in bytes.
  static let maximumBytes = 1 << 30

  /// What is looked at before a file is read whole: enough to tell a disk image or a film.
  private static let sniffedBytes = 8192

  let options: AddOptions

  /// Reads a file.
  func read(_ file: FoundFile) -> Outcome {
    let data: Data
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: file.path))
      defer { try? handle.close() }
      let start = try handle.read(upToCount: Self.sniffedBytes) ?? Data()
      if let binary = Self.binary(start) { return .skipped(binary, source: file.source) }
      let size = StoreFile.size(of: file.path)
      guard size <= Self.maximumBytes else {
        return .failed(
          StoreError(
            .textTooLong,
            "\(file.source) has \(size) bytes and at most \(Self.maximumBytes) are read as one "
              + "document; split it"))
      }
      data = try start + (handle.readToEnd() ?? Data())
    } catch {
      return .failed(
        StoreError(
          .pathNotFound, "\(file.source) cannot be read: \(error.localizedDescription)",
          underlying: error))
    }
    do {
      let text = try TextDecoder.decode(data)
      let (metadata, warning) = metadata(of: text, format: DocumentFormat(fileName: file.source))
      let document = try incoming(
        text, source: file.source, origin: .file, format: DocumentFormat(fileName: file.source),
        metadata: metadata)
      return .document(document, warning: warning.map { "\(file.source): \($0)" })
    } catch let error as TextDecodingError {
      return .skipped(error, source: file.source)
    } catch {
      return .failed(StoreError(.inputOutput, "\(file.source): \(error)", underlying: error))
    }
  }

  /// A text that is at hand. Without an id it is named after its own hash, so that the same text is
  /// the same document.
  func read(_ input: DocumentInput) throws -> IncomingDocument {
    guard input.text.contains(where: { !$0.isWhitespace }) else {
      let name = input.id.map { "the text of \"\($0)\"" } ?? "the text"
      throw StoreError(.empty, "\(name) is empty; there is nothing to add")
    }
    guard !input.text.utf8.contains(0), input.id?.utf8.contains(0) != true else {
      throw StoreError(
        .malformedInput, "a document's text or id holds a NUL character; it is binary, or remove it"
      )
    }
    if let id = input.id, id.isEmpty {
      throw StoreError(.empty, "the document's id is empty; name it, or leave the id out")
    }
    let hash = TextHash.of(input.text).prefix(6).map { String(format: "%02x", $0) }.joined()
    let source = input.id ?? "text-\(hash)"
    let format = input.format ?? DocumentFormat(fileName: source)
    let (found, _) = metadata(of: input.text, format: format)
    return try incoming(
      input.text, source: source, origin: .text, format: format,
      metadata: found.merging(input.metadata) { _, given in given })
  }

  /// Why a file that starts like this is no text, or nil where it may be one. UTF-16 is full of NULs.
  private static func binary(_ start: Data) -> TextDecodingError? {
    let isUTF16 = start.starts(with: [0xFF, 0xFE]) || start.starts(with: [0xFE, 0xFF])
    guard !isUTF16, let offset = start.firstIndex(of: 0) else { return nil }
    return .binary(offset: offset)
  }

  private func incoming(
    _ text: String, source: String, origin: DocumentOrigin, format: DocumentFormat,
    metadata: [String: MetadataValue]
  ) throws -> IncomingDocument {
    IncomingDocument(
      source: source, origin: origin, format: format, text: text,
      metadata: try MetadataJSON.encode(metadata), chunking: options.chunking)
  }

  /// The metadata of the call over the front matter of a Markdown text, and what is wrong with that.
  private func metadata(
    of text: String, format: DocumentFormat
  ) -> ([String: MetadataValue], warning: String?) {
    guard format == .markdown else { return (options.metadata, nil) }
    do {
      let front = try FrontMatter.parse(text)?.metadata ?? [:]
      return (front.merging(options.metadata) { _, given in given }, nil)
    } catch {
      return (options.metadata, "its front matter is left out: \(error)")
    }
  }
}
