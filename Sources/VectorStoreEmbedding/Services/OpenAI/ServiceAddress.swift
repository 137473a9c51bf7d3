// The address of an embeddings server: the one parser of addresses, and what follows from it.

import Foundation

/// An address of the form `http(s)://host[:port][/path]`. If its path ends in `/embeddings` it is used
/// as it is, and may end in a query, as Azure's `?api-version=…`.
///
/// The grammar is kept narrow, so that nobody who reads the same text can see another host in it:
/// no user, no fragment, no percent sign in the host, ASCII only. Spellings of one address
/// are equal: with or without `/v1`, a slash or a dot at the end, or the scheme's own port, in any
/// case, and `localhost`, `127.0.0.1` and `[::1]` with one port.
package struct ServiceAddress: Sendable {
  /// OpenAI's own address.
  package static let openAI = ServiceAddress(
    isEncrypted: true, host: "api.openai.com", port: 443, path: "", query: "")

  /// Whether the scheme is https.
  package let isEncrypted: Bool
  /// In small letters and without a dot at the end; an IPv6 address in its shortest form, in brackets.
  package let host: String
  /// The port, which is the scheme's own where the text names none.
  package let port: Int
  /// Empty, or a path that begins with a slash and does not end with one; with `/v1` if it was given.
  package let path: String
  /// Empty, or a query that begins with a question mark.
  private let query: String

  private init(isEncrypted: Bool, host: String, port: Int, path: String, query: String) {
    self.isEncrypted = isEncrypted
    self.host = host
    self.port = port
    self.path = path
    self.query = query
  }

  /// Parses an address.
  ///
  /// - Throws: ``OpenAIConfigurationError`` for what is none, and for OpenAI's own host unencrypted.
  ///   It shows at most the host: a user and a query can hold secrets.
  package init(_ text: String) throws(OpenAIConfigurationError) {
    // Only then is a character what a byte is.
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
      let separator = text.firstRange(of: "://")
    else { throw Self.noURL }
    let scheme = text[..<separator.lowerBound].lowercased()
    guard !scheme.isEmpty, scheme.allSatisfy({ $0.isLetter || $0.isNumber }) else {
      throw Self.noURL
    }
    guard scheme == "https" || scheme == "http" else {
      throw Self.error("has the scheme \"\(scheme)\"; expected https, or http")
    }
    let rest = text[separator.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let end = rest[authority.endIndex...]
    guard !authority.contains("@") else {
      throw Self.error("holds a user or a password; take it out; the key is a setting of its own")
    }
    guard !end.contains("#") else {
      throw Self.error("ends in a fragment; expected the address alone")
    }
    var path = end.prefix { $0 != "?" }
    let query = end[path.endIndex...]
    while path.last == "/" { path.removeLast() }
    let (host, port) = try Self.hostAndPort(authority)
    guard Self.isPath(path), Self.isPath(query) else { throw Self.noURL }
    try Self.check(query: query, path: path)
    let isEncrypted = scheme == "https"
    self.init(
      isEncrypted: isEncrypted, host: host, port: port ?? (isEncrypted ? 443 : 80),
      path: String(path), query: query == "?" ? "" : String(query))
    guard isEncrypted || !isHostOfOpenAI else {
      throw Self.error("is http://\(server), which would send the key in clear; expected https")
    }
  }

  /// Whether it is OpenAI's own, regional ones included.
  package var isOpenAI: Bool { isEncrypted && port == 443 && isHostOfOpenAI }

  /// Whether the server is on this machine, by its name or its address.
  package var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Who serves the models there: `openai`, else the host and the port. With its port no host can be
  /// taken for `openai` or `mock`, whatever it is called.
  package var provider: String { isOpenAI ? "openai" : "\(oneHost):\(port)" }

  /// The host, and the port if it is not the scheme's own.
  package var server: String { host + shownPort }

  /// The address without `/v1`, one text for all its spellings.
  package var normal: String {
    let end = path.hasSuffix("/v1/embeddings") && query.isEmpty ? basePath : path + query
    return "\(scheme)://\(oneHost)\(shownPort)\(isWhole ? end : basePath)"
  }

  /// The URLs at which embeddings may be, in the order in which they are tried. A whole address is the
  /// only one.
  package var embeddings: [String] {
    isWhole
      ? [origin + path + query]
      : [root + "/v1/embeddings", origin + path + "/embeddings"].distinct
  }

  /// The URLs at which reranking may be, in the order in which they are tried. An address that ends in
  /// `/rerank` is the only one.
  package var reranking: [String] {
    if path.hasSuffix("/rerank") { return [origin + path] }
    let usual = [root + "/v1/rerank", origin + path + "/rerank", root + "/v2/rerank"]
    return (host.contains("cohere") ? usual.reversed() : usual).distinct
  }

  /// Whether the address names embeddings itself, and not only their server.
  package var isWhole: Bool { path.hasSuffix("/embeddings") }

  /// Whether it is Azure's, which takes its key in a header of another name.
  package var isAzure: Bool {
    [".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"]
      .contains { host.hasSuffix($0) }
  }

  /// The most texts of a request that a service known by its host takes: it need not be learned by a refusal.
  var textsPerRequest: Int? {
    let known = [
      ("dashscope.aliyuncs.com", 10), ("dashscope-intl.aliyuncs.com", 10),
      ("generativelanguage.googleapis.com", 100), ("api.cloudflare.com", 100),
      ("api.cohere.ai", 96), ("api.cohere.com", 96),
    ]
    return known.first { $0.0 == host }?.1
  }

  /// The URL that a redirect leads to, if it is on the same server: nil for any other, and for what is no
  /// URL.
  package func redirected(from url: String, to location: String) -> String? {
    guard let target = URL(string: location, relativeTo: URL(string: url)),
      let found = try? ServiceAddress(
        target.absoluteString.split(separator: "?", maxSplits: 1).first.map(String.init) ?? ""),
      (found.isEncrypted, found.host, found.port) == (isEncrypted, host, port)
    else { return nil }
    return target.absoluteString
  }

  /// The URL of a model.
  package func model(_ name: String) -> String {
    let unreserved = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    let encoded = name.addingPercentEncoding(withAllowedCharacters: unreserved) ?? name
    return root + "/v1/models/" + encoded
  }

  /// The URL of something beside the embeddings, as `files`; nil if the address names embeddings alone, in
  /// a way that does not tell where the rest is.
  package func beside(_ name: String) -> String? {
    guard query.isEmpty, !isWhole || path.hasSuffix("/v1/embeddings") else { return nil }
    return root + "/v1/" + name
  }

  private var scheme: String { isEncrypted ? "https" : "http" }

  private var shownPort: String { port == (isEncrypted ? 443 : 80) ? "" : ":\(port)" }

  /// The scheme, the host and the port.
  var origin: String { "\(scheme)://\(server)" }

  private var root: String { origin + basePath }

  /// What comes before `/v1`.
  private var basePath: String {
    var path = path[...]
    if isWhole { path.removeLast("/embeddings".count) }
    if path.hasSuffix("/v1") { path.removeLast("/v1".count) }
    while path.last == "/" { path.removeLast() }
    return String(path)
  }

  /// The host, by one name if it is this machine by one of its three usual ones.
  private var oneHost: String {
    ["127.0.0.1", "[::1]"].contains(host) ? "localhost" : host
  }

  private var isHostOfOpenAI: Bool {
    host == "api.openai.com" || host.hasSuffix(".api.openai.com")
  }

  private static func hostAndPort(
    _ authority: Substring
  ) throws(OpenAIConfigurationError) -> (String, Int?) {
    var host = authority
    var port: Int?
    let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority[afterBracket...].firstIndex(of: ":") {
      let digits = authority[authority.index(after: colon)...]
      guard digits.allSatisfy(\.isNumber), let number = Int(digits) else { throw noURL }
      guard (1...65_535).contains(number) else {
        throw error("names the port \(number); expected 1 to 65535")
      }
      port = number
      host = authority[..<colon]
    }
    guard let name = name(host.lowercased()) ?? ipv6(host) else { throw noURL }
    return (name, port)
  }

  /// A name or an IPv4 address without the dot at its end, which says that it is whole.
  private static func name(_ host: String) -> String? {
    let name = host.hasSuffix(".") ? host.dropLast() : host[...]
    let isName =
      !name.isEmpty && !name.hasPrefix(".") && !name.hasSuffix(".")
      && name.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789.-_".utf8.contains($0) }
    return isName ? String(name) : nil
  }

  private static func ipv6(_ host: Substring) -> String? {
    guard host.hasPrefix("["), host.hasSuffix("]") else { return nil }
    var address = in6_addr()
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    guard inet_pton(AF_INET6, String(host.dropFirst().dropLast()), &address) == 1,
      inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil
    else { return nil }
    let bytes = text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return "[\(String(decoding: bytes, as: UTF8.self))]"
  }

  /// Whether a path holds only what a URL's path may hold.
  private static func isPath(_ path: Substring) -> Bool {
    !path.contains { "\"<>\\^`{|}".contains($0) }
      && path.split(separator: "%", omittingEmptySubsequences: false).dropFirst()
        .allSatisfy { $0.prefix(2).count == 2 && $0.prefix(2).allSatisfy(\.isHexDigit) }
  }

  /// Refuses a query that would not be used, and one that may hold a key: it would be shown.
  private static func check(
    query: Substring, path: Substring
  ) throws(OpenAIConfigurationError) {
    guard query.count > 1 else { return }
    guard path.hasSuffix("/embeddings") else {
      throw error(
        "has a query, but does not end in /embeddings; expected the whole address, or no query")
    }
    let names = query.dropFirst().split(separator: "&").map { $0.prefix { $0 != "=" }.lowercased() }
    let secrets = ["key", "token", "secret", "sig", "password", "auth"]
    if names.contains(where: { name in secrets.contains { name.contains($0) } }) {
      throw error("holds a key in its query; take it out, the key has a setting of its own")
    }
  }

  private static let noURL = error("is not a URL; expected one like https://api.openai.com")

  private static func error(_ problem: String) -> OpenAIConfigurationError {
    OpenAIConfigurationError("baseURL", problem)
  }
}

extension ServiceAddress: Hashable {
  package static func == (left: ServiceAddress, right: ServiceAddress) -> Bool {
    left.normal == right.normal
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(normal) }
}

extension ServiceAddress: CustomStringConvertible {
  /// The address as it was given, in its shortest form, as `https://api.openai.com/v1`.
  package var description: String { "\(scheme)://\(server)\(path)\(query)" }
}

extension [String] {
  /// Each once, in order.
  fileprivate var distinct: [String] {
    reduce(into: []) { known, text in if !known.contains(text) { known.append(text) } }
  }
}
