// The address of an embeddings server, taken apart strictly. Parsed from OPENAI_API_URL; asked by
// the rules about keys, prices and providers.

/// An address of the form `http(s)://host[:port][/path]`, and nothing else.
///
/// The grammar is kept narrow, so that nobody who reads the same text can see another host in it:
/// no user, no query, no fragment, no percent sign in the host, ASCII only.
struct ServiceAddress: Sendable, Hashable {
  /// OpenAI's own address.
  static let openAI = ServiceAddress(isEncrypted: true, host: "api.openai.com", port: 443, path: "")

  /// Whether the scheme is https.
  let isEncrypted: Bool
  /// In small letters; an IPv6 address in its brackets.
  let host: String
  /// The port, which is the scheme's own where the text names none.
  let port: Int
  /// Empty, or a path that begins with a slash and does not end with one.
  let path: String

  private init(isEncrypted: Bool, host: String, port: Int, path: String) {
    self.isEncrypted = isEncrypted
    self.host = host
    self.port = port
    self.path = path
  }

  /// Parses an address; nil where the text is none, or is OpenAI's own address unencrypted.
  init?(_ text: String) {
    guard let separator = text.firstRange(of: "://") else { return nil }
    switch text[..<separator.lowerBound].lowercased() {
    case "https": isEncrypted = true
    case "http": isEncrypted = false
    default: return nil
    }
    let rest = text[separator.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    guard let (host, port) = Self.hostAndPort(authority) else { return nil }
    self.host = host
    self.port = port ?? (isEncrypted ? 443 : 80)
    var path = rest[authority.endIndex...]
    guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"#<>?\\^`{|}".utf8.contains($0) })
    else { return nil }
    while path.last == "/" { path.removeLast() }
    self.path = String(path)
    if !isEncrypted, isHostOfOpenAI { return nil }
  }

  /// Whether it is OpenAI's own, regional ones included.
  var isOpenAI: Bool { isEncrypted && port == 443 && isHostOfOpenAI }

  /// Whether the server is on this machine.
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Who serves the models there: `openai`, else the host and the port. With its port no host can be
  /// taken for `openai` or `mock`, whatever it is called.
  var provider: String { isOpenAI ? "openai" : "\(host):\(port)" }

  private var isHostOfOpenAI: Bool {
    host == "api.openai.com" || host.hasSuffix(".api.openai.com")
  }

  private static func hostAndPort(_ authority: Substring) -> (String, Int?)? {
    var host = authority
    var port: Int?
    let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
    if let colon = authority[afterBracket...].firstIndex(of: ":") {
      let digits = authority[authority.index(after: colon)...]
      guard digits.first != "+", let number = Int(digits), (1...65_535).contains(number) else {
        return nil
      }
      port = number
      host = authority[..<colon]
    }
    let name = host.lowercased()
    return isName(name) || isIPv6(name) ? (name, port) : nil
  }

  private static func isName(_ host: String) -> Bool {
    !host.isEmpty && !host.hasPrefix(".")
      && host.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789.-_".utf8.contains($0) }
  }

  private static func isIPv6(_ host: String) -> Bool {
    guard host.hasPrefix("["), host.hasSuffix("]") else { return false }
    let digits = host.dropFirst().dropLast()
    return digits.contains(":") && digits.utf8.allSatisfy { "0123456789abcdef:.".utf8.contains($0) }
  }
}

extension ServiceAddress: CustomStringConvertible {
  /// The address in its shortest form, as `https://api.openai.com`.
  var description: String {
    let scheme = isEncrypted ? "https" : "http"
    let ownPort = isEncrypted ? 443 : 80
    return "\(scheme)://\(host)\(port == ownPort ? "" : ":\(port)")\(path)"
  }
}
