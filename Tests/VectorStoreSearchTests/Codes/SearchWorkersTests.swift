// Work on several cores. Tests Sources/VectorStoreSearch/Codes/SearchWorkers.swift.

import Foundation
import Synchronization
import Testing
import VectorStoreSearch

@Suite struct SearchWorkersTests {
  @Test func everyItemIsDoneOnce() {
    for count in [0, 1, 2, 3, 1000] {
      let done = Mutex([Int](repeating: 0, count: count))
      SearchWorkers.forEach(count, atLeast: 1) { item, worker in
        #expect((0..<SearchWorkers.maximumWorkers).contains(worker))
        done.withLock { $0[item] += 1 }
      }
      #expect(done.withLock { $0 } == [Int](repeating: 1, count: count))
    }
  }

  /// Many callers at once: the threads at work are never more than callers, or cores.
  @Test func callersAtOnceDoNotMultiplyThreads() async {
    let working = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let callers = SearchWorkers.cores + 2
    let threads = DispatchQueue(label: "callers", attributes: .concurrent)
    await withCheckedContinuation { continuation in
      let group = DispatchGroup()
      for _ in 0..<callers {
        threads.async(group: group) {
          SearchWorkers.forEach(200, atLeast: 1) { _, _ in
            let now = working.add(1, ordering: .relaxed).newValue
            most.max(now, ordering: .relaxed)
            usleep(100)
            working.subtract(1, ordering: .relaxed)
          }
        }
      }
      group.notify(queue: threads) { continuation.resume() }
    }
    // A helper that was let in before the last callers came may still be at work.
    #expect(most.load(ordering: .relaxed) <= callers + SearchWorkers.cores - 1)
    #expect(working.load(ordering: .relaxed) == 0)
  }
}
