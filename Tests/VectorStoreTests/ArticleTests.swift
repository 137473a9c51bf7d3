// The examples of the articles in Documentation.docc, compiled and run.

import Foundation
import TestSupport
import Testing
import VectorStore

@Suite struct ArticleTests {
  // MARK: - The landing page, and "Getting started"

  @Test func landingPage() async throws {
    let folder = try TemporaryFolder()
    let store = try await Store(
      path: "notes.db".at(folder), configuration: StoreConfiguration(mode: .mock))
    let notes = store.collection("notes")
    try await notes.add([
      Document(id: "sky", text: "The sky is blue because air scatters blue light the most."),
      Document(id: "bread", text: "Bread rises because yeast turns sugar into gas."),
    ]).requireComplete()

    let answer = try await notes.query("why is the sky blue?", limit: 1)
    print(answer.hits[0].source)  // sky
    #expect(answer.hits.map(\.source) == ["sky"])
  }

  @Test func gettingStarted() async throws {
    let folder = try TemporaryFolder()
    try folder.write("Tea needs three minutes.", to: "docs/tea.md")
    let store = try await Store(
      path: "notes.db".at(folder), configuration: StoreConfiguration(mode: .mock))
    let notes = store.collection("notes")

    try await notes.add([
      Document(id: "sky", text: "The sky is blue because air scatters blue light the most."),
      Document(id: "bread", text: "Bread rises because yeast turns sugar into gas."),
    ]).requireComplete()

    let report = try await notes.add(paths: ["docs".at(folder)])
    print(report.documents.added, report.chunks.embedded, report.costUSD)
    #expect(report.documents.added == 1)

    let answer = try await notes.query("why is the sky blue?", limit: 1)
    for hit in answer.hits {
      print(hit.score, hit.source, hit.text ?? "")
    }
    #expect(answer.hits.map(\.source) == ["sky"])

    let german = try await notes.query(
      "Warum ist der Himmel blau?", limit: 5,
      filter: .equals("lang", "de") && .atLeast("year", 2020))
    #expect(german.hits.isEmpty)

    let document = try await notes.get("sky")
    print(document?.text ?? "")
    for try await summary in notes.documents { print(summary.source) }
    try await notes.remove(["bread"])
    #expect(document?.text?.hasPrefix("The sky") == true)
    #expect(try await notes.count() == 2)

    let draft = try await Store.temporary()
    try await draft.add([Document(id: "sky", text: "The sky is blue.")]).requireComplete()

    try await store.backup(to: "copy.db".at(folder))
    #expect(FileManager.default.fileExists(atPath: folder.path("copy.db")))
  }

  @Test func gettingStartedWithAKey() async throws {
    let folder = try TemporaryFolder()
    let key = "sk-none"
    let service = try OpenAIService(configuration: OpenAIConfiguration(apiKey: APIKey(key)))
    let store = try await Store(
      path: "notes.db".at(folder), configuration: StoreConfiguration(mode: .real, service: service))
    #expect(store.mode == .real)
  }

  // MARK: - "Parsing documents"

  @Test func parsingDocuments() async throws {
    let key = "llx-none"
    let parse = LlamaParseConfiguration(apiKey: APIKey(key), types: ["pdf"])
    let configuration = StoreConfiguration(
      mode: .hybrid, documentService: try LlamaParseService(configuration: parse))
    let folder = try TemporaryFolder()
    let store = try await Store(path: "notes.db".at(folder), configuration: configuration)
    #expect(store.configuration.documentService?.configuration.types == ["pdf"])
  }

  // MARK: - "Your own embedder"

  @Test func yourOwnEmbedder() async throws {
    let folder = try TemporaryFolder()
    let model = MyModel()
    let service = try MyService(model: model)
    let store = try await Store(
      path: "notes.db".at(folder), configuration: StoreConfiguration(mode: .real, service: service))
    try await store.add([Document(id: "sky", text: "blue sky")]).requireComplete()
    #expect(try await store.query("sky").hits.first?.source == "sky")

    var terms = ServiceTerms()
    terms.textsPerRequest = 64
    terms.tokensPerText = 512
    terms.concurrentRequests = 4
    try terms.validate()
  }

  @Test func anEmbedderIsToldThePurpose() async throws {
    let folder = try TemporaryFolder()
    let service = try MyPrefixingService(model: MyModel())
    let store = try await Store(
      path: folder.path("notes.db"),
      configuration: StoreConfiguration(mode: .real, service: service))
    try await store.add([Document(id: "sky", text: "blue sky")]).requireComplete()
    let cosine = try #require(try await store.query("blue sky").hits.first?.cosine)
    #expect(cosine < 0.999, "a question gets another prefix than a document")
  }

  // MARK: - "Your own vectors"

  @Test func yourOwnVectors() async throws {
    let folder = try TemporaryFolder()
    let (cat, dog) = (MyModel.vector(of: "cat", 512), MyModel.vector(of: "dog", 512))
    let question = cat
    let space = try EmbeddingSpace(provider: "me", model: "images", dimensions: 512, kind: .real)
    let store = try await Store(path: "images.db".at(folder))
    let images = store.collection("images", space: space)
    try await images.add([
      Document(id: "cat.jpg", vector: cat, metadata: ["width": 640]),
      Document(id: "dog.jpg", text: "A dog in the snow.", vector: dog, metadata: ["width": 320]),
    ]).requireComplete()

    let answer = try await images.query(vector: question, limit: 10, filter: .atLeast("width", 600))
    #expect(answer.hits.map(\.source) == ["cat.jpg"])

    let vectors = try await images.vectors(of: ["cat.jpg"])
    let found = try await images.vectors(of: answer.hits.map(\.id))
    #expect(vectors.count == 1 && vectors == found)

    let play = Document(id: "play", chunks: ["Act one. A storm.", "Act two. An island."])
    #expect(play.chunks.count == 2)
  }

  // MARK: - "Spaces and collections"

  @Test func spacesAndCollections() async throws {
    let folder = try TemporaryFolder()
    let texts = MyOtherService(space: .openAI3Small)
    let images = try MyService(model: MyModel())
    func example() -> StoreConfiguration {
      let configuration = StoreConfiguration(mode: .real, service: texts, otherServices: [images])
      return configuration
    }
    var configuration = example()
    configuration.otherServices.append(MyOtherService(space: .openAI3Large))
    configuration.budget.ledgerPath = folder.path("ledger.db")
    let store = try await Store(path: folder.path("notes.db"), configuration: configuration)

    let notes = store.collection("notes", space: .openAI3Small)
    let pictures = store.collection("pictures", space: images.space)
    try await notes.add([
      Document(id: "port", text: "A port.", metadata: ["lang": "de", "year": 2020])
    ])
    .requireComplete()
    try await pictures.add([Document(id: "cat", text: "A cat.")]).requireComplete()

    let report = try await notes.reembed(to: .openAI3Large)
    let larger = store.collection("notes", space: .openAI3Large)
    #expect(report.isComplete)

    func ask(_ notes: Store.Collection) async throws -> [EmbeddingSpace?] {
      let filter = try Filter(parsing: "lang = 'de' and year >= 2020")
      let answer = try await notes.query("ports", limit: 5, filter: filter)
      return answer.hits.map(\.space)
    }
    #expect(try await ask(larger) == [.openAI3Large])
    #expect(await errorCode { _ = try await ask(notes) } == .spaceMismatch)
  }

  // MARK: - "Money"

  @Test func money() async throws {
    let folder = try TemporaryFolder()
    try folder.write("Tea needs three minutes.", to: "docs/tea.md")
    let service = MyOtherService(space: .openAI3Small)
    func example() throws -> StoreConfiguration {
      let budget = BudgetConfiguration(dailyCostLimit: try .usd("1.00"), hourlyRequestLimit: 1000)
      let configuration = StoreConfiguration(mode: .real, service: service, budget: budget)
      return configuration
    }
    var configuration = try example()
    configuration.budget.ledgerPath = folder.path("ledger.db")
    let store = try await Store(path: folder.path("notes.db"), configuration: configuration)
    let notes = store.collection("notes")

    var options = AddOptions()
    options.isDryRun = true
    let plan = try await notes.add(paths: ["docs".at(folder)], options: options)
    print(plan.tokens, plan.requests, plan.costUSD)
    #expect(plan.documents.added == 1 && plan.requests == 1)

    options.spending.maximumCost = try .usd("0.50")
    options.isDryRun = false
    try await notes.add(paths: [folder.path("docs")], options: options).requireComplete()

    let usage = try await store.usage()
    print(usage.today.costUSD, usage.dailyCost?.leftUSD ?? 0)
    #expect(usage.today.requests == 1)

    func batches() async throws {
      options.spending.usesBatches = true
      let report = try await notes.add(paths: ["docs".at(folder)], options: options)
      print(report.batched?.texts ?? 0, report.batched?.costUSD ?? 0)
      for batch in try await store.fetchBatches().batches { print(batch.state, batch.costUSD) }
    }
    // This service has no Batch API.
    await #expect(throws: StoreError.self) { try await batches() }
  }

  // MARK: - The articles

  /// The example is compiled; that a model answers is shown by the tests of LocalModel.
  @Test func aFolderWithoutAModelIsSaid() async throws {
    func example(_ folder: TemporaryFolder) async throws -> Store {
      let model = try LocalModel(folder: "/home/ada/models/all-MiniLM-L6-v2")
      let store = try await Store(
        path: "notes.db".at(folder), configuration: StoreConfiguration(service: model))
      return store
    }
    await #expect(throws: (any Error).self) { _ = try await example(try TemporaryFolder()) }
  }

  @Test func articlesShowOnlyTheseExamples() throws {
    let here = URL(filePath: #filePath)
    func words(_ text: String) -> String {
      text.replacing("import VectorStore\n", with: "").replacing(".at(folder)", with: "")
        .filter { !$0.isWhitespace }
    }
    let source = words(try String(contentsOf: here, encoding: .utf8))
    let catalogue = here.deletingLastPathComponent()
      .appending(path: "../../Sources/VectorStore/Documentation.docc").standardizedFileURL
    let pages = try FileManager.default.contentsOfDirectory(
      at: catalogue, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "md" }
    var examples = 0
    for page in pages {
      let text = try String(contentsOf: page, encoding: .utf8)
      for block in text.components(separatedBy: "```swift\n").dropFirst() {
        let example = block.components(separatedBy: "\n```")[0]
        examples += 1
        #expect(
          source.contains(words(example)),
          "\(page.lastPathComponent) shows an example that is not in ArticleTests.swift:\n\(example)"
        )
      }
    }
    #expect(examples >= 20)
  }

  @Test func yourOwnReranker() async throws {
    let folder = try TemporaryFolder()
    var configuration = StoreConfiguration(mode: .hybrid)
    configuration.reranker = MyReranker()
    let store = try await Store(path: "notes.db".at(folder), configuration: configuration)
    try await store.add([
      Document(id: "train", text: "You get your money back: the half of it, after an hour."),
      Document(id: "money", text: "Money, money, money."),
    ])
    let answer = try await store.query(
      "do I get money back?", options: QueryOptions(limit: 5, rerankDepth: 50))
    #expect(answer.hits.map(\.source) == ["train", "money"])
    #expect(answer.hits.map(\.score) == [2, 0])
  }
}

// MARK: - What the examples take as given

/// A model of a user's: counts letters.
private struct MyModel: Sendable {
  func vectors(of texts: [String]) async throws -> [[Float]] {
    texts.map { Self.vector(of: $0, 384) }
  }

  static func vector(of text: String, _ dimensions: Int) -> [Float] {
    var vector = [Float](repeating: 0.01, count: dimensions)
    for scalar in text.unicodeScalars { vector[Int(scalar.value) % dimensions] += 1 }
    return vector
  }
}

private struct MyService: EmbeddingService {
  let space: EmbeddingSpace
  let model: MyModel

  init(model: MyModel) throws {
    space = try EmbeddingSpace(provider: "me", model: "words", dimensions: 384, kind: .real)
    self.model = model
  }

  func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    EmbeddingBatch(vectors: try await model.vectors(of: texts), tokens: 0)
  }
}

private struct MyPrefixingService: EmbeddingService {
  let space: EmbeddingSpace
  let model: MyModel

  init(model: MyModel) throws {
    space = try EmbeddingSpace(provider: "me", model: "prefixes", dimensions: 384, kind: .real)
    self.model = model
  }

  func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    EmbeddingBatch(vectors: try await model.vectors(of: texts), tokens: 0)
  }

  func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddingBatch {
    let prefix = purpose == .query ? "query: " : "passage: "
    return try await embed(texts.map { prefix + $0 })
  }
}

private struct MyReranker: Reranker {
  let provider = "me"
  let model = "shared-words"

  func scores(of passages: [String], for question: String) async throws -> RerankScores {
    let asked = Set(question.lowercased().split(separator: " "))
    return RerankScores(
      scores: passages.map {
        Float(asked.intersection($0.lowercased().split(separator: " ")).count)
      })
  }
}

/// A service with a price, of any space.
private struct MyOtherService: EmbeddingService {
  let space: EmbeddingSpace

  var terms: ServiceTerms {
    var terms = ServiceTerms()
    terms.price = TokenPrice(perMillionTokens: NanoDollars(nano: 20_000_000))
    return terms
  }

  func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    EmbeddingBatch(vectors: texts.map { MyModel.vector(of: $0, space.dimensions) }, tokens: 3)
  }
}

extension String {
  /// Stands for a path in the working folder.
  fileprivate func at(_ folder: TemporaryFolder) -> String { folder.path(self) }
}
