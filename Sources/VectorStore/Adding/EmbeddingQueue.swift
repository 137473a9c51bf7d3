// Texts on their way to an embedding service and back: packed into requests, several in flight, each
// answer checked and committed as it comes.

import Foundation
import VectorStoreSearch

/// Sends texts to a service in the background, and tells what became of each.
///
/// Nobody waits for an answer that has been paid for: it is committed by the task that received it.
/// A kill costs at most the requests in flight and the answers that are not committed yet.
actor EmbeddingQueue: TextQueue {
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
    /// Longer than the service takes, which may have named the most tokens of a text: refused as it is.
    case tooLong(Data, tokens: Int?, ChunkFailure)
    /// Not embedded now.
    case unavailable([Data], Unavailable)
    /// In a batch of the service, or to be sent another time.
    case later([Data])

    /// Of how many texts it tells.
    var texts: Int {
      switch self {
      case .embedded(let hashes), .found(let hashes), .unavailable(let hashes, _),
        .later(let hashes):
        hashes.count
      case .failed(let refused): refused.count
      case .tooLong: 1
      }
    }
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
    /// Texts that are to be packed again, since the server takes fewer at once.
    var repack: [Item] = []
    /// Texts that another run has on their way.
    var elsewhere: [Job] = []
  }

  /// How often texts that another run has on their way are looked for, in seconds.
  private static let lookAgain = 0.1
  /// After so many seconds without other work, the run says that it waits.
  private static let longWait = 5.0
  /// How often the texts of a batch get all their tries before they are given up.
  static let rounds = 3
  /// How long answers in flight are waited for when a run is given up, in seconds.
  private static let farewell = 0.6

  private let requests: ServiceRequests
  private let claims: Claims
  private var packer: BatchPacker<Item>
  private let atOnce: Int
  private var jobs: [Job] = []
  /// Jobs whose texts another run has on their way: they wait, and take no place from others.
  private var elsewhere: [Job] = []
  private var lookout: Task<Void, Never>?
  private var running: [Int: Task<Void, Never>] = [:]
  private var started = 0
  private var events: [Event] = []
  private var failure: (any Error)?
  private var waiter: CheckedContinuation<Void, Never>?

  init(_ requests: ServiceRequests, _ claims: Claims) {
    self.requests = requests
    self.claims = claims
    let terms = requests.service.terms
    packer = BatchPacker(
      textsPerRequest: terms.textsPerRequest, tokensPerRequest: terms.tokensPerRequest)
    // Twice what may be in flight: while one half waits for its answers, the other is entered in the
    // ledger, or committed.
    atOnce = terms.concurrentRequests * 2
  }

  /// Takes texts. Full requests go out at once, the rest waits for more.
  func add(_ items: [Item]) {
    pack(items)
    pump()
  }

  /// Packs texts, and jobs that have grown too large, into requests as large as the server takes now.
  private func pack(_ items: [Item]) {
    let size = requests.size
    packer.resize(size)
    let large = jobs.filter {
      !size.holds(texts: $0.items.count, tokens: $0.items.reduce(0) { $0 + $1.tokens })
    }
    if !large.isEmpty {
      jobs.removeAll { job in
        !size.holds(texts: job.items.count, tokens: job.items.reduce(0) { $0 + $1.tokens })
      }
    }
    for item in large.flatMap(\.items) + items {
      let bytes = item.text.text.utf8.count
      jobs += packer.add(item, tokens: item.tokens, bytes: bytes).map { Job(items: $0.items) }
    }
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
        guard !jobs.isEmpty || !elsewhere.isEmpty else {
          await requests.remember()
          return nil
        }
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

  /// Sends nothing more and waits a moment for what is in flight, since it is paid for. Not longer: whoever
  /// cancels expects an end within a second.
  func giveUp() async {
    failure = failure ?? CancellationError()
    requests.giveUp()
    (jobs, elsewhere) = ([], [])
    packer = BatchPacker(textsPerRequest: 1, tokensPerRequest: 1)
    lookout?.cancel()
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
      let job = jobs.removeFirst()
      started += 1
      let id = started
      running[id] = Task {
        let result: Result<Completion, any Error>
        do {
          result = .success(try await complete(job))
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
      if !completion.repack.isEmpty { pack(completion.repack) }
      if failure == nil { wait(for: completion.elsewhere) }
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

  /// Lets jobs wait until no other run has their texts on their way: they have vectors then, or are to
  /// be sent from here.
  private func wait(for others: [Job]) {
    elsewhere += others
    guard !elsewhere.isEmpty, lookout == nil else { return }
    lookout = Task { await lookOut() }
  }

  private func lookOut() async {
    defer {
      lookout = nil
      wake()
    }
    var idle = ContinuousClock.now
    while failure == nil, !elsewhere.isEmpty {
      let taken: Set<Data>
      do {
        try await Task.sleep(for: .seconds(Self.lookAgain))
        taken = try await claims.elsewhere()
      } catch {
        failure = failure ?? error
        return
      }
      let waiting = elsewhere
      elsewhere = []
      for job in waiting {
        let free = job.items.filter { !taken.contains($0.text.hash) }
        let rest = job.items.filter { taken.contains($0.text.hash) }
        if !free.isEmpty { jobs.append(Job(items: free, rounds: job.rounds)) }
        if !rest.isEmpty { elsewhere.append(Job(items: rest, rounds: job.rounds)) }
      }
      pump()
      if !running.isEmpty { idle = .now }
      if ContinuousClock.now - idle > .seconds(Self.longWait) {
        requests.tellWaiting("another run of this store is having the same texts embedded")
      }
    }
  }

  /// Claims the texts of a job, sends what nobody else has on its way, and commits the answer.
  nonisolated private func complete(_ job: Job) async throws -> Completion {
    let hashes = job.items.map(\.text.hash)
    let isStopped = requests.isStopped
    let standing =
      isStopped ? try await claims.look(at: hashes) : try await claims.claim(hashes)
    var completion = Completion()
    if !standing.known.isEmpty { completion.events.append(.found(standing.known)) }
    if !standing.inBatch.isEmpty { completion.events.append(.later(Array(standing.inBatch))) }
    let others = job.items.filter { standing.elsewhere.contains($0.text.hash) }
    if !others.isEmpty { completion.elsewhere.append(Job(items: others, rounds: job.rounds)) }
    let items = job.items.filter { standing.free.contains($0.text.hash) }
    guard !items.isEmpty else { return completion }
    do {
      let isKept = try await send(Job(items: items, rounds: job.rounds), &completion)
      if !isKept, !isStopped { await claims.release(items.map(\.text.hash)) }
    } catch {
      await claims.release(items.map(\.text.hash))
      throw error
    }
    return completion
  }

  /// Sends a job and commits its answer. Returns whether there was one: its texts are then released.
  nonisolated private func send(_ job: Job, _ completion: inout Completion) async throws -> Bool {
    let items = job.items
    let tokens = items.reduce(0) { $0 + $1.tokens }
    let hold = claims.hold(items.map(\.text.hash))
    switch try await requests.send(items.map(\.text.text), tokens: tokens, hold: hold) {
    case .answered(let answer):
      completion.events += try await commit(answer, of: items)
      return true
    case .lostHold: completion.elsewhere.append(job)
    case .tooLarge: completion.repack = items
    case .split:
      let middle = items.count / 2
      completion.next = [
        Job(items: Array(items[..<middle]), rounds: job.rounds),
        Job(items: Array(items[middle...]), rounds: job.rounds),
      ]
    case .refused(let error): completion.events.append(.refused(items[0].text, error))
    case .putOff(let error):
      if job.rounds > 0 {
        completion.later = [Job(items: items, rounds: job.rounds - 1)]
      } else {
        let hashes = items.map(\.text.hash)
        completion.events.append(.unavailable(hashes, Unavailable(error)))
      }
    case .tooDear(let tokensThatFit):
      let count = max(1, BatchPacker<Item>.prefix(of: items.map(\.tokens), fitting: tokensThatFit))
      completion.next = [
        Job(items: Array(items[..<count]), rounds: job.rounds),
        Job(items: Array(items[count...]), rounds: job.rounds),
      ]
    case .stopped(let reason):
      completion.events.append(.unavailable(items.map(\.text.hash), Unavailable(reason)))
    }
    return false
  }

  /// Checks an answer's vectors and writes them to the disk.
  nonisolated private func commit(
    _ answer: EmbeddingBatch, of items: [Item]
  ) async throws -> [Event] {
    let space = requests.service.space
    let checked = try CheckedAnswer(answer, to: items.map(\.text), space: space)
    let hashes = items.map(\.text.hash)
    try await withReprieve { try await self.claims.keep(checked.vectors, releasing: hashes) }
    var events = [Event.embedded(Array(checked.vectors.keys))]
    if !checked.failures.isEmpty { events.append(.failed(checked.failures)) }
    return events
  }
}

extension EmbeddingQueue.Event {
  /// The service refuses a text for good.
  static func refused(_ text: HashedText, _ error: ServiceError) -> Self {
    let failure = ChunkFailure(
      code: Unavailable.code(of: error),
      message: "\(error); the text is \(text.text.utf8.count) bytes long")
    return error.isTooLong
      ? .tooLong(text.hash, tokens: error.tokensPerText, failure) : .failed([text.hash: failure])
  }
}

/// The vectors of texts that may be stored, and why others may not, by text hash.
struct CheckedAnswer: Sendable {
  private(set) var vectors: [Data: StoredVector] = [:]
  private(set) var failures: [Data: ChunkFailure] = [:]

  /// Checks a service's answer to texts.
  ///
  /// - Throws: ``StoreError/Code/badVector`` if there is not one vector a text. A single bad vector is
  ///   that text's failure.
  init(_ answer: EmbeddingBatch, to texts: [HashedText], space: EmbeddingSpace) throws(StoreError) {
    guard answer.vectors.count == texts.count else {
      throw StoreError(
        .badVector,
        "the service for \(space) answered \(answer.vectors.count) vectors for \(texts.count) texts; "
          + "nothing of this answer was stored: try again, or check the server")
    }
    for (text, vector) in zip(texts, answer.vectors) {
      do {
        vectors[text.hash] = try StoredVector(checking: vector, dimensions: space.dimensions)
      } catch {
        failures[text.hash] = ChunkFailure(
          code: .badVector, reason: error.reason,
          message: "the service for \(space) answered a bad vector: \(error)")
      }
    }
  }
}

/// The tokens and requests that texts would make in a queue, with nothing sent.
struct RequestPlan: Sendable {
  private(set) var tokens = 0
  private(set) var requests = 0
  private var packer: BatchPacker<EmbeddingQueue.Item>

  private(set) var texts = 0
  /// What tokens cost.
  private let price: TokenPrice

  /// - Parameter inBatches: whether they go in batches of the service.
  init(_ service: (any EmbeddingService)?, inBatches: Bool) {
    let terms = service?.terms ?? ServiceTerms()
    if inBatches, let service = service as? any BatchService {
      packer = BatchPacker(
        textsPerRequest: service.textsPerBatch, tokensPerRequest: SettingRange.tokens.upperBound)
      price = terms.price.halved
    } else {
      packer = BatchPacker(
        textsPerRequest: terms.textsPerRequest, tokensPerRequest: terms.tokensPerRequest)
      price = terms.price
    }
  }

  var cost: NanoDollars { price.cost(ofTokens: tokens) }

  /// Takes texts that are to be embedded. Returns the texts of the requests that are full now.
  mutating func add(_ items: [EmbeddingQueue.Item]) -> [Data] {
    items.flatMap { item in
      tokens += item.tokens
      texts += 1
      return count(
        packer.add(item, tokens: item.tokens, bytes: item.text.text.utf8.count))
    }
  }

  /// The texts of the requests that go out since no text comes any more.
  mutating func flush() -> [Data] { count(packer.flush()) }

  private mutating func count(_ batches: [BatchPacker<EmbeddingQueue.Item>.Batch]) -> [Data] {
    requests += batches.count
    return batches.flatMap { $0.items.map(\.text.hash) }
  }
}
