// The report of a run while it is made: counts, warnings, errors.

import Foundation
import VectorStoreText

/// Counts what became of documents and chunks, and lists what went wrong.
struct AddTally: Sendable {
  /// Errors listed in a report; more are counted.
  private static let errorsListed = 100
  /// Files that were left out listed in a report; more are counted.
  private static let leftOutListed = 10_000
  /// Warnings listed in a report.
  private static let warningsListed = 20

  private(set) var report: AddReport
  /// Texts that a batch has, or that were left for another time.
  private var textsLater = 0
  /// Files that had text before this run and have none now.
  private(set) var emptied: [String] = []

  init(mode: ServiceMode, space: EmbeddingSpace) {
    report = AddReport(mode: mode)
    report.space = space
  }

  /// Enters what the way to vectors means for a run, from its start.
  mutating func begin(_ route: EmbeddingRouter.Route, collection: String) {
    guard case .mock(let mock) = route, report.mode != .mock else { return }
    warn(
      "the collection \"\(collection)\" holds mock vectors and stays in their space, "
        + "\(mock.space); to have real ones, reembed it in another space")
  }

  /// Enters that a document waits since there is no service.
  mutating func missService(_ reason: String) {
    if report.stopped == nil { stop(Unavailable(noService: reason)) }
  }

  /// Notes a document that could not be added.
  mutating func fail(
    _ source: String?, index: Int? = nil, _ code: StoreError.Code, _ message: String
  ) {
    report.documents.failed += 1
    note(source, index: index, code: code, message)
  }

  /// Notes a document of one chunk that was refused.
  mutating func failChunk(
    _ source: String?, index: Int? = nil, _ code: StoreError.Code, _ message: String,
    reason: String? = nil
  ) {
    report.chunks.failed += 1
    refuse(code, reason)
    fail(source, index: index, code, message)
  }

  private mutating func refuse(_ code: StoreError.Code, _ reason: String?) {
    report.refused[code.rawValue + (reason.map { "/\($0)" } ?? ""), default: 0] += 1
  }

  /// Notes an imported document whose id came before in the same file with other content.
  mutating func failDuplicate(_ source: String, line: Int?) {
    failChunk(
      source, .malformedInput,
      (line.map { "line \($0): " } ?? "")
        + "the id \"\(source)\" came before in this file with other content; ids must be unique")
  }

  /// Notes files that were not taken.
  mutating func leaveOut(_ files: [AddReport.LeftOut]) {
    report.skipped += files.count
    report.leftOut += files.prefix(Self.leftOutListed - report.leftOut.count)
    for file in files { report.leftOutByKind[file.kind, default: 0] += 1 }
  }

  /// Counts documents removed because their files are gone.
  mutating func count(removed: Int) {
    report.documents.removed += removed
  }

  /// Lists documents whose files were moved.
  mutating func list(moved: [AddReport.Move]) {
    report.moved += moved
  }

  /// Lists documents whose files are gone, and says so unless they are removed.
  mutating func list(gone: [AddReport.Gone], areRemoved: Bool, _ identity: SourceIdentity) {
    report.gone += gone
    if !areRemoved { AddReport.Gone.sentences(gone, identity).forEach { warn($0) } }
  }

  /// Says that nothing of a root is removed, since its disk may not be there.
  mutating func holdBack(_ found: GoneFiles.OfRoot, _ identity: SourceIdentity) {
    let (gone, all) = (found.gone.count, found.documents)
    report.notPruned.append(found.root.source)
    warn(
      "\(gone) of the \(all) documents of \(identity.shown(found.root.path)) would be removed: "
        + (found.root.isFolder == nil
          ? "the folder is not there" : "more than half of its files are gone")
        + ". Is its disk mounted? Nothing of it was removed")
  }

  /// Notes something the user should know. Of many warnings the last one says that there are more.
  mutating func warn(_ message: String) {
    guard !report.warnings.contains(message) else { return }
    switch report.warnings.count {
    case ..<Self.warningsListed: report.warnings.append(message)
    case Self.warningsListed: report.warnings.append("and more warnings like these")
    default: break
    }
  }

  /// Counts a document that is left as it is.
  ///
  /// - Parameter embedded: of how many of its texts this run had the vectors made.
  mutating func count(
    unchanged stored: DocumentRecord, isMoved: Bool = false, embedded: Int = 0
  ) {
    if isMoved { report.documents.moved += 1 } else { report.documents.unchanged += 1 }
    report.chunks.embedded += embedded
    report.chunks.reused += max(0, stored.chunksInTarget - embedded)
    report.chunks.failed += stored.failedChunks
    report.chunks.standIn += stored.chunks - stored.chunksInTarget - stored.failedChunks
    if stored.failedChunks > 0 {
      warn(
        "chunks that the service refused before are left out; embedding the collection again tries "
          + "them again")
    }
  }

  /// Counts what became of a document that was to be placed.
  mutating func count(_ outcome: Placement.Outcome, of document: CutDocument) {
    switch outcome {
    case .placed(let counts): count(counts, of: document)
    case .unchanged(let stored?, let embedded):
      count(unchanged: stored, isMoved: document.isMoved, embedded: embedded)
    case .unchanged(nil, _):
      report.documents.unchanged += 1
      report.chunks.reused += document.chunks.count
    case .pending:
      report.documents.pending += 1
      report.chunks.pending += document.chunks.count
    case .duplicate: failDuplicate(document.source, line: document.line)
    case .incomplete: break
    }
  }

  private mutating func count(_ counts: Placement.Counts, of document: CutDocument) {
    if !counts.failures.isEmpty {
      report.documents.failed += 1
    } else if counts.isNew {
      report.documents.added += 1
    } else {
      report.documents.updated += 1
    }
    for (ordinal, failure) in counts.failures {
      refuse(failure.code, failure.reason)
      note(document.source, chunk: ordinal, code: failure.code, failure.message)
    }
    report.chunks.embedded += counts.embedded
    report.chunks.reused += counts.reused
    report.chunks.standIn += counts.standIn
    report.chunks.failed += counts.failures.count
    if document.chunks.isEmpty {
      warn("\(document.source) is empty: it is kept as a document without chunks")
      if document.origin == .file, !counts.isNew { emptied.append(document.source) }
    }
  }

  /// Counts a document of an export. What waits or was refused came so, and is no failure of this run.
  mutating func count(
    _ outcome: RestoredDocument.Outcome, of document: RestoredDocument, target: EmbeddingSpace
  ) {
    switch outcome {
    case .added: report.documents.added += 1
    case .updated: report.documents.updated += 1
    case .unchanged: report.documents.unchanged += 1
    case .duplicate: return failDuplicate(document.source, line: document.line)
    }
    report.chunks.reused += document.chunks(in: target)
    report.chunks.standIn += document.chunks(notIn: target)
    if document.isPending {
      warn("documents that waited for their vectors when they were exported still wait for them")
    }
    if document.failedChunks > 0 {
      warn("passages that had been refused when they were exported have no vector here either")
    }
  }

  /// Counts texts that a batch has, or that are left for another time.
  mutating func count(later texts: Int) { textsLater += texts }

  /// Enters what was sent, and whether its tokens were counted or bounded.
  mutating func enter(_ totals: RunTotals, tokensEstimated: Bool) {
    report.tokens = totals.tokens
    report.tokensEstimated = tokensEstimated
    report.requests = totals.requests
    report.costUSD = totals.cost.usd
    report.possibleCostUSD = totals.possibleCost.usd
    report.batched = BatchedTexts(totals, later: textsLater)
    for use in totals.warnings { warn(use.warning) }
    if totals.possibleCost > .zero {
      warn(
        "requests without a usable answer may be billed besides, up to \(totals.possibleCost); the budget "
          + "counts them")
    }
  }

  /// Enters what a service made of documents.
  mutating func enter(_ parsing: DocumentParsing, correlationID: String?) {
    report.parsed = parsing.report
    report.parsed?.correlationID = correlationID
    for use in parsing.warnings { warn("\(LlamaParseService.provider): \(use.warning)") }
  }

  /// Enters that the service does not embed texts. Told once a code; what is final stays.
  mutating func stop(_ reason: Unavailable) {
    let code = reason.code
    guard report.stopped == nil || (reason.isFinal && report.stopped?.code != code) else { return }
    report.stopped = AddReport.Stop(code: code, message: reason.message, until: reason.until)
    if report.mode == .hybrid {
      warn("texts that the service did not embed are found by their words only: \(reason.message)")
    } else {
      note(nil, code: code, reason.message)
    }
  }

  /// Counts a passage that was longer than the service takes and was cut again.
  mutating func countCutAgain(toTokens tokens: Int) {
    report.cutAgain += 1
    report.warnings.removeAll { $0.hasSuffix(Self.cutAgainMark) }
    let count = report.cutAgain
    warn(
      "\(count == 1 ? "1 passage was" : "\(count) passages were") longer than the service takes; cut "
        + "to about \(tokens) tokens, \(Self.cutAgainMark)")
  }

  private static let cutAgainMark = "they were embedded in pieces"

  /// Says that nothing was changed or spent.
  mutating func markDryRun() {
    report.isDryRun = true
  }

  /// Enters how long the run took.
  mutating func enter(duration: Duration) {
    report.duration = duration
  }

  /// Lists an error, of a document or of the run.
  mutating func note(
    _ source: String?, index: Int? = nil, chunk: Int? = nil, code: StoreError.Code,
    _ message: String
  ) {
    guard report.errors.count < Self.errorsListed else {
      report.errorsOmitted += 1
      return
    }
    report.errors.append(
      AddReport.Problem(
        source: source, index: index, chunk: chunk, code: code, message: message))
  }
}

extension BudgetUse {
  /// What is left of the limit.
  var rest: String {
    switch limit {
    case .dailyCost:
      "\(NanoDollars(nano: left)) is left of the daily budget of \(NanoDollars(nano: allowed))"
    case .hourlyRequests:
      "\(left) of \(allowed) requests of the hour are left"
    }
  }

  /// A warning that the limit is nearly reached.
  var warning: String {
    switch limit {
    case .dailyCost:
      "\(NanoDollars(nano: used)) of the daily budget of \(NanoDollars(nano: allowed)) is used"
    case .hourlyRequests:
      "\(used) of \(allowed) requests of the hour are used"
    }
  }
}
