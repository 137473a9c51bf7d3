// The service that parses documents, as the settings describe it.

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
}

extension ServiceAddress {
  /// LlamaParse's own address.
  static let llamaParse = (try? ServiceAddress(LlamaParseConfiguration().baseURL)) ?? .openAI
}
