// The roles of models that are known by their names, as their model cards and their services' pages say.

extension EmbeddingRoles {
  /// The roles of a model, by its name; ``none`` for one that wants none or is not known.
  ///
  /// The name may have an owner before it, a tag or a file's ending after it, in any case:
  /// `intfloat/e5-small-v2`, `nomic-embed-text:latest`.
  public static func ofModel(_ model: String) -> EmbeddingRoles {
    let name = KnownModel.baseName(of: model)
    return models.first { name.hasPrefix($0.name) }?.family.roles ?? .none
  }

  /// Roles by the name of a family of models, as `e5`; nil if there is no such family.
  public init?(family name: String) {
    guard let family = Family(rawValue: name.lowercased()) else { return nil }
    self = family.roles
  }

  /// The names of the families whose roles are known.
  public static var families: [String] { Family.allCases.map(\.rawValue) }

  /// Models that are trained with the same marks.
  private enum Family: String, CaseIterable {
    case e5, nomic, bge, snowflake, qwen3, instruct, gemma, voyage, jina, cohere, nvidia
    case bgeChinese = "bge-zh"
    case nomicCode = "nomic-code"

    var roles: EmbeddingRoles {
      switch self {
      // https://huggingface.co/intfloat/multilingual-e5-small
      case .e5: .prefixes("query: ", "passage: ")
      // https://huggingface.co/nomic-ai/nomic-embed-text-v1.5
      case .nomic: .prefixes("search_query: ", "search_document: ")
      // https://huggingface.co/nomic-ai/nomic-embed-code
      case .nomicCode: .prefixes("Represent this query for searching relevant code: ", "")
      // https://huggingface.co/BAAI/bge-small-en-v1.5, and mxbai-embed-large and arctic-embed 1 alike
      case .bge: .prefixes("Represent this sentence for searching relevant passages: ", "")
      // https://huggingface.co/BAAI/bge-small-zh-v1.5
      case .bgeChinese: .prefixes("为这个句子生成表示以用于检索相关文章：", "")
      // https://huggingface.co/Snowflake/snowflake-arctic-embed-l-v2.0
      case .snowflake: .prefixes("query: ", "")
      // https://huggingface.co/Qwen/Qwen3-Embedding-0.6B
      case .qwen3: .prefixes(Self.instruction + "Query:", "")
      // https://huggingface.co/intfloat/multilingual-e5-large-instruct, gte-Qwen2 alike
      case .instruct: .prefixes(Self.instruction + "Query: ", "")
      // https://ai.google.dev/gemma/docs/embeddinggemma/model_card
      case .gemma: .prefixes("task: search result | query: ", "title: none | text: ")
      // https://docs.voyageai.com/docs/embeddings
      case .voyage: .field("input_type", "query", "document")
      // https://jina.ai/models/jina-embeddings-v3
      case .jina: .field("task", "retrieval.query", "retrieval.passage")
      // https://docs.cohere.com/reference/embed
      case .cohere: .field("input_type", "search_query", "search_document")
      // https://docs.nvidia.com/nim/nemo-retriever/text-embedding
      case .nvidia: .field("input_type", "query", "passage")
      }
    }

    private static let instruction =
      "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"
  }

  private static func prefixes(_ query: String, _ document: String) -> EmbeddingRoles {
    EmbeddingRoles(query: EmbeddingRole(prefix: query), document: EmbeddingRole(prefix: document))
  }

  private static func field(_ name: String, _ query: String, _ document: String) -> EmbeddingRoles {
    EmbeddingRoles(
      query: EmbeddingRole(fields: [name: query]),
      document: EmbeddingRole(fields: [name: document]))
  }

  /// By the beginnings of names; the first that fits counts.
  private static let models: [(name: String, family: Family)] = [
    ("multilingual-e5-large-instruct", .instruct), ("e5-mistral", .instruct),
    ("multilingual-e5", .e5), ("e5-", .e5),
    ("nomic-embed-code", .nomicCode), ("nomic-embed", .nomic),
    ("bge-small-zh", .bgeChinese), ("bge-base-zh", .bgeChinese), ("bge-large-zh", .bgeChinese),
    ("bge-small", .bge), ("bge-base", .bge), ("bge-large", .bge),
    ("mxbai-embed-large", .bge), ("mxbai-embed-2d-large", .bge),
    ("snowflake-arctic-embed-m-v2", .snowflake), ("snowflake-arctic-embed-l-v2", .snowflake),
    ("snowflake-arctic-embed2", .snowflake), ("snowflake-arctic-embed", .bge),
    ("arctic-embed-m-v2", .snowflake), ("arctic-embed-l-v2", .snowflake), ("arctic-embed", .bge),
    ("qwen3-embedding", .qwen3), ("gte-qwen", .instruct),
    ("embeddinggemma", .gemma),
    ("voyage-", .voyage),
    ("jina-embeddings-v3", .jina), ("jina-embeddings-v4", .jina),
    ("embed-english-", .cohere), ("embed-multilingual-", .cohere), ("embed-v4", .cohere),
    ("cohere.embed-", .cohere),
    ("nv-embedqa-", .nvidia), ("llama-3.2-nv-embedqa-", .nvidia),
  ]
}
