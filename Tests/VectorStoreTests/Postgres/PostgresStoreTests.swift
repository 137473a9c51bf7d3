// A store on PostgreSQL: what several have in common, what is lost on the way, and copies.

#if Postgres
  import Foundation
  import Synchronization
  import TestSupport
  import Testing
  @testable import VectorStore

  /// What every store promises, where a server keeps it. The suites that run over both kinds of store are run
  /// with `VECTOR_STORE_TESTS_ON=postgres`.
  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(5)))
  struct PostgresStoreTests {
    static func documents(_ count: Int, of name: String = "text") -> [Document] {
      (0..<count).map { number in
        Document(
          id: "\(name) \(number)",
          text: "Sentence \(number) of \(name) is here to be found, and so is \(number * 7).",
          metadata: ["number": .integer(Int64(number)), "name": .string(name)])
      }
    }

    /// The texts that a service was sent, with how often.
    private final class Sent: Sendable {
      let texts = Mutex<[String: Int]>([:])

      func take(_ new: [String]) {
        texts.withLock { texts in for text in new { texts[text, default: 0] += 1 } }
      }

      var mostOften: Int { texts.withLock { $0.values.max() ?? 0 } }
      var count: Int { texts.withLock { $0.count } }
    }

    private static func store(
      _ address: String, _ sent: Sent? = nil, delay: Duration? = nil
    ) async throws -> Store {
      let service = FakeService(onRequest: { texts in
        sent?.take(texts)
        if let delay { Thread.sleep(forTimeInterval: delay.inSeconds) }
      })
      return try await Store(
        path: address,
        configuration: StoreConfiguration(
          mode: sent == nil ? .mock : .hybrid, service: sent == nil ? nil : service))
    }

    /// An export of each collection, by its name.
    private static func exports(
      of store: Store, in folder: TemporaryFolder, _ name: String
    ) async throws -> [String: String] {
      var exports: [String: String] = [:]
      for collection in try await store.collections() {
        let path = folder.path("\(name)-\(collection.name).jsonl")
        try await store.export(to: path, from: collection.name)
        exports[collection.name] = try String(contentsOfFile: path, encoding: .utf8)
      }
      return exports
    }

    /// The server knows nothing yet of how many rows its tables have, and may not read all of them for each text.
    @Test func aTextReadsAFewRowsOfAGrowingTable() async throws {
      let database = try await PostgresServer.makeDatabase()
      let store = try await Self.store(database.uri)
      let text = (0..<4500).map { "Line number \($0) says something of its own here.\n" }.joined()
      var options = AddOptions()
      options.chunking = ChunkingOptions(maximumTokens: 16, overlapTokens: 0)
      let report = try await store.add([Document(id: "big", text: text)], options: options)
      // More than a run holds in memory: the rest was staged.
      #expect(report.chunks.embedded > 4096)
      #expect(try await store.get("big")?.text == text)
      try await store.close()
      #expect(try database.sql("SELECT COUNT(*) FROM vector_store.staged") == "0")
      // A connection says what it read when it ends.
      var read: [Int] = []
      while read.isEmpty || read[0] < report.chunks.embedded {
        try await Task.sleep(for: .milliseconds(20))
        read = try database.sql(
          """
          SELECT SUM(n_tup_ins), MAX(seq_tup_read + COALESCE(idx_tup_fetch, 0))
          FROM pg_stat_user_tables WHERE relname IN ('vectors_1', 'chunks', 'staged')
          """
        ).split(separator: "|").compactMap { Int($0) }
      }
      #expect(read[1] < 20 * report.chunks.embedded, "rows that were read")
    }

    @Test func aCopyThereAndBackIsTheSameBytes() async throws {
      let folder = try TemporaryFolder()
      let file = try await Self.store(folder.path("a.db"))
      try folder.write("# Tea\n\nGreen tea is steeped for two minutes.\n", to: "notes/tea.md")
      try await file.add(paths: [folder.path("notes")], to: "notes")
      try await file.add(Self.documents(150))
      let database = try await PostgresServer.makeDatabase()
      let there = try await Self.store(database.uri)
      let first = try await file.copy(to: there)
      #expect(first.collections.map(\.added) == [150, 1])
      let back = try await Self.store(folder.path("b.db"))
      try await there.copy(to: back)
      let expected = try await Self.exports(of: file, in: folder, "a")
      #expect(try await Self.exports(of: there, in: folder, "p") == expected)
      #expect(try await Self.exports(of: back, in: folder, "b") == expected)

      // Kept in step: only what changed is copied, and what went goes if that is asked for.
      try await file.add([Document(id: "text 3", text: "Another sentence.")])
      try await file.remove(["text 4"])
      let second = try await file.copy(to: there, collections: ["default"])
      #expect(second.collections.map(\.updated) == [1])
      #expect(second.collections.map(\.unchanged) == [148])
      #expect(second.collections.map(\.onlyThere) == [1])
      try await file.update()
      #expect(
        try await file.copy(to: there, collections: ["notes"]).collections.map(\.unchanged) == [1])
      let third = try await file.copy(to: there, collections: ["default"], prune: true)
      #expect(third.collections.map(\.removed) == [1])
      #expect(try await there.count() == 149)
      for store in [file, there, back] { try await store.close() }
    }

    /// The same files under two names would be two sets of documents.
    @Test func filesAreCalledInOneWay() async throws {
      let database = try await PostgresServer.makeDatabase()
      let folder = try TemporaryFolder()
      try folder.write("A walrus has tusks.", to: "notes/walrus.txt")
      let within = try await Self.store(database.uri + "?schema=one&folder=\(folder.url.path)")
      try await within.add(paths: [folder.path("notes")])
      #expect(try await within.list().map(\.source) == ["notes/walrus.txt"])
      let without = try await Self.store(database.uri + "?schema=one")
      #expect(
        await errorCode { try await without.add(paths: [folder.path("notes")]) } == .invalidArgument
      )
      #expect(try await without.query("tusks").hits.first?.source == "notes/walrus.txt")
      #expect(try await without.query("tusks").hits.first?.path == nil)

      let absolute = try await Self.store(database.uri + "?schema=two")
      try await absolute.add(paths: [folder.path("notes")])
      let other = try await Self.store(database.uri + "?schema=two&folder=\(folder.url.path)")
      #expect(
        await errorCode { try await other.add(paths: [folder.path("notes")]) } == .invalidArgument)
      for store in [within, without, absolute, other] { try await store.close() }
    }

    /// A vector of many dimensions does not fit into a page.
    @Test(arguments: [256, 1024, 1536, 3072, 4096])
    func vectorsOfAnyLengthAreKept(dimensions: Int) async throws {
      let database = try await PostgresServer.makeDatabase()
      let store = try await Self.store(database.uri, Sent())
      let space = EmbeddingSpace.named("test/long/\(dimensions)")
      var random = SeededGenerator(seed: UInt64(dimensions))
      let documents = (0..<20).map { number in
        Document(
          id: "\(number)", text: "text \(number)",
          vector: (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) })
      }
      try await store.add(documents, options: AddOptions(space: space)).requireComplete()
      let hits = try await store.query(vector: documents[7].vector ?? [], space: space).hits
      #expect(hits.first?.source == "7")
      #expect(abs((hits.first?.score ?? 0) - 1) < 1e-5)
      try await store.close()
    }

    @Test func theSameQuestionsHaveTheSameAnswers() async throws {
      let folder = try TemporaryFolder()
      let file = try await Self.store(folder.path("a.db"))
      try await file.add(Self.documents(300))
      let database = try await PostgresServer.makeDatabase()
      let there = try await Self.store(database.uri)
      try await file.copy(to: there)
      for question in ["sentence 17", "\"found, and so is 21\"", "text -7", "nothing of it"] {
        for ranking in [QueryOptions.Ranking.vector, .lexical, .fused] {
          for filter in [nil, "number < 40", "name = 'text' and not number in (1, 2)"] {
            var options = QueryOptions(limit: 20)
            options.ranking = ranking
            options.filter = try filter.map { try Filter(parsing: $0) }
            let expected = try await file.query(question, options: options)
            let found = try await there.query(question, options: options)
            #expect(
              found.hits.map(\.source) == expected.hits.map(\.source),
              "\(question), \(ranking), \(filter ?? "all")")
            for (hit, other) in zip(found.hits, expected.hits) {
              #expect(abs(hit.score - other.score) < 1e-6)
            }
          }
        }
      }
      try await file.close()
      try await there.close()
    }

    /// Whoever adds it: a text is paid for once.
    @Test func aTextIsSentOnceWhoeverAddsIt() async throws {
      let database = try await PostgresServer.makeDatabase()
      let sent = Sent()
      let documents = Self.documents(400)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<4 {
          group.addTask {
            let store = try await Self.store(database.uri, sent, delay: .milliseconds(5))
            let report = try await store.add(documents, to: "of \(number)")
            try report.requireComplete()
            try await store.close()
          }
        }
        try await group.waitForAll()
      }
      #expect(sent.count == 400)
      #expect(sent.mostOften == 1)
    }

    @Test func manyAddAndAskAtOnce() async throws {
      let database = try await PostgresServer.makeDatabase()
      let first = try await Self.store(database.uri)
      try await first.add(Self.documents(50, of: "first"))
      let asked = Sent()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<4 {
          group.addTask {
            let store = try await Self.store(database.uri)
            for part in 0..<5 {
              try await store.add(Self.documents(20, of: "\(number) \(part)"))
            }
            try await store.close()
          }
          group.addTask {
            let store = try await Self.store(database.uri)
            for _ in 0..<20 {
              let result = try await store.query(
                "sentence of first", options: QueryOptions(limit: 5))
              #expect(result.hits.count == 5)
              asked.take(["asked"])
            }
            try await store.close()
          }
        }
        try await group.waitForAll()
      }
      #expect(try await first.count() == 50 + 4 * 5 * 20)
      #expect(asked.mostOften == 80)
      try await first.close()
    }

    /// A server that is killed and comes back in the middle of an add: nothing is lost, and nothing paid for twice.
    @Test func aServerThatIsKilledMeanwhileLosesNothing() async throws {
      let server = try await onOwnThread { try PostgresServer() }
      let database = try await onOwnThread { try server.makeDatabase() }
      let sent = Sent()
      let store = try await Self.store(database.uri, sent, delay: .milliseconds(30))
      let other = try await Self.store(database.uri, sent, delay: .milliseconds(30))
      // Both add the same texts, each to a collection of its own: a restart must not let one pay for the other's.
      let adding = [(store, "default"), (other, "other")].map { store, name in
        Task { @Sendable in
          for part in 0..<10 {
            try await store.add(Self.documents(60, of: "part \(part)"), to: name).requireComplete()
          }
        }
      }
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(400))
        try await onOwnThread {
          try server.kill()
          try server.start()
        }
      }
      for task in adding { try await task.value }
      #expect(try await store.count() == 600)
      #expect(try await store.count(in: "other") == 600)
      #expect(sent.mostOften == 1)
      try await other.close()
      let report = try await store.doctor()
      #expect(report.isWell, "\(report.checks)")
      try await store.close()
      try await onOwnThread { server.stop() }
    }

    /// A run whose sign was lost with its connection goes on, and others know.
    @Test func aRunThatLosesItsSignIsNotTakenToBeOver() async throws {
      let database = try await PostgresServer.makeDatabase()
      let sent = Sent()
      let first = try await Self.store(database.uri, sent, delay: .seconds(2))
      let adding = Task { @Sendable in
        try await first.add(Self.documents(5), to: "first").requireComplete()
      }
      while sent.count < 5 { try await Task.sleep(for: .milliseconds(10)) }
      try database.sql(
        """
        SELECT pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND mode = 'ShareLock'
        """)
      let second = try await Self.store(database.uri, sent)
      try await second.add(Self.documents(5), to: "second").requireComplete()
      _ = try await adding.value
      #expect(sent.mostOften == 1)
      try await first.close()
      try await second.close()
    }

    /// Verbs of a store that was closed say so at once.
    @Test func aClosedStoreSaysSo() async throws {
      let database = try await PostgresServer.makeDatabase()
      let store = try await Self.store(database.uri)
      try await store.add(Self.documents(1))
      try await store.close()
      #expect(await errorCode { _ = try await store.query("sentence") } == .closed)
    }

    /// A verb that waits too long for its turn says that the store is busy, and not that the server is gone.
    @Test func waitingForOthersIsNoLostServer() async throws {
      let database = try await PostgresServer.makeDatabase()
      let first = try await Self.store(database.uri)
      var configuration = StoreConfiguration(mode: .mock)
      configuration.lockTimeout = .seconds(2)
      let second = try await Store(path: database.uri + "?timeout=1", configuration: configuration)
      let holding = Task { @Sendable in
        try await first.file.write { db in
          try db.forEachRow(bulk: "SELECT 1 FROM pg_sleep(?)", .integer(4)) { _ in }
        }
      }
      try await Task.sleep(for: .milliseconds(300))
      #expect(await errorCode { _ = try await second.add(Self.documents(1)) } == .locked)
      try await holding.value
      try await second.add(Self.documents(1)).requireComplete()
      try await first.close()
      try await second.close()
    }

    /// A store that a newer version wrote is not read, and is not called old.
    @Test func aNewerFormatIsTold() async throws {
      let database = try await PostgresServer.makeDatabase()
      try await Self.store(database.uri).close()
      try database.sql("UPDATE vector_store.store_meta SET value = '99' WHERE name = 'format'")
      for access in [StoreConfiguration.Access.readOnly, .readWrite] {
        #expect(
          await errorCode {
            _ = try await Store(
              path: database.uri, configuration: StoreConfiguration(access: access, mode: .mock))
          } == .tooNew)
      }
    }

    /// A network that holds bytes back: the verb ends with an error in its time, and the store goes on.
    @Test func aNetworkThatStallsEndsInAnError() async throws {
      let database = try await PostgresServer.makeDatabase()
      let port = database.server.port
      let proxy = try await onOwnThread { try StallingProxy(to: port) }
      defer { proxy.close() }
      let store = try await Self.store(database.uri(port: proxy.port) + "?timeout=1")
      try await store.add(Self.documents(5))
      proxy.stall()
      await #expect { try await store.query("sentence") } throws: {
        ($0 as? StoreError)?.code == .cannotOpen
      }
      proxy.resume()
      #expect(try await store.query("sentence").hits.count == 5)
      try await store.close()
    }

    @Test func aCancelledVerbEndsAndChangesNothing() async throws {
      let database = try await PostgresServer.makeDatabase()
      let store = try await Self.store(database.uri)
      try await store.add(Self.documents(3))
      let waiting = Task { @Sendable in
        try await store.file.write { db in
          try db.forEachRow(bulk: "SELECT 1 FROM pg_sleep(?)", .integer(60)) { _ in }
        }
      }
      try await Task.sleep(for: .milliseconds(200))
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
      try await store.add(Self.documents(2, of: "later"))
      #expect(try await store.count() == 5)
      try await store.close()
    }

    @Test func whatIsWrongIsSaidPlainly() async throws {
      let database = try await PostgresServer.makeDatabase()
      let port = database.server.port
      let wrong = [
        "postgres://postgres:secret@127.0.0.1:1/none": StoreError.Code.cannotOpen,
        database.uri(port: port, user: "nobody", password: "secret"): .cannotOpen,
        database.uri + "?schema=a-b": .invalidArgument,
      ]
      for (address, code) in wrong {
        await #expect {
          _ = try await Store(path: address, configuration: StoreConfiguration(mode: .mock))
        } throws: { error in
          let error = error as? StoreError
          return error?.code == code && error?.message.contains("secret") == false
        }
      }
      await #expect {
        _ = try await Store(
          path: database.uri, configuration: StoreConfiguration(access: .readOnly, mode: .mock))
      } throws: { ($0 as? StoreError)?.code == .storeNotFound }
      let store = try await Self.store(database.uri(port: port, password: "secret"))
      #expect(!store.path.contains("secret"))
      #expect(await errorCode { try await store.compact() } == .invalidArgument)
      #expect(await errorCode { try await store.backup(to: "copy.db") } == .invalidArgument)
      try await store.close()
    }

    /// An index that is searched approximately says so, finds nearly all, and gives as many as a filter lets pass.
    @Test func theIndexIsSearchedAndSaysThatItIsApproximate() async throws {
      let database = try await PostgresServer.makeDatabase()
      let store = try await Self.store(database.uri)
      try await store.add(Self.documents(2500))
      #expect(
        try database.sql("SELECT COUNT(*) FROM pg_indexes WHERE indexdef LIKE '%hnsw%'") == "1")
      var (found, wanted) = (0, 0)
      for number in 0..<20 {
        var options = QueryOptions(limit: 10)
        let question = "Sentence \(number * 100) of text is here"
        let fast = try await store.query(question, options: options)
        #expect(fast.effort.isApproximate)
        options.isExact = true
        let exact = try await store.query(question, options: options)
        #expect(!exact.effort.isApproximate)
        (wanted, found) = (
          wanted + 10,
          found + Set(exact.hits.map(\.source)).intersection(fast.hits.map(\.source)).count
        )
        options.isExact = false
        options.filter = try Filter(parsing: "number >= \(number) and number < \(number + 30)")
        options.limit = 30
        #expect(try await store.query(question, options: options).hits.count == 30)
      }
      #expect(Double(found) >= 0.95 * Double(wanted))
      let report = try await store.doctor(DoctorOptions(measuresRecall: true))
      #expect(report.checks.contains { $0.name == .recall })
      try await store.close()
    }

    /// A role that may only read can ask, and cannot write.
    @Test func aReaderMayAskAndNotWrite() async throws {
      let database = try await PostgresServer.makeDatabase()
      let writer = try await Self.store(database.uri)
      try await writer.add(Self.documents(10))
      try database.sql(
        """
        CREATE ROLE reader_\(database.name) LOGIN PASSWORD 'r';
        GRANT USAGE ON SCHEMA vector_store TO reader_\(database.name);
        GRANT SELECT ON ALL TABLES IN SCHEMA vector_store TO reader_\(database.name);
        """)
      let address = database.uri(
        port: database.server.port, user: "reader_\(database.name)", password: "r")
      let reader = try await Store(
        path: address, configuration: StoreConfiguration(access: .readOnly, mode: .mock))
      #expect(try await reader.query("sentence 3").hits.isEmpty == false)
      try await reader.close()
      let other = try await Self.store(address)
      #expect(await errorCode { try await other.add(Self.documents(1, of: "new")) } == .readOnly)
      try await other.close()
      try await writer.close()
      try database.sql(
        "DROP OWNED BY reader_\(database.name); DROP ROLE reader_\(database.name)")
    }
  }
#endif
