// Why texts have no vector of their target space for now: from the router's reasons to a report's.

import Foundation

/// Why a service does not embed texts now.
struct Unavailable: Error {
  /// The code of the error in reports.
  let code: StoreError.Code
  /// What was found and the next step.
  let message: String
  /// When another attempt has a chance, if time alone brings it.
  var until: Date?
  /// Whether nothing more can be had of the service in this run.
  let isFinal: Bool
  /// The service's own error, if there is one.
  var underlying: (any Error)?

  /// There is no service at hand.
  init(noService reason: String) {
    code = .serviceUnavailable
    message = reason
    isFinal = true
  }

  /// The service's answer cannot be used.
  init(unusable error: StoreError) {
    code = error.code
    message = error.message
    isFinal = false
    underlying = error.underlying
  }

  /// Nothing more is sent in this run.
  init(_ reason: StopReason) {
    message = "\(reason)"
    until = reason.opensAt
    isFinal = true
    switch reason {
    case .refused(let error): (code, underlying) = (Self.code(of: error), error)
    case .failed(_, let error): (code, underlying) = (.serviceUnavailable, error)
    case .budget, .maximumCost: code = .budgetExceeded
    case .breakerOpen, .noService: code = .serviceUnavailable
    }
  }

  /// The tries for some texts are used up.
  init(_ error: ServiceError) {
    code = Self.code(of: error)
    message = "\(error)"
    isFinal = false
    underlying = error
  }

  /// The code of a store's error for a service's.
  static func code(of error: ServiceError) -> StoreError.Code {
    switch error.kind {
    case .authentication: .authenticationFailed
    case .quota: .quotaExhausted
    case .rate: .rateLimited
    case .input where error.isTooLong: .textTooLong
    case .input, .requestTooLarge: .inputRefused
    default: .serviceUnavailable
    }
  }
}
