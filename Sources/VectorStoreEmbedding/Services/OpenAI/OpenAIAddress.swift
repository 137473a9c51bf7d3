// Where an embeddings API is: reads OPENAI_API_URL. Used by OpenAIConfiguration (provider, price) and
// OpenAIService (the addresses of its requests).

import Foundation

/// The address of a server that speaks OpenAI's API.
struct OpenAIAddress: Sendable, Hashable {
  /// Scheme, host, port and what comes before `/v1`, without a slash at the end.
  let root: String
  /// The host as it is shown, in lower case, IPv6 in brackets; `:port` behind it where the URL names
  /// one.
  let server: String
  /// Who serves: `openai` for OpenAI's own addresses, else the host and the port.
  let provider: String
  /// The host alone, without brackets.
  let host: String

  /// Reads a URL, with or without `/v1` and a slash at the end.
  ///
  /// - Throws: for what is no such URL. The error shows at most the host: user info and queries can
  ///   hold secrets.
  init(_ text: String) throws(OpenAIConfigurationError) {
    guard let parts = URLComponents(string: text, encodingInvalidCharacters: false),
      let scheme = parts.scheme?.lowercased(), let found = parts.host?.lowercased(), !found.isEmpty
    else { throw Self.error("is not a URL; expected one like https://api.openai.com") }
    guard scheme == "https" || scheme == "http" else {
      throw Self.error("has the scheme \"\(scheme)\"; expected https, or http")
    }
    guard parts.user == nil, parts.password == nil else {
      throw Self.error("holds a user or a password; take it out, the key goes to OPENAI_API_KEY")
    }
    guard parts.query == nil, parts.fragment == nil else {
      throw Self.error("ends in a query or a fragment; expected the address alone")
    }
    if let port = parts.port, !(1...65535).contains(port) {
      throw Self.error("names the port \(port); expected 1 to 65535")
    }
    host =
      found.hasPrefix("[") && found.hasSuffix("]") ? String(found.dropFirst().dropLast()) : found
    let isOpenAI = host == Self.openAI || host.hasSuffix("." + Self.openAI)
    let shown = host.contains(":") ? "[\(host)]" : host
    server = shown + (parts.port.map { ":\($0)" } ?? "")
    provider = isOpenAI ? "openai" : "\(shown):\(parts.port ?? (scheme == "https" ? 443 : 80))"
    guard scheme == "https" || !isOpenAI else {
      throw Self.error("is http://\(server), which would send the key in clear; expected https")
    }
    var path = parts.percentEncodedPath
    while path.hasSuffix("/") { path.removeLast() }
    if path.hasSuffix("/embeddings") { path.removeLast("/embeddings".count) }
    if path.hasSuffix("/v1") { path.removeLast(3) }
    while path.hasSuffix("/") { path.removeLast() }
    root = "\(scheme)://\(server)\(path)"
  }

  /// The URL of embeddings.
  var embeddings: String { root + "/v1/embeddings" }

  /// The URL of a model.
  func model(_ name: String) -> String {
    let unreserved = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    let encoded = name.addingPercentEncoding(withAllowedCharacters: unreserved) ?? name
    return root + "/v1/models/" + encoded
  }

  /// Whether the server is on this machine, by its name or its address.
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil } && parts[0] == "127"
  }

  private static let openAI = "api.openai.com"

  private static func error(_ problem: String) -> OpenAIConfigurationError {
    OpenAIConfigurationError("baseURL", "OPENAI_API_URL", problem)
  }
}
