// `store batches`: what was handed over at half price, and its answers.

import ArgumentParser
import VectorStore

struct BatchesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "batches",
    abstract: "Collect the results of --batch-api jobs.",
    discussion: """
      A service answers a batch within 24 hours. This asks for each batch and takes in what is answered; \
      `store add`, `store update` and `store reembed` do so too, before anything else. It costs nothing.
      """)

  @Option(
    help: ArgumentHelp(
      "Give this batch up at the service; what is answered by then is kept, and billed.",
      valueName: "name"))
  var cancel: String?

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    var settings = try await Settings(
      store, mode: mode.mode, access: .readWrite, embeds: collection.name)
    try settings.requireStore()
    let known = try await settings.existingStore()?.batches() ?? []
    for space in Set(known.map(\.space)) {
      // One that is another server's is listed as it is.
      try? settings.use(space: space)
    }
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.withStore { store in
        if let cancel { try await store.cancelBatch(cancel) }
        return try await store.fetchBatches(progress: progress)
      }
    }
    if store.json {
      try JSONOutput.write(report)
    } else {
      BatchesOutput.write(report, quiet: store.quiet)
    }
    if !report.errors.isEmpty || report.batches.contains(where: { $0.state == .failed }) {
      throw ExitStatus.partial
    }
  }
}

extension StoreOptions {
  /// Takes in what batches are answered, and says so on standard error.
  func fetchBatches(of store: Store) async throws {
    guard try await !store.batches().isEmpty else { return }
    let report = try await store.fetchBatches()
    guard !quiet else { return }
    for line in BatchesOutput.lines(report) {
      Terminal.standardError.write("note: \(Terminal.oneLine(line))\n")
    }
  }
}
