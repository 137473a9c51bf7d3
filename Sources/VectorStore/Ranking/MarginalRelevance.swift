// Chooses hits that differ from each other.

import VectorStoreSearch

/// Maximal marginal relevance (Carbonell and Goldstein, *The Use of MMR, Diversity-Based Reranking for Reordering
/// Documents and Producing Summaries*, SIGIR 1998).
enum MarginalRelevance {
  /// How many hits are chosen from, for each that is wanted.
  static let candidates = 5

  /// Which of some rows to take, in order: the next one is that with the greatest
  /// (1 − d) · relevance − d · (its cosine to the nearest of those that were taken), for a diversity d.
  ///
  /// - Parameters:
  ///   - relevance: of each row, best first, on the scale of cosines.
  ///   - vectors: of each row, at unit length.
  ///   - diversity: 0 is the order of relevance, 1 looks at differences only.
  /// - Complexity: O(rows × `limit` × dimensions).
  static func order(
    relevance: [Double], vectors: [[Float]], limit: Int, diversity: Double
  ) -> [Int] {
    var rest = Array(relevance.indices)
    var nearest = relevance.map { _ in -1.0 }
    var chosen: [Int] = []
    func worth(_ row: Int) -> Double {
      // The first one is near to nothing yet.
      (1 - diversity) * relevance[row] - (chosen.isEmpty ? 0 : diversity * nearest[row])
    }
    while chosen.count < limit, let first = rest.first {
      let next = rest.dropFirst().reduce(first) { worth($1) > worth($0) ? $1 : $0 }
      rest.removeAll { $0 == next }
      chosen.append(next)
      for row in rest {
        nearest[row] = max(nearest[row], cosine(vectors[row], vectors[next]))
      }
    }
    return chosen
  }

  private static func cosine(_ one: [Float], _ other: [Float]) -> Double {
    one.withUnsafeBufferPointer { one in other.withUnsafeBufferPointer { Kernels.dot(one, $0) } }
  }
}
