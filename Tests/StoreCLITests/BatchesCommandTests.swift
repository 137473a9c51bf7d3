// `store add --batch-api`, killed at each step, and `store batches`.

import Foundation
import TestSupport
import Testing

@Suite struct BatchesCommandTests {
  private struct Fetched: Decodable {
    struct Batch: Decodable {
      var state: String
      var answered: Int
    }
    var batches: [Batch]
    var embedded, documentsPlaced: Int
  }

  private static func fetch(_ paid: PaidCommand) async throws -> Fetched {
    let outcome = try await paid.command.run("batches", "--json")
    return try JSONDecoder().decode(Fetched.self, from: Data(outcome.output.utf8))
  }

  @Test func handsOverShowsTheCostAndFetches() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write("The sky is blue.\n", to: "docs/sky.txt")
      try folder.write("Bread is baked.\n", to: "docs/bread.txt")
      let paid = PaidCommand(server, folder: folder)
      let none = try await paid.command.run("batches")
      #expect(none.status != 0)
      let dry = try await paid.command.run("add", "docs", "--batch-api", "--dry-run")
      #expect(dry.output.contains("2 passages to hand over in 1 batch: at most"), "\(dry.output)")
      #expect(dry.output.contains(" at half price"))
      let added = try await paid.command.run("add", "docs", "--batch-api")
      #expect(added.status == 0, "\(added.output) \(added.errors)")
      #expect(added.output.contains("2 passages handed over in 1 batch: at most"))
      #expect(added.output.contains("`store batches` fetches the answers"))
      let fetched = try await paid.command.run("batches")
      #expect(fetched.status == 0, "\(fetched.errors)")
      #expect(
        fetched.output.contains("is answered: 2 of 2 passages answered; "), "\(fetched.output)")
      #expect(fetched.output.hasSuffix("2 documents no longer waiting\n"), "\(fetched.output)")
      #expect(try await paid.command.run("batches").output == "no batches\n")
      #expect(server.billing.paidTwice.isEmpty && server.violations.isEmpty)
    }
  }

  @Test func aLaterAddFetches() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write("The sky is blue.\n", to: "docs/sky.txt")
      let paid = PaidCommand(server, folder: folder)
      _ = try await paid.command.run("add", "docs", "--batch-api")
      let again = try await paid.command.run("add", "docs")
      #expect(again.status == 0 && again.errors.contains("is answered: 1 of 1 passage"))
      #expect(again.output.hasPrefix("nothing changed: 1 document as before"), "\(again.output)")
      #expect(server.embeddingRequests.isEmpty && server.billing.paidTwice.isEmpty)
    }
  }

  /// Where an `add` is killed, and how many batches there are in the end.
  @Test(
    arguments: [
      // The file is on its way: nothing was handed over, and the texts are free.
      ("upload", 0), ("create", 1), ("created", 1),
    ])
  func killedAnywhereItPaysOnce(step: String, batches: Int) async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write(PaidCommand.lines(30), to: "texts.jsonl")
      let paid = PaidCommand(server, folder: folder)
      let silence = LoopbackFault.first(1, .neverAnswer())
      server.update { server in
        switch step {
        case "upload": server.batches.uploadFault = silence
        // Refused before anything is created, and tried again later: killed in between.
        case "create":
          server.batches.creationFault = LoopbackFault.first(1, .rateLimited(retryAfterMS: 60_000))
        default: server.batches.creationFault = silence
        }
      }
      let running = try paid.command.start(["import", "texts.jsonl", "--batch-api"])
      try await server.waitForRequests(step == "upload" ? 1 : 2)
      running.signal(SIGKILL)
      _ = try await running.outcome()
      let fetched = try await Self.fetch(paid)
      #expect(fetched.batches.map(\.state) == [batches == 0 ? "failed" : "answered"])
      #expect(server.batchesCreated == batches)
      let last = try await paid.command.run("import", "texts.jsonl", "--json")
      #expect(last.status == 0, "\(last.errors)")
      #expect(try PrintedReport(last.output).requests == (batches == 0 ? 1 : 0))
      #expect(server.billing.paidTwice.isEmpty)
      #expect(server.billing.timesBilled.count == 30)
      #expect(server.violations.isEmpty)
    }
  }

  @Test func killedWhileItFetchesItFetchesAgain() async throws {
    try await withLoopback { server in
      let folder = try TemporaryFolder()
      try folder.write(PaidCommand.lines(30), to: "texts.jsonl")
      let paid = PaidCommand(server, folder: folder)
      _ = try await paid.command.run("import", "texts.jsonl", "--batch-api")
      server.update { $0.batches.answersFault = LoopbackFault.first(1, .neverAnswer()) }
      let before = server.records.count
      let running = try paid.command.start(["batches"])
      try await server.waitForRequests(before + 2)
      running.signal(SIGKILL)
      _ = try await running.outcome()
      let fetched = try await Self.fetch(paid)
      #expect(fetched.batches.map(\.state) == ["answered"] && fetched.documentsPlaced == 30)
      let usage = try await paid.command.run("usage", "--json")
      let cost = PaidCommand.cost(ofTokens: server.billing.tokens) / 2
      #expect(usage.output.contains("\"costNanoUSD\":\(cost),"), "\(usage.output)")
      #expect(server.billing.paidTwice.isEmpty)
    }
  }
}
