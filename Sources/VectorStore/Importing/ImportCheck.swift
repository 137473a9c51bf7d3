// Imported lines and rows become documents of one chunk: ids, texts and vectors are checked.

import Foundation
import VectorStoreEmbedding
import VectorStoreSearch
import VectorStoreText

/// Checks imported documents for a collection of one space.
struct ImportCheck: Sendable {
  /// The longest text that the embedding model takes, in tokens.
  private static let maximumTokens = 8191

  /// Why a line is no document.
  struct Refusal: Error {
    let source: String?
    let code: StoreError.Code
    let message: String
    /// What is wrong with the vector, if it is the vector.
    let vectorReason: String?
  }

  /// The dimensions that vectors must have.
  let dimensions: Int
  /// How texts are counted, if a service is asked and counts exactly.
  let counter: TokenCounter?

  init(of run: AddRun) {
    dimensions = run.target.space.dimensions
    counter = run.counter?.isExact == true ? run.counter : nil
  }

  /// Checks documents, in their order. Blocks its thread.
  func callAsFunction(_ documents: [ImportedDocument]) -> [Result<CutDocument, Refusal>] {
    Parallel.map(documents) { document in
      do {
        return .success(try checked(document))
      } catch {
        return .failure(
          Refusal(
            source: document.id, code: (error as? StoreError)?.code ?? .badVector,
            message: "line \(document.line): \(error)",
            vectorReason: (error as? VectorError)?.reason))
      }
    }
  }

  private func checked(_ imported: ImportedDocument) throws -> CutDocument {
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
    let metadata = { try MetadataJSON.encode(imported.metadata) }
    var document: CutDocument
    if let vector = imported.vector {
      let chunk = try chunk(imported.text, vector, norm: imported.norm)
      document = CutDocument(
        source: source, origin: .import, format: .text, metadata: try metadata(), chunks: [chunk])
    } else {
      let text = imported.text ?? ""
      try checkLength(of: text)
      document = CutDocument(
        source: source, origin: .import, format: .text, text: text, metadata: try metadata(),
        chunking: nil)
    }
    document.line = imported.line
    return document
  }

  private func chunk(_ text: String?, _ vector: [Float], norm: Double?) throws -> CutChunk {
    var stored = try StoredVector(checking: vector, dimensions: dimensions)
    if let norm { stored = StoredVector(data: stored.data, norm: norm) }
    let text = text.flatMap { $0.isEmpty ? nil : $0 }
    return CutChunk(
      text: text, textHash: text.map(TextHash.of), range: text.map { 0..<$0.unicodeScalars.count },
      line: text == nil ? nil : 1, vector: stored)
  }

  private func checkLength(of text: String) throws {
    // What is too long by the estimate only is refused by the service, if it is.
    let tokens =
      text.utf8.count <= Self.maximumTokens
      ? 0 : counter?.count(text) ?? TokenEstimator().tokens(in: text)
    guard tokens <= Self.maximumTokens else {
      throw StoreError(
        .textTooLong,
        "the text has \(counter == nil ? "about " : "")\(tokens) tokens, and the embedding model takes "
          + "\(Self.maximumTokens); cut it, or add it as a file, which is cut by itself")
    }
  }
}
