// Servers that people run, as a LoopbackServer plays them: where they are, what they take, what they
// refuse and in which words. The facts are those of their sources and of reports by their users.

import Foundation

/// How a server differs from OpenAI's, beside its faults.
package struct LoopbackPersonality: Sendable {
  /// How an answer is written.
  package struct Answer: Sendable {
    /// How `index` is written.
    package enum Index: Sendable { case number, text, null, absent, absentIfZero }
    /// How `usage` is written, if not with the right numbers.
    package enum Usage: Sendable { case right, absent, null, zero, text, characters, absurd }

    package var index = Index.number
    package var usage = Usage.right
    /// Members that no API describes.
    package var extra = ""
    /// The model's name in the answer, if it is another.
    package var model: String?
    /// What each component is multiplied by.
    package var length: Float = 1
    /// Whether components are whole numbers.
    package var isWhole = false
    package var startsWithMark = false
    package var isCompressed = false
  }

  /// Where embeddings are.
  package var path = "/v1/embeddings"
  /// The query that has to come with it.
  package var query: String?
  /// A path from which it sends on to ``path``, and the status of that answer.
  package var redirect: (from: String, status: Int)?
  /// The header that the key comes in; nil is `Authorization`, as `Bearer`.
  package var keyHeader: String?
  package var answer = Answer()
  /// Fields of a request that it knows beside OpenAI's.
  package var fields: Set<String> = []
  /// Seconds that a text takes.
  package var secondsPerText = 0.0
  /// How it reranks, if that is what it does.
  package var rerank: LoopbackRerank?
  /// What it refuses, and how.
  package var refusal: @Sendable (LoopbackCall, _ number: Int) -> LoopbackRefusal? = { _, _ in nil }

  package init() {}
}

extension LoopbackRefusal {
  /// An answer with these bytes as its body.
  package static func raw(
    _ status: Int, _ body: String, headers: [String: String] = [:]
  ) -> LoopbackRefusal {
    var refusal = LoopbackRefusal(status: status, message: "", headers: headers)
    refusal.rawBody = body
    return refusal
  }
}

extension LoopbackBehaviour {
  /// A server with one model, which wants no key.
  package static func server(
    model: String = "own", dimensions: Int = 384,
    _ change: (inout LoopbackPersonality) -> Void = { _ in }
  ) -> LoopbackBehaviour {
    LoopbackBehaviour {
      $0.needsKey = false
      $0.models = [model: dimensions]
      $0.knowsModels = false
      change(&$0.personality)
    }
  }

  /// A server that refuses more than so many texts of a request.
  package static func capped(
    _ most: Int, status: Int = 400, _ body: @escaping @Sendable (LoopbackCall) -> String
  ) -> LoopbackBehaviour {
    server {
      $0.refusal = { call, _ in call.texts.count > most ? .raw(status, body(call)) : nil }
    }
  }

  /// A server that refuses more than so many tokens of a request, a token for four bytes.
  package static func cappedTokens(
    _ most: Int, status: Int = 400, _ body: @escaping @Sendable (Int) -> String
  ) -> LoopbackBehaviour {
    server {
      $0.refusal = { call, _ in
        let tokens = call.texts.reduce(0) { $0 + ($1.utf8.count + 3) / 4 }
        return tokens > most ? .raw(status, body(tokens)) : nil
      }
    }
  }

  /// A server that refuses a text of more than so many words.
  package static func longTexts(
    _ most: Int, status: Int, _ body: @escaping @Sendable (Int) -> String
  ) -> LoopbackBehaviour {
    server {
      $0.refusal = { call, _ in
        let longest = call.texts.map { $0.split(separator: " ").count }.max() ?? 0
        return longest > most ? .raw(status, body(longest)) : nil
      }
    }
  }

  /// A server that refuses `encoding_format` of a value, or of any.
  package static func encodingRefused(
    _ values: Set<String> = ["base64"], status: Int, _ body: String
  ) -> LoopbackBehaviour {
    server {
      $0.refusal = { call, _ in
        call.encodingFormat.map { values.contains($0) } == true ? .raw(status, body) : nil
      }
    }
  }

  /// A server that refuses everything.
  package static func refusingAll(_ status: Int, _ body: String) -> LoopbackBehaviour {
    server { $0.refusal = { _, _ in .raw(status, body) } }
  }

  // MARK: - Caps

  package static let dashScope = capped(10) { _ in
    #"{"error":{"message":"<400> InternalError.Algo.InvalidParameter: Value error, batch size is "#
      + #"invalid, it should not be larger than 10.: input.contents","type":"InvalidParameter","#
      + #""param":null,"code":"InvalidParameter"}}"#
  }
  package static let tei = capped(32, status: 422) { call in
    #"{"message":"batch size \#(call.texts.count) > maximum allowed batch size 32","code":422,"#
      + #""type":"Validation"}"#
  }
  package static let cloudflare = capped(100) { _ in
    #"{"errors":[{"message":"at most 100 texts in one batch","code":5006}],"success":false}"#
  }
  package static let mistralTexts = capped(512) { _ in
    #"{"object":"error","message":"Too many inputs in request. Max is 512","type":"invalid_request_error"}"#
  }
  package static let voyageTexts = capped(1000) { _ in
    #"{"detail":"The batch size limit is 1000."}"#
  }
  package static let mistral = cappedTokens(16_384) { tokens in
    #"{"object":"error","message":"Too many tokens in batch. Max is 16384 got \#(tokens)","#
      + #""type":"invalid_request_error","param":null,"code":"3210"}"#
  }
  package static let voyage = cappedTokens(120_000) { tokens in
    #"{"detail":"Request to model 'voyage-3' failed. The max allowed tokens per submitted batch is "#
      + #"120000. Your batch has \#(tokens) tokens after truncation."}"#
  }
  package static let vertex = cappedTokens(20_000) { tokens in
    #"[{"error":{"code":400,"message":"The input token count is \#(tokens) but the model supports "#
      + #"up to 20000.","status":"INVALID_ARGUMENT"}}]"#
  }
  package static let gitHubModels: LoopbackBehaviour = {
    var server = cappedTokens(64_000, status: 413) { _ in
      #"{"error":{"code":"tokens_limit_reached","message":"Request body too large for own model. "#
        + #"Max size: 64000 tokens.","details":null}}"#
    }
    server.personality.path = "/inference/embeddings"
    return server
  }()
  package static let gemini: LoopbackBehaviour = {
    var server = capped(100) { _ in
      #"[{"error":{"code":400,"message":"* BatchEmbedContentsRequest.requests: at most 100 requests "#
        + #"can be in one batch\n","status":"INVALID_ARGUMENT"}}]"#
    }
    server.personality.path = "/v1beta/openai/embeddings"
    server.personality.answer.index = .absentIfZero
    return server
  }()
  /// infinity's own address, its cap of 32 texts told by FastAPI, which echoes the whole input.
  package static let infinity: LoopbackBehaviour = {
    var server = capped(32, status: 422) { call in
      let echo = call.texts.map(LoopbackRefusal.quoted).joined(separator: ",")
      return
        #"{"detail":[{"type":"too_long","loc":["body","input"],"msg":"List should have at most "#
        + #"32 items after validation, not \#(call.texts.count)","input":[\#(echo)]}]}"#
    }
    server.personality.path = "/embeddings"
    server.personality.answer.usage = .characters
    return server
  }()
  /// A server that fails without a word above 64 texts.
  package static let failingAbove64 = capped(64, status: 500) { _ in "Internal Server Error" }

  // MARK: - Forms

  package static let oldVLLM = encodingRefused(
    status: 400,
    #"{"object":"error","message":"base64 encoding is not currently supported","#
      + #""type":"BadRequestError","param":null,"code":400}"#)
  package static let openRouter: LoopbackBehaviour = {
    var server = encodingRefused(status: 200, #"{"object":"list","data":[],"model":"own"}"#)
    server.personality.path = "/api/v1/embeddings"
    return server
  }()
  package static let sap = encodingRefused(status: 400, #"{"error":{"message":"Bad Request"}}"#)
  package static let failingAtBase64 = encodingRefused(status: 500, "Internal Server Error")
  package static let unimplementedBase64 = encodingRefused(
    status: 501, #"{"error":"not implemented"}"#)
  package static let jina = encodingRefused(
    ["base64", "float"], status: 422,
    #"{"detail":"extra fields not permitted: ['encoding_format']"}"#)
  package static let ollama: LoopbackBehaviour = {
    var server = LoopbackBehaviour.server { $0.answer.length = 7.3 }
    server.base64 = .ignored
    return server
  }()
  package static let lmStudio: LoopbackBehaviour = {
    var server = LoopbackBehaviour.server { $0.answer.usage = .zero }
    server.base64 = .ignored
    return server
  }()
  package static let together: LoopbackBehaviour = {
    var server = LoopbackBehaviour.server {
      $0.answer.usage = .absent
      $0.refusal = { call, _ in
        call.dimensions == nil
          ? nil : .raw(400, #"{"error":{"message":"dimensions is not supported","code":null}}"#)
      }
    }
    server.base64 = .ignored
    return server
  }()

  // MARK: - Texts that are too long

  package static let llamaCpp = longTexts(512, status: 500) { words in
    #"{"error":{"code":500,"message":"input (\#(words) tokens) is too large to process. increase the "#
      + #"physical batch size (current batch size: 512)","type":"server_error"}}"#
  }
  package static let vLLM = longTexts(512, status: 400) { words in
    #"{"object":"error","message":"This model's maximum context length is 512 tokens. However, you "#
      + #"requested \#(words) tokens in the input for embedding generation. Please reduce the length "#
      + #"of the input.","type":"BadRequestError","param":null,"code":400}"#
  }
  package static let oldTEI = longTexts(512, status: 413) { words in
    #"{"message":"Input validation error: `inputs` must have less than 512 tokens. Given: \#(words)","#
      + #""code":413,"type":"Validation"}"#
  }
  /// Fails for one text without a word of it.
  package static let failingForOne = longTexts(512, status: 500) { _ in
    #"{"error":{"message":"Internal Server Error"}}"#
  }
  package static let inferenceFailed = longTexts(512, status: 424) { _ in
    #"{"error":"Inference failed","error_type":"backend"}"#
  }
}
