// What became of batches, as a person reads it: a line each.

import VectorStore

enum BatchesOutput {
  /// What `batches` found, on standard output; errors on standard error.
  static func write(_ report: BatchesReport, quiet: Bool) {
    for error in report.errors {
      let place = error.source.map { "\($0): " } ?? ""
      Terminal.standardError.write("error: \(Terminal.oneLine(place + error.message))\n")
    }
    guard !quiet else { return }
    guard !report.batches.isEmpty else {
      return Terminal.standardOutput.write("no batches\n")
    }
    for line in lines(report) {
      Terminal.standardOutput.write(Terminal.oneLine(line) + "\n")
    }
  }

  /// A line for each batch, and one for what the store has of them.
  static func lines(_ report: BatchesReport) -> [String] {
    var lines = report.batches.map(line)
    guard report.batches.contains(where: \.hasEnded) else { return lines }
    let documents =
      report.documentsPlaced > 0
      ? ", \(Format.counted(report.documentsPlaced, "document")) no longer waiting" : ""
    lines.append("\(Format.counted(report.embedded, "passage")) embedded\(documents)")
    return lines
  }

  private static func line(_ batch: BatchSummary) -> String {
    let name = batch.name ?? "a batch of \(Format.time(batch.since))"
    let reason = batch.reason.map { ": \($0)" } ?? ""
    let answered =
      "\(Format.count(batch.answered)) of \(Format.counted(batch.texts, "passage")) answered"
    let spent = "\(Format.counted(batch.tokens, "token")), \(Format.dollars(batch.costUSD))"
    let rest = batch.texts - batch.answered - batch.refused
    let again =
      rest > 0
      ? "; `store reembed` sends the other \(Format.count(rest)), with --batch-api at half price"
      : ""
    let refused = batch.refused > 0 ? ", \(Format.count(batch.refused)) refused" : ""
    switch batch.state {
    case .waiting:
      return "\(name) waits since \(Format.time(batch.since)): \(answered)"
        + (batch.reason.map { "; \($0)" } ?? "")
    case .sending: return "\(name) is being handed over by another command"
    case .answered: return "\(name) is answered: \(answered)\(refused); \(spent)\(again)"
    case .expired: return "\(name) was not done in a day: \(answered)\(refused); \(spent)\(again)"
    case .cancelled: return "\(name) was given up: \(answered)\(refused); \(spent)\(again)"
    case .failed: return "\(name) failed\(reason); \(spent)\(again)"
    }
  }
}
