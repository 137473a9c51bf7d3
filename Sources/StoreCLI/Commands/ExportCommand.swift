// `store export`: documents with their vectors, as `store import` reads them. Calls Store.export.

import ArgumentParser
import VectorStore

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Export documents and vectors to JSONL or .npy, bit for bit.")

  @Argument(help: "The file; - is JSONL to standard output.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "Beside a .npy file: ids, texts and metadata as JSONL.", valueName: "file.jsonl"))
  var texts: String?

  @Option(
    help: ArgumentHelp(
      "The vectors' space, as provider/model/dimensions (default: the collection's target).",
      valueName: "space"))
  var space: SpaceArgument?

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard texts == nil || file.hasSuffix(".npy") else {
      throw ValidationError("--texts goes with a .npy file.")
    }
    guard file != "-" || !store.json else {
      throw ValidationError("--json prints a report; with - standard output carries the documents.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.open().export(
        to: file, texts: texts, space: space?.space, from: collection.name, progress: progress)
    }
    if store.json { return try JSONOutput.write(report) }
    guard !store.quiet else { return }
    let without =
      report.withoutVector > 0
      ? ", \(Format.count(report.withoutVector)) chunks without a vector of it" : ""
    let summary =
      "exported \(Format.counted(report.rows, "row")) of \(report.space)\(without) in "
      + "\(Format.seconds(report.duration))\n"
    (file == "-" ? Terminal.standardError : .standardOutput).write(summary)
    if let pending = report.pending {
      ReportOutput.write(pending, hasService: settings.hasService)
    }
  }
}
