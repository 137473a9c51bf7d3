// `store import`: documents with vectors of their own. Calls Store.import.

import ArgumentParser
import VectorStore

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import documents and vectors from JSONL or .npy.",
    discussion: """
      JSONL has a document a line: {"id": "a", "text": "…", "vector": [0.1, …], "metadata": {…}}. \
      Without "vector" the text is embedded. A .npy file has a vector a row; --texts gives its ids \
      and texts.
      """)

  @Argument(help: "The file; - is JSONL from standard input.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "A JSONL file whose line i belongs to row i of a .npy file.", valueName: "file.jsonl"))
  var texts: String?

  @Option(
    help: ArgumentHelp(
      "The vectors' space, as provider/model/dimensions (default: the collection's target).",
      valueName: "space"))
  var space: SpaceArgument?

  @OptionGroup var spending: SpendingArguments
  @OptionGroup var collection: CollectionOptions
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard texts == nil || file.hasSuffix(".npy") else {
      throw ValidationError("--texts goes with a .npy file.")
    }
  }

  func run() async throws {
    // Rows of a .npy file all have their vectors.
    let settings = try Settings(
      store, mode: mode.mode, access: .readWrite, embeds: true, sends: !file.hasSuffix(".npy"))
    let spending = spending.options(quiet: store.quiet)
    if file != "-" { try InputPath.check(file) }
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.withStore {
        try await $0.import(
          from: file, texts: texts, space: space?.space, into: collection.name, spending: spending,
          progress: progress)
      }
    }
    if store.json {
      try JSONOutput.write(report)
    } else {
      ReportOutput.write(
        report, canEmbed: settings.configuration.service != nil, quiet: store.quiet)
    }
    try report.throwIfPartial()
  }
}
