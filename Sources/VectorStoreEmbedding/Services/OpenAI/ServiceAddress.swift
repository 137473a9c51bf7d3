// The address of an embeddings server: the one parser of OPENAI_API_URL, and what follows from it.

import Foundation

/// An address of the form `http(s)://host[:port][/path]`, and nothing else.
///
/// The grammar is kept narrow, so that nobody who reads the same text can see another host in it:
/// no user, no query, no fragment, no percent sign in the host, ASCII only. Spellings of one address
/// are equal: with or without `/v1`, a slash or a dot at the end, or the scheme's own port, in any
/// case, and `localhost`, `127.0.0.1` and `[::1]` with one port.
package struct ServiceAddress: Sendable {
  /// OpenAI's own address.
  package static let openAI = ServiceAddress(
    isEncrypted: true, host: "api.openai.com", port: 443, path: "")

  /// Whether the scheme is https.
  package let isEncrypted: Bool
  /// In small letters and without a dot at the end; an IPv6 address in its shortest form, in brackets.
  package let host: String
  /// The port, which is the scheme's own where the text names none.
  package let port: Int
  /// Empty, or a path that begins with a slash and does not end with one; with `/v1` if it was given.
  package let path: String

  private init(isEncrypted: Bool, host: String, port: Int, path: String) {
    self.isEncrypted = isEncrypted
    self.host = host
    self.port = port
    self.path = path
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
    guard !end.contains(where: { "?#".contains($0) }) else {
      throw Self.error("ends in a query or a fragment; expected the address alone")
    }
    var path = end
    while path.last == "/" { path.removeLast() }
    let (host, port) = try Self.hostAndPort(authority)
    guard Self.isPath(path) else { throw Self.noURL }
    let isEncrypted = scheme == "https"
    self.init(
      isEncrypted: isEncrypted, host: host, port: port ?? (isEncrypted ? 443 : 80),
      path: String(path))
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
  package var normal: String { "\(scheme)://\(oneHost)\(shownPort)\(basePath)" }

  /// The URL of embeddings.
  package var embeddings: String { root + "/v1/embeddings" }

  /// The URL of a model.
  package func model(_ name: String) -> String {
    let unreserved = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    let encoded = name.addingPercentEncoding(withAllowedCharacters: unreserved) ?? name
    return root + "/v1/models/" + encoded
  }

  private var scheme: String { isEncrypted ? "https" : "http" }

  private var shownPort: String { port == (isEncrypted ? 443 : 80) ? "" : ":\(port)" }

  private var root: String { "\(scheme)://\(server)\(basePath)" }

  /// What comes before `/v1`.
  private var basePath: String {
    var path = path[...]
    if path.hasSuffix("/embeddings") { path.removeLast("/embeddings".count) }
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

  private static let noURL = error("is not a URL; expected one like https://api.openai.com")

  private static func error(_ problem: String) -> OpenAIConfigurationError {
    OpenAIConfigurationError("baseURL", "OPENAI_API_URL", problem)
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
  package var description: String { "\(scheme)://\(server)\(path)" }
}
