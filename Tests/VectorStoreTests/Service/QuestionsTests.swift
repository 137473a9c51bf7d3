// Questions: told apart from documents, embedded once for all who ask at the same time, and not held up by
// an add.

import Foundation
import Logging
import Synchronization
import Testing

@testable import VectorStore
@testable import VectorStoreEmbedding

struct QuestionsTests {
  /// A service that takes its time, and remembers what it was asked.
  private final class SlowService: EmbeddingService {
    let space = EmbeddingSpace.openAI3Small
    let terms: ServiceTerms
    let delay: Duration
    let asked = Mutex<[(texts: [String], purpose: EmbeddingPurpose)]>([])

    init(
      delay: Duration, concurrentRequests: Int = 1, textsPerRequest: Int = 256,
      price: TokenPrice = .free
    ) {
      self.delay = delay
      var terms = ServiceTerms()
      terms.concurrentRequests = concurrentRequests
      terms.textsPerRequest = textsPerRequest
      terms.price = price
      self.terms = terms
    }

    func embed(_ texts: [String]) async throws -> EmbeddingBatch {
      try await embed(texts, purpose: .document)
    }

    func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddingBatch {
      asked.withLock { $0.append((texts, purpose)) }
      try await Task.sleep(for: delay)
      return try await MockService().embed(texts)
    }
  }

  @Test func servicesAreToldWhatTextsAreFor() async throws {
    let service = SlowService(delay: .zero)
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add([Document(id: "sky", text: "The sky is blue.")])
      _ = try await store.query("what colour?")
      _ = try await store.canary()
      #expect(service.asked.withLock { $0.map(\.purpose) } == [.document, .query, .document])
    }
  }

  @Test func aQuestionWaitsNoLongerThanItsPatience() async throws {
    let service = SlowService(delay: .seconds(60))
    try await withStore(mode: .real, service: service) { store, _ in
      var options = ServiceRequests.Options(runID: "run")
      options.patience = 0.3
      let requests = store.router.requests(to: service, options: options)
      let started = ContinuousClock.now
      let outcome = try await requests.send(["what colour?"], tokens: 2)
      #expect(ContinuousClock.now - started < .seconds(30))
      guard case .putOff(let error) = outcome else {
        Issue.record("found \(outcome), expected that the question is put off")
        return
      }
      #expect(error.code == "no_answer_yet" && error.billing == .possible)
    }
  }

  @Test func theSameQuestionIsEmbeddedOnceForAllWhoAskIt() async throws {
    let service = SlowService(delay: .milliseconds(300))
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add([Document(id: "sky", text: "The sky is blue.")])
      service.asked.withLock { $0 = [] }
      let sources = try await withThrowingTaskGroup(of: String?.self) { group in
        for _ in 0..<50 {
          group.addTask { try await store.query("what colour?").hits.first?.source }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(sources == Array(repeating: "sky", count: 50))
      #expect(service.asked.withLock { $0.count } == 1)
      _ = try await store.query("what colour?")
      #expect(service.asked.withLock { $0.count } == 2, "it is not kept without a cache")
    }
  }

  @Test func oneWhoNoLongerAsksLeavesTheOthersTheirAnswer() async throws {
    let service = SlowService(delay: .seconds(2))
    try await withStore(mode: .real, service: service) { store, _ in
      try await store.add([Document(id: "sky", text: "The sky is blue.")])
      service.asked.withLock { $0 = [] }
      let first = Task { try await store.query("what colour?") }
      while service.asked.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
      let second = Task { try await store.query("what colour?") }
      // Time to join, on a busy machine too.
      try await Task.sleep(for: .milliseconds(700))
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      #expect(try await second.value.hits.first?.source == "sky")
      #expect(service.asked.withLock { $0.count } == 1)
    }
  }

  private actor Order {
    var purposes: [EmbeddingPurpose] = []

    func append(_ purpose: EmbeddingPurpose) { purposes.append(purpose) }
  }

  @Test func aQuestionComesBeforeTheBatchesThatWait() async throws {
    let slots = RequestSlots(1)
    try await slots.take(for: .document)
    let order = Order()
    var queued = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      for purpose in [EmbeddingPurpose.document, .document, .query] {
        group.addTask {
          try await slots.take(for: purpose)
          await order.append(purpose)
          await slots.give()
        }
        queued += 1
        while await slots.queueLength < queued { try await Task.sleep(for: .milliseconds(2)) }
      }
      await slots.give()
      try await group.waitForAll()
    }
    #expect(await order.purposes == [.query, .document, .document])
  }

  @Test func afterAQuestionASlotIsLeftForTheNext() async throws {
    let slots = RequestSlots(2)
    try await slots.take(for: .query)
    await slots.give()
    try await slots.take(for: .document)
    let second = Task { try await slots.take(for: .document) }
    while await slots.queueLength < 1 { try await Task.sleep(for: .milliseconds(2)) }
    // Would wait for ever if the second batch had the slot.
    try await slots.take(for: .query)
    await slots.give()
    await slots.give()
    #expect(try await second.value)
  }

  @Test func oneThatIsCancelledLeavesTheQueueAndTheSlotToOthers() async throws {
    let slots = RequestSlots(1)
    try await slots.take(for: .document)
    let gone = Task { try await slots.take(for: .query) }
    let next = Task { try await slots.take(for: .document) }
    while await slots.queueLength < 2 { try await Task.sleep(for: .milliseconds(2)) }
    gone.cancel()
    await #expect(throws: CancellationError.self) { try await gone.value }
    #expect(await slots.queueLength == 1)
    #expect(await slots.taken == 1)
    await slots.give()
    #expect(try await next.value)
    #expect(await slots.queueLength == 0)
    #expect(await slots.taken == 1)
    let late = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await slots.take(for: .query)
    }
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
    #expect(await slots.queueLength == 0)
    #expect(await slots.taken == 1)
  }

  @Test func oneWhosePatienceIsOverHasNoSlot() async throws {
    let slots = RequestSlots(1)
    #expect(try await slots.take(for: .document, until: .now))
    #expect(try await slots.take(for: .query, until: .now + .milliseconds(50)) == false)
    #expect(await slots.queueLength == 0)
    #expect(await slots.taken == 1)
    await slots.give()
    #expect(try await slots.take(for: .query, until: .now))
  }

  @Test(.timeLimit(.minutes(2)), arguments: [true, false])
  func aQuestionBehindABatchGivesUp(isCancelled: Bool) async throws {
    // The batch is in flight for longer than the test may take.
    let service = SlowService(
      delay: .seconds(3600), price: TokenPrice(perMillionTokens: try NanoDollars(usd: "10")))
    let ledger = MemoryLedger()
    let router = EmbeddingRouter(
      mode: .real, services: [service], ledger: ledger, limits: SpendingLimits(),
      logger: Logger(label: "test"))
    let documents = router.requests(to: service, options: ServiceRequests.Options(runID: "add"))
    let batch = Task { try await documents.send(["The sky is blue."], tokens: 5) }
    while service.asked.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(2)) }
    let before = try await ledger.activity(of: service.space.provider)
    #expect(before.reservedToday > .zero)

    var options = ServiceRequests.Options(runID: "query")
    options.purpose = .query
    options.patience = isCancelled ? 1800 : 0.2
    let requests = router.requests(to: service, options: options)
    let question = Task { try await requests.send(["what colour?"], tokens: 3) }
    if isCancelled {
      // Until the ledger has its reservation: then it waits for the slot.
      while try await ledger.activity(of: service.space.provider).requestsInHour < 2 {
        try await Task.sleep(for: .milliseconds(2))
      }
      question.cancel()
      await #expect(throws: CancellationError.self) { try await question.value }
    } else {
      guard case .putOff(let error) = try await question.value else {
        Issue.record("expected that the question is put off")
        return
      }
      #expect(error.code == "no_answer_yet" && error.billing == .notSent)
    }
    let after = try await ledger.activity(of: service.space.provider)
    #expect(after.reservedToday == before.reservedToday && after.billedToday == .zero)
    #expect(requests.totals.requests == 0 && requests.totals.possibleCost == .zero)
    #expect(service.asked.withLock { $0.map(\.purpose) } == [.document])
    batch.cancel()
    _ = try? await batch.value
  }
}
