// How much goes into one request: as much as the server takes, and no more than it answers in time.

/// Learns the most texts and tokens of a request from what servers say, refuse and take.
///
/// A refusal that names a number sets it. Another one halves what was refused; after some requests of
/// that size it tries the middle between what passed and what did not. A request is never larger than
/// what is answered in half the time that it may take, by the slowest of the last answers: a request
/// that was not answered in time is thus never sent again as large. Before anything is known of the
/// time, a request has as many texts as the terms say, and twice as many after each full one.
package struct RequestSizer: Sendable, Equatable {
  /// The most texts and tokens of a request.
  package struct Size: Sendable, Equatable {
    package var texts: Int
    package var tokens: Int

    package init(texts: Int, tokens: Int) {
      self.texts = max(1, texts)
      self.tokens = max(1, tokens)
    }

    /// Whether a request is within it. One text always is.
    package func holds(texts: Int, tokens: Int) -> Bool {
      texts == 1 || texts <= self.texts && tokens <= self.tokens
    }
  }

  /// A bound that is sought.
  private struct Bound: Sendable, Equatable {
    /// The most that is sent now.
    var most: Int
    /// The least that was refused without a number; nil if the bound is known or was never met.
    var refused: Int?
    /// Requests of the full size that passed since the bound last changed.
    var passed = 0
    /// What passed before the size was tried that is tried now.
    var before: Int?

    mutating func refuse(_ sent: Int, told: Int?) {
      if let told, told < sent {
        self = Bound(most: min(most, told))
      } else {
        let next = before.map { min($0, sent - 1) } ?? sent / 2
        self = Bound(most: min(most, max(1, next)), refused: min(refused ?? sent, sent))
      }
    }

    mutating func pass(_ sent: Int) {
      guard let refused, sent >= most - most / 8 else { return }
      passed += 1
      let middle = (most + refused) / 2
      guard passed >= RequestSizer.passesToGrow, middle - most > most / 10 else { return }
      self = Bound(most: middle, refused: refused, before: most)
    }
  }

  /// After so many full requests a larger one is tried.
  static let passesToGrow = 4
  /// The part of a limit of tokens that is used, since texts differ in how they are counted.
  private static let margin = 0.95
  /// Tokens of a byte, until a server has counted some.
  private static let tokensPerByte = 0.3
  /// From fewer texts nothing is learned of the time that a text takes.
  private static let textsToTime = 8

  private let secondsPerRequest: Double
  private var texts: Bound
  private var tokens: Bound
  /// The most tokens of a request that the server named, as it counts them, and how many of its tokens
  /// are one as they are counted here.
  private var toldTokens: Int?
  private var tokensPerUnit: Double?
  /// The texts of a request before more are known to be taken in time.
  private var start: Int?
  private var secondsPerText: Double?
  private var secondsPerToken: Double?
  /// The most tokens of a text that the server named.
  package private(set) var tokensPerText: Int?
  /// The most texts that a request had which was answered.
  private var largest: Int

  /// Begins with what a service's terms allow, and with what earlier processes learned of it.
  package init(_ terms: ServiceTerms, _ profile: ServerProfile? = nil) {
    secondsPerRequest = terms.secondsPerRequest
    texts = Bound(most: min(terms.textsPerRequest, profile?.textsPerRequest ?? .max))
    tokens = Bound(most: min(terms.tokensPerRequest, profile?.tokensPerRequest ?? .max))
    secondsPerText = profile?.secondsPerText
    start = profile?.secondsPerText == nil ? terms.firstTextsPerRequest : nil
    tokensPerText = profile?.tokensPerText
    largest = profile == nil ? 0 : texts.most
  }

  /// The most that is sent now.
  package var size: Size {
    let inTime = { (seconds: Double?) in
      seconds.map { Int(min(1e9, secondsPerRequest / 2 / $0)) } ?? .max
    }
    let told = toldTokens.map { Int(Double($0) * Self.margin / (tokensPerUnit ?? 1)) } ?? .max
    return Size(
      texts: min(texts.most, start ?? .max, inTime(secondsPerText)),
      tokens: min(tokens.most, told, inTime(secondsPerToken)))
  }

  /// Whether nothing is known yet of a request with so many texts: none of half the size was answered.
  package func isUntried(texts: Int) -> Bool { texts > 1 && texts > 2 * largest }

  /// Whether no request as large was answered yet, so that its size may be what was refused.
  package func isLargest(texts: Int) -> Bool { texts > largest }

  /// Enters an answer.
  ///
  /// - Parameter told: the tokens that the server counted.
  package mutating func succeed(
    texts count: Int, tokens amount: Int, told: Int, seconds: Double
  ) {
    largest = max(largest, count)
    texts.pass(count)
    tokens.pass(amount)
    guard count >= min(Self.textsToTime, texts.most) else { return }
    if told > 0, amount > 0 {
      let new = Double(told) / Double(amount)
      tokensPerUnit = max(new, tokensPerUnit.map { 0.7 * $0 + 0.3 * new } ?? 0)
    }
    learn(seconds: seconds, count, amount)
    if let start, count >= start {
      self.start = 2 * start < texts.most ? 2 * start : nil
    }
  }

  /// Enters that a request was too large.
  package mutating func refuse(texts count: Int, tokens amount: Int, limit: RequestLimit) {
    switch limit {
    case .texts(let most): texts.refuse(count, told: most)
    case .tokens(let most?):
      let least = Double(most) / Double(max(1, amount)) / Self.margin
      if let known = tokensPerUnit, Double(amount) * known <= Double(most) {
        // As the server counts it was more than that: fewer tokens a unit were believed than it has.
        tokensPerUnit = max(1.5 * known, least)
      } else {
        // A token has about four bytes of English, which are what is counted without a tokenizer.
        tokensPerUnit = max(tokensPerUnit ?? Self.tokensPerByte, least)
      }
      toldTokens = most
    case .tokens(nil): tokens.refuse(amount, told: nil)
    case .textTokens(let most): tokensPerText = most ?? tokensPerText
    }
  }

  /// Enters that a request was not answered in time.
  package mutating func timeOut(texts count: Int, tokens amount: Int) {
    learn(seconds: secondsPerRequest, count, amount)
  }

  /// What is worth keeping for the next process.
  package func remember(in profile: inout ServerProfile, _ terms: ServiceTerms) {
    profile.textsPerRequest =
      texts.most < terms.textsPerRequest ? texts.before ?? texts.most : nil
    let most = toldTokens == nil ? tokens.before ?? tokens.most : size.tokens
    profile.tokensPerRequest = most < terms.tokensPerRequest ? most : nil
    profile.tokensPerText = tokensPerText
    let known = profile.secondsPerText ?? 0
    if let secondsPerText, abs(secondsPerText - known) > known / 4 {
      profile.secondsPerText = secondsPerText
    }
  }

  /// Believes the slowest of the last answers, less and less.
  private mutating func learn(seconds: Double, _ count: Int, _ amount: Int) {
    func slower(_ known: Double?, _ new: Double) -> Double {
      max(new, known.map { 0.7 * $0 + 0.3 * new } ?? 0)
    }
    guard seconds > 0, secondsPerRequest.isFinite else { return }
    secondsPerText = slower(secondsPerText, seconds / Double(max(1, count)))
    secondsPerToken = slower(secondsPerToken, seconds / Double(max(1, amount)))
  }
}
