// Decides by which lists a query is ranked, from the mode and the vectors there are.

/// The lists that a query is ranked by: one list as it is, two fused by what each is sure of.
struct RankingPlan: Sendable, Equatable {
  /// One ranked list.
  enum List: Sendable, Equatable {
    /// By cosine among the vectors of a space.
    case cosine(EmbeddingSpace)
    /// By BM25 among the words of all chunks.
    case words
  }

  /// Which vectors a collection has.
  struct Vectors: Sendable, Equatable {
    var target: EmbeddingSpace
    /// Whether any chunk has a vector in the target space.
    var hasTarget: Bool
    /// Whether any chunk answers by a stand-in, which is then all it has.
    var hasStandIns: Bool
  }

  var lists: [List]
  /// Why this is not the ranking by the target space alone; nil where it is.
  var degradedReason: String?

  /// The space in which the query itself has to have a vector, if any.
  var querySpace: EmbeddingSpace? {
    for case .cosine(let space) in lists { return space }
    return nil
  }

  /// The same, ranked by words too.
  var withWords: RankingPlan {
    lists.contains(.words)
      ? self : RankingPlan(lists: lists + [.words], degradedReason: degradedReason)
  }

  /// The same for a collection that keeps no texts.
  ///
  /// - Throws: ``StoreError`` if nothing is left to rank by.
  func withoutWords(of collection: String) throws(StoreError) -> RankingPlan {
    guard lists.contains(.words) else { return self }
    guard querySpace != nil else {
      let name =
        "the collection \"\(collection)\" keeps no texts, so it cannot be searched by words"
      throw degradedReason == nil
        ? StoreError(.invalidArgument, "\(name); rank by vectors")
        : StoreError(.serviceUnavailable, "\(name), and the question cannot be embedded")
    }
    return RankingPlan(lists: lists.filter { $0 != .words }, degradedReason: degradedReason)
  }

  /// The plan for a text.
  ///
  /// - Parameter unavailable: why the embedding service cannot embed the query; nil where it can.
  /// - Throws: in mode REAL, ``StoreError`` with the code of what makes the service unavailable.
  static func make(
    mode: ServiceMode, vectors: Vectors, unavailable: Unavailable?, standInSpace: EmbeddingSpace
  ) throws(StoreError) -> RankingPlan {
    let target = vectors.target
    if target.kind == .mock { return RankingPlan(lists: [.cosine(target)]) }
    switch mode {
    case .mock:
      return RankingPlan(
        lists: [.cosine(standInSpace)],
        degradedReason: vectors.hasTarget
          ? "in mode MOCK these results match words, not meaning; passages with vectors of \(target) are "
            + "left out"
          : nil)
    case .real:
      if let unavailable {
        throw StoreError(
          unavailable.code,
          "the query cannot be embedded in \(target): \(unavailable.message); mode REAL ranks by "
            + "real vectors only: rank by words instead, or use mode HYBRID",
          underlying: unavailable.underlying)
      }
      return RankingPlan(
        lists: [.cosine(target)],
        degradedReason: vectors.hasStandIns
          ? "passages without a vector of \(target) are left out until they are embedded"
          : nil)
    case .hybrid:
      return hybrid(vectors: vectors, unavailable: unavailable, standInSpace: standInSpace)
    }
  }

  private static func hybrid(
    vectors: Vectors, unavailable: Unavailable?, standInSpace: EmbeddingSpace
  ) -> RankingPlan {
    if let unavailable {
      let all = !vectors.hasTarget
      return RankingPlan(
        lists: all ? [.cosine(standInSpace), .words] : [.words],
        degradedReason: "these results match words, not meaning: \(unavailable.message)")
    }
    if !vectors.hasStandIns { return RankingPlan(lists: [.cosine(vectors.target)]) }
    return RankingPlan(
      lists: [.cosine(vectors.target), .words],
      degradedReason: "some passages are not embedded yet and are found by their words only")
  }
}
