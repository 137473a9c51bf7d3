// What the writing commands did, as a person reads it: a line or two, warnings and errors. Called by
// the subcommands that write.

import VectorStore

enum ReportOutput {
  /// What `add` or `import` did, on standard output; warnings and errors on standard error.
  static func write(_ report: AddReport, quiet: Bool) {
    for error in report.errors {
      let place = error.source.map { "\($0): " } ?? ""
      let message = error.message.hasPrefix(place) ? error.message : place + error.message
      Terminal.standardError.write("error: \(Terminal.oneLine(message))\n")
    }
    if report.errorsOmitted > 0 {
      Terminal.standardError.write(
        "error: and \(Format.counted(report.errorsOmitted, "more error"))\n")
    }
    guard !quiet else { return }
    for warning in report.warnings {
      Terminal.standardError.write("warning: \(Terminal.oneLine(warning))\n")
    }
    Terminal.standardOutput.write(summary(report) + "\n")
  }

  /// That documents wait for their vectors, and what to do, on standard error.
  static func write(_ pending: PendingDocuments) {
    Terminal.standardError.write(
      "note: \(Terminal.oneLine(pending.message)); run `store reembed` to embed what waits\n")
  }

  /// What `reembed` did or would do.
  static func write(_ report: ReembedReport, quiet: Bool) {
    for error in report.errors {
      let place = error.source.map { "\($0): " } ?? ""
      Terminal.standardError.write("error: \(Terminal.oneLine(place + error.message))\n")
    }
    guard !quiet else { return }
    for warning in report.warnings + (report.stopped.map { [$0.message] } ?? []) {
      Terminal.standardError.write("warning: \(Terminal.oneLine(warning))\n")
    }
    Terminal.standardOutput.write(summary(report) + "\n")
  }

  /// One line: what happened to the chunks of a collection, and what it cost.
  static func summary(_ report: ReembedReport) -> String {
    let chunks = parts([
      (report.dryRun ? "to embed" : "embedded", report.chunks.embedded),
      ("with a vector already", report.chunks.reused), ("remaining", report.chunks.remaining),
      ("failed", report.chunks.failed),
    ])
    let change =
      report.from == report.to ? "in \(report.to)" : "from \(report.from) to \(report.to)"
    let pending = parts([
      ("pending documents placed", report.pendingPlaced),
      ("documents pending", report.pendingRemaining),
    ])
    return (report.dryRun ? "would reembed " : "") + "\(report.collection) \(change): chunks: "
      + (chunks.isEmpty ? "none missing" : chunks) + (pending.isEmpty ? "" : "; \(pending)")
      + spent(
        tokens: report.tokens, isEstimated: report.tokensEstimated && report.dryRun,
        requests: report.requests, costUSD: report.costUSD)
      + (report.dryRun ? "" : " in \(Format.seconds(report.seconds))")
  }

  /// `; 1,234 tokens in 2 requests, $0.000025`, or nothing where nothing was sent.
  private static func spent(
    tokens: Int, isEstimated: Bool, requests: Int, costUSD: Double
  ) -> String {
    guard requests > 0 else { return "" }
    let tokens = (isEstimated ? "at most " : "") + Format.counted(tokens, "token")
    return "; \(tokens) in \(Format.counted(requests, "request")), \(Format.dollars(costUSD))"
  }

  /// One line: what happened to the documents, and to their chunks.
  static func summary(_ report: AddReport) -> String {
    report.dryRun ? "would be done: \(counts(report))" : counts(report)
  }

  private static func counts(_ report: AddReport) -> String {
    let documents = report.documents
    let changes = parts([
      ("added", documents.added), ("updated", documents.updated), ("removed", documents.removed),
      ("pending", documents.pending), ("failed", documents.failed),
    ])
    let skipped =
      report.skipped > 0
      ? ", \(Format.counted(report.skipped, "file")) that cannot be read as text left out" : ""
    let time = " in \(Format.seconds(report.seconds))"
    guard !changes.isEmpty else {
      return documents.unchanged == 0
        ? "nothing to add\(skipped)"
        : "nothing changed: \(Format.counted(documents.unchanged, "document")) as before\(skipped)"
          + (report.chunks.standIn > 0
            ? ", \(Format.counted(report.chunks.standIn, "chunk")) on stand-ins" : "") + time
    }
    let unchanged =
      documents.unchanged > 0 ? ", \(Format.count(documents.unchanged)) unchanged" : ""
    let chunks = parts([
      ("embedded", report.chunks.embedded), ("with a vector already", report.chunks.reused),
      ("on stand-ins", report.chunks.standIn), ("pending", report.chunks.pending),
      ("failed", report.chunks.failed),
    ])
    return "documents: \(changes)\(unchanged)\(skipped); chunks: "
      + (chunks.isEmpty ? "none" : chunks)
      + spent(
        tokens: report.tokens, isEstimated: report.tokensEstimated && report.dryRun,
        requests: report.requests, costUSD: report.costUSD) + (report.dryRun ? "" : time)
  }

  private static func parts(_ counts: [(String, Int)]) -> String {
    counts.filter { $0.1 > 0 }.map { "\(Format.count($0.1)) \($0.0)" }.joined(separator: ", ")
  }
}
