// The requests that texts would make, with nothing sent. Kept by AddPlan and ReembedRun; calls
// BatchPacker, as EmbeddingQueue does.

import Foundation

/// Counts the tokens and requests of texts, each text once.
struct RequestPlan: Sendable {
  private(set) var tokens = 0
  private(set) var requests = 0
  private var seen: Set<Data> = []
  private var packer: BatchPacker<Int>

  init(_ terms: ServiceTerms) {
    packer = BatchPacker(
      textsPerRequest: terms.textsPerRequest, tokensPerRequest: terms.tokensPerRequest)
  }

  /// Those of some texts that have not been seen before.
  mutating func fresh(_ texts: [HashedText]) -> [HashedText] {
    texts.filter { seen.insert($0.hash).inserted }
  }

  /// Takes texts that are to be embedded.
  mutating func add(_ items: [EmbeddingQueue.Item]) {
    for item in items {
      tokens += item.tokens
      let bytes = item.text.text.utf8.count
      requests += packer.add(item.tokens, tokens: item.tokens, bytes: bytes).count
    }
  }

  /// Takes note that no text comes any more.
  mutating func end() {
    requests += packer.flush().count
  }
}
