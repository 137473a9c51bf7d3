// `store update`: what was added, brought in step with its files.

import ArgumentParser
import VectorStore

struct UpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Read added files again and update the store.",
    discussion: """
      New files are added and changed ones replaced; a file that was moved or renamed keeps its document and \
      costs nothing. Each folder keeps the options that it was added with (`store roots` shows them).
      """)

  @Argument(help: "Only these folders and files, as `store roots` shows them.")
  var roots: [String] = []

  @Option(
    name: [.customShort("c"), .customLong("collection")],
    help: ArgumentHelp("Only this collection (default: all).", valueName: "name"),
    completion: Completions.collections)
  var collection: String?

  @OptionGroup var convert: ConvertOptions
  @OptionGroup var pruning: PruneOptions

  @Flag(help: "Show what would be done, and its cost; change and spend nothing.")
  var dryRun = false

  @Flag(help: "Go on: update again after each change, until Ctrl-C.")
  var watch = false

  @OptionGroup var spending: SpendingArguments
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  /// The one object that --json prints.
  private struct Updates: Encodable {
    let updates: [UpdateReport]
  }

  func validate() throws {
    guard !watch || !dryRun else { throw ValidationError("Give --watch or --dry-run, not both.") }
  }

  func run() async throws {
    var settings = try await Settings(
      store, mode: mode.mode, access: dryRun ? .readOnly : .readWrite,
      embeds: collection ?? "default", sends: !dryRun)
    try settings.requireStore()
    await settings.permit(convert.converters, in: collection, remembers: !dryRun)
    try settings.addParser(sends: !dryRun)
    if collection == nil {
      try await settings.addServices(of: nil, store, mode.mode, sends: !dryRun)
    }
    let options = UpdateOptions(
      prunes: pruning.prune, prunesMostOfARoot: pruning.yes, isDryRun: dryRun,
      spending: spending.options(quiet: store.quiet), converters: convert.converters)
    if watch { return try await watch(settings, options) }
    let opened = settings
    let (updates, identity) = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await opened.withStore { store in
        if !dryRun { try await self.store.fetchBatches(of: store) }
        let updates = try await store.update(
          roots, in: collection, options: options, progress: progress)
        return (updates, store.identity)
      }
    }
    try show(updates, settings, identity)
    for update in updates { try update.report.throwIfPartial() }
  }

  private func watch(_ settings: Settings, _ options: UpdateOptions) async throws {
    var isFirst = true
    try await settings.withStore { store in
      try await store.watch(roots, in: collection, options: options) { updates in
        // A change that changes no document, as of a picture, is not worth a line.
        let news = isFirst ? updates : updates.filter { $0.report.hasNews }
        if isFirst || !news.isEmpty { try show(news, settings, store.identity) }
        if isFirst, !self.store.quiet {
          Terminal.standardError.write("watching; press Ctrl-C to stop\n")
        }
        isFirst = false
      }
    }
  }

  private func show(
    _ updates: [UpdateReport], _ settings: Settings, _ identity: SourceIdentity
  ) throws {
    if store.json { return try JSONOutput.write(Updates(updates: updates)) }
    if updates.isEmpty {
      Terminal.standardOutput.write("nothing to update: no folder was added yet\n")
    }
    for update in updates {
      if updates.count > 1, !store.quiet {
        Terminal.standardOutput.write("\(Terminal.oneLine(update.collection)): ")
      }
      ReportOutput.write(
        update.report, canEmbed: settings.configuration.service != nil, quiet: store.quiet,
        identity: identity)
    }
  }
}

extension AddReport {
  /// Whether anything was done or could not be done.
  fileprivate var hasNews: Bool {
    documents.added + documents.updated + documents.moved + documents.removed + documents.pending
      + documents.failed > 0 || !errors.isEmpty
  }
}
