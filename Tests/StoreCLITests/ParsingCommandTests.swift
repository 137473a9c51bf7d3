import Foundation
import GRDB
import TestSupport
import Testing

/// `store` with two paid services: LlamaParse, which reads documents, and OpenAI, which embeds them.
@Suite struct ParsingCommandTests {
  /// The parts of a report that are followed here.
  private struct Report: Decodable {
    struct Documents: Decodable {
      var added, updated, unchanged, failed: Int
    }

    struct Parsed: Decodable {
      var documents, pages, known, requests: Int
      var costUSD: Double
      var correlationID: String
    }

    struct Problem: Decodable {
      var source: String?
      var code, message: String
    }

    var documents: Documents
    var parsed: Parsed?
    var requests: Int
    var costUSD: Double
    var errors: [Problem]

    init(_ outcome: Command.Outcome) throws {
      self = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
    }
  }

  /// What `update --json` prints.
  private struct Updates: Decodable {
    struct Update: Decodable {
      var report: Report
    }

    var updates: [Update]
  }

  /// The run that the article "Parsing documents" tells: a document in, parsed, cut, embedded, stored and found,
  /// with its cost and its name at both services, through faults, a kill and a limit.
  @Test func endToEnd() async throws {
    var behaviour = ParseServer.Behaviour()
    behaviour.looks = 1
    behaviour.fails = ["torn": "the file is damaged"]
    behaviour.fault = { call, number in
      call == .upload && number < 2 ? .status(number == 0 ? 500 : 429) : nil
    }
    try await withParseServer(behaviour) { parser in
      try await withLoopback(.init(fault: LoopbackFault.first(1, .overloaded))) { embedder in
        let folder = try TemporaryFolder()
        func command(_ more: [String: String] = [:]) -> Command {
          let own = ["LLAMAPARSE_API_KEY": "llx-test-key", "LLAMAPARSE_API_URL": parser.url]
          return PaidCommand(embedder, folder: folder, own.merging(more) { $1 }).command
        }
        func slides(_ pages: [String], _ name: String) throws {
          try folder.write("PK\0" + pages.joined(separator: "\u{0C}"), to: "docs/\(name)")
        }
        let store = command()
        try slides(
          ["The zebra crosses.", "# Sleep\n\nA walrus sleeps.", "An owl hoots."], "a.pptx")
        try folder.write("Tea needs three minutes.", to: "docs/tea.md")

        // Refused twice, then taken, looked at twice, cut, and embedded at the second try.
        let first = try await store.run("add", "docs", "--json")
        #expect(first.status == 0, "\(first.errors)")
        let report = try Report(first)
        #expect(report.documents.added == 2 && report.parsed?.pages == 3)
        #expect(report.parsed?.requests == 3 && report.parsed?.costUSD == 0.01125)
        #expect(parser.uploads.count == 1 && parser.billedPages == 3 && parser.count(.job) == 2)

        // The run is found by one name in both services' logs and in the ledger.
        let run = try #require(report.parsed).correlationID
        #expect(parser.uploads[0].requestID == "\(run)-job-3")
        #expect(!embedder.embeddingRequests.isEmpty)
        #expect(
          embedder.embeddingRequests.allSatisfy { $0.clientRequestID?.hasPrefix(run) == true })
        let rows = try await Self.ledger(folder, "WHERE run_id = '\(run)'")
        #expect(
          rows.filter { $0.account == "llamaparse" }.map(\.state) == [
            "not_billed", "not_billed", "billed",
          ])
        #expect(rows.filter { $0.account == "openai" }.map(\.state).suffix(1) == ["billed"])
        #expect(
          rows.filter { $0.account == "llamaparse" }.reduce(0) { $0 + $1.cost } == 11_250_000)
        let found = try await store.run("query", "where does the walrus sleep?", "--limit", "1")
        #expect(found.output.contains("a.pptx"), "\(found.output)")
        #expect(found.output.contains("    slide 2\n"), "\(found.output)")
        let slide = try await store.run("get", "docs/a.pptx", "--page", "2")
        #expect(slide.output == "# Sleep\n\nA walrus sleeps.\n")

        // The same again costs nothing at either service.
        let requests = embedder.embeddingRequests.count
        let updated = try await store.run("update", "--json")
        let again = try JSONDecoder().decode(Updates.self, from: Data(updated.output.utf8))
          .updates[0].report
        #expect(
          again.documents.unchanged == 2 && again.requests == 0 && again.parsed?.requests == 0)
        #expect(parser.uploads.count == 1 && embedder.embeddingRequests.count == requests)

        // Killed while the service works, and resumed by the job that it has.
        parser.update { $0.looks = .max }
        try slides(["A heron waits.", "A lynx hides."], "b.pptx")
        let killed = try store.start(["add", "docs", "--json"])
        try await parser.waitForUploads(2)
        try await Self.waitForJob(folder)
        killed.signal(SIGKILL)
        _ = try await killed.outcome()
        #expect(try await store.run("usage").output.contains("documents parsed by llamaparse"))
        parser.update { $0.looks = 0 }
        let resumed = try Report(try await store.run("add", "docs", "--json"))
        #expect(resumed.documents.added == 1 && resumed.parsed?.pages == 2)
        #expect(resumed.parsed?.requests == 0 && resumed.parsed?.costUSD == 0.0075)
        #expect(parser.uploads.count == 2 && parser.paidTwice.isEmpty)

        // A document that cannot be parsed is named, and what is over the limit is not sent.
        try slides(["torn"], "c.pptx")
        let torn = try await store.run("add", "docs/c.pptx", "--json")
        #expect(try Report(torn).errors.map(\.code) == ["not_text"])
        #expect(torn.status == 1)
        try slides(["A newt swims."], "d.pptx")
        let limited = try await command(["DAILY_COST_LIMIT_LLAMAPARSE": "0.50"])
          .run("add", "docs/d.pptx", "--json")
        #expect(try Report(limited).errors.map(\.code) == ["budget_exceeded"])
        #expect(limited.status == 4)
        #expect(parser.uploads.count == 3, "c, but not d")

        // What the ledger has is what the services billed.
        let all = try await Self.ledger(folder, "WHERE account = 'llamaparse'")
        #expect(all.filter { $0.state == "billed" }.reduce(0) { $0 + $1.cost } == 5 * 3_750_000)
        #expect(all.allSatisfy { ["billed", "not_billed"].contains($0.state) })
        #expect(parser.billedPages == 5 && embedder.billing.paidTwice.isEmpty)
        let health = try await store.run("health")
        #expect(health.output.contains("llamaparse (cost_effective)"))
        #expect(health.output.contains("left of $5.00"), "\(health.output)")
        #expect(!(health.output + first.errors + torn.errors).contains("llx-test-key"))
      }
    }
  }

  @Test func anAddressThatOnlyAFileNamesGetsNeitherKeyNorDocument() async throws {
    try await withParseServer { parser in
      let folder = try TemporaryFolder()
      let port = parser.url.split(separator: ":").last ?? ""
      try folder.write("PK\0page", to: "a.pptx")
      try folder.write("LLAMAPARSE_API_URL=http://0.0.0.0:\(port)\n", to: ".env.development")
      let withKey = Command(folder: folder, environment: ["LLAMAPARSE_API_KEY": "llx-test-key"])
      let refused = try await withKey.run("add", "a.pptx")
      #expect(refused.status == 1 && refused.errors.contains("the key is not sent to"))
      #expect(refused.errors.contains("set LLAMAPARSE_API_URL in the environment too"))
      let without = try await Command(folder: folder).run("add", "a.pptx")
      #expect(without.status == 1 && without.errors.contains("only"), "\(without.errors)")
      #expect(without.errors.contains("set LLAMAPARSE_API_URL=http://0.0.0.0:\(port)"))
      #expect(parser.refusedKeys == 0 && parser.uploads.isEmpty)
    }
  }

  /// Rows of the ledger, in order.
  private static func ledger(
    _ folder: TemporaryFolder, _ condition: String
  ) async throws -> [(account: String, state: String, cost: Int64)] {
    let queue = try Self.open(folder.path("ledger.db"))
    defer { try? queue.close() }
    return try await queue.read { db in
      try Row.fetchAll(
        db, sql: "SELECT account, state, cost_nano FROM attempts \(condition) ORDER BY id"
      ).map { row in
        let (account, state): (String, String) = (row["account"], row["state"])
        return (account, state, state == "not_billed" ? 0 : row["cost_nano"] as Int64)
      }
    }
  }

  /// Opens a file that commands write.
  private static func open(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  /// Waits until the command has kept which job its document became.
  private static func waitForJob(_ folder: TemporaryFolder) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      let queue = try Self.open(folder.path("parses.db"))
      let count = try? await queue.read {
        try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM parses WHERE state = 'sent'")
      }
      try queue.close()
      if count == 1 { return }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw CancellationError()
  }
}
