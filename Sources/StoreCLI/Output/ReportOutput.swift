// What the writing commands did, as a person reads it: a line or two, warnings and errors.

import VectorStore

enum ReportOutput {
  /// What `add` or `import` did, on standard output; warnings and errors on standard error.
  ///
  /// - Parameters:
  ///   - canEmbed: whether there is a service that could embed.
  ///   - identity: what files are called in the store; nil if there are none in the report.
  ///   - names: whether each file that was left out is named, also of many of one kind.
  static func write(
    _ report: AddReport, canEmbed: Bool = true, quiet: Bool, identity: SourceIdentity? = nil,
    names: Bool = false
  ) {
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
    for line in leftOut(report, names: names) {
      Terminal.standardError.write("skipped \(Terminal.oneLine(line))\n")
    }
    writeAdvice(
      report.errors.map(\.code) + (report.stopped.map { [$0.code] } ?? []),
      failedChunks: report.chunks.failed)
    let isHeldBack = !report.notPruned.isEmpty
    if isHeldBack || report.gone.count > report.documents.removed {
      Terminal.standardError.write(
        isHeldBack ? "note: --prune --yes removes them\n" : "note: --prune removes such documents\n"
      )
    }
    Terminal.standardOutput.write(
      moves(report, identity) + summary(report, canEmbed: canEmbed) + "\n")
  }

  /// A line for each document whose file was moved, of many for the first.
  private static func moves(_ report: AddReport, _ identity: SourceIdentity?) -> String {
    func shown(_ source: String) -> String {
      Terminal.oneLine(identity?.shown(source: source) ?? source)
    }
    let listed = 5
    let lines = report.moved.prefix(listed).map { "moved: \(shown($0.from)) → \(shown($0.to))\n" }
    let more = report.moved.count - lines.count
    return lines.joined() + (more > 0 ? "moved: and \(Format.count(more)) more\n" : "")
  }

  /// The most files of one kind that are named.
  private static let named = 3

  /// The files that were not taken, with their reasons; many of one kind by their number.
  static func leftOut(_ report: AddReport, names: Bool) -> [String] {
    let kinds = report.leftOutByKind.sorted {
      ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
    }
    return kinds.flatMap { kind, count -> [String] in
      let files = report.leftOut.filter { $0.kind == kind }
      guard !names, count > named else {
        let lines = files.map { "\($0.source): \($0.reason)\(advice(on: $0))" }
        return lines + (files.count < count ? ["\(count - files.count) more of kind \(kind)"] : [])
      }
      let example = files.first.map { ", as \($0.source)\(advice(on: $0))" } ?? ""
      return ["\(Format.count(count)) of kind \(kind)\(example); -v names them"]
    }
  }

  /// The flag that helps.
  private static func advice(on file: AddReport.LeftOut) -> String {
    Advice.advice(on: file.kind).map { " (\($0))" } ?? ""
  }

  /// That documents wait for their vectors, and what to do, on standard error.
  static func write(_ pending: PendingDocuments, hasService: Bool) {
    let step =
      (hasService ? "" : "\(Advice.meaning), then ") + "run `store reembed` to embed what waits"
    Terminal.standardError.write("note: \(Terminal.oneLine(pending.message)); \(step)\n")
  }

  /// What helps against errors of these codes, each advice once, on standard error.
  private static func writeAdvice(_ codes: [StoreError.Code], failedChunks: Int) {
    var advice = codes.compactMap(Advice.advice(on:))
    if failedChunks > 0 {
      advice.append(
        "`store list --failed` shows the passages that the service refused, `store reembed` tries them "
          + "again")
    }
    for (index, line) in advice.enumerated() where !advice[..<index].contains(line) {
      Terminal.standardError.write("note: \(line)\n")
    }
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
    writeAdvice(
      report.errors.map(\.code) + (report.stopped.map { [$0.code] } ?? []),
      failedChunks: report.chunks.failed)
    Terminal.standardOutput.write(summary(report) + "\n")
  }

  /// One line: what happened to the passages of a collection, and what it cost.
  static func summary(_ report: ReembedReport) -> String {
    let passages = parts(
      [
        (report.isDryRun ? "to embed" : "embedded", report.chunks.embedded),
        ("with a vector already", report.chunks.reused), ("remaining", report.chunks.remaining),
        ("failed", report.chunks.failed),
      ], of: "passage")
    let documents = parts(
      [("no longer waiting", report.pendingPlaced), ("still waiting", report.pendingRemaining)],
      of: "document")
    let change =
      report.from == report.to ? "in \(report.to)" : "from \(report.from) to \(report.to)"
    var clauses = [passages.isEmpty ? "nothing to embed" : passages]
    if !documents.isEmpty { clauses.append(documents) }
    if report.cutAgain > 0 {
      clauses.append("\(Format.counted(report.cutAgain, "passage")) cut again")
    }
    clauses += spent(
      tokens: report.tokens, isEstimated: report.tokensEstimated && report.isDryRun,
      requests: report.requests, costUSD: report.costUSD, report.batched, report.isDryRun)
    return (report.isDryRun ? "would reembed " : "") + "\(report.collection) \(change): "
      + clauses.joined(separator: "; ")
      + (report.isDryRun ? "" : " in \(Format.seconds(report.duration))")
  }

  /// `1,234 tokens in 2 requests, $0.000025`, and the same of batches; empty if nothing was sent.
  private static func spent(
    tokens: Int, isEstimated: Bool, requests: Int, costUSD: Double, _ batched: BatchedTexts?,
    _ isDryRun: Bool
  ) -> [String] {
    let batched = batched ?? BatchedTexts()
    var clauses: [String] = []
    let (tokens, requests) = (tokens - batched.tokens, requests - batched.batches)
    if requests > 0, tokens > 0 || costUSD > 0 {
      let tokens = (isEstimated ? "at most " : "") + Format.counted(tokens, "token")
      let cost = Format.dollars(max(0, costUSD - batched.costUSD))
      clauses.append("\(tokens) in \(Format.counted(requests, "request")), \(cost)")
    }
    if batched.batches > 0 {
      clauses.append(
        "\(Format.counted(batched.texts, "passage")) \(isDryRun ? "to hand" : "handed") over in "
          + "\(Format.counted(batched.batches, "batch", "batches")): at most "
          + "\(Format.counted(batched.tokens, "token")), \(Format.dollars(batched.costUSD)) at half price"
      )
    }
    if batched.waiting > 0 {
      clauses.append("\(Format.counted(batched.waiting, "passage")) in batches already")
    }
    if batched.batches + batched.waiting > 0, !isDryRun {
      clauses.append("`store batches` fetches the answers, which come within a day")
    }
    return clauses
  }

  /// One line: what happened to the documents, and to their passages.
  static func summary(_ report: AddReport, canEmbed: Bool = true) -> String {
    let documents = report.documents
    let changes = parts(
      [
        ("added", documents.added), ("updated", documents.updated), ("moved", documents.moved),
        ("removed", documents.removed), ("waiting", documents.pending),
        ("failed", documents.failed),
      ], of: "document")
    let unchanged = Format.counted(documents.unchanged, "document")
    var clauses: [String] = []
    if !changes.isEmpty {
      let others = documents.unchanged > 0 ? ", \(Format.count(documents.unchanged)) unchanged" : ""
      clauses.append(changes + others)
    } else if documents.unchanged > 0 {
      clauses.append("nothing changed: \(unchanged) as before")
    } else {
      clauses.append("nothing to add")
    }
    if !report.isDryRun, !changes.isEmpty || documents.unchanged > 0 {
      clauses[0] += " in \(Format.seconds(report.duration))"
    }
    let chunks = report.chunks
    if !changes.isEmpty {
      let passages = parts(
        [
          ("embedded", chunks.embedded), ("with a vector already", chunks.reused),
          ("waiting", chunks.pending), ("failed", chunks.failed),
        ], of: "passage")
      if !passages.isEmpty { clauses.append(passages) }
    }
    if chunks.standIn > 0 {
      let end =
        report.mode == .hybrid && !canEmbed
        ? "you \(Advice.meaning)"
        : report.batched != nil
          ? "their batch is answered"
          : "`store \(report.keepsText ? "reembed" : "update")` has embedded them"
      // Without texts there is no word search: their words are in the vectors alone.
      let how = report.keepsText ? "word search only" : "ranked by their words and not by meaning"
      clauses.append("\(Format.counted(chunks.standIn, "passage")), \(how) until \(end)")
    }
    clauses += spent(
      tokens: report.tokens, isEstimated: report.tokensEstimated && report.isDryRun,
      requests: report.requests, costUSD: report.costUSD, report.batched, report.isDryRun)
    if let parsed = report.parsed, parsed.documents > 0 {
      clauses.append(
        "\(Format.counted(parsed.documents, "document")) \(report.isDryRun ? "to parse" : "parsed") by llamaparse: "
          + "\(report.isDryRun ? "at most " : "")\(Format.counted(parsed.pages, "page")), "
          + Format.dollars(parsed.costUSD))
    }
    if report.skipped > 0 {
      clauses.append("\(Format.counted(report.skipped, "file")) skipped")
    }
    return (report.isDryRun ? "would be done: " : "") + clauses.joined(separator: "; ")
  }

  /// `2 documents added, 1 failed`: the first count with its noun.
  private static func parts(_ counts: [(String, Int)], of noun: String) -> String {
    let present = counts.filter { $0.1 > 0 }
    guard let first = present.first else { return "" }
    let rest = present.dropFirst().map { "\(Format.count($0.1)) \($0.0)" }
    return (["\(Format.counted(first.1, noun)) \(first.0)"] + rest).joined(separator: ", ")
  }
}
