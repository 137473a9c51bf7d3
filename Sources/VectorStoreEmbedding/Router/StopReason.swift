// Why nothing more can be sent in a run.

package import Foundation

/// Why a service can embed nothing more for now.
package enum StopReason: Sendable {
  /// The service refuses every request: key, address, model, money.
  case refused(ServiceError)
  /// The service of a user's own failed in a way it did not classify, or the ledger did.
  case failed(String, underlying: (any Error)? = nil)
  /// The service has failed too often; it is left alone until then.
  case breakerOpen(until: Date, lastError: LastError?)
  /// A limit of the budget is reached.
  case budget(BudgetUse)
  /// The run's own limit is reached.
  case maximumCost(NanoDollars, lastError: String?)
  /// There is no service at hand.
  case noService

  /// Whether it is this side's limit on spending that stopped the run.
  package var isBudget: Bool {
    switch self {
    case .budget, .maximumCost: true
    case .refused, .failed, .breakerOpen, .noService: false
    }
  }

  /// When another attempt has a chance, where time alone brings it.
  package var opensAt: Date? {
    switch self {
    case .budget(let use): use.opensAt
    case .breakerOpen(let until, _): until
    case .refused, .failed, .maximumCost, .noService: nil
    }
  }
}

extension StopReason: CustomStringConvertible {
  /// What stopped it and the next step, as part of a sentence.
  package var description: String {
    switch self {
    case .refused(let error): "\(error)"
    case .failed(let message, _): message
    case .breakerOpen(let until, let last):
      "the service failed again and again and is left alone until "
        + "\(Self.time(until))\(last.map { " (last: \($0.message))" } ?? "")"
    case .budget(let use):
      switch use.limit {
      case .dailyCost:
        "the daily budget is used up: \(NanoDollars(nano: use.used)) of "
          + "\(NanoDollars(nano: use.allowed)) today; it opens again at \(Self.time(use.opensAt)), "
          + "or raise the daily limit"
      case .hourlyRequests:
        "the hourly limit of requests is used up: \(use.used) of \(use.allowed) in the last hour; "
          + "it opens again at \(Self.time(use.opensAt)), or raise the hourly limit"
      }
    case .maximumCost(let allowed, let lastError):
      "the run has reached the most it may cost, \(allowed); raise that to go on"
        + (lastError.map { " (last error: \($0))" } ?? "")
    case .noService:
      "there is no embedding service; configure one"
    }
  }

  /// A time as people write it, in UTC.
  private static func time(_ date: Date) -> String {
    let seconds = Int64(date.timeIntervalSince1970.rounded(.up))
    let ofDay = (seconds % 86_400 + 86_400) % 86_400
    func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(padded(ofDay / 3600)):\(padded(ofDay / 60 % 60)):\(padded(ofDay % 60)) UTC"
  }
}
