// `store stats`: how good the vectors are.

import ArgumentParser
import Foundation
import VectorStore

struct StatsCommand: AsyncParsableCommand, PagedCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Measure how good the vectors are, and say so in plain words.",
    discussion: """
      Moments and spectrum are over all rows; what needs neighbours is exact up to 5,000 rows, beyond \
      that a sample of rows is compared with all, and figures say how far off they may be. It costs \
      nothing and sends nothing, but for --canary and the questions of --queries, which are embedded \
      as those of `store query` are.
      """)

  @Option(
    name: [.customShort("c", allowingJoined: true), .customLong("collection")],
    help: ArgumentHelp("Only this collection (default: all together).", valueName: "name"))
  var collection: String?

  @Option(
    help: ArgumentHelp(
      "Only this space, as provider/model/dimensions (default: all that have vectors).",
      valueName: "space"))
  var space: SpaceArgument?

  @Option(
    help: ArgumentHelp("Cosine that makes two rows near-duplicates.", valueName: "cosine"))
  var duplicateThreshold = StatisticsOptions().duplicateThreshold

  @Option(help: ArgumentHelp("Keep a summary to compare with later.", valueName: "name"))
  var save: String?

  @Option(help: ArgumentHelp("Tell what moved since a summary was saved.", valueName: "name"))
  var compare: String?

  @Option(
    help: ArgumentHelp(
      "Write the report as one HTML file, with plots, for any browser.", valueName: "file"))
  var html: String?

  @Option(
    help: ArgumentHelp(
      "Judgements, as TREC's qrels or BEIR's: with --queries, measures every ranking.",
      valueName: "file"))
  var qrels: String?

  @Option(
    help: ArgumentHelp(
      "The questions of --qrels: JSONL with _id and text, or id, tab, text.", valueName: "file"))
  var queries: String?

  @Flag(
    help: """
      Embed a few of the collection's texts again, to see whether the model changed; the cost is shown \
      first.
      """)
  var canary = false

  @Flag(help: "Do not ask before --canary spends.")
  var yes = false

  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard duplicateThreshold > 0, duplicateThreshold <= 1 else {
      throw ValidationError("--duplicate-threshold takes a cosine above 0, at most 1.")
    }
    guard (qrels == nil) == (queries == nil) else {
      throw ValidationError("Give --qrels and --queries together.")
    }
  }

  func run() async throws {
    let settings = try await Settings(
      store, mode: mode.mode, access: save == nil ? .readOnly : .readWrite,
      embeds: qrels != nil || canary ? collection ?? "default" : nil)
    try settings.requireStore()
    let judged = try Judged(qrels: qrels, queries: queries)
    let report: StatisticsReport
    do {
      report = try await measure(settings, judged)
    } catch let error as StoreError where error.code == .budgetExceeded {
      Terminal.standardError.write("Error: \(Terminal.oneLine("\(error)"))\n")
      throw ExitStatus.budget
    }
    if let html {
      // A path that was typed is shown as it is; one out of a setting by its last part.
      let name =
        store.place.storePath.map { StorePlace($0).shown }
        ?? (StorePlace(settings.storePath).isPostgres
          ? StorePlace(settings.storePath).shown
          : URL(filePath: settings.storePath).lastPathComponent)
      let version = StoreCommand.configuration.version
      try StatisticsPage(report, store: name, version: version).write(to: html)
    }
    if store.json { return try JSONOutput.write(report) }
    let output = Terminal.standardOutput
    output.write(StatsOutput(terminal: output).text(report))
    guard !store.quiet else { return }
    if let save { Terminal.standardError.write("saved as \"\(Terminal.oneLine(save))\"\n") }
    if let html { Terminal.standardError.write("wrote \(Terminal.oneLine(html))\n") }
  }

  private func measure(
    _ settings: Settings, _ judged: Judged?
  ) async throws -> StatisticsReport {
    var options = StatisticsOptions()
    options.duplicateThreshold = duplicateThreshold
    options.save = save
    options.compare = compare
    // Only the page shows them.
    if html == nil { options.mapRows = 0 }
    let (collection, space, chosen) = (collection, space?.space, options)
    let (outputs, inputs) = ([html].compactMap(\.self), [qrels, queries].compactMap(\.self))
    return try await settings.withStore { store in
      try store.checkOutputs(outputs, inputs: inputs)
      let canary = canary ? try await self.canary(store) : nil
      // First, since it is what can fail for want of money or a service.
      var retrieval: RetrievalQuality?
      if let judged {
        retrieval = try await store.retrievalQuality(
          queries: judged.queries, judgements: judged.judgements, in: collection ?? "default")
      }
      var report = try await store.statistics(of: collection, space: space, options: chosen)
      report.retrieval = retrieval
      report.canary = canary
      return report
    }
  }

  /// Embeds a few texts again, once that is agreed to.
  private func canary(_ store: Store) async throws -> CanaryReport {
    let name = collection ?? "default"
    let plan = try await store.canary(of: name, isDryRun: true)
    if plan.costUSD > 0, !yes {
      try Confirmation.ask(
        "\(Format.counted(plan.texts, "text")) would be embedded in \(plan.space): at most "
          + "\(Format.counted(plan.tokens, "token")), \(Format.dollars(plan.costUSD))",
        advice: "Say --yes to do that.", refusal: "nothing was sent")
    }
    return try await store.canary(of: name)
  }

  /// Questions with known answers.
  private struct Judged {
    let queries: [JudgedQuery]
    let judgements: RetrievalJudgements

    init?(qrels: String?, queries: String?) throws {
      guard let qrels, let queries else { return nil }
      judgements = try RetrievalJudgements(contentsOfFile: qrels)
      self.queries = try JudgedQuery.read(contentsOfFile: queries)
    }
  }
}
