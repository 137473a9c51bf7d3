// Documents on their way through a service: each content is sent once, waited for, kept and settled.

import Foundation
import Synchronization
import VectorStoreEmbedding
import VectorStoreText

/// Has the files of one run parsed by a service.
final class DocumentParsing: Sendable {
  /// What came of a file.
  enum Outcome: Sendable {
    case document(ParsedDocument, warning: String?)
    /// A dry run would send it: what that would be.
    case planned(String)
  }

  /// The longest wait between two looks at a job, in seconds.
  private static let longestWait = 5.0
  /// How often the service may not know a job before that is believed.
  private static let looksForJob = 5
  /// How soon it is looked again whether somebody else has sent a document.
  private static let step = Duration.milliseconds(100)

  private let service: LlamaParseService?
  private let requests: ServiceRequests?
  private let parses: ParsesFile
  private let isMock: Bool
  private let state = Mutex(State())

  private struct State {
    var report = AddReport.Parsed()
  }

  /// Contents in work in this process, each once.
  private static let busy = Mutex<Set<ParsesFile.Key>>([])

  /// - Parameter requests: the way to the service; nil if nothing is sent.
  init(
    service: LlamaParseService?, requests: ServiceRequests?, parses: ParsesFile, isMock: Bool
  ) {
    self.service = service
    self.requests = requests
    self.parses = parses
    self.isMock = isMock
  }

  /// How many documents are parsed at once.
  var concurrency: Int { service?.configuration.maximumConcurrentDocuments ?? 2 }

  /// What was parsed so far; nil if nothing was.
  var report: AddReport.Parsed? {
    var report = state.withLock { $0.report }
    guard report != AddReport.Parsed() || (requests?.totals.requests ?? 0) > 0 else { return nil }
    if let totals = requests?.totals {
      report.requests = totals.requests
      report.possibleCostUSD = totals.possibleCost.usd
    }
    return report
  }

  /// Limits of which 80 % were reached.
  var warnings: [BudgetUse] { requests?.totals.warnings ?? [] }

  /// A document as it was parsed before, by the service that there is, or by any if there is none; nil if it was
  /// not.
  func known(_ bytes: Data, named name: String) async -> ParsedDocument? {
    let ending = ParsedFile(bytes: bytes, name: name).ending
    let tier = service?.configuration.tier
    guard !isMock,
      let parse = await parses.known(hash: SHA256.hash(bytes), ending: ending, tier: tier),
      case .document(let document, _)? = try? outcome(parse, isNew: false)
    else { return nil }
    return document
  }

  /// The text of a document; nil if there is no service.
  ///
  /// - Parameters:
  ///   - bytes: all of the file.
  ///   - name: its name, whose ending says what it is.
  /// - Throws: ``Unavailable`` if the service cannot parse it now, ``DocumentParserError`` if it cannot at all, or
  ///   `CancellationError`.
  func document(_ bytes: Data, named name: String) async throws -> Outcome? {
    let file = ParsedFile(bytes: bytes, name: name)
    guard !bytes.isEmpty else { throw DocumentParserError.empty }
    if isMock, let service { return mock(file, service.configuration.maximumPages) }
    let hash = SHA256.hash(bytes)
    guard let service else { return nil }
    guard let requests else {
      if let known = await known(bytes, named: name) { return .document(known, warning: nil) }
      return .planned(try await plan(file, service))
    }
    let key = ParsesFile.Key(
      hash: hash, ending: file.ending, tier: service.configuration.tier)
    while !Self.busy.withLock({ $0.insert(key).inserted }) { try await Task.sleep(for: Self.step) }
    defer { Self.busy.withLock { _ = $0.remove(key) } }
    let work = Work(file: file, key: key, service: service, requests: requests)
    while true {
      let claim = try await written {
        try await parses.claim(key, bytes: bytes.count, server: service.server)
      }
      switch claim {
      case .known(let parse):
        if !parse.isSettled { try await settle(parse, work) }
        return try outcome(parse, isNew: false)
      case .failed(let problem):
        throw DocumentParserError.refused(by: LlamaParseService.provider, problem)
      case .elsewhere: try await Task.sleep(for: Self.step)
      case .sent(let job, let requestID):
        if let parse = try await finish(job, requestID, work) {
          return try outcome(parse, isNew: true)
        }
      case .lost(let requestID):
        try await recover(requestID, work)
      case .send:
        let (job, requestID) = try await send(work)
        if let parse = try await finish(job, requestID, work) {
          return try outcome(parse, isNew: true)
        }
      }
    }
  }

  /// A document in work.
  private struct Work: Sendable {
    let file: ParsedFile
    let key: ParsesFile.Key
    let service: LlamaParseService
    let requests: ServiceRequests
    var name: String { file.name }
  }

  // MARK: - Sending

  /// Sends a document, within the budget. Returns its job and the request's name.
  private func send(_ work: Work) async throws -> (job: String, requestID: String) {
    let (service, key, parses) = (work.service, work.key, parses)
    let begun: (job: String, requestID: String)
    do {
      let pages = try await reservedPages(work.file, service)
      let outcome = try await work.requests.begin(
        units: pages, cost: service.configuration.cost(ofPages: pages)
      ) { requestID in
        try await parses.send(key, as: requestID)
        return try await service.upload(
          work.file.bytes, ending: key.ending, requestID: requestID)
      } recover: { requestID in
        try await service.findJob(named: requestID)
      }
      switch outcome {
      case .begun(let job, let reservation): begun = (job.id, reservation.attempt.requestID)
      case .refused(let error):
        try await written { try await parses.fail(key, error.message) }
        throw DocumentParserError.failed(error.message)
      case .putOff(let error): throw Unavailable(error)
      case .stopped(let reason): throw Unavailable(reason)
      }
    } catch let error where !(error is CancellationError) {
      // What was refused stays known; all else was not sent.
      try? await parses.release(key)
      throw error
    }
    do {
      // Though the run is cancelled: it is paid for. If it cannot be written, the next run looks for the request.
      try await written {
        try await Task { [begun] in
          try await parses.sent(key, job: begun.job, requestID: begun.requestID)
        }.value
      }
    } catch {
      work.requests.leave(job: begun.requestID)
      throw error
    }
    return begun
  }

  /// The pages that are paid for at most.
  ///
  /// - Throws: ``DocumentParserError`` if there are more than are allowed.
  private func reservedPages(_ file: ParsedFile, _ service: LlamaParseService) async throws -> Int {
    let most = service.configuration.maximumPages
    let known = await Parallel.mapOffPool([file]) { PageCount.of($0) }.first ?? nil
    guard let known, known > most else { return known ?? most }
    throw DocumentParserError.tooManyPages(known, most: most, for: LlamaParseService.provider)
  }

  /// Finds out what became of a document whose sender is gone.
  private func recover(_ requestID: String, _ work: Work) async throws {
    let service = work.service
    let found: ParseJob?
    do {
      found = try await work.requests.retrying { try await service.findJob(named: requestID) }
    } catch let error as ServiceError {
      throw Unavailable(error)
    }
    if let found {
      return try await written {
        try await parses.sent(work.key, job: found.id, requestID: requestID)
      }
    }
    if let reservation = try await reservation(of: requestID, work) {
      await work.requests.settle(job: reservation, as: .cancelled(wasSent: true))
    }
    try await written { try await parses.release(work.key) }
  }

  // MARK: - Waiting

  /// Waits for a job and keeps what comes of it; nil if the service does not know it any more.
  private func finish(
    _ id: String, _ requestID: String, _ work: Work
  ) async throws -> ParsesFile.Parse? {
    let (service, requests) = (work.service, work.requests)
    do {
      let deadline = ContinuousClock.now + .seconds(service.configuration.timeout)
      var wait = service.configuration.firstWait
      var unknown = 0
      while true {
        let job = try await requests.retrying { try await service.job(id, requestID: requestID) }
        guard let job else {
          // A job that is new may not be known everywhere there.
          unknown += 1
          if unknown < Self.looksForJob {
            try await Task.sleep(for: .seconds(wait))
            continue
          }
          try await giveUp(requestID, work, "the job is gone")
          try await written { try await parses.release(work.key) }
          return nil
        }
        if job.hasFailed { throw try await failure(of: job, requestID, work) }
        if job.isDone { break }
        guard ContinuousClock.now < deadline else { throw Self.stillRunning(id) }
        if wait >= Self.longestWait {
          requests.tellWaiting("\(LlamaParseService.provider) is parsing \(work.name)")
        }
        try await Task.sleep(for: .seconds(wait))
        wait = min(wait * 1.5, Self.longestWait)
      }
      let result = try await requests.retrying {
        try await service.result(of: id, requestID: requestID)
      }
      let parse = ParsesFile.Parse(
        text: Self.text(of: result), pages: result.pages.count,
        cost: service.configuration.cost(ofPages: result.pages.count, credits: result.credits),
        tier: work.key.tier, requestID: requestID,
        warning: Self.warning(on: result, most: service.configuration.maximumPages))
      try await written { try await parses.finish(work.key, parse) }
      try await settle(parse, work)
      return parse
    } catch {
      requests.leave(job: requestID)
      if let error = error as? ServiceError { throw Unavailable(error) }
      throw error
    }
  }

  private static func stillRunning(_ id: String) -> ServiceError {
    ServiceError(
      .network, code: "still_running",
      message:
        "\(LlamaParseService.provider) is still parsing it (job \(id)); add it again later, which "
        + "fetches it and sends nothing", billing: .notSent)
  }

  /// What is reserved for a job; nil if it is settled.
  private func reservation(of requestID: String, _ work: Work) async throws -> Reservation? {
    try await written { try await work.requests.reservation(ofJob: requestID) }
  }

  /// Enters what a document cost in place of what was reserved.
  private func settle(_ parse: ParsesFile.Parse, _ work: Work) async throws {
    if let reservation = try await reservation(of: parse.requestID, work) {
      await work.requests.settle(
        job: reservation, as: .answered(tokens: parse.pages, cost: parse.cost, rateLimits: nil))
      state.withLock { $0.report.costUSD += parse.cost.usd }
    }
    try await written { try await parses.settled(work.key) }
  }

  /// Keeps that a job failed.
  private func failure(
    of job: ParseJob, _ requestID: String, _ work: Work
  ) async throws -> DocumentParserError {
    let problem = job.problem ?? "the service gave no reason (\(job.status.lowercased()))"
    try await giveUp(requestID, work, problem, credits: job.credits)
    try await written {
      // What somebody cancelled there may be sent again.
      if job.status == "FAILED" {
        try await parses.fail(work.key, problem)
      } else {
        try await parses.release(work.key)
      }
    }
    return .refused(by: LlamaParseService.provider, problem)
  }

  /// Enters that nothing came of a job. Unless the service says what it cost, it may be on the bill.
  private func giveUp(
    _ requestID: String, _ work: Work, _ problem: String, credits: Double? = nil
  ) async throws {
    guard let reservation = try await reservation(of: requestID, work) else { return }
    if let credits, credits > 0 {
      let cost = work.service.configuration.cost(ofPages: 1, credits: credits)
      let outcome = AttemptOutcome.answered(tokens: 0, cost: cost, rateLimits: nil)
      return await work.requests.settle(job: reservation, as: outcome)
    }
    let error = ServiceError(
      .input, code: "job_failed", message: problem, billing: credits == 0 ? .refused : .possible)
    await work.requests.settle(job: reservation, as: .failed(error))
  }

  // MARK: - Results

  /// The pages as one text, each page at its number.
  static func text(of result: ParseResult) -> String {
    var whole = PlacedText()
    var last = 0
    for page in result.pages.sorted(by: { $0.number < $1.number })
    where page.number > last && page.number <= LlamaParseConfiguration.Range.pages.upperBound {
      let text = (page.text ?? "").replacing("\u{0C}", with: "\n").replacing("\0", with: "")
        .trimmingCharacters(in: .whitespacesAndNewlines)
      guard !text.isEmpty else { continue }
      whole.append(text, at: page.number)
      last = page.number
    }
    return whole.text
  }

  /// What is missing of a document.
  private static func warning(on result: ParseResult, most: Int) -> String? {
    let failed = result.pages.filter { $0.text == nil }.map(\.number)
    if !failed.isEmpty {
      return
        "\(LlamaParseService.provider) could not parse \(failed.count) of its \(result.pages.count) "
        + "pages, as page \(failed[0])"
    }
    guard result.pages.count == most, most > 1 else { return nil }
    return
      "its first \(most) pages were parsed, which is the most that is allowed; it may have more"
  }

  private func outcome(
    _ parse: ParsesFile.Parse, isNew: Bool
  ) throws -> Outcome {
    state.withLock { state in
      if isNew {
        state.report.documents += 1
        state.report.pages += parse.pages
      } else {
        state.report.known += 1
      }
    }
    guard !parse.text.isEmpty else {
      throw DocumentParserError.noTextFound(by: LlamaParseService.provider, pages: parse.pages)
    }
    return .document(
      ParsedDocument(text: parse.text, format: parse.tier == "fast" ? .text : .markdown),
      warning: parse.warning)
  }

  /// What a dry run tells.
  private func plan(_ file: ParsedFile, _ service: LlamaParseService) async throws -> String {
    let pages = try await reservedPages(file, service)
    let cost = service.configuration.cost(ofPages: pages)
    state.withLock { state in
      state.report.documents += 1
      state.report.pages += pages
      state.report.costUSD += cost.usd
    }
    return "\(file.name) would be parsed by \(LlamaParseService.provider): at most \(pages) "
      + "page\(pages == 1 ? "" : "s"), \(cost); its passages are not counted here"
  }

  /// Made-up pages, the same for the same bytes.
  private func mock(_ file: ParsedFile, _ most: Int) -> Outcome {
    let words = [
      "river", "window", "letter", "garden", "copper", "winter", "engine", "harbour", "mirror",
      "orchard", "signal", "valley", "lantern", "bridge", "paper", "island",
    ]
    let hash = [UInt8](SHA256.hash(file.bytes))
    let pages = min(most, 1 + Int(hash[0] % 3))
    var whole = PlacedText()
    for page in 1...pages {
      let chosen = (0..<8).map { words[Int(hash[(page * 8 + $0) % hash.count]) % words.count] }
      whole.append(
        "# Page \(page)\n\nMade-up text of a document that was not parsed, since the mode is MOCK: "
          + chosen.joined(separator: " ") + ".", at: page)
    }
    state.withLock { state in
      state.report.documents += 1
      state.report.pages += pages
    }
    return .document(ParsedDocument(text: whole.text), warning: nil)
  }

  /// Does what has to be written before anything is sent or lost.
  private func written<T: Sendable>(_ body: () async throws -> T) async throws -> T {
    do {
      return try await body()
    } catch let error as StoreError {
      throw Unavailable(unusable: error)
    }
  }
}
