// Documents as resources: what a person attaches to a conversation by hand.

import Foundation
import VectorStore

extension MCPTools {
  private static let scheme = "store:///"
  private static let resourcesAtOnce = 200

  /// A page of the documents, each with its address.
  ///
  /// - Parameter cursor: the address that the page before ended with; nil begins with the first.
  nonisolated func resources(after cursor: String?) async throws -> [String: JSONValue] {
    let store = try await store()
    var last: DocumentSummary?
    if let cursor {
      guard let document = try await document(at: cursor, store) else {
        throw MCPSession.ProtocolError(
          code: -32602,
          message: "the cursor names a document that is gone; begin with the first page")
      }
      last = document.summary
    }
    let page = try await store.list(after: last, limit: Self.resourcesAtOnce)
    var result: [String: JSONValue] = [
      "resources": .array(
        page.map { document in
          [
            "uri": .string(Self.address(of: document)), "name": .string(document.source),
            "mimeType": .string(document.mimeType),
            "description": .string("in the collection \(document.collection)"),
          ]
        })
    ]
    if page.count == Self.resourcesAtOnce, let end = page.last {
      result["nextCursor"] = .string(Self.address(of: end))
    }
    return result
  }

  /// The text of one document; nil if there is none at that address.
  nonisolated func resource(at address: String) async throws -> [String: JSONValue]? {
    guard let document = try await document(at: address, try await store()),
      let text = document.text
    else { return nil }
    return [
      "contents": [
        [
          "uri": .string(address), "mimeType": .string(document.summary.mimeType),
          "text": .string(text),
        ]
      ]
    ]
  }

  private nonisolated func document(
    at address: String, _ store: Store
  ) async throws -> StoredDocument? {
    guard address.hasPrefix(Self.scheme) else { return nil }
    let parts = address.dropFirst(Self.scheme.count)
      .split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      .compactMap { String($0).removingPercentEncoding }
    guard parts.count == 2 else { return nil }
    do {
      // As it is stored, not as a path from the working folder.
      let document = try await store.get(parts[1], in: parts[0])
      return document?.summary.source == parts[1] ? document : nil
    } catch let error as StoreError where error.code == .collectionNotFound {
      return nil
    }
  }

  /// `store:///COLLECTION/SOURCE`, each percent-encoded (RFC 3986).
  private nonisolated static func address(of document: DocumentSummary) -> String {
    let plain = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    func part(_ text: String) -> String {
      text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
    }
    return scheme + part(document.collection) + "/" + part(document.source)
  }
}

extension DocumentSummary {
  fileprivate var mimeType: String { format == .markdown ? "text/markdown" : "text/plain" }
}
