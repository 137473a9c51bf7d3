// Texts on their way to an embedding service and back: packed into requests, several in flight, each
// answer committed as it comes. Called by AddRun and ReembedRun; calls ServiceRequests.

import Foundation
import VectorStoreSearch

/// Sends texts to a service in the background, and tells what became of each.
///
/// Nobody waits for an answer that has been paid for: it is committed by the task that received it.
/// What has been asked for and not answered is all that a kill can cost.
actor EmbeddingQueue {
  /// A text with its tokens, exact or an upper bound.
  struct Item: Sendable {
    let text: HashedText
    let tokens: Int
  }

  /// What became of texts, by hash.
  enum Event: Sendable {
    /// Their vectors are committed.
    case embedded([Data])
    /// They have vectors that another run or document has brought since they were looked up.
    case found([Data])
    /// Refused for good.
    case failed([Data: ChunkFailure])
    /// Not embedded now.
    case unavailable([Data], Unavailability)
  }

  /// What the queue needs of its run.
  struct Run: Sendable {
    let requests: ServiceRequests
    /// Those of some texts that still have no vector.
    let stillMissing: @Sendable ([Data]) async throws -> Set<Data>
    /// Writes vectors to the disk.
    let commit: @Sendable ([Data: StoredVector]) async throws -> Void
  }

  /// A request to be.
  private struct Job: Sendable {
    var items: [Item]
    /// Rounds left, should its tries be used up.
    var rounds = EmbeddingQueue.rounds - 1
  }

  /// What a job came to: events, and jobs in its place, before or after all others.
  private struct Completion: Sendable {
    var events: [Event] = []
    var next: [Job] = []
    var later: [Job] = []
  }

  /// Of how many jobs the next is chosen at random.
  private static let choice = 64
  /// How often the texts of a batch get all their tries before they are given up.
  static let rounds = 3
  /// How long answers in flight are waited for when a run is given up, in seconds.
  private static let farewell = 5.0

  private let run: Run
  private var packer: BatchPacker<Item>
  private let atOnce: Int
  private var jobs: [Job] = []
  private var running: [Int: Task<Void, Never>] = [:]
  private var started = 0
  private var events: [Event] = []
  private var failure: (any Error)?
  private var waiter: CheckedContinuation<Void, Never>?

  init(_ run: Run) {
    self.run = run
    let terms = run.requests.service.terms
    packer = BatchPacker(
      textsPerRequest: terms.textsPerRequest, tokensPerRequest: terms.tokensPerRequest)
    // Twice what may be in flight: while one half waits for its answers, the other is entered in the
    // ledger, or committed.
    atOnce = terms.concurrentRequests * 2
  }

  /// Takes texts. Full requests go out at once, the rest waits for more.
  func add(_ items: [Item]) {
    for item in items {
      let bytes = item.text.text.utf8.count
      jobs += packer.add(item, tokens: item.tokens, bytes: bytes).map { Job(items: $0.items) }
    }
    pump()
  }

  /// What has become of texts since the last call; waits for something to become of them. Nil when
  /// no text is left.
  ///
  /// - Throws: `CancellationError`, and what kept an answer from being asked for or committed.
  func next() async throws -> [Event]? {
    while true {
      if let failure { throw failure }
      try Task.checkCancellation()
      if !events.isEmpty { return takeEvents() }
      if running.isEmpty {
        jobs += packer.flush().map { Job(items: $0.items) }
        guard !jobs.isEmpty else { return nil }
        pump()
      }
      await withTaskCancellationHandler {
        await withCheckedContinuation { waiter = $0 }
      } onCancel: {
        Task { await self.wake() }
      }
    }
  }

  /// What has become of texts since the last call, without waiting.
  func takeEvents() -> [Event] {
    defer { events = [] }
    return events
  }

  /// Whether a request is waiting for each place that may come free.
  var isFed: Bool { jobs.count >= atOnce }

  /// Sends nothing more and waits for what is in flight, some seconds at most: it is paid for.
  func giveUp() async {
    failure = failure ?? CancellationError()
    run.requests.giveUp()
    jobs = []
    packer = BatchPacker(textsPerRequest: 1, tokensPerRequest: 1)
    let tasks = Array(running.values)
    let impatience = Task {
      try await Task.sleep(for: .seconds(Self.farewell))
      tasks.forEach { $0.cancel() }
    }
    for task in tasks { await task.value }
    impatience.cancel()
  }

  // MARK: - In the background

  private func pump() {
    while running.count < atOnce, failure == nil, !jobs.isEmpty {
      // Not the first: another process that adds the same texts then has others in work.
      let job = jobs.remove(at: Int.random(in: 0..<min(jobs.count, Self.choice)))
      started += 1
      let id = started
      running[id] = Task {
        let result: Result<Completion, any Error>
        do {
          result = .success(try await Self.complete(job, run))
        } catch {
          result = .failure(error)
        }
        finish(id, result)
      }
    }
  }

  private func finish(_ id: Int, _ result: Result<Completion, any Error>) {
    running[id] = nil
    switch result {
    case .success(let completion):
      events += completion.events
      jobs.insert(contentsOf: completion.next, at: 0)
      jobs += completion.later
      pump()
    case .failure(let error):
      failure = failure ?? error
    }
    wake()
  }

  private func wake() {
    waiter?.resume()
    waiter = nil
  }

  /// Sends a job and commits its answer.
  private static func complete(_ job: Job, _ run: Run) async throws -> Completion {
    // Another process, or another document of this run, may have had the same text embedded.
    let missing = try await run.stillMissing(job.items.map(\.text.hash))
    var completion = Completion()
    let known = job.items.map(\.text.hash).filter { !missing.contains($0) }
    if !known.isEmpty { completion.events.append(.found(known)) }
    let items = job.items.filter { missing.contains($0.text.hash) }
    guard !items.isEmpty else { return completion }
    let tokens = items.reduce(0) { $0 + $1.tokens }
    switch try await run.requests.send(items.map(\.text.text), tokens: tokens) {
    case .answered(let answer):
      completion.events += try await commit(answer, of: items, run)
    case .split:
      let middle = items.count / 2
      completion.next = [
        Job(items: Array(items[..<middle]), rounds: job.rounds),
        Job(items: Array(items[middle...]), rounds: job.rounds),
      ]
    case .refused(let error):
      let failure = ChunkFailure(code: Unavailability.code(of: error), message: "\(error)")
      completion.events.append(.failed([items[0].text.hash: failure]))
    case .putOff(let error):
      if job.rounds > 0 {
        completion.later = [Job(items: items, rounds: job.rounds - 1)]
      } else {
        let hashes = items.map(\.text.hash)
        completion.events.append(.unavailable(hashes, Unavailability(error)))
      }
    case .tooDear(let tokensThatFit):
      let count = max(1, BatchPacker<Item>.prefix(of: items.map(\.tokens), fitting: tokensThatFit))
      completion.next = [
        Job(items: Array(items[..<count]), rounds: job.rounds),
        Job(items: Array(items[count...]), rounds: job.rounds),
      ]
    case .stopped(let reason):
      completion.events.append(.unavailable(items.map(\.text.hash), Unavailability(reason)))
    }
    return completion
  }

  /// Checks an answer's vectors and writes them to the disk.
  private static func commit(
    _ answer: EmbeddingBatch, of items: [Item], _ run: Run
  ) async throws -> [Event] {
    let space = run.requests.service.space
    let checked = try AnsweredTexts(answer, to: items.map(\.text), space: space)
    try await run.commit(checked.vectors)
    var events = [Event.embedded(Array(checked.vectors.keys))]
    if !checked.failures.isEmpty { events.append(.failed(checked.failures)) }
    return events
  }
}
