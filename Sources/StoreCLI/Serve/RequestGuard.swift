// Who may ask: against pages of other origins, names that were rebound to this machine, and wrong tokens.

import Foundation
import VectorStore

/// Decides by a request's head alone, before its body is read.
struct RequestGuard: Sendable {
  /// The token that requests have to carry; nil asks for none.
  let token: HiddenText?
  /// Whether a path tells nothing of the store, so that it needs no token.
  let isOpen: @Sendable (_ path: String) -> Bool

  /// - Throws: ``HTTPError`` with 400, 401 or 403.
  func check(_ head: HTTPHead) throws(HTTPError) {
    guard let host = head.headers["host"] else {
      throw HTTPError(400, "missing_host", "the request has no Host header; send one")
    }
    try checkOrigin(head, host)
    // A name that somebody else's server resolves to this machine would make their page one of ours. A page
    // does not know the token, so with one any name may be used.
    guard let token else {
      guard Self.isLoopback(host) else {
        throw HTTPError(
          403, "foreign_host",
          "the Host header names \(host.prefix(100)); expected localhost, 127.0.0.1 or [::1]: ask by one of "
            + "these names, or run the server with STORE_TOKEN")
      }
      return
    }
    guard !isOpen(head.path) else { return }
    let sent = head.headers["authorization"] ?? ""
    guard sent.lowercased().hasPrefix("bearer "),
      Self.areEqual(
        sent.dropFirst("bearer ".count).trimmingCharacters(in: .whitespaces), token.revealed)
    else {
      var error = HTTPError(
        401, "invalid_api_key",
        "the token is \(sent.isEmpty ? "missing" : "wrong"); send \"Authorization: Bearer \" with the server's "
          + "STORE_TOKEN (OpenAI's clients: as the API key)")
      error.headers["WWW-Authenticate"] = "Bearer"
      throw error
    }
  }

  private func checkOrigin(_ head: HTTPHead, _ host: String) throws(HTTPError) {
    let foreign = "only pages of this server may ask it; ask from a program instead"
    if let origin = head.headers["origin"] {
      let own = host.lowercased()
      guard ["http://\(own)", "https://\(own)"].contains(origin.lowercased()) else {
        throw HTTPError(
          403, "foreign_origin", "a page of \(origin.prefix(100)) asked; \(foreign)")
      }
    }
    guard let site = head.headers["sec-fetch-site"], site != "none", site != "same-origin" else {
      return
    }
    // A link on another page may open ours, which says nothing to the page with the link.
    let isLink =
      head.method == "GET" && head.path == "/" && head.headers["sec-fetch-mode"] == "navigate"
      && head.headers["sec-fetch-dest"] == "document"
    guard isLink else {
      throw HTTPError(403, "foreign_origin", "a page of another site asked; \(foreign)")
    }
  }

  /// Whether two texts are equal, in a time that does not depend on where they differ.
  static func areEqual(_ one: String, _ other: String) -> Bool {
    zip(SHA256.hash(Data(one.utf8)), SHA256.hash(Data(other.utf8)))
      .reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// Whether a Host header, with a port or without, names this machine.
  static func isLoopback(_ host: String) -> Bool {
    host.lowercased().wholeMatch(
      of: /(localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\])(:[0-9]{1,5})?/) != nil
  }
}
