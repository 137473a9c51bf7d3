// OpenAI's `/v1/embeddings` and `/v1/models`: the store's services as a proxy that remembers and holds the budget.

import Foundation
import VectorStore

/// Answers embeddings. A text that has a vector in the store, or was asked before, costs nothing.
struct OpenAIEmbeddings: Sendable {
  /// The most texts of a request, as OpenAI has it.
  private static let maximumTexts = 2048

  let store: Store

  var routes: [ServeRoute] {
    [
      ServeRoute(
        method: "POST", path: "/v1/embeddings",
        summary: "OpenAI's embeddings. What has a vector in the store costs nothing.",
        takes: "EmbeddingRequest", gives: "EmbeddingAnswer", answer: embed),
      ServeRoute(
        method: "GET", path: "/v1/models", summary: "The embedding models at hand.",
        gives: "ModelList"
      ) { _ in
        try HTTPResponse(
          json: ["object": "list", "data": .array(spaces.map(Self.model))] as JSONValue)
      },
      ServeRoute(
        method: "GET", path: "/v1/models/{model…}", summary: "One of them.", gives: "Model"
      ) { call in
        try HTTPResponse(json: Self.model(try space(call.value("model"), dimensions: nil)))
      },
    ]
  }

  private struct Request: Decodable {
    /// One text or several.
    struct Input: Decodable {
      let texts: [String]

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          texts = [text]
        } else if let texts = try? container.decode([String].self) {
          self.texts = texts
        } else {
          let isTokens =
            (try? container.decode([Int].self)) != nil
            || (try? container.decode([[Int]].self)) != nil
          throw HTTPError(
            400, "invalid_argument",
            isTokens
              ? "input is made of tokens, and this server takes texts, which it counts itself; send texts "
                + "(LangChain: check_embedding_ctx_length=False)"
              : "input is neither a text nor a list of texts; send one of them",
            parameter: "input")
        }
      }
    }

    let input: Input
    let model: String
    let dimensions: Int?
    let encoding_format: String?
    /// What the texts are, for models that tell questions and documents apart. OpenAI has no such field.
    let input_type: String?
  }

  private func embed(_ call: ServeCall) async throws -> HTTPResponse {
    let request = try call.body(Request.self)
    let texts = request.input.texts
    guard (1...Self.maximumTexts).contains(texts.count) else {
      throw HTTPError(
        400, "invalid_argument",
        "input has \(texts.count) texts; send 1 to \(Self.maximumTexts)", parameter: "input")
    }
    let encoding = request.encoding_format ?? "float"
    guard ["float", "base64"].contains(encoding) else {
      throw HTTPError(
        400, "invalid_argument",
        "encoding_format is \"\(encoding.prefix(40))\"; it is float or base64",
        parameter: "encoding_format")
    }
    let purpose: EmbeddingPurpose
    switch request.input_type ?? "document" {
    case "document": purpose = .document
    case "query": purpose = .query
    default:
      throw HTTPError(
        400, "invalid_argument", "input_type is document or query", parameter: "input_type")
    }
    let space = try space(request.model, dimensions: request.dimensions)
    let found = try await store.embed(texts, in: space, purpose: purpose)
    return HTTPResponse(
      contentType: "application/json",
      Data(try Self.answer(found, isBase64: encoding == "base64").utf8))
  }

  /// The answer as JSON. An encoder would take longer for the numbers than the search for its answer.
  private static func answer(_ found: EmbeddedTexts, isBase64: Bool) throws -> String {
    let model = try JSONOutput.line(found.space.model).dropLast()
    var json = "{\"object\":\"list\",\"model\":\(model),\"data\":["
    for (index, vector) in found.vectors.enumerated() {
      let embedding =
        isBase64
        ? "\"\(vector.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }.base64EncodedString())\""
        : "[\(vector.map(\.description).joined(separator: ","))]"
      json +=
        "\(index > 0 ? "," : ""){\"object\":\"embedding\",\"index\":\(index),\"embedding\":\(embedding)}"
    }
    return json
      + "],\"usage\":{\"prompt_tokens\":\(found.tokens),\"total_tokens\":\(found.tokens)}}\n"
  }

  /// The spaces of the services at hand.
  private var spaces: [EmbeddingSpace] {
    let configuration = store.configuration
    guard configuration.mode != .mock else { return [.mock] }
    return ([configuration.service].compactMap(\.self) + configuration.otherServices).map(\.space)
  }

  /// The space of a model, by its name alone or with its provider and dimensions. In mode MOCK every name is
  /// the mock model's, and the answer says so.
  private func space(_ model: String, dimensions: Int?) throws -> EmbeddingSpace {
    if store.configuration.mode == .mock {
      return try dimensions.map { try MockService(dimensions: $0).space } ?? .mock
    }
    let known = spaces
    guard !known.isEmpty else {
      throw StoreError(
        .serviceUnavailable, "there is no embedding service, so that nothing can be embedded")
    }
    let named = known.filter { $0.model == model || $0.name == model }
    guard !named.isEmpty else {
      throw HTTPError(
        404, "model_not_found",
        "there is no model \"\(model.prefix(100))\"; this server has "
          + known.map { "\"\($0.model)\"" }.joined(separator: ", "), parameter: "model")
    }
    guard let dimensions else { return named[0] }
    guard let space = named.first(where: { $0.dimensions == dimensions }) else {
      throw HTTPError(
        400, "invalid_argument",
        "dimensions is \(dimensions), and this server makes vectors of \(model.prefix(100)) with "
          + named.map { "\($0.dimensions)" }.joined(separator: ", ")
          + "; leave dimensions out, or run the server with OPENAI_DIMENSIONS",
        parameter: "dimensions")
    }
    return space
  }

  private static func model(_ space: EmbeddingSpace) -> JSONValue {
    [
      "id": .string(space.model), "object": "model", "created": 0,
      "owned_by": .string(space.provider),
    ]
  }
}
