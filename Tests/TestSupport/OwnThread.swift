// Blocking work of a test, such as SQL: Swift's pool of threads is small, and nothing may block there.

import Foundation

/// Runs blocking work on a thread of its own and waits for it.
package func onOwnThread<T: Sendable>(
  _ body: @escaping @Sendable () throws -> T
) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
  }
}
