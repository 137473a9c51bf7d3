// `store reembed`: embeds what has no real vector yet, or changes the model; shows the cost first.

import ArgumentParser
import Foundation
import VectorStore

struct ReembedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reembed",
    abstract: "Embed what has no real vector yet, or change the model.",
    discussion: """
      Without --to, embeds all passages that have no real vector yet. With --to, embeds all passages \
      with another model; queries use the old vectors until all new ones exist. If it is stopped, \
      the same command continues. It shows the cost first.
      """)

  @Option(
    help: ArgumentHelp(
      "The new model: a space as openai/text-embedding-3-large/3072, or local/all-MiniLM-L6-v2.",
      valueName: "space"))
  var to: ModelArgument?

  @Flag(help: "Do not ask.")
  var yes = false

  @Flag(help: "Show what would be done and cost; change and spend nothing.")
  var dryRun = false

  @OptionGroup var spending: SpendingArguments
  @OptionGroup var collection: CollectionOptions
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    var to = try to?.space(in: Settings.userLibrary)
    var settings = try await Settings(
      store, mode: mode.mode, access: .readWrite, embeds: collection.name, target: to,
      sends: !dryRun)
    try settings.requireStore()
    if let to { try settings.use(space: to) }
    let options = spending.options(quiet: store.quiet)
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.withStore { store in
        if to == nil { to = try await localSpace(store, settings) }
        if !dryRun { try await self.store.fetchBatches(of: store) }
        let plan = try await store.reembed(
          collection.name, to: to, isDryRun: true, spending: options)
        guard !dryRun else { return plan }
        try confirm(plan)
        return try await store.reembed(
          collection.name, to: to, spending: options, progress: progress)
      }
    }
    if store.json {
      try JSONOutput.write(report)
    } else {
      ReportOutput.write(report, quiet: store.quiet)
    }
    if report.isStoppedByBudget { throw ExitStatus.budget }
    let isInBatch = report.batched != nil && report.stopped == nil && report.errors.isEmpty
    if !report.isDryRun, !(report.isComplete || isInBatch) || report.chunks.failed > 0 {
      throw ExitStatus.partial
    }
  }

  /// The space of the model on this machine, if there is no other service and the collection has no vector of
  /// a model yet: what it waits for is meaning, by whichever model.
  private func localSpace(_ store: Store, _ settings: Settings) async throws -> EmbeddingSpace? {
    guard settings.configuration.mode == .hybrid, !settings.hasService,
      let model = settings.library.chosen,
      let found = try await store.collections().first(where: { $0.name == collection.name }),
      found.space.kind == .real, found.vectors.keys.allSatisfy({ $0.kind == .mock })
    else { return nil }
    return model.space
  }

  /// Asks whether to spend what it costs; where nobody can answer, `--yes` has to say so.
  private func confirm(_ plan: ReembedReport) throws {
    let losesReal = plan.from != plan.to && plan.to.kind == .mock
    guard !yes, plan.costUSD > 0 || losesReal else { return }
    try Confirmation.ask(
      ReportOutput.summary(plan), advice: "Say --yes to do that, or --dry-run only to see it.",
      refusal: "nothing was changed")
  }
}
