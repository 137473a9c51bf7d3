// An answer of a service at the store's door: each vector is checked before it is used. Called by
// EmbeddingQueue, AddRun and QueryEmbedder.

import Foundation
import VectorStoreSearch

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

/// The vectors of texts that may be stored, and why others may not, by text hash.
struct AnsweredTexts: Sendable {
  private(set) var vectors: [Data: StoredVector] = [:]
  private(set) var failures: [Data: ChunkFailure] = [:]

  /// Checks a service's answer to texts.
  ///
  /// - Throws: ``StoreError/Code/badVector`` where there is not one vector a text. A single bad vector
  ///   is that text's failure.
  init(_ answer: EmbeddingBatch, to texts: [HashedText], space: EmbeddingSpace) throws(StoreError) {
    guard answer.vectors.count == texts.count else {
      throw StoreError(
        .badVector,
        "the service for \(space) answered \(answer.vectors.count) vectors for \(texts.count) texts; "
          + "nothing of this answer was stored: try again, or check the server")
    }
    for (text, vector) in zip(texts, answer.vectors) {
      do {
        vectors[text.hash] = try StoredVector(checking: vector, dimensions: space.dimensions)
      } catch {
        failures[text.hash] = ChunkFailure(
          code: StoreError.Code.badVector.rawValue,
          message: "the service for \(space) answered a bad vector: \(error)")
      }
    }
  }
}
