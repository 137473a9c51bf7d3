// An answer as context for a language model: passages with their sources, within a number of tokens.

import VectorStoreText

extension QueryResult {
  /// The tokens of a context if none are given.
  public static let contextTokens = 2000

  /// The passages of the hits with their sources, best first, for the prompt of a language model.
  ///
  ///     let answer = try await notes.query("Do I get money back?")
  ///     let prompt = "Answer from these passages and name them as [1].\n\n" + answer.context(tokens: 1500)
  ///
  /// Each has a line `[1] notes/train.md:1 › Delayed trains` above it. A passage that does not fit any more
  /// is left out, and those after it that fit are taken; if not even the first fits, its beginning is taken.
  ///
  /// - Parameter tokens: the most tokens, as estimated for OpenAI's models.
  /// - Complexity: O(text of the hits).
  public func context(tokens: Int = contextTokens) -> String {
    let estimator = TokenEstimator()
    var context = ""
    var left = tokens
    for hit in hits {
      guard let text = hit.text else { continue }
      let place = hit.source + (hit.line.map { ":\($0)" } ?? "")
      let title = "[\(hit.rank)] " + ([place] + hit.headings).joined(separator: " › ") + "\n"
      let passage = title + text.trimmed + "\n"
      let cost = estimator.tokens(in: passage) + 1
      if cost <= left {
        context += (context.isEmpty ? "" : "\n") + passage
        left -= cost
      } else if context.isEmpty, left > 0 {
        context = Self.beginning(of: passage, tokens: left, estimator)
        left = 0
      }
    }
    return context
  }

  /// The lines and words at the beginning of a text that have so many tokens at most.
  private static func beginning(
    of text: String, tokens: Int, _ estimator: TokenEstimator
  ) -> String {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    var (low, high) = (0, words.count)
    while low < high {
      let middle = (low + high + 1) / 2
      let part = words.prefix(middle).joined(separator: " ")
      if estimator.tokens(in: part) < tokens { low = middle } else { high = middle - 1 }
    }
    return low == 0 ? "" : words.prefix(low).joined(separator: " ") + "\n"
  }
}

extension String {
  /// Without the blanks and line breaks around it.
  fileprivate var trimmed: Substring {
    let start = drop { $0.isWhitespace }
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { start[...$0] } ?? ""
  }
}
