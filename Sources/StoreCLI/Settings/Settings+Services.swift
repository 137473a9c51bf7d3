// The services beside the embeddings', as the settings describe them: one parses documents, one reranks.

import VectorStore

extension Settings {
  /// Adds LlamaParse if it has a key, or another server than its own, which may want none.
  ///
  /// - Parameter sends: whether documents may be sent; the first time, this asks about an address that only a
  ///   `.env` file names.
  /// - Throws: ``SettingsError`` if its key or documents must not be sent to its address.
  mutating func addParser(sends: Bool = true) throws {
    guard parseKey != nil || parseAddress != .llamaParse else { return }
    let server = parseServer
    if let refusal = KeyAddressRule.refusal(self, of: server, shown: "\(server.address)") {
      throw refusal
    }
    if sends, configuration.mode != .mock { try TextAddressRule.check(self, server) }
    var parse = parse
    parse.baseURL = server.address.description
    parse.apiKey = server.key.map { APIKey($0.revealed) }
    parse.certificateFile = certificateFile
    configuration.documentService = try LlamaParseService(
      configuration: parse, logger: configuration.logger)
  }

  /// The passages that are reranked if nothing is said: a server reads them at once, this machine takes
  /// some tenth of a second for each.
  var usualRerankDepth: Int { rerankServer == nil ? 20 : 50 }

  /// Adds the reranker: that of the server that is set, else the model on this machine that is named, else the
  /// first one.
  ///
  /// - Throws: ``SettingsError`` if there is none, or its key or texts must not be sent to its address.
  mutating func addReranker() throws {
    guard configuration.mode != .mock else { return }
    guard let server = rerankServer else {
      guard !library.rerankers().isEmpty else {
        throw SettingsError(
          message:
            "there is no reranker: add one with `store model add FOLDER`, or set RERANK_API_URL, as "
            + "https://api.jina.ai or http://localhost:8080, and RERANK_MODEL")
      }
      configuration.reranker = try library.reranker(rerankModel)
      return
    }
    guard let rerankModel else {
      throw SettingsError(
        message:
          "RERANK_API_URL is \(server.address), and RERANK_MODEL is not set; name the model, as the "
          + "server does")
    }
    if let refusal = KeyAddressRule.refusal(self, of: server, shown: "\(server.address)") {
      throw refusal
    }
    try TextAddressRule.check(self, server)
    var rerank = rerank
    rerank.baseURL = server.address.description
    rerank.model = rerankModel
    rerank.apiKey = server.key.map { APIKey($0.revealed) }
    rerank.certificateFile = certificateFile
    configuration.reranker = try RerankService(
      configuration: rerank, logger: configuration.logger)
  }
}

extension ServiceAddress {
  /// LlamaParse's own address.
  static let llamaParse = (try? ServiceAddress(LlamaParseConfiguration().baseURL)) ?? .openAI
}
