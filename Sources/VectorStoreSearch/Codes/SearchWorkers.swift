// The one place where a search splits its work over cores.

import Foundation
import Synchronization

/// Splits work over cores. The caller's thread always works, and adds helpers only for cores that no other
/// search of this process uses.
///
/// So one query alone uses every core, and many queries at once use one each.
package enum SearchWorkers {
  /// The cores of this machine that this process may use.
  package static let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

  /// Threads at work now: callers and their helpers.
  private static let busy = Atomic<Int>(0)
  private static let queue = DispatchQueue(
    label: "vector-store.search", qos: .userInitiated, attributes: .concurrent)

  /// The most workers that a call can have; worker numbers are below it.
  package static var maximumWorkers: Int { cores }

  /// Calls `body` with every item of `0..<count`, each once, from the caller's thread and from helpers.
  /// Returns when all calls have returned.
  ///
  /// - Parameters:
  ///   - atLeast: how many items make it worth to wake another core.
  ///   - body: is told the item, and the number of the worker that calls it (0 is the caller), for memory
  ///     that only one may use at a time.
  package static func forEach(
    _ count: Int, atLeast: Int, _ body: @escaping @Sendable (_ item: Int, _ worker: Int) -> Void
  ) {
    guard count > 0 else { return }
    let caller = busy.add(1, ordering: .relaxed).newValue
    defer { busy.subtract(1, ordering: .relaxed) }
    let wanted = min(count / max(atLeast, 1), cores) - 1
    let helpers = max(0, min(wanted, cores - caller))
    guard helpers > 0 else {
      for item in 0..<count { body(item, 0) }
      return
    }
    let round = Round(count)
    for worker in 1...helpers {
      queue.async {
        // A helper that comes late finds nothing to do, and is not waited for.
        guard round.enter() else { return }
        busy.add(1, ordering: .relaxed)
        round.work(worker, body)
        busy.subtract(1, ordering: .relaxed)
        round.leave()
      }
    }
    round.work(0, body)
    round.close()
  }

  /// The items of one call.
  private final class Round: Sendable {
    private let count: Int
    private let next = Atomic<Int>(0)
    /// Helpers at work, and whether the caller is done and lets no more in.
    private let state = Mutex<(inside: Int, isClosed: Bool)>((0, false))
    private let left = DispatchSemaphore(value: 0)

    init(_ count: Int) { self.count = count }

    func work(_ worker: Int, _ body: (Int, Int) -> Void) {
      while true {
        let item = next.add(1, ordering: .relaxed).oldValue
        guard item < count else { return }
        body(item, worker)
      }
    }

    func enter() -> Bool {
      state.withLock { state in
        guard !state.isClosed else { return false }
        state.inside += 1
        return true
      }
    }

    func leave() {
      let isLast = state.withLock { state in
        state.inside -= 1
        return state.isClosed && state.inside == 0
      }
      if isLast { left.signal() }
    }

    /// Lets no helper in any more and waits for those that are at work.
    func close() {
      let mustWait = state.withLock { state in
        state.isClosed = true
        return state.inside > 0
      }
      if mustWait { left.wait() }
    }
  }
}
