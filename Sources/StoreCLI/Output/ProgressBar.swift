// The progress bar of long work, on standard error and only where a person watches.

import Foundation
import Synchronization
import VectorStore

/// Draws progress on one line, a few times a second.
final class ProgressBar: Sendable {
  private let terminal = Terminal.standardError
  private let lastDrawn = Mutex(Date.distantPast)

  /// Runs `body` with a bar that goes when it returns. The closure is to be handed to the store; it is nil
  /// where nobody watches.
  static func during<T>(
    quiet: Bool, _ body: (ProgressHandler?) async throws -> T
  ) async rethrows -> T {
    let bar = ProgressBar()
    defer { bar.finish() }
    guard bar.terminal.isTerminal, !quiet else { return try await body(nil) }
    return try await body { bar.draw($0) }
  }

  private func finish() {
    guard lastDrawn.withLock({ $0 > .distantPast }) else { return }
    terminal.rewriteLine("")
  }

  private func draw(_ progress: StoreProgress) {
    let isDue = lastDrawn.withLock { last in
      guard Date().timeIntervalSince(last) > 0.1 else { return false }
      last = Date()
      return true
    }
    guard isDue else { return }
    terminal.rewriteLine(Self.line(progress, columns: terminal.columns))
  }

  /// The bar as text, at most `columns` wide.
  static func line(_ progress: StoreProgress, columns: Int) -> String {
    let done = Format.count(progress.done)
    guard let total = progress.total, total > 0 else {
      return String("\(done) \(progress.unit)".prefix(columns - 1))
    }
    let width = 24
    let filled = min(width, width * progress.done / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let line = "\(bar) \(done) of \(Format.count(total)) \(progress.unit)"
    let current = progress.current.map { "  \(Terminal.oneLine($0))" } ?? ""
    return String((line + current).prefix(columns - 1))
  }
}
