// Whether a service is left alone for a while, since it failed again and again. A value kept in the
// ledger and so shared by all processes; called by SpendingRules.

package import Foundation

/// Stops requests to a service that fails every time, and finds out when it is back.
///
/// *Closed*, it lets everything pass and counts failures in a row: no connection, the server's
/// fault, an answer that cannot be used. Refusals (rate, input, key, money) are signs of life: they
/// are not counted, and take nothing back. Ten failures in a row, over two seconds at least, *open* it: with one request in
/// three failing at random that happens to one request in 59,000. Open, nothing passes for 15 s.
/// Then it is *half open*: one request, the probe, passes. Any answer to it closes the breaker; its
/// failure opens it again for twice as long, up to 5 minutes. A probe of which nothing is heard for
/// 60 s, since its process died, makes room for another.
///
/// An outcome of a request that was admitted before the breaker last opened, probed or closed says
/// nothing about the service as it is now, and changes nothing.
package struct CircuitBreaker: Sendable, Codable, Equatable {
  /// What a request may do now.
  package enum Admission: Sendable, Equatable {
    /// Be sent.
    case pass
    /// Be sent as the probe.
    case probe
    /// Not be sent before then.
    case open(until: Date)
    /// Not be sent before the probe has come back, or then.
    case probing(until: Date)
  }

  /// How the service is, for people.
  package enum State: Sendable, Equatable {
    case closed
    case open(until: Date)
    /// The next request, or one on its way, decides.
    case halfOpen
  }

  private enum Phase: Sendable, Codable, Equatable {
    case closed(failures: Int, firstAt: Date)
    case open(until: Date)
    case probing(until: Date)
  }

  /// Failures in a row that open the breaker.
  static let failuresToOpen = 10
  /// And so long they have to go on, in seconds: many at once are one hiccup.
  static let secondsToOpen = 2.0
  /// How long it is open first, in seconds.
  static let firstCooldown = 15.0
  /// How long it is open at most, in seconds.
  static let longestCooldown = 300.0
  /// How long a probe keeps others from being sent, in seconds.
  static let probeDeadline = 60.0
  /// A ledger may keep the time of an attempt in whole seconds.
  private static let clockGrain = 1.0

  private var phase = Phase.closed(failures: 0, firstAt: .distantPast)
  /// When the phase began.
  private var since = Date.distantPast
  private var cooldown = firstCooldown

  /// Creates a closed breaker.
  package init() {}

  /// Whether a request may be sent now. A probe takes the only place there is.
  package mutating func admit(now: Date) -> Admission {
    switch phase {
    case .closed: return .pass
    case .open(let until):
      // A clock that was set back does not keep it open for longer than a cooldown.
      let until = min(until, now + cooldown)
      phase = .open(until: until)
      if now < until { return .open(until: until) }
    case .probing(let until):
      let until = min(until, now + Self.probeDeadline)
      phase = .probing(until: until)
      if now < until { return .probing(until: until) }
    }
    phase = .probing(until: now + Self.probeDeadline)
    since = now
    return .probe
  }

  /// Enters the good answer to a request that was admitted at a time.
  package mutating func succeed(admittedAt: Date, now: Date) {
    guard isCurrent(admittedAt, now) else { return }
    switch phase {
    case .closed: phase = .closed(failures: 0, firstAt: .distantPast)
    case .open: break
    case .probing: close(now)
    }
  }

  /// Enters the failure of a request that was admitted at a time.
  package mutating func fail(_ kind: ServiceError.Kind, admittedAt: Date, now: Date) {
    guard isCurrent(admittedAt, now) else { return }
    switch phase {
    case .closed(let failures, let firstAt):
      guard Self.isFailure(kind) else { return }
      let firstAt = failures == 0 ? now : min(firstAt, now)
      phase = .closed(failures: failures + 1, firstAt: firstAt)
      if failures + 1 >= Self.failuresToOpen, now >= firstAt + Self.secondsToOpen {
        open(for: Self.firstCooldown, now)
      }
    case .open: break
    case .probing:
      if Self.isFailure(kind) {
        open(for: min(cooldown * 2, Self.longestCooldown), now)
      } else {
        close(now)
      }
    }
  }

  /// Gives back the place of a probe that was given up and so told nothing; the next request takes
  /// it. Another request that is given up changes nothing.
  package mutating func cancel(admittedAt: Date, now: Date) {
    guard case .probing = phase, isCurrent(admittedAt, now) else { return }
    phase = .open(until: since)
  }

  /// How the service is now.
  package func state(now: Date) -> State {
    switch phase {
    case .closed: .closed
    case .open(let until): now < until ? .open(until: min(until, now + cooldown)) : .halfOpen
    case .probing: .halfOpen
    }
  }

  private static func isFailure(_ kind: ServiceError.Kind) -> Bool {
    switch kind {
    case .authentication, .quota, .rate, .input, .requestTooLarge: false
    default: true
    }
  }

  /// Whether a request was admitted in this phase. In a phase that seems to lie ahead, since the
  /// clock was set back, every one was.
  private func isCurrent(_ admittedAt: Date, _ now: Date) -> Bool {
    since > now || admittedAt + Self.clockGrain >= since
  }

  private mutating func open(for seconds: Double, _ now: Date) {
    cooldown = seconds
    phase = .open(until: now + seconds)
    since = now
  }

  private mutating func close(_ now: Date) {
    phase = .closed(failures: 0, firstAt: .distantPast)
    since = now
  }
}
