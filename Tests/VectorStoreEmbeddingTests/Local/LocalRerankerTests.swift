// Cross-encoders that run here: right scores, pairs that are cut, and folders that are refused with a reason.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct LocalRerankerTests {
  @Test(arguments: [false, true])
  func givesTheScoreOfItsFormula(isProbability: Bool) async throws {
    let fixture = try RerankerFixture(activation: isProbability ? nil : "Identity")
    let model = try fixture.open()
    #expect(model.provider == "local" && model.model == "tiny" && model.maximumTokens == 32)
    let passages = ["money back!", "Refunds", "unaffable refunded café", "水"]
    let scores = try await model.scores(of: passages, for: "refund").scores
    for (passage, score) in zip(passages, scores) {
      let tokenizer = try fixture.tokenizer()
      let (a, b) = (tokenizer.tokens(of: "refund"), tokenizer.tokens(of: passage))
      let logit = fixture.logit(a.map(Int.init), b.map(Int.init))
      let expected = isProbability ? 1 / (1 + exp(-logit)) : logit
      #expect(abs(Double(score) - expected) < 1e-5, "\(passage)")
    }
    #expect(Set(scores).count == passages.count)
    // In whichever batch.
    #expect(try await model.scores(of: [passages[2]], for: "refund").scores == [scores[2]])
  }

  @Test func pairsOfXLMRHaveTwoTokensBetweenAndOneSegment() async throws {
    let fixture = try RerankerFixture(isXLMR: true)
    let model = try fixture.open()
    let score = try await model.scores(of: ["money back"], for: "refund").scores[0]
    // Positions begin behind the padding token, number 0 here.
    let states = fixture.model.states(
      of: [2, 7, 3, 3, 5, 6, 3], segments: Array(repeating: 0, count: 7), firstPosition: 1)
    #expect(abs(Double(score) - 1 / (1 + exp(-fixture.logit(states[0])))) < 1e-5)
  }

  /// The cases of Hugging Face's tokenizers, `longest_first`.
  @Test(
    arguments: [
      (3, 4, 10, 3, 4), (3, 20, 10, 3, 7), (20, 3, 10, 7, 3), (20, 30, 10, 5, 5),
      (20, 30, 11, 5, 6), (30, 20, 11, 6, 5), (5, 6, 11, 5, 6), (0, 20, 10, 0, 10),
    ])
  func cutsTheLongerText(a: Int, b: Int, most: Int, first: Int, second: Int) {
    #expect(Pair.lengths(a, b, most: most) == (first, second))
  }

  @Test func aPassageThatIsTooLongIsCutAtItsEnd() async throws {
    let model = try RerankerFixture().open()
    let long = Array(repeating: "money back", count: 40).joined(separator: " ")
    let scores = try await model.scores(of: [long, long + " refund refund"], for: "refund").scores
    #expect(scores[0] == scores[1])
    // 32 tokens, of which three stand around and one is the question.
    let whole = Array(repeating: "money back", count: 14).joined(separator: " ")
    #expect(try await model.scores(of: [whole], for: "refund").scores[0] == scores[0])
  }

  @Test func aCancelledTaskStops() async throws {
    let model = try RerankerFixture().open()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await model.scores(of: ["money"], for: "refund")
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func refusesWhatItCannotRun() throws {
    func refusal(_ change: (inout RerankerFixture) throws -> Void) throws -> String {
      var fixture = try RerankerFixture()
      try change(&fixture)
      try fixture.model.write()
      do {
        _ = try fixture.open()
        return "opened"
      } catch let error as LocalModelError {
        let path = fixture.model.folder.url.path
        return "\(error.code.rawValue): \(error.message.replacing(path, with: "M"))"
      }
    }
    #expect(try refusal { _ in } == "opened")
    #expect(
      try refusal { try $0.configure(["architectures": ["BertModel"]]) }
        == "unsupported: M/config.json describes BertModel; a reranker is BertForSequenceClassification or "
        + "XLMRobertaForSequenceClassification")
    #expect(
      try refusal {
        $0.model.tensors["classifier.weight"] = .init(Array(repeating: 0, count: 192), [3, 64])
      } == "unsupported: M/model.safetensors has 3 labels; a reranker has one: the score")
    #expect(
      try refusal { $0.model.tensors["bert.pooler.dense.weight"] = nil }
        == "unsupported: M/model.safetensors has no tensor bert.pooler.dense.weight; expected a model of the "
        + "kind its config says")
    #expect(
      try refusal {
        try $0.configure(["sbert_ce_default_activation_function": "torch.nn.modules.Softmax"])
      }.hasSuffix("asks for the activation Softmax; Sigmoid and Identity are run here"))
    #expect(
      try refusal { try $0.configure(["position_embedding_type": "alibi"]) }
        == "unsupported: M/config.json asks for position_embedding_type alibi; absolute is run here"
    )
  }

  @Test func isNoModelForVectorsNorTheOtherWayRound() async throws {
    let fixture = try RerankerFixture()
    let folder = fixture.model.folder.url.path
    #expect(try LocalReranker.isReranker(folder: folder))
    let error = #expect(throws: LocalModelError.self) { try LocalModel(folder: folder) }
    #expect(error?.message.contains("describes a reranker (BertForSequenceClassification)") == true)
    #expect(try !LocalReranker.isReranker(folder: ModelFixture().folder.url.path))
  }

  @Test func theLibraryKeepsRerankersBesideModels() async throws {
    let home = try TemporaryFolder()
    let library = ModelLibrary(folder: home.path("models"))
    let (fixture, model) = (try RerankerFixture(), try ModelFixture())
    try await library.addReranker(folder: fixture.model.folder.url.path, name: "judge")
    #expect(library.models().isEmpty && library.chosen == nil)
    try await library.add(folder: model.folder.url.path, name: "tiny")
    #expect(library.rerankers().map(\.name) == ["judge"])
    #expect(library.models().map(\.name) == ["tiny"])
    let direct = try await fixture.open().scores(of: ["money"], for: "refund").scores
    #expect(try await library.reranker().scores(of: ["money"], for: "refund").scores == direct)
    let missing = #expect(throws: LocalModelError.self) { try library.reranker("tiny") }
    #expect(missing?.message == "there is no reranker tiny on this machine; there are judge")
    let taken = await #expect(throws: LocalModelError.self) {
      try await library.add(folder: model.folder.url.path, name: "judge")
    }
    #expect(taken?.code == .exists)
    try Data("x".utf8).write(to: URL(filePath: library.folder + "/judge/model.safetensors"))
    #expect(throws: LocalModelError.self) { try library.reranker("judge") }
    try library.remove("judge")
    #expect(library.rerankers().isEmpty)
  }
}

extension RerankerFixture {
  func open() throws -> LocalReranker {
    try LocalReranker(folder: model.folder.url.path, name: "tiny")
  }

  func tokenizer() throws -> ModelTokenizer {
    try TokenizerFile.tokenizer(of: ModelFolder(path: model.folder.url.path))
  }

  /// The logit of a pair of BERT's, in double precision and without any of the product's code.
  func logit(_ a: [Int], _ b: [Int]) -> Double {
    let tokens = [2] + a + [3] + b + [3]
    let segments = tokens.indices.map { $0 < a.count + 2 ? 0 : 1 }
    return logit(model.states(of: tokens, segments: segments)[0])
  }

  /// The logit of the vector of the first token.
  func logit(_ state: [Double]) -> Double {
    let names =
      isXLMR
      ? ("classifier.dense", "classifier.out_proj") : ("bert.pooler.dense", "classifier")
    func layer(_ x: [Double], _ name: String) -> [Double] {
      let (w, b) = (model.numbers(name + ".weight"), model.numbers(name + ".bias"))
      return b.indices.map { n in x.indices.reduce(b[n]) { $0 + x[$1] * w[n * x.count + $1] } }
    }
    return layer(layer(state, names.0).map { tanh($0) }, names.1)[0]
  }
}
