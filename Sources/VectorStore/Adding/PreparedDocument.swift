// A document on its way into the store: as it came, then cut into chunks. Plain values, made by
// Adding/DocumentReader and Store+Import, placed by Placement.

import Foundation
import VectorStoreText

/// Where a document came from.
enum DocumentOrigin: String, Sendable {
  case file
  case text
  case `import`
}

/// A version of a document as it came, not yet cut.
struct IncomingDocument: Sendable {
  var source: String
  var origin: DocumentOrigin
  var format: DocumentFormat
  var text: String
  var metadata: String
  /// How to cut it; nil leaves it whole, as one chunk.
  var chunking: ChunkingOptions?
  var contentHash: Data

  init(
    source: String, origin: DocumentOrigin, format: DocumentFormat, text: String, metadata: String,
    chunking: ChunkingOptions?
  ) {
    self.source = source
    self.origin = origin
    self.format = format
    self.text = text
    self.metadata = metadata
    self.chunking = chunking
    contentHash = TextHash.of(text)
  }

  /// Whether this is the version that the store has, cut the same way.
  func isSame(as stored: DocumentRecord) -> Bool {
    stored.isVersion(contentHash, metadata, format, chunking)
  }

  /// Cuts the document.
  ///
  /// - Complexity: O(length of the text).
  func prepared() -> PreparedDocument {
    PreparedDocument(
      source: source, origin: origin, format: format, text: text, metadata: metadata,
      chunking: chunking, contentHash: contentHash, chunks: chunks())
  }

  private func chunks() -> [PreparedChunk] {
    guard let chunking else {
      guard text.contains(where: { !$0.isWhitespace }) else { return [] }
      let range = 0..<text.unicodeScalars.count
      return [PreparedChunk(text: text, textHash: contentHash, range: range, line: 1)]
    }
    return Chunker(checked: chunking).chunks(of: text, format: format).map {
      PreparedChunk(
        text: $0.text, textHash: TextHash.of($0.text), range: $0.range, line: $0.line)
    }
  }
}

extension [IncomingDocument] {
  /// The documents in parts in which no source comes twice: one that comes again replaces the one
  /// before.
  var partsOfDistinctSources: [[IncomingDocument]] {
    var parts: [[IncomingDocument]] = [[]]
    var sources: Set<String> = []
    for document in self {
      if !sources.insert(document.source).inserted {
        parts.append([])
        sources = [document.source]
      }
      parts[parts.count - 1].append(document)
    }
    return parts
  }
}

/// A version of a document, cut into chunks.
struct PreparedDocument: Sendable {
  var source: String
  var origin: DocumentOrigin
  var format: DocumentFormat
  /// Kept where the version may have to wait for its vectors.
  var text: String?
  /// JSON with sorted keys.
  var metadata: String
  var chunking: ChunkingOptions?
  var contentHash: Data
  var chunks: [PreparedChunk]

  /// Whether this is the version that the store has, cut the same way.
  func isSame(as stored: DocumentRecord) -> Bool {
    stored.isVersion(contentHash, metadata, format, chunking)
  }
}

extension DocumentRecord {
  fileprivate func isVersion(
    _ contentHash: Data, _ metadata: String, _ format: DocumentFormat,
    _ chunking: ChunkingOptions?
  ) -> Bool {
    self.contentHash == contentHash && self.metadata == metadata
      && self.format == format.rawValue && chunkTokens == chunking?.maximumTokens
      && overlapTokens == chunking?.overlapTokens
  }
}

/// A piece of a document.
struct PreparedChunk: Sendable {
  /// Nil for a vector that came without its text.
  var text: String?
  /// SHA-256 of the text.
  var textHash: Data?
  /// In Unicode scalars of the document's text.
  var range: Range<Int>?
  var line: Int?
}

/// Why a chunk has no vector and never gets one as it is.
struct ChunkFailure: Sendable, Equatable {
  let code: StoreError.Code
  /// What is wrong with the vector, if it is the vector.
  var reason: String?
  let message: String
}

/// How texts are known: SHA-256 of their UTF-8 bytes (FIPS 180-4), 32 bytes.
enum TextHash {
  static func of(_ text: String) -> Data {
    var text = text
    return text.withUTF8 { SHA256.hash(UnsafeRawBufferPointer($0)) }
  }
}
