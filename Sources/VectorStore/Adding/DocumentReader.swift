// Files, texts and vectors at hand become documents: bytes decoded, format and metadata found, vectors
// checked, sources named.

import Foundation
import VectorStoreSearch
import VectorStoreText

/// Turns what a user adds into documents, with the options of one `add`.
struct DocumentReader: Sendable {
  /// What reading a file came to.
  indirect enum FileOutcome: Sendable {
    case document(CutDocument, warning: String?)
    /// As it was when its document was made of it.
    case unchanged(FileStamp)
    /// The file, found in a folder, is not taken. Whether that says something about the file: otherwise its
    /// document stays as it is.
    case skipped(AddReport.LeftOut, isAboutTheFile: Bool)
    case failed(StoreError)
    /// A service is to parse it, or may have before; if it was read here, what that came to.
    case forService(instead: FileOutcome?, isSent: Bool)
    /// The service does not parse it now; what the store has of it stays.
    case putOff(StoreError)
    /// A dry run would have it parsed.
    case planned(String)
  }

  let options: AddOptions
  private let parsers: ParserTable

  init(options: AddOptions) {
    self.options = options
    let converters = options.converters.map {
      CommandParser(
        $0, isAllowed: options.allowedConverters.contains($0), addedPaths: options.addedPaths)
    }
    let rows = options.textField.map { [TextFieldParser(field: $0)] } ?? []
    let own = options.parsers + converters + rows
    parsers = own.isEmpty ? .builtIn : ParserTable(own)
  }

  // MARK: - Files

  /// Whether files of such a name are read by a program, or by a parser of the user's.
  func isReadByProgram(_ source: String) -> Bool { parsers.parser(named: source)?.identity != nil }

  /// Reads a file, or says that a service is to parse it.
  ///
  /// - Parameter known: what the store has of it, if it is one that is not read again as long as it is the same.
  func read(_ file: FoundFile, known: ReadFile? = nil) -> FileOutcome {
    read(file, known: known, by: options.filesForService)
  }

  /// The same with another service, or with none.
  func read(
    _ file: FoundFile, known: ReadFile? = nil, by service: FilesForService?
  ) -> FileOutcome {
    if service?.goesFirst(file.source) == true {
      return .forService(instead: nil, isSent: true)
    }
    if service?.mayKnow(file.source, bytes: StoreFile.size(of: file.path)) == true {
      return .forService(instead: nil, isSent: false)
    }
    func left(_ skipped: SkippedFile, _ error: any Error) -> FileOutcome {
      let outcome = self.left(file, skipped, error)
      switch error as? DocumentParserError {
      case .damaged, .notRun: return outcome
      case .noText, .needsProgram, .failed, .timedOut, nil: break
      }
      return service?.takes(file.source, isNamed: file.isNamed) == true
        ? .forService(instead: outcome, isSent: true) : outcome
    }
    var stamp = FileStamp(of: file.path)
    do {
      guard let (parsed, warning) = try parse(file, known, &stamp.readHash) else {
        return .unchanged(stamp)
      }
      return try document(of: file, parsed, warning, stamp)
    } catch let error as DocumentParserError {
      return left(SkippedFile(error, source: file.source), error)
    } catch let error as TextDecodingError {
      return left(SkippedFile(error, path: file.path, source: file.source), error)
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

  /// The text of a file; nil if it cannot be read. Blocks its thread.
  func text(of file: FoundFile) -> String? {
    var hash: Data?
    return (try? parse(file, nil, &hash))??.0.text
  }

  /// What a file comes to that a service parsed.
  func outcome(
    of file: FoundFile, _ parsed: ParsedDocument, warning: String?, _ stamp: FileStamp
  ) -> FileOutcome {
    do {
      let (front, problem) = frontMatter(of: parsed.text, format: parsed.format)
      var parsed = parsed
      parsed.metadata.merge(front) { parsed, _ in parsed }
      return try document(of: file, parsed, warning ?? problem, stamp)
    } catch {
      return .failed(StoreError(error.code, "\(file.source): \(error)", underlying: error))
    }
  }

  private func document(
    of file: FoundFile, _ parsed: ParsedDocument, _ warning: String?, _ stamp: FileStamp
  ) throws(StoreError) -> FileOutcome {
    let given = GivenMetadata(options, front: parsed.metadata, keepsEarlier: true)
    var document = try cutDocument(
      parsed.text, source: file.source, origin: .file, format: parsed.format, given: given)
    document.file = stamp
    return .document(document, warning: warning.map { "\(file.source): \($0)" })
  }

  /// The text of a file with what it says about itself, and what is wrong with that; nil if it is the same as before.
  private func parse(
    _ file: FoundFile, _ known: ReadFile?, _ readHash: inout Data?
  ) throws -> (ParsedDocument, warning: String?)? {
    let limit = AddOptions.maximumTextBytes
    if let parser = parsers.parser(
      of: file.source, start: WholeFile.start(of: file.path, count: 1024) ?? Data())
    {
      let bytes = try WholeFile.read(file.path, limit: limit)
      readHash = parser.identity.map { hash(of: bytes, readBy: $0) }
      if let known, known.hash == readHash, leaves(known) { return nil }
      var parsed = try self.parsed(bytes, named: file.source, by: parser)
      let (front, warning) = frontMatter(of: parsed.text, format: parsed.format)
      parsed.metadata.merge(front) { parsed, _ in parsed }
      return (parsed, warning)
    }
    var screen = TextDecoder.Screen()
    let isNamed = options.encoding != nil
    let text = try TextDecoder.decode(
      try WholeFile.read(file.path, limit: limit) { if !isNamed { try screen.look(at: $0) } },
      or: options.encoding)
    let format = DocumentFormat(fileName: file.source)
    let (front, warning) = frontMatter(of: text, format: format)
    return (ParsedDocument(text: text, format: format, metadata: front), warning)
  }

  private func hash(of bytes: Data, readBy reader: String) -> Data {
    var hash = SHA256()
    hash.add(Data("\(reader)\0\(options.encoding ?? "")\0".utf8))
    hash.add(bytes)
    return hash.finish()
  }

  /// Whether a document stays as it is if its file does.
  private func leaves(_ known: ReadFile) -> Bool {
    options.chunker == nil && options.metadata.isEmpty && options.removedMetadata.isEmpty
      && known.chunkTokens == (options.chunking ?? ChunkingOptions()).maximumTokens
      && known.overlapTokens == (options.chunking ?? ChunkingOptions()).overlapTokens
  }

  private func parsed(
    _ bytes: Data, named name: String, by parser: any DocumentParser
  ) throws -> ParsedDocument {
    let limit = AddOptions.maximumTextBytes
    var parsed = try parser.parse(
      ParsedFile(bytes: bytes, name: name, encoding: options.encoding))
    guard parsed.text.utf8.count <= limit else { throw FileProblem.Reason.tooLarge(limit: limit) }
    parsed.text.unicodeScalars.removeAll { $0 == "\0" }
    return parsed
  }

  /// The document that the bytes of a file are, whose name says of what kind they are.
  func document(ofFile bytes: Data, named name: String) throws(StoreError) -> Document {
    guard !name.isEmpty, !bytes.isEmpty else {
      throw StoreError(.empty, "the file \(name) is empty; there is nothing to add")
    }
    do {
      guard let parser = parsers.parser(of: name, start: bytes.prefix(1024)) else {
        return Document(id: name, text: try TextDecoder.decode(bytes, or: options.encoding))
      }
      let parsed = try parsed(bytes, named: name, by: parser)
      return Document(
        id: name, text: parsed.text, format: parsed.format, metadata: parsed.metadata)
    } catch {
      throw StoreError(.notText, "\(name) cannot be added: \(error)", underlying: error)
    }
  }

  /// A file that is not taken: an error if it was named, else left out.
  func left(_ file: FoundFile, _ skipped: SkippedFile, _ error: any Error) -> FileOutcome {
    let parserError = error as? DocumentParserError
    if case .notRun = parserError {
      return .failed(
        StoreError(
          .commandNotRun, "\(file.source) cannot be read: \(skipped.sentence)", underlying: error))
    }
    guard file.isNamed else {
      return .skipped(
        AddReport.LeftOut(file.source, skipped),
        isAboutTheFile: parserError?.isAboutTheFile ?? true)
    }
    return .failed(
      StoreError(.notText, "\(file.source) cannot be added: \(skipped.sentence)", underlying: error)
    )
  }

  // MARK: - Documents at hand

  /// Reads a document at hand. A text without an id is named after its own hash, so that the same text
  /// is the same document.
  ///
  /// - Parameter space: the space of the vectors that it may bring.
  func read(_ document: Document, space: EmbeddingSpace) throws(StoreError) -> CutDocument {
    let name = document.source.map { " of \"\($0)\"" } ?? ""
    if document.source?.isEmpty == true {
      throw StoreError(.empty, "the document's id is empty; name it, or leave the id out")
    }
    if document.source?.utf8.contains(0) == true {
      throw StoreError(
        .malformedInput, "the document's id holds a NUL character; remove the character")
    }
    if let text = document.text { try check(text, "the text\(name)") }
    let chunks = try ownChunks(of: document, name, space)
    guard document.text != nil || !chunks.isEmpty else {
      throw StoreError(
        .empty,
        "the document\(name.isEmpty ? "" : " \(name.dropFirst(4))") has no text, no vector and "
          + "no chunks; give it one of them")
    }
    guard let source = document.source ?? document.text.map(Self.name) else {
      throw StoreError(.empty, "a document without a text needs an id; name it")
    }
    let format = document.format ?? DocumentFormat(fileName: source)
    let (front, _) = frontMatter(of: document.text ?? "", format: format)
    let given = GivenMetadata(
      options, own: document.metadata, front: front, keepsEarlier: options.keepsMetadata)
    do throws(StoreError) {
      guard chunks.isEmpty else {
        var cut = CutDocument(
          source: source, origin: .text, format: format, text: document.text,
          metadata: try given.all(), chunks: chunks)
        cut.given = given
        return cut
      }
      return try cutDocument(
        document.text ?? "", source: source, origin: .text, format: format, given: given)
    } catch {
      throw StoreError(
        error.code, "the document\(name): \(error.message)", underlying: error.underlying)
    }
  }

  private static func name(of text: String) -> String {
    "text-" + TextHash.of(text).prefix(6).hexadecimal
  }

  /// The chunks that a document brings; a text with a vector is one chunk.
  private func ownChunks(
    of document: Document, _ name: String, _ space: EmbeddingSpace
  ) throws(StoreError) -> [CutChunk] {
    if let vector = document.vector {
      guard document.chunks.isEmpty else {
        throw StoreError(
          .invalidArgument,
          "the document\(name) brings a vector and chunks; give each chunk its vector instead")
      }
      let vector = try checked(vector, "the vector\(name)", space)
      return [
        CutChunk(
          text: document.text, textHash: document.text.map(TextHash.of),
          range: document.text.map { 0..<$0.unicodeScalars.count },
          line: document.text == nil ? nil : 1, vector: vector)
      ]
    }
    var chunks: [CutChunk] = []
    for (ordinal, chunk) in document.chunks.enumerated() {
      let name = "chunk \(ordinal)\(name)"
      if let text = chunk.text { try check(text, "the text of \(name)") }
      guard chunk.text != nil || chunk.vector != nil else {
        throw StoreError(.empty, "\(name) has neither text nor vector; give it one of them")
      }
      var vector: StoredVector?
      if let own = chunk.vector { vector = try checked(own, "the vector of \(name)", space) }
      chunks.append(
        CutChunk(
          text: chunk.text, textHash: chunk.text.map(TextHash.of), range: chunk.range,
          line: chunk.line, vector: vector))
    }
    return chunks
  }

  private func checked(
    _ vector: [Float], _ name: String, _ space: EmbeddingSpace
  ) throws(StoreError) -> StoredVector {
    do {
      return try StoredVector(checking: vector, dimensions: space.dimensions)
    } catch {
      throw StoreError(
        .badVector, "\(name) cannot be one of the space \(space): \(error)", underlying: error)
    }
  }

  private func check(_ text: String, _ name: String) throws(StoreError) {
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw StoreError(.empty, "\(name) is empty; there is nothing to add")
    }
    guard !text.utf8.contains(0) else {
      throw StoreError(
        .malformedInput, "\(name) holds a NUL character; it is binary, or remove the character")
    }
    guard text.utf8.count <= AddOptions.maximumTextBytes else {
      throw StoreError(
        .textTooLong,
        "\(name) has \(text.utf8.count) bytes, and at most \(AddOptions.maximumTextBytes) are taken as "
          + "one document; split it")
    }
  }

  // MARK: - Common

  /// A text that the store cuts, or the chunker of the options.
  private func cutDocument(
    _ text: String, source: String, origin: DocumentOrigin, format: DocumentFormat,
    given: GivenMetadata
  ) throws(StoreError) -> CutDocument {
    guard let chunker = options.chunker else {
      var document = CutDocument(
        source: source, origin: origin, format: format, text: text, metadata: try given.all(),
        chunking: options.chunking ?? ChunkingOptions())
      document.given = given
      return document
    }
    var chunks: [CutChunk] = []
    for chunk in chunker.chunks(of: text, format: format) {
      guard chunk.text.contains(where: { !$0.isWhitespace }) else {
        throw StoreError(
          .empty,
          "the chunker of the options cut a passage without words at line \(chunk.line) of \(source); "
            + "leave such passages out")
      }
      chunks.append(
        CutChunk(
          text: chunk.text, textHash: TextHash.of(chunk.text), range: chunk.range,
          line: chunk.line))
    }
    var document = CutDocument(
      source: source, origin: origin, format: format, text: text, metadata: try given.all(),
      chunks: chunks)
    document.given = given
    return document
  }

  /// The front matter of a Markdown text, and what is wrong with it.
  private func frontMatter(
    of text: String, format: DocumentFormat
  ) -> ([String: MetadataValue], warning: String?) {
    guard format == .markdown else { return ([:], nil) }
    do {
      return (try FrontMatter.parse(text)?.metadata ?? [:], nil)
    } catch {
      return ([:], "its front matter is left out: \(error)")
    }
  }
}
