// Files and texts become documents: bytes decoded, format and metadata found, source named. Called
// by Store+Add; calls Parsing/ of the embedding layer.

import Foundation
import VectorStoreText

/// Turns what a user adds into documents, with the options of one `add`.
struct DocumentReader: Sendable {
  /// What reading a file came to.
  enum Outcome: Sendable {
    case document(IncomingDocument, warning: String?)
    /// The file, found in a folder, holds no text.
    case skipped(TextDecodingError, source: String)
    case failed(StoreError)
  }

  let options: AddOptions

  /// Reads a file.
  func read(_ file: FoundFile) -> Outcome {
    do {
      var screen = TextDecoder.Screen()
      let text = try TextDecoder.decode(
        try WholeFile.read(file.path, limit: AddOptions.maximumTextBytes) {
          try screen.look(at: $0)
        })
      let (metadata, warning) = metadata(of: text, format: DocumentFormat(fileName: file.source))
      let document = try incoming(
        text, source: file.source, origin: .file, format: DocumentFormat(fileName: file.source),
        metadata: metadata)
      return .document(document, warning: warning.map { "\(file.source): \($0)" })
    } catch let error as TextDecodingError {
      guard file.isNamed else { return .skipped(error, source: file.source) }
      return .failed(
        StoreError(
          .notText, "\(file.source) cannot be added: it is \(error)", underlying: error))
    } catch let reason as FileProblem.Reason {
      if case .tooLarge = reason {
        return .failed(
          StoreError(.textTooLong, "\(file.source) is \(reason) as one document; split it"))
      }
      return .failed(
        StoreError(
          .pathNotFound, "\(file.source) cannot be read: \(reason)", underlying: reason))
    } catch {
      let code = (error as? StoreError)?.code ?? .inputOutput
      return .failed(StoreError(code, "\(file.source): \(error)", underlying: error))
    }
  }

  /// A text that is at hand. Without an id it is named after its own hash, so that the same text is
  /// the same document.
  func read(_ input: Document) throws(StoreError) -> IncomingDocument {
    let name = input.source.map { "the text of \"\($0)\"" } ?? "the text"
    guard input.text.contains(where: { !$0.isWhitespace }) else {
      throw StoreError(.empty, "\(name) is empty; there is nothing to add")
    }
    guard !input.text.utf8.contains(0), input.source?.utf8.contains(0) != true else {
      throw StoreError(
        .malformedInput,
        "\(name), or its id, holds a NUL character; it is binary, or remove the character")
    }
    guard input.text.utf8.count <= AddOptions.maximumTextBytes else {
      throw StoreError(
        .textTooLong,
        "\(name) has \(input.text.utf8.count) bytes, and at most \(AddOptions.maximumTextBytes) are "
          + "taken as one document; split it")
    }
    if let id = input.source, id.isEmpty {
      throw StoreError(.empty, "the document's id is empty; name it, or leave the id out")
    }
    let hash = TextHash.of(input.text).prefix(6).map { String(format: "%02x", $0) }.joined()
    let source = input.source ?? "text-\(hash)"
    let format = input.format ?? DocumentFormat(fileName: source)
    let (found, _) = metadata(of: input.text, format: format)
    do {
      return try incoming(
        input.text, source: source, origin: .text, format: format,
        metadata: found.merging(input.metadata) { _, given in given })
    } catch {
      throw StoreError(error.code, "\(name): \(error.message)", underlying: error.underlying)
    }
  }

  private func incoming(
    _ text: String, source: String, origin: DocumentOrigin, format: DocumentFormat,
    metadata: [String: MetadataValue]
  ) throws(StoreError) -> IncomingDocument {
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
