// Work on the elements of an array on all cores. Called by the verbs for parsing and chunking.

import Dispatch

enum Parallel {
  /// The results of `transform`, in the order of the elements. Blocks the calling thread, which must
  /// be one of the store's own.
  static func map<Element: Sendable, Result: Sendable>(
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
}
