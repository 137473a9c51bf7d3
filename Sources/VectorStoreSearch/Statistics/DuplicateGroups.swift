// Rows joined by pairs into groups. Filled by NeighbourScan and RowAnalysis; calls nothing.

/// Groups of rows, each connected by pairs of near-duplicates (union-find with path halving; Tarjan and
/// van Leeuwen, Journal of the ACM 31, 1984).
package struct DuplicateGroups: Sendable {
  /// Rows that belong together.
  package struct Group: Sendable, Equatable {
    /// Their ids, rising.
    package let ids: [Int64]
    /// The least cosine by which one of them was joined.
    package let minimumCosine: Double
  }

  private var parents: [Int64: Int64] = [:]
  private var cosines: [Int64: Double] = [:]
  /// Rows for which a near-duplicate was found.
  private var found: Set<Int64> = []

  /// Creates no groups.
  package init() {}

  /// Joins two rows if their cosine is at least a threshold.
  ///
  /// - Parameter cosine: Asked only where they are not joined yet, or the first is not known to have a
  ///   near-duplicate.
  package mutating func join(
    _ one: Int64, _ other: Int64, threshold: Double, cosine: () -> Double
  ) {
    let (first, second) = (root(of: one), root(of: other))
    guard first != second || !found.contains(one) else { return }
    let cosine = cosine()
    guard cosine >= threshold else { return }
    found.insert(one)
    found.insert(other)
    guard first != second else { return }
    let (root, child) = first < second ? (first, second) : (second, first)
    parents[child] = root
    parents[root] = root
    cosines[root] = min(cosine, cosines[root] ?? 1, cosines[child] ?? 1)
    cosines[child] = nil
  }

  /// Whether a near-duplicate of a row was found.
  package func contains(_ id: Int64) -> Bool { found.contains(id) }

  /// The groups, the largest first, then by their first id.
  ///
  /// - Complexity: O(rows in groups · log rows).
  package mutating func groups() -> [Group] {
    var members: [Int64: [Int64]] = [:]
    for id in found { members[root(of: id), default: []].append(id) }
    return members.map { root, ids in
      Group(ids: ids.sorted(), minimumCosine: cosines[root] ?? 1)
    }.sorted { $0.ids.count != $1.ids.count ? $0.ids.count > $1.ids.count : $0.ids[0] < $1.ids[0] }
  }

  private mutating func root(of id: Int64) -> Int64 {
    var id = id
    while let parent = parents[id], parent != id {
      if let grandparent = parents[parent] { parents[id] = grandparent }
      id = parent
    }
    return id
  }
}
