// What is known of models by their names: the length of their vectors and what they take of a text.

/// A model that many servers serve, under one of its usual names.
struct KnownModel {
  /// The components of a vector, unless others are asked for.
  let dimensions: Int
  /// The most tokens of a text. Servers cut off the rest without a word, or refuse the text.
  let tokensPerText: Int

  /// Finds a model by its name.
  init?(_ model: String) {
    let name = Self.baseName(of: model)
    guard let row = Self.table.first(where: { name.hasPrefix($0.name) }) else { return nil }
    (dimensions, tokensPerText) = (row.dimensions, row.tokens)
  }

  /// A model's name in small letters, without its owner, its tag, and what LM Studio puts before it:
  /// `e5-small-v2` for `intfloat/e5-small-v2:latest`.
  static func baseName(of model: String) -> String {
    let name = model.lowercased().split(separator: "/").last ?? ""
    let base = name.split(separator: ":").first.map(String.init) ?? ""
    let mark = "text-embedding-"
    let isOpenAIs = base.hasPrefix(mark + "3") || base.hasPrefix(mark + "ada")
    return base.hasPrefix(mark) && !isOpenAIs ? String(base.dropFirst(mark.count)) : base
  }

  /// By the beginnings of names, the longer ones first.
  private static let table =
    OpenAIModel.all.map { (name: $0.name, dimensions: $0.ownDimensions, tokens: $0.tokensPerText) }
    + others

  private static let others: [(name: String, dimensions: Int, tokens: Int)] = [
    ("all-minilm", 384, 256), ("paraphrase-multilingual-minilm", 384, 128),
    ("paraphrase-multilingual-mpnet", 768, 128), ("all-mpnet-base", 768, 384),
    ("multi-qa-minilm", 384, 512), ("multi-qa-mpnet-base", 768, 512),
    ("nomic-embed-text-v2", 768, 512), ("nomic-embed-text", 768, 2048),
    ("nomic-embed-code", 3584, 32_768), ("mxbai-embed-large", 1024, 512),
    ("bge-m3", 1024, 8192), ("bge-small", 384, 512), ("bge-base", 768, 512),
    ("bge-large", 1024, 512),
    ("multilingual-e5-small", 384, 512), ("multilingual-e5-base", 768, 512),
    ("multilingual-e5-large", 1024, 512), ("e5-small", 384, 512), ("e5-base", 768, 512),
    ("e5-large", 1024, 512), ("e5-mistral", 4096, 4096),
    ("snowflake-arctic-embed-m-v2", 768, 8192), ("snowflake-arctic-embed-l-v2", 1024, 8192),
    ("snowflake-arctic-embed2", 1024, 8192), ("snowflake-arctic-embed-m-long", 768, 2048),
    ("snowflake-arctic-embed-xs", 384, 512), ("snowflake-arctic-embed-s", 384, 512),
    ("snowflake-arctic-embed-m", 768, 512), ("snowflake-arctic-embed-l", 1024, 512),
    ("gte-small", 384, 512), ("gte-base-en-v1.5", 768, 8192), ("gte-large-en-v1.5", 1024, 8192),
    ("gte-base", 768, 512), ("gte-large", 1024, 512), ("gte-multilingual-base", 768, 8192),
    ("granite-embedding-30m", 384, 512), ("granite-embedding-125m", 768, 512),
    ("granite-embedding-107m", 384, 512), ("granite-embedding-278m", 768, 512),
    ("qwen3-embedding-0.6b", 1024, 32_768), ("qwen3-embedding-4b", 2560, 32_768),
    ("qwen3-embedding-8b", 4096, 32_768),
    ("embeddinggemma", 768, 2048), ("gemini-embedding-001", 3072, 2048),
    ("voyage-3-lite", 512, 32_000), ("voyage-3", 1024, 32_000), ("voyage-code-3", 1024, 32_000),
    ("jina-embeddings-v2-small", 512, 8192), ("jina-embeddings-v2-base", 768, 8192),
    ("jina-embeddings-v3", 1024, 8192), ("jina-embeddings-v4", 2048, 32_768),
    ("embed-english-v3.0", 1024, 512), ("embed-multilingual-v3.0", 1024, 512),
    ("embed-v4.0", 1536, 128_000), ("mistral-embed", 1024, 8192),
    ("codestral-embed", 1536, 8192),
  ]
}

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
