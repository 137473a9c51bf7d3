// Models that run here: right vectors, cut texts, and folders that are refused with a reason.

import Foundation
import TestSupport
import Testing
import VectorStoreText

@testable import VectorStoreEmbedding

@Suite struct LocalModelTests {
  @Test func anEncoderGivesTheVectorsOfItsFormula() async throws {
    let fixture = try ModelFixture()
    let model = try fixture.open()
    #expect(model.space.name == "local/tiny/64")
    #expect(model.maximumTokens == 32)
    let texts = ["money back!", "Refunds", "unaffable refunded café", "水"]
    let vectors = try await model.embed(texts).vectors
    for (text, vector) in zip(texts, vectors) {
      let tokens = [2] + model.tokenizer.tokens(of: text).map(Int.init) + [3]
      let states = fixture.states(of: tokens)
      let mean = (0..<64).map { c in states.reduce(0) { $0 + $1[c] } / Double(states.count) }
      let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for (found, expected) in zip(vector, mean) {
        #expect(abs(Double(found) - expected / length) < 1e-5)
      }
    }
    // In whichever batch.
    #expect(try await model.embed([texts[2]]).vectors[0] == vectors[2])
  }

  @Test func poolsByTheFirstTokenWherePoolingSaysSo() async throws {
    let fixture = try ModelFixture()
    try fixture.folder.write(
      #"[{"type": "a.Transformer", "path": ""}, {"type": "a.Pooling", "path": "1_Pooling"}]"#,
      to: "modules.json")
    try fixture.folder.write(
      #"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#,
      to: "1_Pooling/config.json")
    let vector = try await fixture.open().embed(["money"]).vectors[0]
    let state = fixture.states(of: [2, 5, 3])[0]
    for (found, expected) in zip(vector, state) { #expect(abs(Double(found) - expected) < 1e-4) }
  }

  @Test func readsHalfPrecision() async throws {
    var fixture = try ModelFixture()
    let exact = try await fixture.open().embed(["money back"]).vectors[0]
    for (type, precision) in [("F16", Float(2e-3)), ("BF16", 2e-2)] {
      let tensors = fixture.tensors
      for (name, tensor) in tensors {
        let numbers = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let halves = numbers.map { type == "F16" ? half($0) : UInt16($0.bitPattern >> 16) }
        fixture.tensors[name]?.type = type
        fixture.tensors[name]?.bytes = halves.withUnsafeBytes { Data($0) }
      }
      try fixture.write()
      let vector = try await fixture.open().embed(["money back"]).vectors[0]
      #expect(zip(vector, exact).allSatisfy { abs($0 - $1) < precision }, "\(type)")
      fixture.tensors = tensors
    }
  }

  /// A number of 2^-14 to 1 as a half, cut off.
  private func half(_ value: Float) -> UInt16 {
    guard abs(value) >= 0x1p-14 else { return 0 }
    let bits = value.bitPattern
    return UInt16(bits >> 16 & 0x8000) | UInt16(((bits >> 23 & 255) - 112) << 10)
      | UInt16(bits >> 13 & 1023)
  }

  @Test func aTextThatIsTooLongIsReadInParts() async throws {
    let model = try ModelFixture().open()
    let long = Array(repeating: "money back", count: 40).joined(separator: " ")
    #expect(await model.tokenCounter().count(long) == 82)
    #expect(model.terms.tokensPerText == 32)
    let other = try await model.embed([long + " refund refund"]).vectors[0]
    let vector = try await model.embed([long]).vectors[0]
    #expect(vector != other)
    #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
  }

  @Test func aCancelledTaskStops() async throws {
    let model = try ModelFixture().open()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await model.embed(["money"])
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func anotherModelHasAnotherFingerprint() throws {
    let one = try ModelFixture(seed: 1).open()
    #expect(try ModelFixture(seed: 1).open().fingerprint == one.fingerprint)
    #expect(try ModelFixture(seed: 2).open().fingerprint != one.fingerprint)
    #expect(one.fingerprint.count == 64)
  }

  @Test func aStaticModelGivesTheMeanOfItsRows() async throws {
    var fixture = try ModelFixture()
    var generator = SeededGenerator(seed: 9)
    let rows = ModelFixture.numbers(ModelFixture.pieces.count * 64, using: &generator)
    fixture.tensors = ["embeddings": .init(rows, [ModelFixture.pieces.count, 64])]
    try fixture.folder.write(#"{"model_type": "model2vec", "normalize": false}"#, to: "config.json")
    try fixture.folder.write("[]", to: "modules.json")
    try fixture.write()
    let model = try fixture.open()
    #expect(model.maximumTokens == nil)
    // The unknown word is left out; alone, it has a vector all the same.
    let vectors = try await model.embed(["money zebra back", "zebra"]).vectors
    for c in 0..<64 {
      #expect(abs(vectors[0][c] - (rows[5 * 64 + c] + rows[6 * 64 + c]) / 2) < 1e-6)
      #expect(abs(vectors[1][c] - rows[64 + c]) < 1e-6)
    }
  }

  @Test func refusesWhatItCannotRun() throws {
    let fixture = try ModelFixture()
    func refusal(_ changes: [String: Any]) throws -> String {
      try fixture.folder.write(fixture.configuration(changes), to: "config.json")
      do {
        _ = try fixture.open()
        return "opened"
      } catch let error as LocalModelError {
        return
          "\(error.code.rawValue): \(error.message.replacing(fixture.folder.url.path, with: "M"))"
      }
    }
    #expect(
      try refusal(["model_type": "mpnet"])
        == "unsupported: M/config.json describes a model of the kind mpnet; bert, xlm-roberta and static "
        + "(model2vec) models are run here")
    #expect(
      try refusal(["hidden_act": "relu"])
        == "unsupported: M/config.json asks for hidden_act relu; gelu is run here")
    #expect(
      try refusal(["num_hidden_layers": -1])
        == "damaged: M/config.json has -1 for num_hidden_layers; expected 1 to 128")
    #expect(
      try refusal(["num_hidden_layers": 3]).hasPrefix(
        "unsupported: M/model.safetensors has no tensor"))
    #expect(
      try refusal(["intermediate_size": 256])
        == "damaged: the tensor encoder.layer.0.intermediate.dense.weight of M/model.safetensors has the "
        + "shape [128, 64]; its config.json says [256, 64]")
    #expect(try refusal([:]) == "opened")
    #expect(throws: LocalModelError.self) {
      try LocalModel(folder: fixture.folder.url.path, name: nil, memory: 1000)
    }
    try FileManager.default.removeItem(atPath: fixture.folder.path("vocab.txt"))
    #expect(try refusal([:]).hasPrefix("missing: M has neither tokenizer.json nor vocab.txt"))
    #expect(throws: LocalModelError.self) { try LocalModel(folder: fixture.folder.path("nothing")) }
  }

  @Test func takesPromptsFromTheFolderElseByName() throws {
    let fixture = try ModelFixture()
    #expect(try fixture.open().roles == .none)
    let known = try LocalModel(folder: fixture.folder.url.path, name: "e5-small-v2")
    #expect(known.roles.query.prefix == "query: ")
    try fixture.folder.write(
      #"{"prompts": {"query": "ask: ", "document": "text: "}}"#,
      to: "config_sentence_transformers.json")
    #expect(try fixture.open().roles.document.prefix == "text: ")
  }
}

// MARK: - Against the reference implementations

extension LocalModelTests {
  @Test(
    .enabled("needs the model of .scripts/models, and shared data") {
      ReferenceModels.path("minilm") != nil && SharedData.file("minilm/texts.json") != nil
    })
  func equalsSentenceTransformers() async throws {
    let model = try LocalModel(folder: try #require(ReferenceModels.path("minilm")))
    let texts = try JSONDecoder().decode(
      [String].self, from: Data(contentsOf: try #require(SharedData.file("minilm/texts.json"))))
    let file = try Data(contentsOf: try #require(SharedData.file("minilm/vectors.npy")))
    let expected = file.suffix(texts.count * 384 * 4).withUnsafeBytes { bytes in
      (0..<texts.count * 384).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    // The reference cuts off after 256 tokens, without which its vectors would be other ones: those are read in
    // parts here. In a debug build the kernels are 20 times slower, so some must do.
    var compared = 0
    for (index, text) in texts.enumerated() where index % 4 == 0 {
      guard await model.tokenCounter().count(text) <= 256 else { continue }
      let vector = try await model.embed([text]).vectors[0]
      let furthest = zip(vector, expected[index * 384..<(index + 1) * 384]).map { abs($0 - $1) }
        .max()
      #expect((furthest ?? 1) < 1e-4, "text \(index)")
      compared += 1
    }
    #expect(compared >= 7)
  }

  @Test(
    .enabled("needs the references of .scripts/models") {
      ReferenceModels.path("static.jsonl") != nil
    })
  func equalsModel2Vec() async throws {
    let model = try LocalModel(folder: try #require(ReferenceModels.path("static")))
    for (text, expected) in try ReferenceModels.rows("static.jsonl") {
      let vector = try await model.embed([text]).vectors[0]
      #expect(zip(vector, expected).allSatisfy { abs(Double($0) - $1) < 1e-5 }, "\(text)")
    }
  }
}
