// The command on a store on PostgreSQL.

#if Postgres
  import Foundation
  import TestSupport
  import Testing

  @Suite(
    .enabled(if: PostgresServer.isThere, "\(PostgresServer.howToGet)"), .timeLimit(.minutes(5)))
  struct PostgresCommandTests {
    #if DEBUG
      private static let kills = 10
    #else
      private static let kills = 50
    #endif

    /// Each verb as a person would use it, and the way there and back.
    @Test func theSameVerbsWork() async throws {
      let database = try await PostgresServer.makeDatabase()
      let command = Command(folder: try TemporaryFolder())
      let folder = command.folder
      try folder.write("# Tea\n\nGreen tea is steeped for two minutes.\n", to: "notes/tea.md")
      try folder.write("A walrus has tusks.", to: "notes/walrus.txt")
      let there = ["--store", database.uri]
      func run(_ arguments: String...) async throws -> String {
        let outcome = try await command.run(arguments + there)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome.output
      }
      #expect(try await run("add", "notes", "--mode", "mock").hasPrefix("2 documents added"))
      #expect(try await run("query", "tusks", "--mode", "mock").contains("walrus.txt"))
      #expect(try await run("query", "green tea", "--mode", "mock", "--lexical").contains("tea.md"))
      #expect(try await run("get", "notes/walrus.txt").contains("A walrus has tusks."))
      #expect(try await run("list").split(separator: "\n").count == 2)
      #expect(try await run("collections").contains("default"))
      #expect(try await run("roots").contains("notes"))
      try folder.write("A walrus has long tusks.", to: "notes/walrus.txt")
      #expect(try await run("update", "--mode", "mock").contains("1 document updated"))
      #expect(try await run("stats", "--json").contains("mock/hashed-features"))
      #expect(try await run("doctor").contains("pgvector"))
      _ = try await run("copy", "--to", "copy.db")
      let here = try await command.run(
        "query", "long tusks", "--mode", "mock", "--store", "copy.db")
      #expect(here.output.contains("walrus.txt"))
      let again = try await command.run("copy", "--store", "copy.db", "--to", database.uri)
      #expect(again.output.contains("2 unchanged"), "\(again.output)\(again.errors)")
      #expect(try await run("remove", "notes/tea.md").contains("1 document"))
      let compacted = try await command.run(["compact"] + there)
      #expect(compacted.status == 1)
      #expect(compacted.errors.contains("for a store in a file"))
    }

    /// LangChain's and LlamaIndex's own classes read what was written.
    @Test(.enabled("needs official clients (.scripts/clients)") { ClientScript.isThere() })
    func otherClientsReadIt() async throws {
      let database = try await PostgresServer.makeDatabase()
      let command = Command(folder: try TemporaryFolder())
      for number in 0..<40 {
        try command.folder.write(
          "---\nnumber: \(number)\nlang: en\n---\nNote \(number) tells of thing \(number * 7).\n",
          to: "notes/\(number).md")
      }
      let added = try await command.run(
        "add", "notes", "--mode", "mock", "--store", database.uri + "?schema=notes")
      #expect(added.status == 0, "\(added.errors)")
      let address = database.uri(port: database.server.port)
      let outcome = try await onOwnThread {
        try ClientScript.run("postgres_clients.py", [address, "notes", "1", "1536"])
      }
      #expect(outcome.status == 0, "\(outcome.output)")
    }

    /// Nothing that is printed shows the password of an address.
    @Test func noPasswordIsShown() async throws {
      let database = try await PostgresServer.makeDatabase()
      let command = Command(folder: try TemporaryFolder())
      try command.folder.write("A walrus has tusks.", to: "notes/walrus.txt")
      let address = database.uri(port: database.server.port, password: "s3cret")
      let wrong = address.replacing("postgres://", with: "POSTGRES://")
      for arguments in [
        ["init"], ["init", "--json"], ["add", "notes", "--mode", "mock"], ["health"],
        ["health", "--json"], ["list"], ["doctor"], ["stats", "--html", "page.html"],
        ["mcp", "--install", "claude", "--yes"], ["compact"],
      ] {
        for store in [address, wrong] {
          let outcome = try await command.run(arguments + ["--store", store])
          #expect(!(outcome.output + outcome.errors).contains("s3cret"), "\(arguments)")
        }
        var other = command
        other.environment["STORE_PATH"] = address
        let outcome = try await other.run(arguments)
        #expect(!(outcome.output + outcome.errors).contains("s3cret"), "\(arguments)")
      }
      let files = FileManager.default.enumerator(atPath: command.folder.url.path)
      for case let file as String in files ?? .init() {
        #expect(!file.contains("s3cret"))
        guard let bytes = FileManager.default.contents(atPath: command.folder.path(file)) else {
          continue
        }
        #expect(bytes.range(of: Data("s3cret".utf8)) == nil, "\(file)")
      }
    }

    @Test func killedAnywhereTheNextRunGoesOn() async throws {
      let database = try await PostgresServer.makeDatabase()
      let store = Command(folder: try TemporaryFolder())
      try CrashTests.writeTexts(300, to: store.folder)
      let add = ["add", "texts", "--mode", "mock", "--store", database.uri]
      var random = SeededGenerator(seed: 7)
      for _ in 0..<Self.kills {
        let running = try store.start(add)
        try await Task.sleep(for: .milliseconds(Int.random(in: 5...500, using: &random)))
        running.signal(SIGKILL)
        _ = try await running.outcome()
      }
      let last = try await store.run(add)
      #expect(last.status == 0, "\(last.errors)")
      let listed = try await store.run("list", "--store", database.uri)
      #expect(listed.output.split(separator: "\n").count == 300)
      #expect(
        try database.sql(
          """
          SELECT COUNT(*) FROM vector_store.chunks c WHERE NOT EXISTS
            (SELECT 1 FROM vector_store.vectors v WHERE v.chunk_id = c.id)
          """) == "0")
    }
  }
#endif
