// One request to a loopback server and its answer, for the server's own tests: bodies written by
// hand, answers read back with the vectors they hold.

import Foundation

@testable import TestSupport

extension LoopbackServer {
  /// Sends one request for vectors on a connection of its own.
  func exchange(
    _ body: String, path: String = "/v1/embeddings", key: String? = "sk-test",
    headers: [String] = ["Content-Type: application/json"], readTimeout: Double = 20,
    limit: Int = 64 << 20
  ) async throws -> RawClient.Answer {
    let port = port
    return try await RawClient.run {
      let client = try RawClient(port: port, readTimeout: readTimeout)
      try client.post(body, path: path, key: key, headers: headers)
      return client.answer(limit: limit)
    }
  }
}

/// The body of a request for vectors; `more` is appended to its members.
func embeddingsBody(
  _ texts: [String], model: String = "text-embedding-3-small", _ more: String = ""
) throws -> String {
  let input = String(decoding: try JSONEncoder().encode(texts), as: UTF8.self)
  return "{\"input\": \(input), \"model\": \"\(model)\"\(more)}"
}

extension RawClient.Answer {
  /// The answer as `CreateEmbeddingResponse`; what a fault may take away is optional.
  func reply() throws -> EmbeddingsReply {
    try JSONDecoder().decode(EmbeddingsReply.self, from: Data(body))
  }

  /// `error.code` of an answer that is to be an `ErrorResponse`.
  func code() throws -> String? {
    try JSONDecoder().decode(ErrorReply.self, from: Data(body)).error.code
  }
}

private struct ErrorReply: Decodable {
  struct Details: Decodable {
    var message: String
    var type: String
    var param: String?
    var code: String?
  }

  var error: Details
}

/// `CreateEmbeddingResponse`.
struct EmbeddingsReply: Decodable {
  struct Item: Decodable {
    var object: String
    var index: Int?
    var embedding: Embedding?
    /// The vector; empty where there is none.
    var vector: [Float] { embedding?.vector ?? [] }
  }

  struct Embedding: Decodable {
    var vector: [Float]
    var isBase64: Bool

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      guard let text = try? value.decode(String.self), let data = Data(base64Encoded: text) else {
        vector = try value.decode([Float].self)
        isBase64 = false
        return
      }
      isBase64 = true
      vector = stride(from: 0, to: data.count, by: 4).map { offset in
        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[offset + $1]) << (8 * $1) }
        return Float(bitPattern: bits)
      }
    }
  }

  struct Usage: Decodable {
    var prompt_tokens: Int
    var total_tokens: Int
  }

  var object: String
  var model: String
  var data: [Item]
  var usage: Usage?
}
