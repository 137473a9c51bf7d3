// Which files go to a service that parses documents, and how they come back into a run.

package import Foundation
import VectorStoreEmbedding
import VectorStoreText

/// Which files a service parses: those that were chosen, and those that nothing on this machine reads.
struct FilesForService: Sendable {
  /// The endings of documents that it reads, but for those that are plain text.
  private static let documents = Set(
    ("pdf doc docx docm dot dotm dotx odt ott fodt rtf pages wpd wps hwp ppt pptx pptm pot potx odp otp fodp key "
      + "xls xlsx xlsm xlsb ods ots fods numbers epub mobi azw azw3 fb2 djvu vsd vsdx odg svg")
      .split(separator: " ").map(String.init))
  /// And of pictures, which are sent if they are named themselves: a folder may hold thousands.
  private static let pictures = Set(
    "png jpg jpeg gif bmp tif tiff webp heic heif".split(separator: " ").map(String.init))

  /// What was chosen; nil if there is no service.
  let configuration: LlamaParseConfiguration?
  /// The sizes of files that were parsed before.
  let knownSizes: Set<Int64>

  /// Whether a file is of a kind that services read and that is no plain text.
  static func mayHaveRead(_ name: String) -> Bool {
    let ending = ParsedFile(bytes: Data(), name: name).ending
    return documents.contains(ending) || pictures.contains(ending)
  }

  /// Whether the service comes before what is on this machine.
  func goesFirst(_ name: String) -> Bool {
    guard let types = configuration?.types, !types.isEmpty else { return false }
    let ending = ParsedFile(bytes: Data(), name: name).ending
    return types.contains(ending) || types.contains("all") && Self.mayHaveRead(name)
  }

  /// Whether a file of this size was parsed before.
  func mayKnow(_ name: String, bytes: Int64) -> Bool {
    knownSizes.contains(bytes) && !ParsedFile(bytes: Data(), name: name).ending.isEmpty
  }

  /// The same, knowing of no file that was parsed before.
  var knowingNone: FilesForService { FilesForService(configuration: configuration, knownSizes: []) }

  /// Whether the service is asked for a file that nothing here could read.
  func takes(_ name: String, isNamed: Bool) -> Bool {
    guard configuration != nil else { return false }
    let ending = ParsedFile(bytes: Data(), name: name).ending
    return Self.documents.contains(ending) || isNamed && Self.pictures.contains(ending)
  }
}

/// A file on its way to a service.
struct FileForService: Sendable {
  let file: FoundFile
  let root: RootWalk
  /// What reading it here came to; nil if that was not tried.
  let instead: DocumentReader.FileOutcome?
  /// Whether it may be sent; else it is only looked whether it was parsed before.
  let isSent: Bool
}

extension Store {
  /// Which files go to a service; nil if there is none, and none was parsed before.
  func filesForService() async -> FilesForService? {
    let configuration = configuration.documentService?.configuration
    let sizes = mode == .mock ? [] : await parses.knownSizes()
    guard configuration != nil || !sizes.isEmpty else { return nil }
    return FilesForService(configuration: configuration, knownSizes: sizes)
  }

  /// The way to the service for one run.
  ///
  /// - Parameter runID: the run's correlation id; nil for a dry run, which sends nothing.
  func parsing(runID: String?, _ spending: SpendingOptions) -> DocumentParsing {
    let service = configuration.documentService
    var requests: ServiceRequests?
    if let service, let runID, mode != .mock {
      requests = router.requests(
        to: LlamaParseAccount(service), options: spending.requestOptions(runID: runID),
        limits: configuration.budget.isEnforced ? service.configuration.limits : SpendingLimits())
    }
    return DocumentParsing(
      service: service, requests: requests, parses: parses, isMock: mode == .mock)
  }

  /// Has files parsed, several at once. Returns what came of each, in their order.
  ///
  /// - Throws: `CancellationError`; jobs that were begun go on.
  func parsed(
    _ files: [FileForService], by parsing: DocumentParsing
  ) async throws -> [DocumentReader.FileOutcome] {
    try await withThrowingTaskGroup(of: (Int, DocumentReader.FileOutcome).self) { group in
      var outcomes = [DocumentReader.FileOutcome?](repeating: nil, count: files.count)
      var next = 0
      func begin() {
        guard next < files.count else { return }
        let index = next
        next += 1
        group.addTask { (index, try await self.parsed(files[index], by: parsing)) }
      }
      for _ in 0..<parsing.concurrency { begin() }
      while let (index, outcome) = try await group.next() {
        outcomes[index] = outcome
        begin()
      }
      return outcomes.compactMap(\.self)
    }
  }

  private func parsed(
    _ item: FileForService, by parsing: DocumentParsing
  ) async throws -> DocumentReader.FileOutcome {
    let (found, reader) = (item.file, item.root.reader)
    var instead = item.instead
    func here() async throws -> DocumentReader.FileOutcome {
      if let instead { return instead }
      return try await file.work { reader.read(found, by: nil) }
    }
    func fallback(_ reason: String) async throws -> DocumentReader.FileOutcome? {
      guard mode == .hybrid, case .document(let document, _) = try await here() else { return nil }
      return .document(
        document, warning: "\(found.source) was read on this machine instead: \(reason)")
    }
    let (bytes, stamp): (Data, FileStamp)
    do {
      (bytes, stamp) = try await file.work {
        let stamp = FileStamp(of: found.path)
        return (try WholeFile.read(found.path, limit: AddOptions.maximumTextBytes), stamp)
      }
    } catch is FileProblem.Reason {
      return try await here()
    }
    if !item.isSent {
      if let known = await parsing.known(bytes, named: found.source) {
        return try await file.work { reader.outcome(of: found, known, warning: nil, stamp) }
      }
      let next = try await file.work {
        reader.read(found, by: reader.options.filesForService?.knowingNone)
      }
      guard case .forService(let found, _) = next else { return next }
      instead = found
    }
    do {
      switch try await parsing.document(bytes, named: found.source) {
      case .document(let parsed, let warning):
        return try await file.work { reader.outcome(of: found, parsed, warning: warning, stamp) }
      case .planned(let words): return .planned(words)
      case nil: return try await here()
      }
    } catch let error as Unavailable {
      let reason = "\(LlamaParseService.provider) does not parse it now: \(error.message)"
      if let document = try await fallback(reason) { return document }
      return .putOff(
        StoreError(error.code, "\(found.source): \(reason)", underlying: error.underlying))
    } catch let error as DocumentParserError {
      if let document = try await fallback("\(error)") { return document }
      return reader.left(found, SkippedFile(error, source: found.source), error)
    }
  }

  /// Reads the bytes of a file that is not on this machine's disk, as one that was uploaded: by a service that parses
  /// documents, by a parser of its kind, or as text.
  ///
  /// - Parameter name: its name, whose ending says what it is; the document's source.
  /// - Throws: ``StoreError`` with `empty` or `notText`, or what keeps the service from parsing it.
  /// - Complexity: O(n) in the bytes; some kinds are read by programs or a service, which takes seconds.
  package func document(ofFile bytes: Data, named name: String) async throws -> Document {
    let service = await filesForService()
    let parsing = parsing(runID: RunRecord.newCorrelationID(), SpendingOptions())
    func byService() async throws -> Document? {
      do {
        guard case .document(let parsed, _) = try await parsing.document(bytes, named: name) else {
          return nil
        }
        return Document(
          id: name, text: parsed.text, format: parsed.format, metadata: parsed.metadata)
      } catch let error as DocumentParserError {
        throw StoreError(.notText, "\(name) cannot be added: \(error)", underlying: error)
      } catch let error as Unavailable {
        throw StoreError(
          error.code,
          "\(name) cannot be added: \(LlamaParseService.provider) does not parse it now: \(error.message)",
          underlying: error.underlying)
      }
    }
    var options = AddOptions()
    options.parsers = configuration.parsers
    let reader = DocumentReader(options: options)
    func here() async throws -> Document {
      try await file.work { try reader.document(ofFile: bytes, named: name) }
    }
    if service?.mayKnow(name, bytes: Int64(bytes.count)) == true,
      let known = await parsing.known(bytes, named: name)
    {
      return Document(id: name, text: known.text, format: known.format)
    }
    if service?.goesFirst(name) == true {
      do {
        if let document = try await byService() { return document }
        return try await here()
      } catch let error as StoreError where mode == .hybrid {
        guard let document = try? await here() else { throw error }
        return document
      }
    }
    do {
      return try await here()
    } catch let error as StoreError where error.code == .notText {
      guard service?.takes(name, isNamed: true) == true else { throw error }
      guard let document = try await byService() else { throw error }
      return document
    }
  }
}
