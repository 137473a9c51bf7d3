import Foundation
import GRDB
import TestSupport
import Testing
@testable import VectorStore

@Suite struct StoreImportExportTests {
  static func unitVectors(_ count: Int, seed: UInt64) -> [[Float]] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
      let vector = (0..<1536).map { _ in Float.random(in: -1...1, using: &random) }
      let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      return vector.map { Float(Double($0) / norm) }
    }
  }

  static func rows(_ path: String) throws -> [[Float]] {
    let reader = try NPYReader(path: path)
    var block: [Float] = []
    try reader.read(rows: 0..<reader.rows, into: &block)
    return (0..<reader.rows).map {
      Array(block[$0 * reader.dimensions..<($0 + 1) * reader.dimensions])
    }
  }

  @Test func npyGoesInAndOutBitForBit() async throws {
    try await withStore { store, folder in
      let vectors = Self.unitVectors(50, seed: 1)
      try StoreQueryTests.write(vectors, to: folder.path("in.npy"))
      let report = try await store.import(from: folder.path("in.npy"), space: .openAI3Small)
      #expect(report.documents == .init(added: 50))
      #expect(report.chunks == .init(reused: 50))
      let exported = try await store.export(to: folder.path("out.npy"))
      #expect(exported.rows == 50 && exported.space == .openAI3Small)
      #expect(
        try Data(contentsOf: URL(filePath: folder.path("out.npy"))).suffix(50 * 6144)
          == Data(contentsOf: URL(filePath: folder.path("in.npy"))).suffix(50 * 6144))
      #expect(try await store.import(from: folder.path("in.npy")).documents == .init(unchanged: 50))
    }
  }

  /// Imports that began in the same millisecond took each other's documents for their own.
  @Test func importsAtTheSameTimeDoNotRefuseEachOthersIDs() async throws {
    let folder = try TemporaryFolder()
    var configuration = StoreConfiguration(mode: .mock)
    let time = Date(timeIntervalSince1970: 1_800_000_000)
    configuration.clock = { time }
    let store = try await Store(path: folder.path("test.db"), configuration: configuration)
    for (text, rest) in [
      ("first", ""), ("second", ""), ("third", "{\"id\": \"a\", \"text\": \"x\"}"),
    ] {
      let file = try folder.write(
        "{\"id\": \"a\", \"text\": \"\(text)\"}\n\(rest)\n", to: "\(text).jsonl")
      let report = try await store.import(from: file)
      let isFirst = text == "first"
      #expect(report.documents.added == (isFirst ? 1 : 0), "\(text)")
      #expect(report.documents.updated == (isFirst ? 0 : 1), "\(text)")
      #expect(report.errors.count == (rest.isEmpty ? 0 : 1), "\(text)")
      #expect(try await store.get("a")?.text == text)
    }
    try await store.close()
  }

  /// A blob of another length trapped the process, and one flipped bit went out as a vector.
  @Test(
    .aboutFiles, arguments: ["data = x'0000'", "data = zeroblob(6144)", "norm = 2", "checksum = 1"])
  func aDamagedVectorIsNotExported(damage: String) async throws {
    try await withStore { store, folder in
      let vectors = Self.unitVectors(3, seed: 1)
      try StoreQueryTests.write(vectors, to: folder.path("in.npy"))
      try await store.import(from: folder.path("in.npy"), space: nil)
      try await store.file.write {
        try $0.execute(sql: "UPDATE vectors SET \(damage) WHERE id = 2")
      }
      for file in ["out.npy", "out.jsonl"] {
        let code = await errorCode { try await store.export(to: folder.path(file)) }
        #expect(code == .damaged, "\(file)")
        #expect(!FileManager.default.fileExists(atPath: folder.path(file)))
      }
    }
  }

  @Test func jsonlGoesInAndOutBitForBit() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      let vectors = Self.unitVectors(20, seed: 2)
      let writer = try JSONLWriter(path: folder.path("in.jsonl"))
      for (index, vector) in vectors.enumerated() {
        try writer.append(
          id: "doc/\(index)", text: index == 3 ? nil : "text \"\(index)\"\nline two",
          vector: vector,
          metadata: ["n": .integer(Int64(index)), "tags": .array(["a", "é"])], norm: 1)
      }
      try writer.finish()
      #expect(try await store.import(from: folder.path("in.jsonl")).documents.added == 20)
      let hit = try #require(try await store.query(vectors: [vectors[7]])[0].hits.first)
      #expect(hit.source == "doc/7" && abs(hit.score - 1) < 1e-9)
      #expect(hit.metadata == ["n": 7, "tags": .array(["a", "é"])])
      try await store.export(to: folder.path("out.jsonl"), byChunk: true)
      let reader = try JSONLReader(path: folder.path("out.jsonl"))
      for vector in vectors { #expect(try reader.next()?.vector == vector) }
    }
  }

  @Test func vectorsOfAnyLengthKeepTheirNorm() async throws {
    try await withStore { store, folder in
      let vector = Self.unitVectors(1, seed: 3)[0].map { $0 * 4 }
      try StoreQueryTests.write([vector], to: folder.path("in.npy"))
      try await store.import(from: folder.path("in.npy"), space: .openAI3Small)
      try await store.export(to: folder.path("out.jsonl"), byChunk: true)
      let line = try #require(try JSONLReader(path: folder.path("out.jsonl")).next())
      #expect(abs(try #require(line.norm) - 4) < 1e-5)
      let stored = try #require(line.vector)
      #expect(abs(stored.reduce(0.0) { $0 + Double($1) * Double($1) } - 1) < 1e-6)
    }
  }

  @Test func textsStandBesideTheRows() async throws {
    try await withStore { store, folder in
      let vectors = Self.unitVectors(3, seed: 4)
      try StoreQueryTests.write(vectors, to: folder.path("v.npy"))
      try folder.write(
        """
        {"id": "a", "text": "first"}
        {"id": "b", "text": "second", "metadata": {"k": 1}}
        {"id": "c", "text": "third"}

        """, to: "t.jsonl")
      let (npy, texts) = (folder.path("v.npy"), folder.path("t.jsonl"))
      try await store.import(from: npy, texts: texts, space: .openAI3Small)
      #expect(try await store.query(vectors: [vectors[1]])[0].hits[0].text == "second")
      #expect(
        try await store.query("third", options: .init(lexical: true)).hits.map(\.source) == ["c"])

      try folder.write("{\"id\": \"a\", \"text\": \"first\"}\n", to: "short.jsonl")
      let code = await errorCode {
        try await store.import(from: npy, texts: folder.path("short.jsonl"))
      }
      #expect(code == .malformedInput)
    }
  }

  @Test func textsWithoutVectorsAreEmbedded() async throws {
    try await withStore { store, folder in
      let path = try folder.write(
        """
        {"_id": "1", "title": "Walrus", "text": "A walrus has tusks."}
        {"id": 2, "text": ""}
        {"id": "3", "text": "Bread has a crust."}

        """, to: "corpus.jsonl")
      let report = try await store.import(from: path)
      #expect(report.documents == .init(added: 3))
      #expect(report.chunks == .init(embedded: 2))
      #expect(report.warnings.contains { $0.hasPrefix("2 is empty") })
      let hit = try #require(try await store.query("tusks of a walrus").hits.first)
      #expect(hit.source == "1" && hit.metadata == ["title": "Walrus"])
    }
  }

  @Test func badLinesAreNamedAndTheRestGoesIn() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      let good = Self.unitVectors(1, seed: 5)[0].map { "\($0)" }.joined(separator: ",")
      let zero = [String](repeating: "0", count: 1536).joined(separator: ",")
      let path = try folder.write(
        """
        {"id": "good", "text": "fine", "vector": [\(good)]}
        {"id": "short", "vector": [1, 2, 3]}
        {"id": "zero", "vector": [\(zero)]}
        {"text": "nameless", "vector": [\(good)]}
        {"id": "broken", "text": "no end
        {"id": "good", "text": "other", "vector": [\(good)]}
        {"id": "long", "text": "\(String(repeating: "word ", count: 20_000))"}

        """, to: "mixed.jsonl")
      let report = try await store.import(from: path)
      #expect(report.documents == .init(added: 2, failed: 5))
      let messages = report.errors.map(\.message)
      for (line, part) in [
        (2, "vector has 3 dimensions, expected 1536"), (3, "zero"), (4, "\"id\""), (5, "line 5"),
        (6, "came before in this file"),
      ] {
        #expect(
          messages.contains { $0.contains("line \(line)") && $0.contains(part) },
          "line \(line): \(messages)")
      }
      #expect(report.isPartial)
      #expect(try await store.get("good")?.text == "fine")
      // A long text is cut, as a file is.
      #expect(try #require(try await store.get("long")).chunks.count > 20)
    }
  }

  @Test func oneIDIsOneDocumentWhicheverLineHasTheVector() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      let vector = Self.unitVectors(1, seed: 8)[0].map { "\($0)" }.joined(separator: ",")
      let path = try folder.write(
        """
        {"id": "x", "text": "the first line"}
        {"id": "x", "text": "the second line", "vector": [\(vector)]}
        {"id": "y", "text": "twice the same"}
        {"id": "y", "text": "twice the same"}

        """, to: "twice.jsonl")
      let report = try await store.import(from: path)
      #expect(report.documents.failed == 1 && report.documents.added == 2)
      #expect(report.errors.map(\.source) == ["x"])
      #expect(try await store.get("x")?.text == "the first line")
    }
  }

  @Test(.aboutFiles) func exportNeverWritesOverTheStore() async throws {
    try await withStore { store, folder in
      try await store.add([Document(id: "a", text: "kept")])
      let (own, link) = (folder.path("test.db"), folder.path("link.jsonl"))
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
      let npy = folder.path("o.npy")
      #expect(await errorCode { try await store.export(to: own) } == .invalidArgument)
      #expect(await errorCode { try await store.export(to: link) } == .invalidArgument)
      #expect(await errorCode { try await store.export(to: npy, texts: own) } == .invalidArgument)
      #expect(await errorCode { try await store.export(to: npy, texts: npy) } == .invalidArgument)
      #expect(try await store.get("a")?.text == "kept")
    }
  }

  @Test func textsWithNULAreRefusedNotCut() async throws {
    try await withStore { store, folder in
      let path = try folder.write(
        "{\"id\": \"p\", \"text\": \"before \\u0000 after\"}\n", to: "nul.jsonl")
      let report = try await store.import(from: path)
      #expect(report.documents == .init(failed: 1))
      #expect(report.errors[0].message.contains("found a NUL character in \"text\""))
      #expect(
        await errorCode { try await store.add([Document(text: "a\u{0}b")]) } == .malformedInput
      )
    }
  }

  @Test func exportStopsWhenItsTaskIsCancelled() async throws {
    try await withStore { store, folder in
      try await store.add((0..<500).map { Document(id: "\($0)", text: "text \($0)") })
      let path = folder.path("out.jsonl")
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await store.export(to: path)
      }
      await #expect(throws: CancellationError.self) { try await task.value }
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
      #expect(files.allSatisfy { $0.hasPrefix("test.db") }, "\(files)")
    }
  }

  @Test func otherDimensionsAreRefusedBeforeAnythingIsMade() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      try StoreQueryTests.write([[Float](repeating: 1, count: 768)], to: folder.path("v.npy"))
      let error = await #expect(throws: StoreError.self) {
        try await store.import(from: folder.path("v.npy"))
      }
      #expect(error?.code == .badVector)
      #expect(error?.message.contains("has 768 dimensions") == true)
      #expect(error?.message.contains("PROVIDER/MODEL/768") == true)
      #expect(try await store.collections().isEmpty)
    }
  }

  @Test func anotherSpaceIsRefused() async throws {
    try await withStore(mode: .hybrid) { store, folder in
      try StoreQueryTests.write(Self.unitVectors(2, seed: 6), to: folder.path("v.npy"))
      try await store.import(from: folder.path("v.npy"))
      let other = EmbeddingSpace("openai/text-embedding-ada-002/1536")
      let code = await errorCode {
        try await store.import(from: folder.path("v.npy"), space: other)
      }
      #expect(code == .spaceMismatch)
    }
  }

  @Test func filesThatAreNotWhatTheySayAreRefused() async throws {
    try await withStore { store, folder in
      let fake = try folder.write("not numpy at all", to: "fake.npy")
      #expect(await errorCode { try await store.import(from: fake) } == .malformedInput)
      #expect(
        await errorCode { try await store.import(from: folder.path("none.jsonl")) }
          == .pathNotFound)
    }
  }

  /// What is written for other programs, a line or a row a chunk, comes back as the documents it was.
  @Test func chunksOfLongDocumentsComeBackAsDocuments() async throws {
    try await withStore { store, folder in
      let text = (0..<900).map { "Sentence number \($0) stands here. " }.joined()
      try await store.add([
        Document(id: "long", text: text), Document(id: "s", text: "short"),
      ])
      let long = try #require(try await store.get("long"))
      let (jsonl, npy, texts) = (
        folder.path("out.jsonl"), folder.path("out.npy"), folder.path("texts.jsonl")
      )
      let report = try await store.export(to: jsonl, byChunk: true)
      try await store.export(to: npy, texts: texts)
      #expect(long.chunks.count > 3 && report.rows == long.chunks.count + 1)
      #expect(report.documents == 2)
      for (file, texts) in [(jsonl, nil), (npy, texts)] {
        let copy = try await Store(
          path: folder.path("\(UUID().uuidString).db"),
          configuration: StoreConfiguration(mode: .mock))
        #expect(try await copy.import(from: file, texts: texts).documents == .init(added: 2))
        #expect(try await copy.list().map(\.source) == ["long", "s"])
        #expect(try await copy.get("long")?.text == text)
        #expect(try await copy.vectors(of: ["long"]) == store.vectors(of: ["long"]))
        try await copy.close()
      }
    }
  }
}
