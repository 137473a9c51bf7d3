// How a model wants questions and documents told apart: by words before the text, or fields of the request.

import Foundation

/// How an embedding model tells questions and documents apart.
///
/// Many models are trained on pairs: a question with one mark, a passage with another. E5 wants
/// `query: ` and `passage: ` before the text, Cohere's API a field `input_type`. Without them such a
/// model finds worse. Roles are part of what vectors are made by, so a store keeps them with its vectors.
///
/// ```swift
/// EmbeddingRoles.ofModel("intfloat/e5-small-v2").query.text("how do I get a refund?")
/// // query: how do I get a refund?
/// ```
public struct EmbeddingRoles: Sendable, Hashable, Codable {
  /// What questions get.
  public var query: EmbeddingRole
  /// What documents get.
  public var document: EmbeddingRole

  /// Questions and documents are embedded as they are.
  public static let none = EmbeddingRoles()

  /// Creates roles; by default both are plain.
  public init(query: EmbeddingRole = EmbeddingRole(), document: EmbeddingRole = EmbeddingRole()) {
    self.query = query
    self.document = document
  }

  /// What texts of a purpose get.
  public subscript(purpose: EmbeddingPurpose) -> EmbeddingRole {
    switch purpose {
    case .query: query
    case .document: document
    }
  }

  /// Checks both roles.
  ///
  /// - Throws: ``SettingError`` for a prefix that is too long, or a field that every request has.
  public func validate() throws(SettingError) {
    for (purpose, role) in [("query", query), ("document", document)] {
      let bytes = role.prefix.utf8.count
      guard bytes <= Self.longestPrefix else {
        throw SettingError(
          "roles.\(purpose).prefix", found: "\(bytes) bytes long",
          expected: "at most \(Self.longestPrefix)")
      }
      for name in role.fields.keys.sorted() where Self.reservedFields.contains(name) || name.isEmpty
      {
        throw SettingError(
          "roles.\(purpose).fields", found: "a value for \"\(name)\"",
          expected: "other fields than input, model, encoding_format and dimensions")
      }
    }
  }

  /// Reads both roles; one that is not there is plain.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    query = try values.decodeIfPresent(EmbeddingRole.self, forKey: .query) ?? EmbeddingRole()
    document = try values.decodeIfPresent(EmbeddingRole.self, forKey: .document) ?? EmbeddingRole()
  }

  /// Writes the roles that are not plain.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if !query.isPlain { try values.encode(query, forKey: .query) }
    if !document.isPlain { try values.encode(document, forKey: .document) }
  }

  private enum CodingKeys: CodingKey { case query, document }

  /// The fields that a request for embeddings has anyway.
  static let reservedFields: Set = ["input", "model", "encoding_format", "dimensions"]
  private static let longestPrefix = 4096
}

/// What a text gets for its part: words before it, and fields of the request.
public struct EmbeddingRole: Sendable, Hashable, Codable {
  /// Stands before each text, with the blank at its end if there is to be one. It counts as part of the
  /// text: its tokens are paid for.
  public var prefix: String
  /// Fields of the request beside the usual ones, for services that have requests: `input_type`, `task`.
  public var fields: [String: String]

  /// Creates a role; by default a plain one.
  public init(prefix: String = "", fields: [String: String] = [:]) {
    self.prefix = prefix
    self.fields = fields
  }

  /// Reads a role; what is not there is empty.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    prefix = try values.decodeIfPresent(String.self, forKey: .prefix) ?? ""
    fields = try values.decodeIfPresent([String: String].self, forKey: .fields) ?? [:]
  }

  /// Writes what is not empty.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if !prefix.isEmpty { try values.encode(prefix, forKey: .prefix) }
    if !fields.isEmpty { try values.encode(fields, forKey: .fields) }
  }

  private enum CodingKeys: CodingKey { case prefix, fields }

  /// Whether a text of it is embedded as it is.
  public var isPlain: Bool { prefix.isEmpty && fields.isEmpty }

  /// A text as the model is to see it.
  public func text(_ text: String) -> String { prefix.isEmpty ? text : prefix + text }
}

extension EmbeddingRoles: CustomStringConvertible {
  /// Both roles in words: `questions "query: …", documents "passage: …"`; `none` if both are plain.
  public var description: String {
    self == .none ? "none" : "questions \(query), documents \(document)"
  }
}

extension EmbeddingRole: CustomStringConvertible {
  /// The prefix in quotes and the fields; `as they are` for a plain role.
  public var description: String {
    guard !isPlain else { return "as they are" }
    let quoted = prefix.isEmpty ? [] : [Self.quoted(prefix + "…")]
    let named = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return (quoted + named).joined(separator: " ")
  }

  /// A text in quotes, on one line.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\n", with: "\\n") + "\""
  }
}
