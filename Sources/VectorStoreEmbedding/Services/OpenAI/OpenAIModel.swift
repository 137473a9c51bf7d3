// OpenAI's own models of embeddings: the one table of what they make, take and cost.

/// A model of OpenAI's.
struct OpenAIModel {
  let name: String
  /// The dimensions it makes when it is not asked for others.
  let ownDimensions: Int
  /// The dimensions it can be asked for.
  let allowedDimensions: ClosedRange<Int>
  /// The most tokens of a text.
  let tokensPerText = 8191
  /// By OpenAI's public price list.
  let price: TokenPrice

  static let all = [
    shortenable("text-embedding-3-small", 1536, millionTokens: 20_000_000),
    shortenable("text-embedding-3-large", 3072, millionTokens: 130_000_000),
    OpenAIModel(
      name: "text-embedding-ada-002", ownDimensions: 1536, allowedDimensions: 1536...1536,
      price: TokenPrice(perMillionTokens: NanoDollars(nano: 100_000_000))),
  ]

  /// The model of exactly this name.
  static func named(_ name: String) -> OpenAIModel? { all.first { $0.name == name } }

  /// A model whose vectors may be asked for shorter. The price is in nano-dollars.
  private static func shortenable(
    _ name: String, _ dimensions: Int, millionTokens: Int64
  ) -> OpenAIModel {
    OpenAIModel(
      name: name, ownDimensions: dimensions,
      allowedDimensions: EmbeddingSpace.supportedDimensions.lowerBound...dimensions,
      price: TokenPrice(perMillionTokens: NanoDollars(nano: millionTokens)))
  }

  var allowedInWords: String {
    allowedDimensions.count == 1
      ? "\(ownDimensions) dimensions only"
      : "\(allowedDimensions.lowerBound) to \(allowedDimensions.upperBound) dimensions"
  }
}
