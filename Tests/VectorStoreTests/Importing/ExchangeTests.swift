import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import VectorStore

/// An export is the store: what it holds comes back as it was, for nothing.
@Suite struct ExchangeTests {
  private static let space = EmbeddingSpace.named("me/words/64")

  /// One file, opened as by a user with a service, without one, with one that is down, and in mode MOCK.
  private struct Doors {
    var all: [Store] = []

    init(_ path: String) async throws {
      for (mode, service) in [
        (.hybrid, FakeService(space: space)), (.hybrid, nil),
        (.real, FakeService(space: space, isDown: true)), (.mock, nil),
      ] as [(ServiceMode, FakeService?)] {
        all.append(
          try await Store(
            path: path, configuration: StoreConfiguration(mode: mode, service: service)))
      }
    }

    func close() async throws { for store in all { try await store.close() } }
  }

  /// Messages of a mailbox have nothing between them but what parts them, which an export has too.
  @Test func messagesStayApart() async throws {
    let folder = try TemporaryFolder()
    let mailbox = (1...3).map {
      "From a@b.org Tue Jun  3 10:15:0\($0) 2025\nSubject: Letter \($0)\n\nA walrus, \($0) times.\n\n"
    }
    let path = try folder.write(mailbox.joined(), to: "letters.mbox")
    let export = folder.path("letters.jsonl")
    var seen: [StoredDocument] = []
    for name in ["a.db", "b.db"] {
      let store = try await Store(
        path: folder.path(name), configuration: StoreConfiguration(mode: .mock))
      if seen.isEmpty {
        try await store.add(paths: [path])
        try await store.export(to: export)
      } else {
        try await store.import(from: export)
      }
      let document = try #require(try await store.get("letters.mbox"))
      seen.append(document)
      #expect(document.text?.split(separator: "\u{0C}").count == 3, "\(document.text ?? "")")
      let hits = try await store.query("walrus", options: QueryOptions(limit: 3)).hits
      #expect(Set(hits.map(\.headings.first)) == ["message 1", "message 2", "message 3"])
      let chunks = try JSONEncoder().encode(document.chunks)
      #expect(try JSONDecoder().decode([StoredChunk].self, from: chunks) == document.chunks)
      try await store.close()
    }
    #expect(seen[0].text == seen[1].text)
  }

  private static func document(_ name: String, _ random: inout SeededGenerator) -> Document {
    let words = (0..<Int.random(in: 1...60, using: &random)).map { _ in
      ["bread", "ärger", "walrus\n\n", "🎉", "e\u{301}", "the", "\"quoted\"", "tusk\t"]
        .randomElement(using: &random) ?? ""
    }
    let text = "\(name) " + words.joined(separator: " ")
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      let front = "---\ntitle: T\nn: 3\n---\n"
      return Document(id: name + ".md", text: front + text, metadata: ["n": 4, "x": .null])
    case 1:
      let vector = (0..<64).map { _ in Float.random(in: -1...1, using: &random) }
      return Document(id: name, text: text, vector: vector, metadata: ["long": .number(1.5)])
    case 2:
      let vector = (0..<64).map { _ in Float.random(in: -1...1, using: &random) }
      return Document(
        id: name,
        chunks: [
          .init(text: text, range: 5..<9, line: 2), .init(text: nil, vector: vector),
          .init(text: "\(name) end", vector: vector),
        ])
    default: return Document(id: name, text: text)
    }
  }

  #if DEBUG
    private static let collections = 12
  #else
    private static let collections = 50
  #endif

  /// Some collections a seed, each of documents that came in different ways.
  @Test(arguments: 0..<4 as Range<UInt64>)
  func exportImportExportIsTheSameBytes(seed: UInt64) async throws {
    let folder = try TemporaryFolder()
    let doors = try await Doors(folder.path("a.db"))
    var random = SeededGenerator(seed: seed)
    var names: [String] = []
    for number in 0..<Self.collections {
      let name = "c\(number)"
      let isMock = Int.random(in: 0..<5, using: &random) == 0
      for part in 0..<Int.random(in: 1...3, using: &random) {
        var options = AddOptions()
        options.chunking = ChunkingOptions(maximumTokens: 32, overlapTokens: 8)
        options.space = isMock ? nil : Self.space
        let documents = (0..<Int.random(in: 1...3, using: &random)).map {
          Self.document("\(number)-\(part)-\($0)", &random)
        }.filter { !isMock || ($0.vector == nil && $0.chunks.isEmpty) }
        let door = doors.all[isMock ? 3 : Int.random(in: 0..<3, using: &random)]
        if !documents.isEmpty { _ = try? await door.add(documents, to: name, options: options) }
      }
      if try await doors.all[0].count(in: name) > 0 { names.append(name) }
    }
    // Passages that a service refused have no vector.
    try await doors.all[0].file.write { db in
      try db.sqlite().execute(
        sql: """
          DELETE FROM vectors WHERE chunk_id % 7 = 0;
          UPDATE chunks SET failure_code = 'input_refused', failure_message = 'no "such" text'
            WHERE id % 7 = 0;
          """)
    }
    let asked = Counter()
    let service = FakeService(space: Self.space, onRequest: { _ in asked.raise() })
    let copy = try await Store(
      path: folder.path("b.db"), configuration: StoreConfiguration(mode: .hybrid, service: service))
    var states: Set<DocumentSummary.State> = []
    for name in names {
      let (first, second) = (folder.path("1.jsonl"), folder.path("2.jsonl"))
      try await doors.all[0].export(to: first, from: name)
      let report = try await copy.import(from: first, into: name)
      #expect(
        report.errors.isEmpty && report.requests == 0, "seed \(seed), \(name): \(report.errors)")
      try await copy.export(to: second, from: name)
      #expect(
        try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)),
        "seed \(seed), \(name)")
      let documents = try await doors.all[0].list(in: name)
      #expect(try await copy.list(in: name).map(\.source) == documents.map(\.source))
      for document in documents {
        states.insert(document.state)
        let (one, other) = (
          try await doors.all[0].get(document.source, in: name),
          try await copy.get(document.source, in: name)
        )
        #expect(one?.text == other?.text && one?.summary == other?.summary)
      }
      // Again, nothing changes.
      let again = try await copy.import(from: first, into: name)
      #expect(again.documents == .init(unchanged: documents.count), "seed \(seed), \(name)")
    }
    #expect(states == [.complete, .standIn, .pending, .failed])
    #expect(asked.value == 0)
    let options = QueryOptions(ranking: .lexical)
    for name in names {
      let hits = try await doors.all[0].query("bread walrus", in: name, options: options).hits
      let copied = try await copy.query("bread walrus", in: name, options: options).hits
      #expect(hits.map(\.text) == copied.map(\.text), "seed \(seed), \(name)")
    }
    try await doors.close()
    try await copy.close()
    try expectWhole(folder.path("b.db"))
  }

  /// Counts calls.
  private final class Counter: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func raise() { count.withLock { $0 += 1 } }
  }

  @Test func mockVectorsStayMockVectors() async throws {
    try await withStore { store, folder in
      try await store.add([Document(id: "a", text: "hi there")], to: "m")
      let file = folder.path("e.jsonl")
      try await store.export(to: file, from: "m")
      // They are made of the text again, and take no room.
      #expect(try Data(contentsOf: URL(filePath: file)).count < 1000)
      let other = try await Store(
        path: folder.path("o.db"), configuration: StoreConfiguration(mode: .hybrid))
      try await other.import(from: file, into: "n")
      let collection = try #require(try await other.collections().first)
      #expect(collection.space == .mock && collection.vectors == [.mock: 1])
      #expect(try await other.vectors(of: ["a"], in: "n") == store.vectors(of: ["a"], in: "m"))
      // The file says what its vectors are: nothing else is believed.
      let refused = await errorCode {
        try await other.import(from: file, space: .openAI3Small, into: "x")
      }
      #expect(refused == .spaceMismatch)
      try await other.add([Document(id: "b", text: "b")], to: "real")
      #expect(
        await errorCode { try await other.import(from: file, into: "real") } == .spaceMismatch)
      try await other.close()
    }
  }

  /// The copy of a collection knows its service, its roles and the weights of its space.
  @Test func theCollectionComesBackWithItsService() async throws {
    let folder = try TemporaryFolder()
    let doors = try await Doors(folder.path("a.db"))
    let options = AddOptions(space: Self.space)
    try await doors.all[0].add([Document(id: "a", text: "one")], options: options)
    try await doors.all[0].add([Document(id: "b", text: "two")], options: options)
    try await doors.all[0].file.write { db in
      try db.sqlite().execute(
        sql: """
          UPDATE collections SET target_chosen = 1,
            service = '{"address":"http://localhost:7/v1","wantsKey":false}';
          UPDATE spaces SET roles = '{"query":{"prefix":"query: "}}', fingerprint = 'abc'
            WHERE kind = 'real';
          """)
    }
    let copy = try await Store(
      path: folder.path("b.db"), configuration: StoreConfiguration(mode: .hybrid))
    let (first, second) = (folder.path("1.jsonl"), folder.path("2.jsonl"))
    try await doors.all[0].export(to: first)
    try await copy.import(from: first)
    try await copy.export(to: second)
    #expect(
      try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)))
    let collection = try #require(try await copy.collections().first)
    #expect(collection.service == "http://localhost:7/v1")
    #expect(collection.roles?.query.prefix == "query: ")
    #expect(try await copy.file.read { try SpacesTable.fingerprint(of: Self.space, $0) } == "abc")

    // Vectors that were made otherwise are not mixed with these.
    try await copy.file.write {
      try $0.execute(sql: "UPDATE spaces SET fingerprint = 'other' WHERE kind = 'real'")
    }
    #expect(await errorCode { try await copy.import(from: first, into: "c") } == .spaceMismatch)
    try await doors.close()
    try await copy.close()
  }

  /// A vector that was paid for is not lost to an export that has none.
  @Test func vectorsThatThereAreStayThoughTheExportHasNone() async throws {
    let folder = try TemporaryFolder()
    let doors = try await Doors(folder.path("a.db"))
    let options = AddOptions(metadata: ["v": 1], space: Self.space)
    try await doors.all[1].add([Document(id: "a", text: "one text")], options: options)
    try await doors.all[1].export(to: folder.path("e.jsonl"))
    try await doors.all[0].reembed()
    try await doors.all[0].updateMetadata(of: "a", to: ["v": 2])
    let report = try await doors.all[1].import(from: folder.path("e.jsonl"))
    #expect(report.documents == .init(updated: 1))
    #expect(try await doors.all[1].list().map(\.state) == [.complete])
    #expect(try await doors.all[1].get("a")?.summary.metadata == ["v": 1])
    try await doors.close()
  }

  @Test func linesThatAreWrongAreNamed() async throws {
    try await withStore { store, folder in
      try await store.add([Document(id: "a", text: "hi there")])
      let file = folder.path("e.jsonl")
      try await store.export(to: file)
      let line = try String(contentsOfFile: file, encoding: .utf8)
      for (found, instead, message) in [
        ("\"origin\":\"text\"", "\"origin\":\"sky\"", "found sky in \"origin\""),
        ("\"end\":8", "\"end\":9", "name none of the document's text"),
        ("\"hash\":\"", "\"hash\":\"x", "64 hexadecimal digits"),
        (
          "mock/hashed-features-2/1536\":null", "me/words/64\":null", "has no vector of me/words/64"
        ),
        ("\"vectors\"", "\"victors\"", "\"victors\""),
      ] {
        #expect(line.contains(found), "\(line)")
        let bad = line.replacingOccurrences(of: found, with: instead)
          .replacingOccurrences(of: "\"id\":\"a\"", with: "\"id\":\"b\"")
        let report = try await store.import(from: try folder.write(bad, to: "bad.jsonl"))
        #expect(report.documents == .init(failed: 1))
        #expect(report.errors.first?.message.contains(message) == true, "\(report.errors)")
      }
    }
  }

  @Test func arraysGzipAndUTF16AreRead() async throws {
    try await withStore { store, folder in
      let array =
        " [ {\"_id\": 1, \"title\": \"Über [1]\",\n \"text\": \"a, \\\"b\\\" ]\"},\n"
        + "{\"_id\": \"2\",\"text\":\"zwei 🎉\",\"metadata\":{\"n\":[1,{\"m\":2}]}} ]\n"
      let lines = "{\"id\":\"1\",\"text\":\"eins 🎉\"}\r\n{\"id\":\"2\",\"text\":\"zwei\"}"
      var files: [URL] = []
      for (name, text) in [("array", array), ("lines", lines)] {
        for (suffix, encoding) in [
          ("8", .utf8), ("16", .utf16), ("le", .utf16LittleEndian), ("be", .utf16BigEndian),
        ] as [(String, String.Encoding)] {
          let url = folder.url.appending(path: "\(name)-\(suffix).json")
          let mark = encoding == .utf8 ? "\u{FEFF}" : ""
          try #require((mark + text).data(using: encoding)).write(to: url)
          files.append(url)
        }
      }
      for url in files {
        let packed = url.appendingPathExtension("gz")
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "gzip -c '\(url.path)' > '\(packed.path)'"]
        try process.run()
        process.waitUntilExit()
        for file in [url, packed] {
          let report = try await store.import(from: file.path, into: file.lastPathComponent)
          #expect(
            report.documents == .init(added: 2) && report.errors.isEmpty,
            "\(file.lastPathComponent): \(report.errors)")
          let text = try await store.get("2", in: file.lastPathComponent)?.text
          #expect(text?.hasPrefix("zwei") == true)
        }
      }
      #expect(
        try await store.get("1", in: "array-le.json")?.summary.metadata == ["title": "Über [1]"])
      let cut = try folder.write("[{\"id\":\"1\",\"text\":\"a\"},", to: "cut.json")
      #expect(
        try await store.import(from: cut, into: "cut").documents == .init(added: 1, failed: 1))
    }
  }
}
