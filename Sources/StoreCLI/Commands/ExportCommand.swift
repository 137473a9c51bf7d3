// `store export`: documents with their vectors, as `store import` reads them.

import ArgumentParser
import VectorStore

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Export documents with all that the store has of them, or their vectors.",
    discussion: """
      JSONL has a line a document; store import brings all of it back, for nothing. For other programs, \
      --chunks writes a line a passage with its vector, and a name that ends in .npy the vectors alone.
      """)

  @Argument(help: "The file; - is JSONL to standard output.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "Beside a .npy file: ids, texts and metadata as JSONL.", valueName: "file.jsonl"))
  var texts: String?

  @Flag(help: "JSONL with a line a passage, for other programs.")
  var chunks = false

  @Option(
    help: ArgumentHelp(
      "The space of --chunks or .npy, as provider/model/dimensions (default: the collection's target).",
      valueName: "space"))
  var space: SpaceArgument?

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard texts == nil || file.hasSuffix(".npy") else {
      throw ValidationError("--texts goes with a .npy file.")
    }
    guard !chunks || !file.hasSuffix(".npy") else {
      throw ValidationError("A .npy file has a row a passage already; leave --chunks out.")
    }
    guard space == nil || chunks || file.hasSuffix(".npy") else {
      throw ValidationError(
        "Whole documents have the vectors of all spaces; --space goes with --chunks or .npy.")
    }
    guard file != "-" || !store.json else {
      throw ValidationError("--json prints a report; with - standard output carries the documents.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.open().export(
        to: file, texts: texts, byChunk: chunks, space: space?.space, from: collection.name,
        progress: progress)
    }
    if store.json { return try JSONOutput.write(report) }
    guard !store.quiet else { return }
    let without =
      report.withoutVector > 0
      ? ", \(Format.count(report.withoutVector)) of them without a vector of \(report.space)" : ""
    let summary =
      "exported \(Format.counted(report.documents, "document")), "
      + "\(Format.counted(report.rows, "passage"))\(without) in \(Format.seconds(report.duration))\n"
    (file == "-" ? Terminal.standardError : .standardOutput).write(summary)
    if let pending = report.pending {
      ReportOutput.write(pending, hasService: settings.hasService)
    }
  }
}
