// Which texts go into one request. Texts come in one at a time, full requests come out. Pure; called
// by the store's EmbeddingQueue, calls BatchSelection.

/// Packs texts into requests, as few as can be, by count and by tokens.
///
/// As long as texts are short, so that a request with all its texts has no more than half its tokens,
/// they go in the order they come. Otherwise texts are held back, up to four requests' worth, and a
/// request is chosen among them so that both its places and its tokens are used up. A text that has
/// been passed over eight times goes before all others. The same texts in the same order make the
/// same requests.
///
/// ```swift
/// var packer = BatchPacker<String>(textsPerRequest: 256, tokensPerRequest: 300_000)
/// for text in texts { send(packer.add(text, tokens: count(text))) }
/// send(packer.flush())
/// ```
///
/// It does not look further ahead: where long texts follow thousands of short ones, they are not
/// mixed.
package struct BatchPacker<Item: Sendable>: Sendable {
  /// The texts of a request, in the order they came.
  package struct Batch: Sendable {
    package var items: [Item]
    /// The tokens of all of them.
    package var tokens: Int
  }

  private struct Held: Sendable {
    var item: Item
    var tokens: Int
    var bytes: Int
    /// The requests that were chosen before it came.
    var round: Int
  }

  /// Requests' worth of texts that are held back at most.
  static var requestsHeld: Int { 4 }
  /// How often a text is passed over.
  static var patience: Int { 8 }

  private var textsPerRequest: Int
  private var tokensPerRequest: Int
  private let bytesHeld: Int
  /// In the order they came.
  private var held: [Held] = []
  private var tokens = 0
  private var bytes = 0
  private var round = 0

  /// Creates a packer.
  ///
  /// - Parameters:
  ///   - textsPerRequest: the most texts of a request, 1 at least.
  ///   - tokensPerRequest: the most tokens of a request, 1 at least.
  ///   - bytesHeld: the most bytes that are held back, as told with the texts.
  package init(textsPerRequest: Int, tokensPerRequest: Int, bytesHeld: Int = 32 << 20) {
    self.textsPerRequest = max(1, textsPerRequest)
    self.tokensPerRequest = max(1, tokensPerRequest)
    self.bytesHeld = bytesHeld
  }

  /// Changes what a request may hold, for those that are still to be chosen.
  package mutating func resize(_ size: RequestSizer.Size) {
    textsPerRequest = size.texts
    tokensPerRequest = size.tokens
  }

  /// Takes a text and returns the requests that are full.
  ///
  /// - Parameters:
  ///   - tokens: its tokens. A text of more than a request's tokens makes a request of its own.
  ///   - bytes: its size in memory.
  /// - Complexity: O(1), and O(n log n) for a request chosen from n texts held back.
  package mutating func add(_ item: Item, tokens: Int, bytes: Int = 0) -> [Batch] {
    held.append(Held(item: item, tokens: tokens, bytes: bytes, round: round))
    self.tokens += tokens
    self.bytes += bytes
    var batches: [Batch] = []
    while isShort || isFull { batches.append(choose()) }
    return batches
  }

  /// Returns all texts held back, in requests that need not be full.
  package mutating func flush() -> [Batch] {
    var batches: [Batch] = []
    while !held.isEmpty { batches.append(choose()) }
    return batches
  }

  /// How many of the first texts have no more than so many tokens together.
  package static func prefix(of tokens: [Int], fitting limit: Int) -> Int {
    var left = limit
    return tokens.prefix { count in
      left -= count
      return left >= 0
    }.count
  }

  /// Whether there are texts for a request, and short ones.
  private var isShort: Bool {
    held.count >= textsPerRequest
      && tokens * textsPerRequest <= held.count * (tokensPerRequest / 2)
  }

  /// Whether no more may be held back.
  private var isFull: Bool {
    held.count >= Self.requestsHeld * textsPerRequest
      || tokens >= Self.requestsHeld * tokensPerRequest || bytes > bytesHeld
  }

  private mutating func choose() -> Batch {
    let selection = BatchSelection(
      sizes: held.map(\.tokens), overdue: held.prefix { round - $0.round >= Self.patience }.count,
      places: textsPerRequest, capacity: tokensPerRequest)
    return take(selection.indices)
  }

  /// Removes texts from those held back.
  private mutating func take(_ indices: [Int]) -> Batch {
    var isTaken = [Bool](repeating: false, count: held.count)
    for index in indices { isTaken[index] = true }
    let taken = indices.sorted().map { held[$0] }
    held = zip(held, isTaken).filter { !$0.1 }.map(\.0)
    round += 1
    bytes -= taken.reduce(0) { $0 + $1.bytes }
    let batch = Batch(items: taken.map(\.item), tokens: taken.reduce(0) { $0 + $1.tokens })
    tokens -= batch.tokens
    return batch
  }
}
