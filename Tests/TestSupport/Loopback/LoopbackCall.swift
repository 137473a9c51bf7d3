// Reads a request for embeddings and holds it to the API's published description
// (CreateEmbeddingRequest of the OpenAPI file), by hand: every way in which it differs is a violation.

import Foundation

/// A request for embeddings: what it asks for, and where it breaks the API's description.
package struct LoopbackCall: Sendable {
  package private(set) var texts: [String] = []
  /// The tokens of each text, where the request came as lists of tokens.
  var tokenCounts: [Int]?
  var model: String?
  /// Of a request for scores: the question, and the field that its passages are in.
  package private(set) var query: String?
  private(set) var passagesField: String?
  package private(set) var encodingFormat: String?
  package private(set) var dimensions: Int?
  var violations: [String] = []

  /// Reads a request's headers and body.
  init(headers: [(name: String, value: String)], body: [UInt8]) {
    let values = Dictionary(grouping: headers) { $0.name.lowercased() }
    let type = values["content-type"]?.first?.value ?? ""
    if type.split(separator: ";").first?.lowercased() != "application/json" {
      violations.append("Content-Type is '\(type)', not application/json")
    }
    for (name, found) in values.sorted(by: { $0.key < $1.key })
    where found.count > 1 && ["authorization", "content-type", "content-length"].contains(name) {
      violations.append("header \(name) came \(found.count) times")
    }
    if let rerank = try? JSONDecoder().decode(RerankBody.self, from: Data(body)) {
      (query, model, texts) = (rerank.query, rerank.model, rerank.documents ?? rerank.texts ?? [])
      passagesField = rerank.documents == nil ? "texts" : "documents"
      let members = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
      let allowed: Set = ["query", "model", "documents", "texts"]
      violations += (members ?? [:]).keys.filter { !allowed.contains($0) }.sorted()
        .map { "unknown property '\($0)'" }
      if texts.isEmpty { violations.append("there are no passages") }
      return
    }
    do {
      let object = try JSONDecoder().decode(Body.self, from: Data(body))
      texts = object.texts
      tokenCounts = object.tokenCounts
      model = object.model
      encodingFormat = object.encodingFormat
      dimensions = object.dimensions
      violations += object.violations
    } catch {
      violations.append("the body is not a JSON object")
    }
  }
}

/// The body of a request for scores.
private struct RerankBody: Decodable {
  var query: String
  var model: String?
  var documents: [String]?
  var texts: [String]?
}

/// The body, read member by member.
private struct Body: Decodable {
  var texts: [String] = []
  var tokenCounts: [Int]?
  var model: String?
  var encodingFormat: String?
  var dimensions: Int?
  var violations: [String] = []

  private enum Key: String, CaseIterable {
    case input, model, dimensions, user
    case encodingFormat = "encoding_format"
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: AnyKey.self)
    for member in members.allKeys.map(\.stringValue).sorted() {
      guard let key = Key(rawValue: member) else {
        violations.append("unknown property '\(member)'")
        continue
      }
      let name = AnyKey(stringValue: member)
      switch key {
      case .input: readInput(members, name)
      case .model: model = read(String.self, members, name)
      case .dimensions: dimensions = read(Int.self, members, name)
      case .user: _ = read(String.self, members, name)
      case .encodingFormat: encodingFormat = read(String.self, members, name)
      }
    }
    let present = Set(members.allKeys.map(\.stringValue))
    for required in ["input", "model"] where !present.contains(required) {
      violations.append("required property '\(required)' is missing")
    }
    if let encodingFormat, !["float", "base64"].contains(encodingFormat) {
      violations.append("encoding_format is '\(encodingFormat)', not float or base64")
    }
    if let dimensions, dimensions < 1 {
      violations.append("dimensions is \(dimensions), less than 1")
    }
  }

  private mutating func read<Value: Decodable>(
    _ type: Value.Type, _ members: KeyedDecodingContainer<AnyKey>, _ key: AnyKey
  ) -> Value? {
    do {
      return try members.decode(type, forKey: key)
    } catch {
      violations.append("\(key.stringValue) is not of type \(type)")
      return nil
    }
  }

  private mutating func readInput(_ members: KeyedDecodingContainer<AnyKey>, _ key: AnyKey) {
    if let list = try? members.decode([String].self, forKey: key) {
      texts = list
    } else if let text = try? members.decode(String.self, forKey: key) {
      texts = [text]
    } else if let tokens = try? members.decode([Int].self, forKey: key) {
      texts = ["\(tokens)"]
      tokenCounts = [tokens.count]
    } else if let lists = try? members.decode([[Int]].self, forKey: key) {
      texts = lists.map { "\($0)" }
      tokenCounts = lists.map(\.count)
    } else {
      violations.append("input is neither a string, nor strings, nor tokens, nor lists of tokens")
      return
    }
    if texts.isEmpty || tokenCounts == [0] { violations.append("input is empty") }
    if texts.count > 2048 { violations.append("input holds \(texts.count) items, over 2048") }
    for (index, text) in texts.enumerated() where text.isEmpty || text == "[]" && tokenCounts != nil
    {
      violations.append("input \(index) is empty")
    }
  }
}
