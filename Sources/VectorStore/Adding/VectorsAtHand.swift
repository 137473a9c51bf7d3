// Where a chunk's vector comes from: the one rule, for runs and dry runs, in memory and in the file.

import Foundation

/// Where a chunk's vector comes from.
enum VectorSource: Sendable, Equatable {
  /// The chunk brought it.
  case own
  /// From memory, or from where its text has one, in the target space.
  case target
  /// The same, in the mock space.
  case standIn
  /// There is none and will be none.
  case failed(ChunkFailure)
}

/// The vectors that documents can get when they are placed: those that they bring, those just made,
/// and those that the file has of their texts.
struct VectorsAtHand: Sendable {
  /// Vectors made in this run that are handed over in memory.
  struct Made: Sendable {
    let space: SpaceRecord
    let vectors: [Data: StoredVector]
  }

  let target: SpaceRecord
  /// The mock space, if chunks without a vector in the target space may answer by stand-ins.
  var standIn: SpaceRecord?
  /// By text hash, and nil if all that was made is in the file.
  var made: Made?
  /// Texts refused for good, by hash.
  var failures: [Data: ChunkFailure] = [:]

  /// Where the vectors of a document's chunks come from; nil if one of them has none yet.
  ///
  /// - Parameter isKnown: whether the file has a vector of a text in a space.
  func sources(
    of document: CutDocument, isKnown: (Data, SpaceRecord) throws -> Bool
  ) rethrows -> [VectorSource]? {
    var sources: [VectorSource] = []
    for chunk in document.chunks {
      guard let source = try source(of: chunk, isKnown: isKnown) else { return nil }
      sources.append(source)
    }
    return sources
  }

  private func source(
    of chunk: CutChunk, isKnown: (Data, SpaceRecord) throws -> Bool
  ) rethrows -> VectorSource? {
    if chunk.vector != nil { return .own }
    guard let hash = chunk.textHash else { return .failed(Self.noText) }
    func has(_ space: SpaceRecord) throws -> Bool {
      if made?.space == space, made?.vectors[hash] != nil { return true }
      return try isKnown(hash, space)
    }
    if let failure = failures[hash] { return .failed(failure) }
    if try has(target) { return .target }
    if standIn != nil, chunk.text != nil { return .standIn }
    return nil
  }

  /// A chunk that waited with a vector of another space.
  private static let noText = ChunkFailure(
    code: .empty,
    message:
      "the chunk came as a vector without text, and the collection has another space since; add "
      + "it again with a vector of that space")

  /// The vector of a chunk in the target space, by its source. Nil for one that has none.
  func vector(
    of chunk: CutChunk, from source: VectorSource, _ db: any SQLTransaction
  ) throws -> StoredVector? {
    switch source {
    case .failed, .standIn: return nil
    case .own: return chunk.vector
    case .target:
      guard let hash = chunk.textHash else { return nil }
      let handed = made?.space == target ? made?.vectors[hash] : nil
      return try handed ?? VectorsTable.find(textHash: hash, space: target, db)
    }
  }

  /// The texts of documents, each once, that have a vector in none of some spaces.
  static func missingTexts(
    of documents: [CutDocument], in spaces: [SpaceRecord],
    isKnown: (Data, SpaceRecord) throws -> Bool
  ) rethrows -> [HashedText] {
    var seen: Set<Data> = []
    var missing: [HashedText] = []
    for text in documents.lazy.flatMap(\.chunks).compactMap(\.hashedText) {
      guard seen.insert(text.hash).inserted else { continue }
      if try !spaces.contains(where: { try isKnown(text.hash, $0) }) { missing.append(text) }
    }
    return missing
  }
}
