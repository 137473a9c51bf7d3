// Decides where the vectors of a collection come from: an embedding service, the mock service, or
// nowhere yet.

package import Foundation
package import Logging
import Synchronization

/// The services of a store by the names of their spaces, the mode that chooses between them, and the
/// way to send to them.
package final class EmbeddingRouter: Sendable {
  /// What can be done for the chunks of a collection now.
  package enum Route: Sendable {
    /// Make their vectors from their words: the collection's target is a mock space.
    case mock(MockService)
    /// Embed them in the collection's target space by requests to a service.
    case requests(any EmbeddingService)
    /// Give them stand-ins of the mock space.
    case standIn(reason: String)
    /// Leave their documents pending.
    case wait(reason: String)
  }

  private struct State {
    var mode: ServiceMode
    var services: [String: any EmbeddingService]
  }

  private let state: Mutex<State>
  private let lanes: [String: ServiceLane]
  /// The ledger of services that cost money.
  private let ledger: any SpendingLedger
  /// The ledger of those that do not.
  private let freeLedger = MemoryLedger()
  private let limits: SpendingLimits
  private let logger: Logger

  /// Creates a router.
  ///
  /// - Parameters:
  ///   - ledger: where metered services are entered.
  ///   - limits: the money and requests they may use.
  ///   - reranker: what sends to it by ``RerankedQuestion`` shares its slots and what is learned of sizes.
  package init(
    mode: ServiceMode, services: [any EmbeddingService], ledger: any SpendingLedger,
    limits: SpendingLimits, reranker: (any Reranker)? = nil, logger: Logger
  ) {
    let named = Dictionary(services.map { ($0.space.name, $0) }) { first, _ in first }
    state = Mutex(State(mode: mode, services: named))
    var lanes = named.mapValues { ServiceLane($0.terms) }
    if let reranker {
      lanes[RerankedQuestion(reranker, "").space.name] = ServiceLane(reranker.terms)
    }
    self.lanes = lanes
    self.ledger = ledger
    self.limits = limits
    self.logger = logger
  }

  /// The mode that chooses. A change takes effect with the next run or query.
  package var mode: ServiceMode {
    get { state.withLock { $0.mode } }
    set { state.withLock { $0.mode = newValue } }
  }

  /// Where the vectors of a collection with a target space come from.
  ///
  /// - Throws: ``EmbeddingRouterError`` where no service nor the program's mock space makes vectors of
  ///   the target: vectors of two spaces are never mixed.
  package func route(to target: EmbeddingSpace) throws(EmbeddingRouterError) -> Route {
    if target.kind == .mock {
      guard let mock = MockService(space: target) else {
        throw EmbeddingRouterError(target: target, services: [.mock])
      }
      return .mock(mock)
    }
    let (mode, services) = state.withLock { ($0.mode, $0.services) }
    if mode == .mock { return .standIn(reason: "the mode is MOCK") }
    if let service = services[target.name] { return .requests(service) }
    // Models that run here are at hand for collections of their own, whatever else there is.
    let others = services.values.map(\.space).filter { !$0.isLocal }.sorted { $0.name < $1.name }
    guard others.isEmpty || target.isLocal else {
      throw EmbeddingRouterError(target: target, services: others)
    }
    let reason =
      target.isLocal
      ? "the model \(target.model) is not on this machine" : "\(StopReason.noService)"
    return mode == .real ? .wait(reason: reason) : .standIn(reason: reason)
  }

  /// The way to send a run's requests to a service.
  ///
  /// - Parameter own: its own limits, if it is not held to those of the others.
  package func requests(
    to service: any EmbeddingService, options: ServiceRequests.Options,
    limits own: SpendingLimits? = nil
  ) -> ServiceRequests {
    let terms = service.terms
    var limits = terms.isMetered && !terms.isUnlimited ? own ?? limits : SpendingLimits()
    if terms.isUnlimited {
      limits.concludesLimits = false
    } else {
      limits.requestsPerMinute = terms.requestsPerMinute
      limits.tokensPerMinute = terms.tokensPerMinute
    }
    let lane = lanes[service.space.name] ?? ServiceLane(terms)
    lane.start(with: service)
    return ServiceRequests(
      service: service, ledger: terms.isMetered ? ledger : freeLedger, limits: limits,
      lane: lane, options: options, logger: logger)
  }

  /// Enters what became of a batch, which any process may have reserved, unless that was done before.
  ///
  /// - Parameter name: what it is called in the ledger.
  package func settle(
    batch name: String, of service: any EmbeddingService, as outcome: AttemptOutcome
  ) async throws {
    guard service.terms.isMetered,
      let reservation = try await ledger.reservation(named: name, of: service.space.provider)
    else { return }
    try await ledger.settle(reservation, as: outcome)
  }

  /// The limits that a run would pass which sends so much, with what is used of them now.
  ///
  /// - Throws: where the ledger cannot be read.
  package func excess(
    of totals: RunTotals, service: any EmbeddingService
  ) async throws -> [BudgetUse] {
    guard service.terms.isMetered, !service.terms.isUnlimited else { return [] }
    let activity = try await ledger.activity(of: service.space.provider)
    return activity.uses(of: limits, now: Date()).filter { use in
      use.left < (use.limit == .dailyCost ? totals.cost.nano : Int64(totals.requests))
    }
  }
}

extension AccountActivity {
  /// How much of each limit is used now.
  package func uses(of limits: SpendingLimits, now: Date) -> [BudgetUse] {
    var uses: [BudgetUse] = []
    if case .atMost(let dailyCost) = limits.dailyCost {
      uses.append(
        BudgetUse(
          limit: .dailyCost, used: (billedToday + reservedToday).nano, allowed: dailyCost.nano,
          opensAt: SpendingRules.nextUTCMidnight(now)))
    }
    if case .atMost(let hourlyRequests) = limits.hourlyRequests {
      uses.append(
        BudgetUse(
          limit: .hourlyRequests, used: Int64(requestsInHour), allowed: Int64(hourlyRequests),
          opensAt: (oldestInHour ?? now).addingTimeInterval(3600)))
    }
    return uses
  }
}

/// No service at hand makes vectors of the space that a collection holds.
package struct EmbeddingRouterError: Error, Equatable {
  /// The collection's target space.
  package let target: EmbeddingSpace
  /// The spaces that there are services for.
  package let services: [EmbeddingSpace]
}

/// Where vectors come from.
public enum ServiceMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// The embedding service, or nothing: what cannot be embedded now stays pending.
  case real = "REAL"
  /// The mock service only: offline, free, deterministic.
  case mock = "MOCK"
  /// The embedding service where it is available, stand-ins of the mock space where it is not.
  case hybrid = "HYBRID"
}
