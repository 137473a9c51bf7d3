import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// Documents that a service parses: what is sent and what is not, what it costs, and what happens when it cannot.
@Suite struct DocumentParsingTests {
  /// A store beside a server that parses documents.
  struct Parsed {
    let folder: TemporaryFolder
    let server: ParseServer

    /// A presentation that nothing on this machine reads.
    @discardableResult
    func slides(_ pages: String..., name: String = "slides.pptx") throws -> String {
      try folder.write("PK\0" + pages.joined(separator: "\u{0C}"), to: name)
    }

    func service(
      _ change: (inout LlamaParseConfiguration) -> Void = { _ in }
    ) throws -> LlamaParseService {
      var configuration = LlamaParseConfiguration(apiKey: APIKey("llx-test-key"))
      configuration.baseURL = server.url
      configuration.firstWait = 0.01
      change(&configuration)
      return try LlamaParseService(configuration: configuration)
    }

    /// Opens a store in mode HYBRID.
    func open(
      named name: String = "store.db", _ service: LlamaParseService?
    ) async throws -> Store {
      try await open(.hybrid, named: name, service)
    }

    func open(
      _ mode: ServiceMode, named name: String = "store.db", _ service: LlamaParseService?
    ) async throws -> Store {
      var configuration = StoreConfiguration(mode: mode)
      configuration.budget.ledgerPath = folder.path("state/ledger.db")
      configuration.documentService = service
      if mode == .real { configuration.service = try OneHot() }
      return try await Store(path: folder.path(name), configuration: configuration)
    }

    func usage() async throws -> UsageReport {
      try await open(nil).usage(of: "llamaparse")
    }
  }

  /// An embedder in this process.
  struct OneHot: EmbeddingService {
    let space: EmbeddingSpace

    init() throws {
      space = try EmbeddingSpace(provider: "test", model: "one", dimensions: 64, kind: .real)
    }

    func embed(_ texts: [String]) async throws -> EmbeddingBatch {
      EmbeddingBatch(vectors: texts.map { _ in [1] + [Float](repeating: 0, count: 63) })
    }
  }

  private func withParsed(
    _ behaviour: ParseServer.Behaviour = .init(), _ body: (Parsed) async throws -> Void
  ) async throws {
    try await withParseServer(behaviour) { server in
      try await body(Parsed(folder: try TemporaryFolder(), server: server))
    }
  }

  @Test func pagesBecomePlacesAndEachIsPaidForOnce() async throws {
    try await withParsed { parsed in
      let path = try parsed.slides("The zebra crosses.", "A walrus sleeps.", "An owl hoots.")
      try parsed.slides(
        "The zebra crosses.", "A walrus sleeps.", "An owl hoots.", name: "copy.pptx")
      let store = try await parsed.open(try parsed.service())
      let copy = parsed.folder.path("copy.pptx")
      let report = try await store.add(paths: [path, copy])
      #expect(report.documents.added == 2 && report.errors.isEmpty, "\(report.errors)")
      #expect(report.parsed?.documents == 1 && report.parsed?.pages == 3)
      #expect(report.parsed?.known == 1, "the copy has the same content")
      #expect(report.parsed?.costUSD == 0.01125 && report.parsed?.requests == 1)
      let hit = try #require(
        try await store.query("walrus", options: QueryOptions(limit: 1)).hits.first)
      #expect(
        hit.text?.contains("walrus") == true && hit.headings.contains("slides 1 to 3"), "\(hit)")

      // Again, in another store, and after the key is gone.
      let again = try await store.add(paths: [path, copy])
      #expect(again.documents.unchanged == 2 && again.parsed?.known == 2)
      let other = try await parsed.open(named: "other.db", nil)
      #expect(try await other.add(paths: [path]).documents.added == 1)
      #expect(try await other.doctor().checks.allSatisfy { $0.name != .files || $0.state == .ok })
      #expect(parsed.server.uploads.count == 1 && parsed.server.billedPages == 3)
      let usage = try await parsed.usage()
      #expect(usage.today.tokens == 3 && usage.today.texts == 1 && usage.today.costUSD == 0.01125)
      #expect(usage.today.inFlightRequests == 0 && usage.today.possiblyBilledRequests == 0)
      let upload = try #require(parsed.server.uploads.first)
      #expect(upload.requestID == "\(report.parsed?.correlationID ?? "none")-job-1")
      #expect(upload.name == upload.requestID + ".pptx", "the file's own name stays here")
      #expect(
        upload.configuration
          == #"{"page_ranges":{"max_pages":200},"tier":"cost_effective","version":"latest"}"#)
    }
  }

  /// Where no text is kept it is taken from what the service made of the same content, if the file still has it.
  @Test func aHitWithoutTextShowsWhatTheServiceParsed() async throws {
    try await withParsed { parsed in
      let path = try parsed.slides("The zebra crosses.", "A walrus sleeps.")
      let store = try await parsed.open(try parsed.service())
      var options = AddOptions()
      options.keepsText = false
      let report = try await store.add(paths: [path], options: options)
      #expect(report.documents.added == 1 && !report.keepsText)
      for service in [try parsed.service(), nil] {
        let store = try await parsed.open(service)
        let hit = try #require(try await store.query("walrus").hits.first)
        #expect(hit.text?.contains("A walrus sleeps.") == true && hit.fileState == nil, "\(hit)")
        let whole = try await store.get("slides.pptx")
        #expect(whole?.text?.contains("The zebra crosses.") == true)
      }
      try parsed.slides("The zebra crosses.", "An onager runs.")
      let changed = try #require(try await store.query("walrus").hits.first)
      #expect(changed.text == nil && changed.fileState == .changed)
      #expect(parsed.server.uploads.count == 1)
    }
  }

  @Test func whatAProgramReadsIsSentOnlyIfThatWasChosen() async throws {
    try await withParsed { parsed in
      let page = try parsed.folder.write("<p>A heron waits.</p>", to: "page.html")
      let picture = try parsed.folder.write(Data([0x89, 0x50, 0x4E, 0x47, 0, 1]), to: "in/a.png")
      let usual = try await parsed.open(try parsed.service())
      let report = try await usual.add(paths: [page, parsed.folder.path("in")])
      #expect(report.documents.added == 1 && report.skipped == 1)
      #expect(parsed.server.uploads.isEmpty, "pictures in folders are not sent")

      // A text of the size of a document that was parsed stays a text.
      let named = try await usual.add(paths: [picture])
      let text = try parsed.folder.write("tea 42", to: "tea.md")
      #expect(try await usual.add(paths: [text]).documents.added == 1)
      #expect(try await usual.get("tea.md")?.text == "tea 42")
      #expect(named.documents.added == 1 && parsed.server.uploads.count == 1)
      let chosen = try await parsed.open(named: "b.db", try parsed.service { $0.types = ["html"] })
      #expect(try await chosen.add(paths: [page]).documents.added == 1)
      #expect(parsed.server.uploads.map { $0.name.suffix(4) } == [".png", "html"])
    }
  }

  @Test func aLostAnswerIsFoundInTheListAndAFaultIsTriedAgain() async throws {
    var behaviour = ParseServer.Behaviour()
    behaviour.looks = 2
    behaviour.fault = { call, number in
      switch (call, number) {
      case (.upload, 0): .status(429)
      case (.upload, 1): .lostAnswer
      case (.job, 0), (.result, 0): .status(500)
      default: nil
      }
    }
    try await withParsed(behaviour) { parsed in
      let path = try parsed.slides("The zebra crosses.")
      let store = try await parsed.open(.real, try parsed.service())
      let report = try await store.add(paths: [path])
      #expect(report.documents.added == 1, "\(report.errors)")
      #expect(parsed.server.uploads.count == 1 && parsed.server.paidTwice.isEmpty)
      let usage = try await parsed.usage()
      #expect(usage.today.requests == 2 && usage.today.answered == 1 && usage.today.failed == 1)
      #expect(usage.today.costUSD == 0.00375 && usage.today.possiblyBilledCostUSD == 0)
    }
  }

  @Test func aJobGoesOnThoughTheRunWasGivenUp() async throws {
    var behaviour = ParseServer.Behaviour()
    behaviour.looks = .max
    try await withParsed(behaviour) { parsed in
      let path = try parsed.slides("The zebra crosses.")
      let store = try await parsed.open(.real, try parsed.service())
      let run = Task { try await store.add(paths: [path]) }
      try await parsed.server.waitForUploads(1)
      run.cancel()
      await #expect(throws: CancellationError.self) { try await run.value }

      // A job that takes longer than the run waits is named, and its document is not lost.
      let hasty = try await parsed.open(.real, try parsed.service { $0.timeout = 0.05 })
      let waiting = try await hasty.add(paths: [path])
      #expect(waiting.errors.map(\.code) == [.serviceUnavailable])
      #expect(waiting.errors[0].message.contains("still parsing it (job pjb-0)"))
      #expect(try await parsed.usage().today.inFlightRequests == 1)

      parsed.server.update { $0.looks = 0 }
      let report = try await store.add(paths: [path])
      #expect(report.documents.added == 1 && report.parsed?.requests == 0)
      #expect(parsed.server.uploads.count == 1)
      #expect(try await parsed.usage().today.costUSD == 0.00375)
    }
  }

  @Test func aJobThatIsLeftBehindKeepsNothingElseFromBeingSent() async throws {
    var behaviour = ParseServer.Behaviour()
    behaviour.looks = .max
    try await withParsed(behaviour) { parsed in
      let slides = try parsed.slides("The zebra crosses.")
      let note = try parsed.folder.write("A heron waits.", to: "note.md")
      let service = try parsed.service {
        $0.maximumPages = 1
        $0.timeout = 0.05
      }
      let store = try await parsed.open(.real, service)
      var options = AddOptions()
      options.spending.maximumCost = try .usd("0.004")
      let report = try await store.add(paths: [slides, note], options: options)
      #expect(report.documents.added == 1 && report.errors.map(\.code) == [.serviceUnavailable])
      #expect(report.parsed?.possibleCostUSD == 0.00375 && report.parsed?.costUSD == 0)
    }
  }

  @Test func theBudgetHoldsBeforeAnythingIsSent() async throws {
    try await withParsed { parsed in
      let path = try parsed.slides("The zebra crosses.")
      let store = try await parsed.open(
        .real, try parsed.service { $0.dailyCostLimit = .atMost(NanoDollars(nano: 700_000_000)) })
      // Of a presentation the pages are not known: as many as are allowed are reserved.
      let refused = try await store.add(paths: [path])
      #expect(refused.errors.map(\.code) == [.budgetExceeded] && refused.isStoppedByBudget)
      #expect(parsed.server.uploads.isEmpty)
      let fewer = try await parsed.open(
        .real,
        try parsed.service {
          $0.dailyCostLimit = .atMost(NanoDollars(nano: 700_000_000))
          $0.maximumPages = 100
        })
      #expect(try await fewer.add(paths: [path]).documents.added == 1)
      let hourly = try await parsed.open(.real, try parsed.service { $0.hourlyRequestLimit = 1 })
      let next = try parsed.slides("An owl hoots.", name: "next.pptx")
      #expect(try await hourly.add(paths: [next]).errors.map(\.code) == [.budgetExceeded])
      #expect(parsed.server.uploads.count == 1)
      let health = try await hourly.health()
      #expect(health.parser?.isWell == false && health.parser?.budget.last?.left == 0)
    }
  }

  @Test func aRunSpendsNoMoreThanItMay() async throws {
    try await withParsed { parsed in
      let service = try parsed.service {
        $0.maximumPages = 1
        $0.maximumConcurrentDocuments = 1
      }
      let store = try await parsed.open(.real, service)
      let paths = [
        try parsed.slides("The zebra crosses."), try parsed.slides("An owl hoots.", name: "b.pptx"),
      ]
      var options = AddOptions()
      options.spending.maximumCost = try .usd("0.004")
      let report = try await store.add(paths: paths, options: options)
      #expect(report.documents.added == 1 && report.errors.map(\.code) == [.budgetExceeded])
      #expect(parsed.server.uploads.count == 1)
    }
  }

  @Test func hybridFallsBackToThisMachineAndKeepsWhatItHad() async throws {
    try await withParsed { parsed in
      let page = try parsed.folder.write("<p>A heron waits.</p>", to: "page.html")
      let path = try parsed.slides("The zebra crosses.")
      let chosen = try parsed.service { $0.types = ["html"] }
      let store = try await parsed.open(chosen)
      #expect(try await store.add(paths: [path]).documents.added == 1)

      parsed.server.update { $0.key = "another" }
      try parsed.slides("The zebra is gone.")
      let report = try await store.add(paths: [page, path])
      #expect(report.documents.added == 1 && report.documents.failed == 1)
      #expect(
        report.warnings.contains {
          $0.hasPrefix(
            "page.html was read on this machine instead: llamaparse does not parse it now")
        }, "\(report.warnings)")
      #expect(report.errors.map(\.code) == [.authenticationFailed] && report.gone.isEmpty)
      #expect(!"\(report)".contains("llx-test-key"))
      #expect(
        try await store.query("zebra", options: QueryOptions(limit: 1)).hits.first?.text?.contains(
          "crosses") == true)

      let real = try await parsed.open(.real, named: "real.db", chosen)
      #expect(try await real.add(paths: [page]).errors.map(\.code) == [.authenticationFailed])
    }
  }

  @Test func whatTheServiceCannotParseIsNamedAndNotSentAgain() async throws {
    var behaviour = ParseServer.Behaviour()
    behaviour.fails = ["broken": "the file is damaged"]
    behaviour.tellsCredits = false
    try await withParsed(behaviour) { parsed in
      let path = try parsed.slides("broken")
      let store = try await parsed.open(try parsed.service())
      for _ in 0..<2 {
        let report = try await store.add(paths: [path])
        #expect(report.errors.map(\.code) == [.notText])
        #expect(
          report.errors[0].message.contains("llamaparse cannot parse it: the file is damaged"))
      }
      #expect(parsed.server.uploads.count == 1)
      // It may be on the bill.
      #expect(try await parsed.usage().today.possiblyBilledCostUSD == 0.75)
    }
  }

  @Test func aDryRunTellsThePagesAndSendsNothing() async throws {
    try await withParsed { parsed in
      let path = try parsed.slides("The zebra crosses.")
      let store = try await parsed.open(try parsed.service { $0.maximumPages = 10 })
      let plan = try await store.add(paths: [path], options: AddOptions(isDryRun: true))
      #expect(plan.parsed?.documents == 1 && plan.parsed?.costUSD == 0.0375)
      #expect(
        plan.warnings == [
          "slides.pptx would be parsed by llamaparse: at most 10 pages, $0.0375; its passages are not counted "
            + "here"
        ])
      #expect(parsed.server.count(.upload) == 0)
    }
  }

  @Test func mockPagesAreMadeUpAndTheSameEachTime() async throws {
    try await withParsed { parsed in
      let path = try parsed.slides("The zebra crosses.")
      let store = try await parsed.open(.mock, try parsed.service())
      #expect(try await store.add(paths: [path]).documents.added == 1)
      #expect(try await store.add(paths: [path]).documents.unchanged == 1)
      let text = try await store.get("slides.pptx")?.text
      #expect(text?.contains("was not parsed, since the mode is MOCK") == true)
      #expect(parsed.server.count(.upload) == 0)
    }
  }

  @Test func settingsThatCannotBeUsedAreNamed() throws {
    for (change, name): ((inout LlamaParseConfiguration) -> Void, String) in [
      ({ $0.tier = "best" }, "tier"), ({ $0.maximumPages = 0 }, "maximumPages"),
      ({ $0.timeout = 0 }, "timeout"), ({ $0.baseURL = "llama" }, "baseURL"),
      ({ $0.pricePerPage = NanoDollars(nano: -1) }, "pricePerPage"),
    ] {
      var configuration = LlamaParseConfiguration()
      change(&configuration)
      let error = #expect(throws: OpenAIConfigurationError.self) {
        try LlamaParseService(configuration: configuration)
      }
      #expect(error?.setting == name)
    }
  }
}
