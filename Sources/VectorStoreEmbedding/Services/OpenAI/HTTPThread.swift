// The one thread on which all HTTP requests of the process run, by libcurl's multi interface.

import CCurl
import Foundation
import Synchronization

/// Runs transfers, any number at once. It starts with the first and lives as long as the process, as
/// the connections do that it keeps.
///
/// `@unchecked Sendable`: the handle is used on the thread alone, but for `ccurl_multi_wakeup`, which
/// any thread may call.
final class HTTPThread: @unchecked Sendable {
  static let shared = HTTPThread()

  private enum Order {
    case start(HTTPTransfer, CheckedContinuation<HTTPAnswer, any Error>)
    case cancel(HTTPTransfer)
  }

  private let multi: UnsafeMutableRawPointer
  private let orders = Mutex<[Order]>([])
  /// In milliseconds. Orders wake the thread, unless the process had no descriptor left for that.
  private let longestWait: Double

  // On the thread alone, in the order in which they came.
  private var waiting: [HTTPTransfer] = []
  private var running: [HTTPTransfer] = []

  private init() {
    guard ccurl_global_init() == CURLE_OK, let multi = ccurl_multi_init() else {
      preconditionFailure("libcurl cannot start: out of memory")
    }
    self.multi = multi
    longestWait = ccurl_multi_wakeup(multi) == CURLM_OK ? 60_000 : 10
    // As many as one service may have requests in flight.
    ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 256)
    let thread = Thread { self.run() }
    thread.name = "vector-store.http"
    thread.start()
  }

  /// Starts a transfer as soon as its lane has room. The continuation is resumed at its end.
  func start(
    _ transfer: HTTPTransfer, _ continuation: CheckedContinuation<HTTPAnswer, any Error>
  ) {
    give(.start(transfer, continuation))
  }

  /// Ends a transfer at once, or before it starts; nothing happens if it has ended.
  func cancel(_ transfer: HTTPTransfer) { give(.cancel(transfer)) }

  private func give(_ order: Order) {
    orders.withLock { $0.append(order) }
    ccurl_multi_wakeup(multi)
  }

  // MARK: - On the thread

  private func run() {
    // Older versions of libcurl write to a closed connection without asking for no signal.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    while true {
      takeOrders()
      endOverdue()
      startWaiting()
      var count: Int32 = 0
      ccurl_multi_perform(multi, &count)
      if endFinished() > 0 { continue }
      let isWell = ccurl_multi_poll(multi, Int32(wait.rounded(.up))) == CURLM_OK
      if !isWell { usleep(10_000) }
    }
  }

  private func takeOrders() {
    for order in orders.withLock({ exchange(&$0, with: []) }) {
      switch order {
      case .start(let transfer, let continuation):
        transfer.continuation = continuation
        if transfer.isCancelled {
          transfer.end(.failure(CancellationError()))
        } else {
          waiting.append(transfer)
        }
      case .cancel(let transfer):
        transfer.isCancelled = true
        end(transfer, .failure(CancellationError()))
      }
    }
  }

  private func endOverdue() {
    let now = ContinuousClock.now
    for transfer in waiting + running where transfer.deadline <= now {
      end(transfer, transfer.outcome(CURLE_OPERATION_TIMEDOUT))
    }
  }

  private func startWaiting() {
    let candidates = waiting
    waiting = []
    for transfer in candidates {
      if transfer.lane.isFull {
        waiting.append(transfer)
        continue
      }
      do {
        let easy = try transfer.prepare()
        let code = ccurl_multi_add_handle(multi, easy)
        guard code == CURLM_OK else {
          throw TransportFailure(.broken, detail: String(cString: ccurl_multi_strerror(code)))
        }
        transfer.lane.active += 1
        running.append(transfer)
      } catch {
        transfer.end(.failure(error))
      }
    }
  }

  private func endFinished() -> Int {
    var (ended, left) = (0, Int32(0))
    while let message = ccurl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE,
        let transfer = running.first(where: { $0.easy == message.pointee.easy_handle })
      else { continue }
      end(transfer, transfer.outcome(message.pointee.data.result))
      ended += 1
    }
    return ended
  }

  /// Takes a transfer out, wherever it is.
  private func end(_ transfer: HTTPTransfer, _ outcome: Result<HTTPAnswer, any Error>) {
    waiting.removeAll { $0 === transfer }
    if let place = running.firstIndex(where: { $0 === transfer }) {
      running.remove(at: place)
      transfer.lane.active -= 1
      ccurl_multi_remove_handle(multi, transfer.easy)
    }
    transfer.end(outcome)
  }

  /// Until the next transfer is overdue, in milliseconds. libcurl keeps its own times.
  private var wait: Double {
    let now = ContinuousClock.now
    let next = (waiting + running).map { ($0.deadline - now) / .milliseconds(1) }.min()
    return min(max(0, next ?? longestWait), longestWait)
  }
}

/// The requests in flight of one client. Used on the thread alone, which is why it is
/// `@unchecked Sendable`.
final class HTTPLane: @unchecked Sendable {
  private let limit: Int
  var active = 0

  init(limit: Int) { self.limit = limit }

  var isFull: Bool { active >= limit }
}
