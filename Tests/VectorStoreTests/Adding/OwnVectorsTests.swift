// Documents that bring their vectors or their chunks, and chunkers of the caller's.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

@Suite struct OwnVectorsTests {
  private static let vectors = StoreImportExportTests.unitVectors(4, seed: 11)

  @Test func aTextWithItsVectorCostsNothingAndIsFoundByBoth() async throws {
    let sent = Texts()
    let service = FakeService(onRequest: { sent.add($0) })
    try await withStore(mode: .real, service: service) { store, _ in
      let documents = Self.vectors.enumerated().map { number, vector in
        Document(
          id: "\(number)", text: "passage \(number)", vector: vector, metadata: ["n": .integer(1)])
      }
      let report = try await store.add(documents)
      #expect(report.documents == .init(added: 4))
      #expect(report.chunks == .init(reused: 4))
      #expect(report.requests == 0 && sent.all.isEmpty)
      let hit = try await store.query(vectors: [Self.vectors[2]])[0].hits[0]
      #expect(hit.source == "2" && hit.score > 0.999 && hit.space == service.space)
      #expect(hit.text == "passage 2" && hit.start == 0 && hit.end == 9 && hit.line == 1)
      var options = QueryOptions()
      options.ranking = .lexical
      #expect(try await store.query("3", options: options).hits.map(\.source) == ["3"])
      #expect(try await store.add(documents).documents == .init(unchanged: 4))
      let moved = Document(id: "2", text: "passage 2", vector: Self.vectors[0])
      #expect(try await store.add([moved]).documents == .init(updated: 1))
      let found = try await store.query(vectors: [Self.vectors[0]])[0].hits.prefix(2).map(\.source)
      #expect(Set(found) == ["0", "2"])
    }
  }

  @Test func aVectorNeedsNoTextAndNoService() async throws {
    try await withStore(mode: .real) { store, _ in
      let report = try await store.add([
        Document(id: "v", vector: Self.vectors[0], metadata: ["kind": .string("bare")])
      ]).requireComplete()
      #expect(report.documents == .init(added: 1))
      let stored = try #require(try await store.get("v"))
      #expect(stored.text == nil && stored.chunks.map(\.text) == [nil])
      let hit = try await store.query(vectors: [Self.vectors[0]])[0].hits[0]
      #expect(hit.source == "v" && hit.text == nil)
    }
  }

  @Test func anImportOfTheSameIsUnchanged() async throws {
    try await withStore(mode: .real) { store, folder in
      let writer = try JSONLWriter(path: folder.path("rows.jsonl"))
      try writer.append(
        id: "a", text: "a passage", vector: Self.vectors[0], metadata: [:], norm: 1)
      try writer.finish()
      try await store.import(from: folder.path("rows.jsonl"))
      let report = try await store.add([
        Document(id: "a", text: "a passage", vector: Self.vectors[0])
      ])
      #expect(report.documents == .init(unchanged: 1))
    }
  }

  @Test func chunksAreTakenAsTheyAre() async throws {
    let sent = Texts()
    let service = FakeService(onRequest: { sent.add($0) })
    try await withStore(mode: .real, service: service) { store, _ in
      let document = Document(
        id: "play",
        chunks: [
          "Act one. A long and stormy night.", .init(text: "Act two.", vector: Self.vectors[1]),
          .init(text: nil, vector: Self.vectors[2]),
          .init(text: "Act three.", range: 40..<50, line: 3),
        ])
      let report = try await store.add([document]).requireComplete()
      #expect(report.chunks == .init(embedded: 2, reused: 2))
      #expect(sent.all == ["Act one. A long and stormy night.", "Act three."])
      let chunks = try #require(try await store.get("play")).chunks
      #expect(chunks.map(\.text) == document.chunks.map(\.text))
      #expect(chunks[3].start == 40 && chunks[3].end == 50 && chunks[3].line == 3)
      #expect(try await store.query(vectors: [Self.vectors[2]])[0].hits[0].ordinal == 2)
      #expect(try await store.add([document]).documents == .init(unchanged: 1))
      var shorter = document
      shorter.chunks.removeLast()
      #expect(try await store.add([shorter]).chunks == .init(reused: 3))
      #expect(try #require(try await store.get("play")).chunks.count == 3)
    }
  }

  @Test func chunksWaitForTheServiceWithTheirVectors() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    let document = Document(
      id: "play", chunks: ["Act one.", .init(text: "Act two.", vector: Self.vectors[1], line: 7)])
    let down = try await Store(path: path, configuration: StoreConfiguration(mode: .real))
    let report = try await down.add([document])
    #expect(report.documents == .init(pending: 1))
    #expect(throws: StoreError.self) { try report.requireComplete() }
    try await down.close()
    let sent = Texts()
    let service = FakeService(onRequest: { sent.add($0) })
    let up = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: service))
    #expect(try await up.reembed(isDryRun: true).chunks == .init(embedded: 1))
    let reembedded = try await up.reembed()
    #expect(reembedded.isComplete && reembedded.pendingPlaced == 1 && sent.all == ["Act one."])
    let chunks = try #require(try await up.get("play")).chunks
    #expect(chunks.map(\.text) == ["Act one.", "Act two."] && chunks[1].line == 7)
    #expect(try await up.query(vectors: [Self.vectors[1]])[0].hits[0].ordinal == 1)
    #expect(try await up.add([document]).documents == .init(unchanged: 1))
    try await up.close()
    try expectWhole(path)
  }

  @Test func vectorsThatWaitedForAnotherSpaceAreNotMixedIn() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    let down = try await Store(path: path, configuration: StoreConfiguration(mode: .real))
    try await down.add([
      Document(
        id: "play", chunks: ["Act one.", .init(text: "Act two.", vector: Self.vectors[1])]),
      Document(id: "bare", chunks: ["A text.", .init(text: nil, vector: Self.vectors[2])]),
    ])
    try await down.close()
    let small = FakeService(space: .named("me/small/128"))
    let up = try await Store(
      path: path, configuration: StoreConfiguration(mode: .real, service: small))
    let report = try await up.reembed(to: small.space)
    #expect(report.pendingRemaining == 0)
    #expect(try await up.get("play")?.chunks.map(\.spaces) == [[small.space], [small.space]])
    #expect(try await up.get("bare")?.chunks.map(\.spaces) == [[small.space], []])
    #expect(report.errors.map(\.code) == [.empty])
    try await up.close()
    try expectWhole(path)
  }

  @Test func badVectorsAreRefusedOneByOne() async throws {
    var infinite = Self.vectors[0]
    infinite[7] = .infinity
    let bad: [Document] = [
      Document(id: "short", text: "words", vector: [1, 2, 3]),
      Document(id: "infinite", vector: infinite),
      Document(
        id: "zero", chunks: [.init(text: "words", vector: [Float](repeating: 0, count: 1536))]),
    ]
    try await withStore(mode: .real) { store, _ in
      let good = Document(id: "good", vector: Self.vectors[0])
      let report = try await store.add(bad + [good])
      #expect(report.documents == .init(added: 1, failed: 3))
      #expect(report.errors.map(\.code) == [.badVector, .badVector, .badVector])
      #expect(report.errors.map(\.index) == [0, 1, 2])
      #expect(
        report.refused == [
          "bad_vector/wrong_dimensions": 1, "bad_vector/not_finite": 1, "bad_vector/zero": 1,
        ])
      #expect(report.errors[2].message.contains("the vector of chunk 0 of \"zero\""))
      for document in bad {
        #expect(await errorCode { try await store.add([document]) } == .badVector)
      }
    }
  }

  @Test func whatMakesNoDocumentIsRefused() async throws {
    var both = Document(id: "a", vector: Self.vectors[0])
    both.chunks = ["words"]
    var nothing = Document(id: "a", text: "words")
    nothing.text = nil
    var nameless = Document(id: "a", vector: Self.vectors[0])
    nameless.source = nil
    let bad: [(Document, StoreError.Code)] = [
      (both, .invalidArgument), (nothing, .empty), (nameless, .empty),
      (Document(id: "a", chunks: [.init(text: nil)]), .empty),
      (Document(id: "a", chunks: ["words", " "]), .empty),
      (Document(id: "a", chunks: ["wo\0rds"]), .malformedInput),
    ]
    try await withStore(mode: .real) { store, _ in
      for (document, code) in bad {
        #expect(await errorCode { try await store.add([document]) } == code)
      }
      let collections = try await store.collections()
      #expect(collections.isEmpty)
    }
  }

  /// Cuts at line ends.
  private struct Lines: TextChunker {
    func chunks(of text: String, format: DocumentFormat) -> [TextChunk] {
      TextChunk.pieces(
        text.split(separator: "\n").map { $0.startIndex..<$0.endIndex }, of: text)
    }
  }

  @Test func theCallersChunkerCuts() async throws {
    try await withStore { store, folder in
      var options = AddOptions()
      options.chunker = Lines()
      let text = "Erste Zeile ä\n\nZweite 👩‍👩‍👧 Zeile\nDritte"
      try await store.add([Document(id: "lines", text: text)], options: options)
      let stored = try #require(try await store.get("lines"))
      #expect(stored.chunks.map(\.text) == ["Erste Zeile ä", "Zweite 👩‍👩‍👧 Zeile", "Dritte"])
      #expect(stored.chunks.map(\.line) == [1, 3, 4])
      let scalars = Array(text.unicodeScalars)
      for chunk in stored.chunks {
        let (start, end) = (try #require(chunk.start), try #require(chunk.end))
        var found = String.UnicodeScalarView()
        found.append(contentsOf: scalars[start..<end])
        #expect(String(found) == chunk.text)
      }
      try Data(text.utf8).write(to: URL(filePath: folder.path("lines.txt")))
      try await store.add(paths: [folder.path("lines.txt")], options: options)
      #expect(try await store.list().map(\.chunks) == [3, 3])
      let again = try await store.add([Document(id: "lines", text: text)], options: options)
      #expect(again.documents == .init(unchanged: 1))
      let recut = try await store.add([Document(id: "lines", text: text)])
      #expect(recut.documents == .init(updated: 1))
      #expect(try await store.get("lines")?.chunks.count == 1)
    }
  }

  /// Cuts nothing but blanks.
  private struct Blanks: TextChunker {
    func chunks(of text: String, format: DocumentFormat) -> [TextChunk] {
      [TextChunk(text: " ", range: 0..<1, line: 1)]
    }
  }

  @Test func aChunkerThatCutsBlanksIsAnError() async throws {
    try await withStore { store, _ in
      var options = AddOptions()
      options.chunker = Blanks()
      let document = Document(id: "a", text: "some words")
      let code = await errorCode { try await store.add([document], options: options) }
      #expect(code == .empty)
    }
  }

  @Test(arguments: [ServiceMode.mock, .hybrid, .real], [true, false])
  func aDryRunTellsTheSame(_ mode: ServiceMode, _ hasService: Bool) async throws {
    let dimensions = mode == .mock ? MockService().space.dimensions : 1536
    let vectors = Self.vectors.map { Array($0.prefix(dimensions)) }
    let documents = [
      Document(id: "a", text: "a text", vector: vectors[0]), Document(id: "b", vector: vectors[1]),
      Document(id: "c", chunks: ["some words", .init(text: "a text", vector: vectors[2])]),
      Document(id: "a", text: "a text", vector: vectors[0]), Document(id: "d", text: "a text"),
    ]
    try await withStore(mode: mode, service: hasService ? FakeService() : nil) { store, _ in
      for batch in [documents, documents.reversed(), Array(documents.prefix(3))] {
        var options = AddOptions()
        options.isDryRun = true
        var planned = try await store.add(batch, options: options)
        let done = try await store.add(batch)
        (planned.isDryRun, planned.duration) = (false, done.duration)
        // The service has no counter, so that tokens are bounded before.
        #expect(planned.tokens >= done.tokens)
        planned.tokens = done.tokens
        #expect(planned == done)
      }
    }
  }
}

/// Texts that a service was sent, sorted.
private final class Texts: Sendable {
  private let texts = Mutex<[String]>([])
  var all: [String] { texts.withLock { $0.sorted() } }
  func add(_ more: [String]) { texts.withLock { $0 += more } }
}
