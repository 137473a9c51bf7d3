// Imported lines and rows become documents: ids, texts and vectors are checked.

import Foundation
import VectorStoreEmbedding
import VectorStoreSearch
import VectorStoreText

/// Checks imported documents for a collection of one space.
struct ImportCheck: Sendable {
  /// What a line is.
  enum Outcome: Sendable {
    case document(CutDocument)
    /// A document of an export, to be put back as it was.
    case restored(RestoredDocument)
    case refused(Refusal)
  }

  /// Why a line is no document.
  struct Refusal: Error {
    let source: String?
    let code: StoreError.Code
    let message: String
    /// What is wrong with the vector, if it is the vector.
    let vectorReason: String?
  }

  /// The space that vectors must be of.
  let target: EmbeddingSpace
  private let options: AddOptions

  init(of run: AddRun, _ options: AddOptions) {
    target = run.target.space
    self.options = options
  }

  /// Checks documents, in their order. Blocks its thread.
  func callAsFunction(_ documents: [ImportedDocument]) -> [Outcome] {
    Parallel.map(documents) { document in
      do {
        return try checked(document)
      } catch {
        return .refused(
          Refusal(
            source: document.id, code: (error as? StoreError)?.code ?? .badVector,
            message: "line \(document.line): \(error)",
            vectorReason: (error as? VectorError)?.reason))
      }
    }
  }

  private func checked(_ imported: ImportedDocument) throws -> Outcome {
    guard let source = imported.id else {
      throw StoreError(
        .malformedInput,
        "found no id, expected a field \"id\" that names the document; add one")
    }
    // SQLite's texts end at a NUL for those who read them: what follows would be lost.
    for (field, text) in [("id", imported.id), ("text", imported.text)]
    where text?.utf8.contains(0) == true {
      throw StoreError(
        .malformedInput,
        "found a NUL character in \"\(field)\", expected text; remove it from the document")
    }
    if let space = imported.space, space != target.name {
      throw StoreError(
        .spaceMismatch,
        "its vectors are of \(space.prefix(200)), and the collection's of \(target); vectors of two "
          + "spaces are never mixed: import into another collection")
    }
    if let parts = imported.parts {
      return .restored(try RestoredDocument(imported, source, parts, target: target))
    }
    let metadata = try MetadataJSON.encode(imported.metadata)
    let format = DocumentFormat(fileName: source)
    var document: CutDocument
    if imported.vector != nil || imported.chunk != nil {
      let chunks = try ([imported] + imported.following).map { try chunk($0) }
      document = CutDocument(
        source: source, origin: .import, format: imported.chunk == nil ? .text : format,
        metadata: metadata, chunks: chunks)
    } else {
      document = CutDocument(
        source: source, origin: .import, format: format, text: imported.text ?? "",
        metadata: metadata, chunking: options.chunking ?? ChunkingOptions())
    }
    document.line = imported.line
    return .document(document)
  }

  private func chunk(_ line: ImportedDocument) throws -> CutChunk {
    let stored = try line.vector.map { vector in
      let stored = try StoredVector(checking: vector, dimensions: target.dimensions)
      return line.norm.map { StoredVector(data: stored.data, norm: $0) } ?? stored
    }
    let text = line.text.flatMap { $0.isEmpty ? nil : $0 }
    guard text != nil || stored != nil else {
      throw StoreError(
        .malformedInput, "the chunk on line \(line.line) has neither text nor vector; add one")
    }
    var chunk = CutChunk(text: text, textHash: text.map(TextHash.of), vector: stored)
    if let place = line.chunk {
      if let start = place.start, let end = place.end, start <= end { chunk.range = start..<end }
      chunk.line = place.line
    } else if let text {
      (chunk.range, chunk.line) = (0..<text.unicodeScalars.count, 1)
    }
    return chunk
  }
}
