// `embed`: vectors of texts that become no documents, from the store where it has them.

package import VectorStoreEmbedding
import VectorStoreText

/// Vectors of texts, in the order of the texts.
package struct EmbeddedTexts: Sendable {
  /// The space of the vectors.
  package let space: EmbeddingSpace
  /// A vector a text, of unit length.
  package let vectors: [[Float]]
  /// The tokens that were paid for.
  package let tokens: Int
}

extension Store {
  /// The vectors of texts in a space. What has a vector in the store, or was asked before, costs nothing; the
  /// rest is embedded within the budget.
  ///
  /// - Parameters:
  ///   - space: the space of one of the configuration's services, or in mode ``ServiceMode/mock`` the mock one.
  ///   - purpose: what the texts are, for models that tell questions and documents apart.
  /// - Throws: ``StoreError`` with `empty`, `spaceMismatch`, `textTooLong`, `inputRefused`, and what makes the service
  ///   unavailable, in every mode: nothing takes the place of a vector of the space.
  /// - Complexity: can cost money.
  package func embed(
    _ texts: [String], in space: EmbeddingSpace, purpose: EmbeddingPurpose = .document
  ) async throws -> EmbeddedTexts {
    if let index = texts.firstIndex(where: { !$0.contains { !$0.isWhitespace } }) {
      throw StoreError(.empty, "text \(index + 1) of \(texts.count) is empty; leave it out")
    }
    let service: any EmbeddingService
    switch try route(to: space, of: "default") {
    case .mock(let mock):
      return EmbeddedTexts(
        space: mock.space, vectors: try await mock.embed(texts).vectors, tokens: 0)
    case .standIn(let reason), .wait(let reason):
      throw StoreError(.serviceUnavailable, "the texts cannot be embedded in \(space): \(reason)")
    case .requests(let found): service = found
    }
    try await checkWeights(of: service, keeps: false)
    let record = try await file.read { try SpacesTable.find(space, $0) }
    var roles = service.roles
    if let record { roles = try await self.roles(of: service, in: record) }
    // Of a model that makes no difference, vectors of questions are as good, and those are remembered.
    let isOneRole = roles.query.isPlain && roles.document.isPlain
    let embedder = QueryEmbedder(
      store: self, service: service, roles: roles, purpose: isOneRole ? .query : purpose,
      isHurried: false)
    var vectors = [[Float]?](repeating: nil, count: texts.count)
    if let record, isOneRole || purpose == .document {
      vectors = try await file.read { db in
        try texts.map {
          try VectorsTable.find(textHash: TextHash.of($0), space: record, db)?.components
        }
      }
    }
    let missing = vectors.indices.filter { vectors[$0] == nil }
    if !missing.isEmpty {
      do {
        let new = try await embedder.vectors(of: missing.map { texts[$0] })
        for (index, vector) in zip(missing, new) { vectors[index] = vector }
      } catch let error as Unavailable {
        throw StoreError(
          error.code, "the texts cannot be embedded in \(space): \(error.message)",
          underlying: error.underlying)
      }
    }
    return EmbeddedTexts(
      space: space, vectors: vectors.compactMap(\.self), tokens: embedder.totals.tokens)
  }
}
