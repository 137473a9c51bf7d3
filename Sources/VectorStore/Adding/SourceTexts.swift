// The texts of passages that a collection does not keep, read from the files that they came from.

import Foundation
import VectorStoreText

/// A document without its texts: what it takes to find them in its file.
private struct TextlessDocument: Sendable {
  struct Passage: Sendable {
    let chunk: StoredChunk
    let hash: Data
  }

  let source: String
  let contentHash: Data?
  let format: DocumentFormat
  let root: RootOptions
  /// In the order of their ordinals, from 0.
  var passages: [Passage] = []

  /// The documents of chunks, each by the chunk, as far as they come from files and keep no texts.
  static func of(_ chunks: Set<Int64>, _ db: any SQLTransaction) throws -> [Int64: TextlessDocument]
  {
    var documents: [Int64: TextlessDocument] = [:]
    var byChunk: [Int64: TextlessDocument] = [:]
    for chunk in chunks {
      let found = try db.firstRow(
        bulk: """
          SELECT d.id, d.source, d.content_hash, d.format, r.options FROM chunks c
          JOIN documents d ON d.id = c.document_id LEFT JOIN roots r ON r.id = d.root_id
          WHERE c.id = ? AND c.text IS NULL AND c.text_hash IS NOT NULL AND d.origin = 'file'
          """, .integer(chunk)
      ) { row in
        (
          id: try row.integer(0),
          document: TextlessDocument(
            source: try row.text(1), contentHash: try row.data(orNil: 2),
            format: DocumentFormat(stored: try row.text(3)),
            root: try row.text(orNil: 4).map { try RootOptions.decode($0) } ?? RootOptions())
        )
      }
      guard let found else { continue }
      if documents[found.id] == nil {
        var document = found.document
        document.passages = try passages(of: found.id, db)
        documents[found.id] = document
      }
      byChunk[chunk] = documents[found.id]
    }
    return byChunk
  }

  private static func passages(of document: Int64, _ db: any SQLTransaction) throws -> [Passage] {
    try db.rows(
      bulk: """
        SELECT id, ordinal, start_scalar, end_scalar, line, text_hash FROM chunks
        WHERE document_id = ? ORDER BY ordinal
        """, .integer(document)
    ) { row in
      Passage(
        chunk: StoredChunk(
          id: try row.integer(0), ordinal: try row.count(1), start: try row.count(orNil: 2),
          end: try row.count(orNil: 3), line: try row.count(orNil: 4), spaces: []),
        hash: try row.data(orNil: 5) ?? Data())
    }
  }
}

/// The text of a file, of which passages are taken that are as they were.
private struct SourceText {
  let text: String
  let headings: Headings
  private let scalars: [Unicode.Scalar]
  private let document: TextlessDocument

  /// Reads a document's file; nil if it cannot be read now. Blocks its thread.
  init?(_ document: TextlessDocument, _ options: AddOptions, _ identity: SourceIdentity) {
    let reader = DocumentReader(options: document.root.over(options))
    let path = identity.path(of: document.source)
    guard let text = reader.text(of: FoundFile(path: path, source: document.source)) else {
      return nil
    }
    self.init(document, text)
  }

  /// A document with a text that its file is said to have.
  init(_ document: TextlessDocument, _ text: String) {
    self.text = text
    self.document = document
    scalars = Array(text.unicodeScalars)
    headings = Headings(of: text, format: document.format, source: document.source)
  }

  /// Whether it is the text that the document had.
  var isSame: Bool { TextHash.of(text) == document.contentHash }

  /// A passage with its text; nil if the file holds another there now.
  func passage(_ ordinal: Int) -> StoredChunk? {
    guard document.passages.indices.contains(ordinal) else { return nil }
    let passage = document.passages[ordinal]
    guard let start = passage.chunk.start, let end = passage.chunk.end, start <= end,
      end <= scalars.count
    else { return nil }
    var chunk = passage.chunk
    let whole = String(String.UnicodeScalarView(scalars[start..<end]))
    // Binary data within it was left out.
    chunk.text =
      TextHash.of(whole) == passage.hash
      ? whole : CutDocument.searchable(whole, source: document.source).text
    return chunk.text.map(TextHash.of) == passage.hash ? chunk : nil
  }
}

extension Store {
  /// Gives hits whose texts are not kept those of their files, with so many passages before and after each. A hit
  /// whose file holds another text there now has none, and says that the file has changed.
  ///
  /// - Complexity: reads the files of such hits.
  func withTexts(_ results: [QueryResult], neighbours: Int) async throws -> [QueryResult] {
    let chunks = Set(
      results.flatMap(\.hits).filter { $0.text == nil && $0.path != nil }.map(\.id))
    let documents = try await textless(chunks)
    guard !documents.isEmpty else { return results }
    return try await reading(documents) { texts in
      results.map { result in
        var result = result
        for index in result.hits.indices {
          guard let document = documents[result.hits[index].id] else { continue }
          result.hits[index].take(from: texts[document.source], neighbours: neighbours)
        }
        return result
      }
    }
  }

  /// Gives documents whose texts are not kept those of their files, as far as these are as they were.
  func withTexts(_ stored: [StoredDocument]) async throws -> [StoredDocument] {
    let documents = try await textless(
      Set(stored.filter { $0.text == nil }.compactMap(\.chunks.first?.id)))
    guard !documents.isEmpty else { return stored }
    return try await reading(documents) { texts in
      stored.map { stored in
        guard let known = stored.chunks.first.flatMap({ documents[$0.id] }),
          let text = texts[known.source]
        else { return stored }
        var stored = stored
        for index in stored.chunks.indices {
          stored.chunks[index].text = text.passage(stored.chunks[index].ordinal)?.text
        }
        if TextHash.of(text.text) == known.contentHash { stored.text = text.text }
        return stored
      }
    }
  }

  private func textless(_ chunks: Set<Int64>) async throws -> [Int64: TextlessDocument] {
    guard !chunks.isEmpty else { return [:] }
    return try await file.read { try TextlessDocument.of(chunks, $0) }
  }

  private func reading<T: Sendable>(
    _ documents: [Int64: TextlessDocument], _ body: @escaping @Sendable ([String: SourceText]) -> T
  ) async throws -> T {
    let options = try await permitting(AddOptions())
    let sizes = mode == .mock ? [] : await parses.knownSizes()
    let here = try await file.work { [identity] in
      var texts: [String: SourceText] = [:]
      var rest: [(document: TextlessDocument, bytes: Data)] = []
      var seen: Set<String> = []
      for document in documents.values where seen.insert(document.source).inserted {
        let text = SourceText(document, options, identity)
        texts[document.source] = text
        let path = identity.path(of: document.source)
        guard text?.isSame != true, sizes.contains(StoreFile.size(of: path)),
          let bytes = try? WholeFile.read(path, limit: AddOptions.maximumTextBytes)
        else { continue }
        rest.append((document, bytes))
      }
      return (texts: texts, rest: rest)
    }
    // What a service parsed is kept beside the ledger, by the content of the file.
    var texts = here.texts
    for (document, bytes) in here.rest {
      let parsing = parsing(runID: nil, SpendingOptions())
      guard let parsed = await parsing.known(bytes, named: document.source) else { continue }
      let text = SourceText(document, parsed.text)
      if text.isSame { texts[document.source] = text }
    }
    return try await file.work { [texts] in body(texts) }
  }
}

extension Hit {
  /// Takes the text of its passage, and of so many before and after it.
  fileprivate mutating func take(from source: SourceText?, neighbours: Int) {
    guard let own = source?.passage(ordinal), let source else {
      // A file that cannot be read now, as one whose program is missing, may be as it was.
      if fileState == nil, source != nil { fileState = .changed }
      return
    }
    var passages = [own]
    for step in 1...max(1, neighbours) where step <= neighbours {
      if let before = source.passage(ordinal - step) { passages.insert(before, at: 0) }
      if let after = source.passage(ordinal + step) { passages.append(after) }
    }
    let isJoined = passages.last.map { $0.ordinal - passages[0].ordinal + 1 } == passages.count
    let shown = isJoined ? passages : [own]
    text = DocumentListing.text(of: shown)
    start = shown.first?.start
    line = shown.first?.line
    end = shown.last?.end
    if let start, let ownEnd = own.end, start < ownEnd {
      headings = source.headings.above(start..<ownEnd)
    }
  }
}
