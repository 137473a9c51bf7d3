// `store reembed`: brings a collection to its target space, or to another, its cost shown first. Calls
// Store.reembed.

import ArgumentParser
import Foundation
import VectorStore

struct ReembedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reembed",
    abstract: "Embed what has stand-ins or is pending, or change the model.",
    discussion: """
      Without --to, stand-ins and pending documents get real vectors. With --to, all chunks are \
      embedded in another space; the old vectors answer until the new are complete. Stopped anywhere, \
      the same command goes on. The cost is shown first.
      """)

  @Option(
    help: ArgumentHelp(
      "The new target space, as openai/text-embedding-3-large/3072.", valueName: "space"))
  var to: SpaceArgument?

  @Flag(help: "Do not ask.")
  var yes = false

  @Flag(help: "Show what would be done and cost; change and spend nothing.")
  var dryRun = false

  @OptionGroup var spending: SpendingArguments
  @OptionGroup var collection: CollectionOptions
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    var settings = try Settings(
      store, mode: mode.mode, access: .readWrite, embeds: true, sends: !dryRun)
    try settings.requireStore()
    if let to { try settings.use(space: to.space) }
    let (bar, handler) = ProgressBar.handler(quiet: store.quiet)
    let options = spending.options(quiet: store.quiet)
    let (chosen, isDryRun) = (settings, dryRun)
    let report = try await Interruption.handled { [collection, to] in
      defer { bar.finish() }
      return try await chosen.withStore { store in
        let plan = try await store.reembed(collection.name, to: to?.space, isDryRun: true)
        guard !isDryRun else { return plan }
        try confirm(plan)
        return try await store.reembed(
          collection.name, to: to?.space, spending: options, progress: handler)
      }
    }
    if store.json {
      try JSONOutput.print(report)
    } else {
      ReportOutput.print(report, quiet: store.quiet)
    }
    if report.isStoppedByBudget { throw ExitStatus.budget }
    if !report.dryRun, !report.isComplete || report.chunks.failed > 0 { throw ExitStatus.partial }
  }

  /// Asks whether to spend what it costs; where nobody can answer, `--yes` has to say so.
  private func confirm(_ plan: ReembedReport) throws {
    let losesReal = plan.from != plan.to && plan.to.hasPrefix("mock/")
    guard !yes, plan.costUSD > 0 || losesReal else { return }
    try Confirmation.ask(
      ReportOutput.summary(plan), advice: "Say --yes to do that, or --dry-run only to see it.",
      refusal: "nothing was changed")
  }
}
