// Rerank servers that people run, as a LoopbackServer plays them: where they are, which field they take
// passages in, and how they write scores. The facts are those of their documentation and sources.

import Foundation

/// How a server reranks. The score of a passage is the share of the question's words that it has.
package struct LoopbackRerank: Sendable {
  /// How the scores are written.
  package enum Form: Sendable {
    /// `{"results": [{"index", "relevance_score"}], "usage"}`: Jina, vLLM, infinity, llama.cpp.
    case results
    /// The same with `meta.billed_units`, which tells no tokens: Cohere.
    case searches
    /// `{"data": …}`: Voyage.
    case data
    /// A bare list of `{"index", "score"}`: TEI.
    case list
  }

  /// The field that passages come in.
  package var field = "documents"
  package var form = Form.results
  /// What is answered in place of the right scores.
  package var wrong: (@Sendable ([Float]) -> String)?

  package init(field: String = "documents", form: Form = .results) {
    self.field = field
    self.form = form
  }

  /// The score of a passage for a question.
  package static func score(_ passage: String, _ question: String) -> Float {
    func words(_ text: String) -> Set<Substring> {
      Set(text.lowercased().split { !$0.isLetter && !$0.isNumber })
    }
    let asked = words(question)
    return Float(words(passage).intersection(asked).count) / Float(max(1, asked.count))
  }

  func answer(_ passages: [String], _ question: String, _ tokens: Int) -> String {
    let scores = passages.map { Self.score($0, question) }
    if let wrong { return wrong(scores) }
    let name = form == .list ? "score" : "relevance_score"
    // Best first, as servers do.
    let items = scores.indices.sorted { scores[$0] > scores[$1] }
      .map { "{\"index\": \($0), \"\(name)\": \(scores[$0])}" }.joined(separator: ", ")
    return switch form {
    case .results:
      "{\"model\": \"own\", \"results\": [\(items)], \"usage\": {\"total_tokens\": \(tokens)}}"
    case .searches:
      "{\"id\": \"1\", \"results\": [\(items)], \"meta\": {\"api_version\": {\"version\": \"2\"}, "
        + "\"billed_units\": {\"search_units\": 1}}}"
    case .data:
      "{\"object\": \"list\", \"data\": [\(items)], \"usage\": {\"total_tokens\": \(tokens)}}"
    case .list: "[\(items)]"
    }
  }

  func refusal(of call: LoopbackCall) -> LoopbackRefusal? {
    guard call.passagesField != field else { return nil }
    return form == .list
      ? .raw(
        422,
        "Failed to deserialize the JSON body into the target type: missing field `\(field)` at line 1 "
          + "column 80")
      : .raw(
        422, #"{"detail":[{"type":"missing","loc":["body","\#(field)"],"msg":"Field required"}]}"#)
  }
}

extension LoopbackBehaviour {
  /// A server of rerankers at a path, which wants no key.
  package static func reranker(
    _ path: String, field: String = "documents", _ form: LoopbackRerank.Form,
    _ change: (inout LoopbackPersonality) -> Void = { _ in }
  ) -> LoopbackBehaviour {
    server {
      $0.path = path
      $0.rerank = LoopbackRerank(field: field, form: form)
      change(&$0)
    }
  }

  package static let jinaReranker = reranker("/v1/rerank", .results)
  package static let cohereReranker = reranker("/v2/rerank", .searches)
  package static let voyageReranker = reranker("/v1/rerank", .data)
  package static let infinityReranker = reranker("/rerank", .results)
  /// Text Embeddings Inference, whose usual most texts of a request are 32.
  package static let teiReranker = reranker("/rerank", field: "texts", .list) {
    $0.refusal = { call, _ in
      call.texts.count > 32
        ? .raw(
          413,
          #"{"error":"batch size \#(call.texts.count) > maximum allowed batch size 32","error_type":"#
            + #""Validation"}"#) : nil
    }
  }
}
