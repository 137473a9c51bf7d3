// Why texts have no vector of their target space for now. Made from what the router says; decides the
// error code and the exit status.

import Foundation

/// Why a service does not embed texts now.
struct Unavailability: Sendable {
  /// The code of the error in reports.
  let code: StoreError.Code
  /// What was found and the next step.
  let message: String
  /// Whether nothing more can be had of the service in this run.
  let isFinal: Bool
  /// The service's own error, where there is one.
  let underlying: (any Error)?

  /// There is no service at hand.
  init(noService reason: String) {
    code = .serviceUnavailable
    message = reason
    isFinal = true
    underlying = nil
  }

  /// The service's answer cannot be used.
  init(unusable error: StoreError) {
    code = error.code
    message = error.message
    isFinal = false
    underlying = error.underlying
  }

  init(_ reason: StopReason) {
    message = "\(reason)"
    isFinal = true
    code =
      switch reason {
      case .refused(let error): Self.code(of: error)
      case .budget, .maximumCost: .budgetExceeded
      case .failed, .breakerOpen, .noService: .serviceUnavailable
      }
    underlying =
      switch reason {
      case .refused(let error): error
      case .failed(_, let error): error
      case .budget, .maximumCost, .breakerOpen, .noService: nil
      }
  }

  init(_ error: ServiceError) {
    message = "\(error)"
    isFinal = false
    code = Self.code(of: error)
    underlying = error
  }

  /// The code of a store's error for a service's.
  static func code(of error: ServiceError) -> StoreError.Code {
    switch error.kind {
    case .authentication: .authenticationFailed
    case .quota: .quotaExhausted
    case .rate: .rateLimited
    case .input, .requestTooLarge: .inputRefused
    case .network, .server, .badAnswer: .serviceUnavailable
    }
  }
}
