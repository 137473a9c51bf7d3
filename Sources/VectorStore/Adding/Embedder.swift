// Embeds the texts of a batch that have no vector yet, and checks every vector at the door. Called
// by AddRun and Store+Query; calls an EmbeddingService.

import Foundation
import VectorStoreSearch

/// What became of the texts of a batch.
struct EmbeddedTexts: Sendable {
  var vectors: [Data: StoredVector] = [:]
  var failures: [Data: ChunkFailure] = [:]
  var tokens = 0
  var requests = 0
}

/// A text with the hash it is known by.
struct HashedText: Sendable, Hashable {
  let hash: Data
  let text: String
}

/// Calls a service for many texts and turns its answers into vectors fit to be stored.
struct Embedder: Sendable {
  /// Texts a call. A call is one request of a service that bills.
  static let textsPerCall = 256

  let service: any EmbeddingService

  /// Embeds texts.
  ///
  /// - Throws: what the service throws, and ``StoreError/Code/badVector`` where its answer has not
  ///   one vector a text. A single bad vector is that text's failure.
  /// - Complexity: a call of the service for every 256 texts.
  func embed(_ texts: [HashedText]) async throws -> EmbeddedTexts {
    var result = EmbeddedTexts()
    for start in stride(from: 0, to: texts.count, by: Self.textsPerCall) {
      let slice = texts[start..<min(start + Self.textsPerCall, texts.count)]
      let batch = try await service.embed(slice.map(\.text))
      guard batch.vectors.count == slice.count else {
        throw StoreError(
          .badVector,
          "the service for \(service.space) answered \(batch.vectors.count) vectors for "
            + "\(slice.count) texts; nothing of this answer was stored: try again, or check the server"
        )
      }
      result.tokens += batch.tokens
      result.requests += service.space.kind == .real ? 1 : 0
      for (text, vector) in zip(slice, batch.vectors) {
        do {
          result.vectors[text.hash] = try StoredVector(
            checking: vector, dimensions: service.space.dimensions)
        } catch {
          result.failures[text.hash] = ChunkFailure(
            code: StoreError.Code.badVector.rawValue,
            message: "the service for \(service.space) answered a bad vector: \(error)")
        }
      }
    }
    return result
  }

  /// The vectors of queries, in their order.
  ///
  /// - Throws: what the service throws, and ``StoreError/Code/badVector``.
  func embedQueries(_ texts: [String]) async throws -> [[Float]] {
    let hashed = texts.map { HashedText(hash: TextHash.of($0), text: $0) }
    let unique = Array(Set(hashed))
    let result = try await embed(unique)
    return try hashed.map { text in
      guard let vector = result.vectors[text.hash] else {
        throw StoreError(
          .badVector, result.failures[text.hash]?.message ?? "a query got no vector; try again")
      }
      return vector.data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
  }
}
