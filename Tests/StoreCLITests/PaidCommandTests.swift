import Foundation
import GRDB
import TestSupport
import Testing

@Suite struct PaidCommandTests {
  @Test func eightProcessesKeepToOneDailyLimit() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.05
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      // Each text has 6 or 7 tokens; the limit is worth a thousand of them.
      let worth = (0..<1000).reduce(0) { $0 + behaviour.tokens(PaidCommand.text($1)) }
      let limit = PaidCommand.cost(ofTokens: worth)
      let dollars = "0.000" + String(limit).padded(to: 6)
      let running = try (0..<8).map { process in
        let file = "texts-\(process).jsonl"
        try folder.write(PaidCommand.lines(400, from: process * 400), to: file)
        let paid = PaidCommand(
          server, folder: folder,
          ["DAILY_COST_LIMIT_OPENAI": dollars, "STORE_PATH": folder.path("store-\(process).db")])
        return try paid.command.start(["import", file, "--json"])
      }
      var billed = 0
      for process in running {
        let outcome = try await process.outcome()
        #expect([0, 4].contains(outcome.status), "\(outcome.errors)")
        let report = try PrintedReport(outcome.output)
        #expect(report.documents.added + report.documents.pending == 400)
        #expect(report.documents.added == report.chunks.embedded)
        #expect((outcome.status == 4) == (report.documents.pending > 0))
        #expect((report.stopped?.code == "budget_exceeded") == (outcome.status == 4))
        billed += report.tokens
      }
      let bill = PaidCommand.cost(ofTokens: server.billing.tokens)
      #expect(billed == server.billing.tokens, "the reports are true")
      #expect(bill <= limit && bill > limit * 9 / 10, "\(bill) of \(limit)")
      #expect(server.violations.isEmpty)
    }
  }

  @Test func killedTwentyTimesItPaysOnlyForWhatWasInFlight() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.15
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      try folder.write(PaidCommand.lines(2000), to: "texts.jsonl")
      let paid = PaidCommand(server, folder: folder, ["OPENAI_MAX_BATCH_SIZE": "16"])
      var generator = SeededGenerator(seed: 20)
      var inFlight = 0
      for _ in 0..<20 {
        let running = try paid.command.start(["import", "texts.jsonl", "--json"])
        try await Task.sleep(for: .seconds(Double.random(in: 0.1...0.5, using: &generator)))
        let before = server.embeddingRequests
        running.signal(SIGKILL)
        _ = try await running.outcome()
        // What was on its way, or had been answered in the moment before and was being committed.
        let moment = (before.compactMap(\.finished).max() ?? 0) - 0.1
        inFlight += server.embeddingRequests.enumerated()
          .filter { index, _ in
            index >= before.count || (before[index].finished ?? .infinity) > moment
          }
          .reduce(0) { $0 + $1.element.texts.count }
      }
      let last = try await paid.command.run("import", "texts.jsonl", "--json")
      #expect(last.status == 0, "\(last.errors)")
      let report = try PrintedReport(last.output)
      #expect(report.documents.pending == 0 && report.documents.failed == 0)
      let twice = server.billing.timesBilled.values.reduce(0) { $0 + $1 - 1 }
      #expect(twice <= inFlight, "\(twice) paid again, \(inFlight) in flight at the kills")
      #expect(server.billing.timesBilled.count == 2000)
      let stored = try await DatabaseQueue(path: folder.path("store.db")).write { db in
        (
          try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM vectors"),
          try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM staged"),
          try String.fetchAll(db, sql: "PRAGMA integrity_check")
        )
      }
      #expect(stored == (2000, 0, ["ok"]))
    }
  }

  @Test(arguments: [2, 4, 8])
  func processesThatAddOneFolderPayOnce(_ count: Int) async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 0.15
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      for number in 0..<400 {
        try folder.write(PaidCommand.text(number), to: "docs/\(number).txt")
      }
      let paid = PaidCommand(server, folder: folder, ["OPENAI_MAX_BATCH_SIZE": "16"])
      let running = try (0..<count).map { _ in try paid.command.start(["add", "docs", "--json"]) }
      var tokens = 0
      for process in running {
        let outcome = try await process.outcome()
        #expect(outcome.status == 0, "\(outcome.errors)")
        let report = try PrintedReport(outcome.output)
        #expect(report.documents.pending == 0 && report.documents.failed == 0)
        tokens += report.tokens
      }
      #expect(server.billing.timesBilled.count == 400 && server.billing.paidTwice.isEmpty)
      #expect(tokens == server.billing.tokens, "each text is counted by the process that paid")
      let left = try await DatabaseQueue(path: folder.path("store.db")).read { db in
        try ["vectors", "staged", "claims"].map {
          try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)")
        }
      }
      #expect(left == [400, 0, 0])
    }
  }

  @Test func whatAKilledProcessHadOnItsWayIsTakenOver() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.latency = 2
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      try folder.write(PaidCommand.lines(400), to: "texts.jsonl")
      let paid = PaidCommand(server, folder: folder, ["OPENAI_MAX_BATCH_SIZE": "16"])
      let killed = try paid.command.start(["import", "texts.jsonl"])
      try await server.waitForRequests(1)
      let other = try paid.command.start(["import", "texts.jsonl", "--json"])
      try await Task.sleep(for: .seconds(1))
      killed.signal(SIGKILL)
      _ = try await killed.outcome()
      server.update { $0.latency = 0 }
      let outcome = try await other.outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let report = try PrintedReport(outcome.output)
      #expect(report.documents.pending == 0 && report.documents.failed == 0)
      #expect(server.billing.timesBilled.count == 400)
      // At most 4 requests were in flight, and the answers of 4 others were being committed.
      // The server bills what it had of the killed process when that latency is over.
      for _ in 0..<100 where server.billing.paidTwice.isEmpty {
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect((1...8 * 16).contains(server.billing.paidTwice.count))
      #expect(server.billing.timesBilled.values.allSatisfy { $0 <= 2 })
    }
  }

  @Test func aWrongKeyIsToldOnceWithItsVariable() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.keys = ["sk-right"]
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      try folder.write("The sky is blue.", to: "sky.txt")
      let real = PaidCommand(server, folder: folder).command
      let refused = try await real.run("add", "sky.txt")
      #expect(refused.status == 3)
      #expect(refused.errors.contains("OPENAI_API_KEY"))
      #expect(!(refused.errors + refused.output).contains("sk-test-key"))
      #expect(refused.output.hasPrefix("1 document waiting in "))
      let listed = try await real.run("list", "--pending")
      #expect(listed.output.contains("sky.txt"))
      #expect(server.embeddingRequests.count == 1)
      let query = try await real.run("query", "why is the sky blue?")
      #expect(query.status == 1 && query.errors.contains("OPENAI_API_KEY"))
      let hybrid = PaidCommand(server, folder: folder, ["SERVICE_MODE": "HYBRID"]).command
      let degraded = try await hybrid.run("add", "sky.txt")
      #expect(degraded.status == 0 && degraded.output.contains("1 passage, word search only until"))
      #expect(degraded.errors.contains("OPENAI_API_KEY"))
      let right = PaidCommand(server, folder: folder, ["OPENAI_API_KEY": "sk-right"]).command
      let added = try await right.run("add", "sky.txt")
      #expect(added.status == 0 && added.output.contains("1 passage embedded"))
    }
  }

  @Test func anEmptyKeyIsNone() async throws {
    var behaviour = LoopbackBehaviour()
    behaviour.keys = ["sk-right"]
    try await withLoopback(behaviour) { server in
      let folder = try TemporaryFolder()
      try folder.write("The sky is blue.", to: "sky.txt")
      // Another server may do without a key, so it is asked, once.
      let asked = PaidCommand(server, folder: folder, ["OPENAI_API_KEY": ""]).command
      let refused = try await asked.run("add", "sky.txt")
      #expect(refused.status == 3 && refused.errors.contains("wants a key"))
      #expect(server.embeddingRequests.count == 1)
      // OpenAI's own is not.
      let none = PaidCommand(
        server, folder: folder,
        ["OPENAI_API_KEY": "", "OPENAI_API_URL": "", "OPENAI_PROVIDER": ""]
      ).command
      let real = try await none.run("add", "sky.txt")
      #expect(real.status == 3 && real.output.contains("1 document waiting"))
      #expect(real.errors.contains("set OPENAI_API_KEY"))
      let hybrid = try await none.run("add", "sky.txt", "--mode", "hybrid")
      #expect(try await none.run("list", "--words-only").output.contains("sky.txt"))
      #expect(hybrid.status == 0 && hybrid.output.contains("1 passage, word search only until"))
      #expect(server.embeddingRequests.count == 1)
    }
  }

  @Test func healthTellsTheServiceTheBudgetAndWhereSettingsComeFrom() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write("OPENAI_TIMEOUT_SECONDS=7\n", to: ".env.base")
      let paid = PaidCommand(server, folder: folder).command
      let well = try await paid.run("health")
      #expect(well.status == 0, "\(well.errors)")
      #expect(well.output.hasPrefix("mode REAL: well\n"))
      #expect(well.output.contains("$5.00 left of $5.00"))
      #expect(well.output.contains(".env.base, line 1"))
      #expect(well.output.contains("present") && !well.output.contains("sk-test-key"))
      #expect(server.billing.requests == 0 && server.embeddingRequests.isEmpty)
      server.update { $0.keys = [] }
      let refused = try await paid.run("health", "--json")
      #expect(refused.status == 1)
      #expect(refused.output.contains("\"kind\":\"authentication\""))
      #expect(!refused.output.contains("sk-test-key"))
    }
  }

  @Test func goesThroughTheProxyOfTheEnvironmentButToThisMachine() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      let away = PaidCommand(
        server, folder: folder,
        ["OPENAI_API_URL": "http://embeddings.invalid", "http_proxy": server.url]
      ).command
      _ = try await away.run("health")
      let found = server.records.map(\.path)
      #expect(found == ["http://embeddings.invalid/v1/models/text-embedding-3-small"])
      // Nothing listens there.
      let here = PaidCommand(server, folder: folder, ["http_proxy": "http://127.0.0.1:9"]).command
      #expect(try await here.run("health").output.hasPrefix("mode REAL: well\n"))
    }
  }

  @Test func usageTellsWhatWasSpent() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      let paid = PaidCommand(server, folder: folder).command
      #expect(try await paid.run("usage").output == "nothing has been sent yet\n")
      _ = try await paid.run("add", "--text", "The sky is blue.")
      let usage = try await paid.run("usage")
      #expect(usage.status == 0)
      #expect(usage.output.contains("text-embedding-3-small"))
      #expect(usage.output.contains("daily limit: $0.00000008 of $5.00 used"))
      let json = try await paid.run("usage", "--json")
      #expect(json.output.contains("\"costNanoUSD\":80"))
    }
  }

  @Test func theQueryThatWasAskedBeforeIsFree() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      let paid = PaidCommand(server, folder: folder).command
      _ = try await paid.run("add", "--text", "The sky is blue.")
      let first = try await paid.run("query", "which colour?", "--json")
      let second = try await paid.run("query", "which colour?", "--json")
      #expect(first.status == 0 && first.output == second.output)
      #expect(first.errors.isEmpty)
      #expect(server.billing.requests == 2)
    }
  }

  @Test func aDryRunOnNoStoreMakesNone() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write("The sky is blue.", to: "sky.txt")
      let paid = PaidCommand(server, folder: folder).command
      let outcome = try await paid.run("add", "sky.txt", "--dry-run")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        outcome.output.hasPrefix("would be done: 1 document added; 1 passage embedded; at most"))
      #expect(outcome.output.contains("in 1 request, $0.0000003"))
      #expect(!FileManager.default.fileExists(atPath: folder.path("store.db")))
      #expect(server.records.isEmpty)
    }
  }

  @Test func reembedAsksBeforeItSpends() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write("The sky is blue.", to: "sky.txt")
      let mock = PaidCommand(
        server, folder: folder,
        [
          "OPENAI_API_KEY": "", "OPENAI_API_URL": "", "OPENAI_PROVIDER": "",
          "SERVICE_MODE": "HYBRID",
        ]
      ).command
      #expect(
        try await mock.run("add", "sky.txt").output.contains("1 passage, word search only until"))
      let paid = PaidCommand(server, folder: folder).command
      let asked = try await paid.run("reembed")
      #expect(asked.status == 64 && asked.errors.contains("--yes"))
      #expect(asked.errors.contains("would reembed default"))
      #expect(server.embeddingRequests.isEmpty)
      let done = try await paid.run("reembed", "--yes")
      #expect(done.status == 0, "\(done.errors)")
      #expect(done.output.contains("1 passage embedded"))
      let large = try await paid.run(
        "reembed", "--to", "openai/text-embedding-3-large/1024", "--yes")
      #expect(large.status == 0, "\(large.errors)")
      #expect(
        try await paid.run("collections").output.contains("openai/text-embedding-3-large/1024"))
      #expect(server.violations.isEmpty)
    }
  }
}

extension String {
  fileprivate func padded(to count: Int) -> String {
    String(repeating: "0", count: max(0, count - self.count)) + self
  }
}
