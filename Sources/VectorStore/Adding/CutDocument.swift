// A document on its way into the store: what it is known by and, once it is new, its chunks.

import Foundation
import VectorStoreText

/// Where a document came from.
enum DocumentOrigin: String, Sendable {
  case file
  case text
  case `import`
}

/// A version of a document, ready to be placed once it is cut.
///
/// It is cut when it turns out that the store does not have it: ``cut(fitting:tokens:)``.
struct CutDocument: Sendable {
  var source: String
  var origin: DocumentOrigin
  var format: DocumentFormat
  /// Kept until the document is placed: a version that has to wait for its vectors waits with its text.
  var text: String?
  /// All of it: JSON with sorted keys.
  var metadata: String
  /// What of it was given beside the text; nil if that is not known, and what the store has stays.
  var given: GivenMetadata?
  /// How to cut it; nil leaves it whole, as one chunk, or with the chunks that it brings.
  var chunking: ChunkingOptions?
  var contentHash: Data
  /// None before it is cut, unless it brings its own.
  var chunks: [CutChunk] = []
  /// Whether it came with its chunks, which are taken as they are.
  let bringsChunks: Bool
  /// Of a file: where it comes from.
  var file = FileStamp()
  /// Whether the store had it under another source, from which its file was moved.
  var isMoved = false
  /// What the store has under its key, of whatever version.
  var known: DocumentRecord?
  /// The line that it was imported from.
  var line: Int?

  /// A text that is still to be cut.
  init(
    source: String, origin: DocumentOrigin, format: DocumentFormat, text: String, metadata: String,
    chunking: ChunkingOptions?
  ) {
    self.source = source
    self.origin = origin
    self.format = format.stored
    self.text = text
    self.metadata = metadata
    self.chunking = chunking
    contentHash = TextHash.of(text)
    bringsChunks = false
  }

  /// A document with its own chunks, which are taken as they are.
  init(
    source: String, origin: DocumentOrigin, format: DocumentFormat, text: String? = nil,
    metadata: String, chunks: [CutChunk]
  ) {
    self.source = source
    self.origin = origin
    self.format = format.stored
    self.text = text
    self.metadata = metadata
    self.chunks = chunks
    contentHash = Self.contentHash(of: chunks)
    bringsChunks = true
  }

  /// What names it in its collection.
  var key: DocumentKey { DocumentKey(source: source, isFile: origin == .file) }

  /// Its first heading, else its file's name in words.
  var title: String? {
    (text ?? chunks.first?.text).flatMap { DocumentTitle.heading(of: $0, format: format) }
      ?? (origin == .file ? DocumentTitle.words(ofFile: source) : nil)
  }

  /// Whether each chunk came with its vector, so that none has to be looked for.
  var bringsAllVectors: Bool {
    !chunks.isEmpty && chunks.allSatisfy { $0.vector != nil }
  }

  /// Whether there is no text in it, and no vector.
  var isBlank: Bool {
    !bringsChunks && text?.contains { !$0.isWhitespace } != true
  }

  /// Whether a chunk came with its vector.
  var bringsVectors: Bool { chunks.contains { $0.vector != nil } }

  /// What the store has, if it is this same version, cut the same way.
  var stored: DocumentRecord? { known.flatMap { isSame(as: $0) ? $0 : nil } }

  /// About the bytes it takes in memory: its text, whole and in chunks, and what goes with them.
  var bytes: Int {
    2 * (text?.utf8.count ?? 0) + 1024
      + chunks.reduce(0) { $0 + 256 + ($1.vector?.data.count ?? 0) }
  }

  /// Takes in what the store has of its source, and the metadata that was given for that.
  mutating func meet(_ record: DocumentRecord?) throws {
    known = record
    // What comes out of the store again still belongs to its file.
    if let record, file == FileStamp() { file = record.file }
    guard let record, try given?.keep(of: record) == true, let given else { return }
    metadata = try given.all()
  }

  /// Whether this is the version that the store has, cut the same way.
  func isSame(as stored: DocumentRecord) -> Bool {
    stored.contentHash == contentHash && stored.metadata == metadata
      && stored.format == format.rawValue && stored.chunkTokens == chunking?.maximumTokens
      && stored.overlapTokens == chunking?.overlapTokens
  }

  /// The document with the metadata that was given for it alone: what it says about itself is its text.
  func withoutOwnMetadata() throws -> CutDocument {
    guard var given else { return self }
    given.front = [:]
    var document = self
    document.given = given
    document.metadata = try given.all()
    return document
  }

  /// The document as a collection has it that keeps no text: its ranges and hashes.
  var withoutText: CutDocument {
    var document = self
    document.text = nil
    document.chunks = chunks.map(\.withoutText)
    return document
  }

  /// Cuts the document, unless it brings its own chunks.
  ///
  /// - Parameters:
  ///   - counter: how the service counts tokens; nil if none is asked.
  ///   - tokens: the most that the service takes of one text. A longer chunk is cut again; a text that
  ///     came to be left whole is left so.
  /// - Complexity: O(length of the text).
  func cut(fitting counter: TokenCounter?, tokens: Int) -> CutDocument {
    guard !bringsChunks, let text else { return self }
    var document = self
    guard let chunking else {
      if text.contains(where: { !$0.isWhitespace }) {
        let range = 0..<text.unicodeScalars.count
        document.chunks = [CutChunk(text: text, textHash: contentHash, range: range, line: 1)]
      }
      return document
    }
    let searchable = Self.searchable(text, source: source)
    let headings = Headings(of: text, format: format, source: source)
    let chunks = Chunker(checked: chunking)
      .chunks(of: searchable.text, format: format, source: source)
    document.chunks = searchable.placed(chunks).flatMap {
      let chunk = CutChunk(
        text: $0.text, textHash: TextHash.of($0.text), range: $0.range, line: $0.line
      ).under(headings)
      // A token has at least one byte.
      guard let counter = counter?.cutting, $0.text.utf8.count > tokens,
        counter.count($0.text) > tokens
      else {
        return [chunk]
      }
      return chunk.cut(to: tokens, by: counter, format: format).map { $0.under(headings) }
    }
    return document
  }

  /// What of a text is cut: binary data within it is not.
  static func searchable(_ text: String, source: String) -> SearchableText {
    let suffix = source.split(separator: ".").last.map(String.init)?.lowercased() ?? ""
    return SearchableText(
      text, isScript: source.contains(".") && ["js", "mjs", "cjs", "css"].contains(suffix))
  }

  /// Cuts a chunk again that the service finds too long.
  ///
  /// - Parameters:
  ///   - hash: that of the chunk's text.
  ///   - tokens: the most that the service may take.
  /// - Returns: nil if it is cut as far as can be, or came to be taken as it is.
  func cutAgain(_ hash: Data, to tokens: Int, by counter: TokenCounter) -> CutDocument? {
    guard !bringsChunks, chunking != nil else { return nil }
    var document = self
    document.chunks = chunks.flatMap { chunk in
      chunk.textHash == hash ? chunk.cut(to: tokens, by: counter, format: format) : [chunk]
    }
    return document.chunks.count > chunks.count ? document : nil
  }

  /// SHA-256 of all vectors' bytes and texts. Of one chunk it is that of the vector and the text.
  private static func contentHash(of chunks: [CutChunk]) -> Data {
    var hash = SHA256()
    for chunk in chunks {
      if let vector = chunk.vector { hash.add(vector.data) }
      if let text = chunk.text {
        if chunks.count > 1 { hash.add(Data("\(text.utf8.count) ".utf8)) }
        hash.add(Data(text.utf8))
      }
    }
    return hash.finish()
  }
}

/// The metadata that was given for a document, by options or by hand, and not found in its text.
struct GivenMetadata: Sendable {
  /// What was given, now and before.
  private(set) var values: [String: MetadataValue]
  /// What was given now. What a new document has of its folder besides is not among it.
  private let given: [String: MetadataValue]
  /// What the text itself says: its front matter.
  fileprivate(set) var front: [String: MetadataValue]
  /// Whether what was given before stays, but for `removed` and what is given now.
  let keepsEarlier: Bool
  let removed: Set<String>

  /// - Parameters:
  ///   - options: the options that give it and say what of the earlier is removed.
  ///   - own: what the document itself brings; it wins.
  init(
    _ options: AddOptions, own: [String: MetadataValue] = [:], front: [String: MetadataValue],
    keepsEarlier: Bool
  ) {
    given = options.metadata.merging(own) { _, own in own }
    values = options.rootMetadata.merging(given) { _, given in given }
    self.front = front
    self.keepsEarlier = keepsEarlier
    removed = options.removedMetadata
  }

  /// All metadata of the document: what was given wins over its text.
  func all() throws(StoreError) -> String {
    try MetadataJSON.encode(front.merging(values) { _, given in given })
  }

  /// What was given, as it is stored.
  func stored() throws(StoreError) -> String { try MetadataJSON.encode(values) }

  /// Takes over what was given before. Returns whether that changed anything.
  mutating func keep(of record: DocumentRecord) throws -> Bool {
    guard keepsEarlier else { return false }
    // An earlier version of the program did not keep it apart.
    let earlier =
      try record.givenMetadata.map { try MetadataJSON.decode($0) }
      ?? MetadataJSON.decode(record.metadata).filter { front[$0.key] == nil }
    let kept = earlier.filter { !removed.contains($0.key) && given[$0.key] == nil }
    values = given.merging(kept) { given, _ in given }
    return !kept.isEmpty
  }
}

extension [CutDocument] {
  /// The documents in parts in which no key comes twice: one that comes again replaces the one
  /// before.
  var partsOfDistinctKeys: [[CutDocument]] {
    var parts: [[CutDocument]] = [[]]
    var keys: Set<DocumentKey> = []
    for document in self {
      if !keys.insert(document.key).inserted {
        parts.append([])
        keys = [document.key]
      }
      parts[parts.count - 1].append(document)
    }
    return parts
  }
}

/// A piece of a document.
struct CutChunk: Sendable {
  /// Nil for a vector that came without its text.
  var text: String?
  /// SHA-256 of the text.
  var textHash: Data?
  /// In Unicode scalars of the document's text.
  var range: Range<Int>?
  var line: Int?
  /// The headings above it, from the highest down, a line each.
  var headings: String?
  /// The vector that it came with, in the collection's target space.
  var vector: StoredVector?

  /// Its text with its hash, if it has to be embedded.
  var hashedText: HashedText? {
    guard vector == nil, let text, let textHash else { return nil }
    return HashedText(hash: textHash, text: text)
  }

  /// The chunk without its text. Of what stands above it the page or message stays.
  var withoutText: CutChunk {
    var chunk = self
    chunk.text = nil
    let places = (headings ?? "").split(separator: "\n").filter { TextPlaces.isLabel($0) }
    chunk.headings = places.isEmpty ? nil : places.joined(separator: "\n")
    return chunk
  }

  /// The same with what of its document is above it.
  fileprivate func under(_ headings: Headings) -> CutChunk {
    guard let range else { return self }
    var chunk = self
    let above = headings.above(range)
    chunk.headings = above.isEmpty ? nil : above.joined(separator: "\n")
    return chunk
  }

  /// The pieces of a chunk that has too many tokens.
  fileprivate func cut(
    to limit: Int, by counter: TokenCounter, format: DocumentFormat
  ) -> [CutChunk] {
    guard let text, let range, let line else { return [self] }
    var size = ChunkingOptions.supportedMaximumTokens.upperBound
    while true {
      size /= 2
      let options = ChunkingOptions(
        maximumTokens: max(size, ChunkingOptions.supportedMaximumTokens.lowerBound),
        overlapTokens: 0)
      let pieces = Chunker(checked: options).chunks(of: text, format: format)
      let fits = pieces.allSatisfy { counter.count($0.text) <= limit }
      guard fits || options.maximumTokens > size else { continue }
      return pieces.map { piece in
        CutChunk(
          text: piece.text, textHash: TextHash.of(piece.text),
          range: (range.lowerBound + piece.range.lowerBound)..<(range.lowerBound
            + piece.range.upperBound),
          line: line + piece.line - 1, headings: headings)
      }
    }
  }
}

extension DocumentRecord {
  /// Whether chunks of it have no vector in the target space.
  var hasGaps: Bool { chunksInTarget + failedChunks < chunks }
}

/// Why a chunk has no vector and never gets one as it is.
struct ChunkFailure: Sendable, Equatable {
  let code: StoreError.Code
  /// What is wrong with the vector, if it is the vector.
  var reason: String?
  let message: String
}

/// A text with the hash it is known by.
struct HashedText: Sendable, Hashable {
  let hash: Data
  let text: String

  init(_ text: String) {
    hash = TextHash.of(text)
    self.text = text
  }

  init(hash: Data, text: String) {
    self.hash = hash
    self.text = text
  }
}

/// How texts are known: SHA-256 of their UTF-8 bytes (FIPS 180-4), 32 bytes.
enum TextHash {
  static func of(_ text: String) -> Data {
    var text = text
    return text.withUTF8 { SHA256.hash(UnsafeRawBufferPointer($0)) }
  }
}
