// Work on the elements of an array on all cores.

import Dispatch

/// Work on all cores, off Swift's pool.
package enum Parallel {
  private static let queue = DispatchQueue(label: "vector-store.parallel", attributes: .concurrent)

  /// The results of `transform`, in the order of the elements. Blocks the calling thread, which must
  /// not be one of Swift's pool.
  package static func map<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @Sendable (Element) -> Result
  ) -> [Result] {
    guard elements.count > 1 else { return elements.map(transform) }
    return [Result](unsafeUninitializedCapacity: elements.count) { buffer, count in
      // Each iteration initialises its own element, so they do not meet.
      nonisolated(unsafe) let buffer = buffer
      DispatchQueue.concurrentPerform(iterations: elements.count) { index in
        buffer.initializeElement(at: index, to: transform(elements[index]))
      }
      count = elements.count
    }
  }

  /// The results of `transform`, for asynchronous callers: the work is done on threads that may block.
  package static func mapOffPool<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @escaping @Sendable (Element) -> Result
  ) async -> [Result] {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: map(elements, transform)) }
    }
  }
}
