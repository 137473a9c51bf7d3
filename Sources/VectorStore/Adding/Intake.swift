// What of a batch of documents is new: those that changed are cut, and their texts without a vector
// are found. Called by AddRun and AddPlan; reads the tables, writes nothing.

import Foundation
import VectorStoreText

/// Looks at documents on their way in.
struct Intake: Sendable {
  /// What became of a batch at the door.
  struct Examined: Sendable {
    /// Documents that are left as they are.
    var unchanged: [DocumentRecord] = []
    /// Documents to be placed.
    var changed: [ChangedDocument] = []
  }

  let file: StoreFile
  /// The collection's row, nil where there is no such collection yet.
  let collection: Int64?
  /// The row of the target space, nil where there is no vector of it yet.
  let target: Int64?
  /// How texts are counted for the service, and the most tokens of one; nil where none is asked.
  let counter: TokenCounter?
  let tokensPerText: Int

  /// Cuts the documents of a batch that have changed, or whose chunks can be brought nearer to the
  /// target space.
  ///
  /// - Parameter planned: documents that are to be taken as if the store had them already.
  func examine(
    _ batch: [IncomingDocument], canImprove: Bool, planned: [String: DocumentRecord] = [:]
  ) async throws -> Examined {
    let stored = try await file.read { [collection, target] db -> [DocumentRecord?] in
      try batch.map { document in
        if let record = planned[document.source] { return record }
        guard let collection else { return nil }
        return try DocumentsTable.find(
          collection: collection, source: document.source, target: target ?? 0, db)
      }
    }
    var examined = Examined()
    var changed: [(incoming: IncomingDocument, stored: DocumentRecord?, known: DocumentRecord?)] =
      []
    for (document, stored) in zip(batch, stored) {
      if let stored, document.isSame(as: stored) {
        if stored.isPending || (canImprove && stored.hasGaps) {
          changed.append((document, stored, stored))
        } else {
          examined.unchanged.append(stored)
        }
      } else {
        changed.append((document, nil, stored))
      }
    }
    let cut = changed
    examined.changed = try await file.work {
      Parallel.map(cut) { document in
        ChangedDocument(
          incoming: document.incoming, prepared: fitting(document.incoming.prepared()),
          stored: document.stored, known: document.known)
      }
    }
    return examined
  }

  /// The texts of documents, each once, that have a vector in none of some spaces, placed or staged.
  func missingTexts(
    _ documents: [ChangedDocument], in spaces: Set<Int64>
  ) async throws -> [HashedText] {
    var seen: Set<Data> = []
    var texts: [HashedText] = []
    for chunk in documents.lazy.flatMap(\.prepared.chunks) {
      guard let hash = chunk.textHash, let text = chunk.text, seen.insert(hash).inserted else {
        continue
      }
      texts.append(HashedText(hash: hash, text: text))
    }
    let candidates = texts
    return try await file.read { db in
      try candidates.filter { text in
        try !spaces.contains { try VectorsTable.knows(textHash: text.hash, space: $0, db) }
      }
    }
  }

  /// Texts with their tokens.
  func counted(_ texts: [HashedText]) async throws -> [EmbeddingQueue.Item] {
    guard let counter else { return [] }
    return try await file.work {
      Parallel.map(texts) { EmbeddingQueue.Item(text: $0, tokens: counter.count($0.text)) }
    }
  }

  /// A document whose chunks are within the tokens that the service takes; what is longer is cut
  /// again. A text that came to be left whole is left so.
  private func fitting(_ document: PreparedDocument) -> PreparedDocument {
    guard let counter, document.chunking != nil else { return document }
    var document = document
    document.chunks = document.chunks.flatMap { chunk -> [PreparedChunk] in
      // A token has at least one byte.
      guard let text = chunk.text, text.utf8.count > tokensPerText,
        counter.count(text) > tokensPerText
      else { return [chunk] }
      return chunk.cut(to: tokensPerText, by: counter, format: document.format)
    }
    return document
  }
}

extension DocumentRecord {
  /// Whether chunks of it have no vector in the target space.
  var hasGaps: Bool { chunksInTarget + failedChunks < chunks }
}

extension PreparedChunk {
  /// The pieces of a chunk that has too many tokens.
  func cut(to limit: Int, by counter: TokenCounter, format: DocumentFormat) -> [PreparedChunk] {
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
        PreparedChunk(
          text: piece.text, textHash: TextHash.of(piece.text),
          range: (range.lowerBound + piece.range.lowerBound)..<(range.lowerBound
            + piece.range.upperBound),
          line: line + piece.line - 1)
      }
    }
  }
}
