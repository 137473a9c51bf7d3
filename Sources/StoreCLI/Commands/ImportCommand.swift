// `store import`: documents with vectors of their own.

import ArgumentParser
import Foundation
import VectorStore

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import documents and vectors from JSONL or .npy, rows from CSV or TSV.",
    discussion: """
      What store export wrote comes back as it was and costs nothing. Other JSONL has a document a \
      line: {"id": "a", "text": "…", "vector": [0.1, …], "metadata": {…}}. Without "vector" the text \
      is cut and embedded. --text-field takes each row of a CSV, TSV or other JSONL file as a document. JSON may also be one array, gzip, or UTF-16. A .npy file has a vector a \
      row; --texts gives its ids and texts, --space says which model made them.
      """)

  @Argument(help: "The file; - is JSONL from standard input.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "A JSONL file whose line i belongs to row i of a .npy file.", valueName: "file.jsonl"))
  var texts: String?

  @Option(
    help: ArgumentHelp(
      "The column of CSV and TSV, or field of JSON lines, that is the text: a row is a document, the rest its metadata.",
      valueName: "name"))
  var textField: String?

  @Option(
    help: ArgumentHelp(
      "The vectors' space, as provider/model/dimensions (default: what the file says, else the collection's).",
      valueName: "space"))
  var space: SpaceArgument?

  @Flag(
    name: .customLong("no-text"),
    help: "Keep no text in a new collection, only ranges, hashes and vectors: no word search.")
  var noText = false

  @OptionGroup var spending: SpendingArguments
  @OptionGroup var collection: CollectionOptions
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard texts == nil || file.hasSuffix(".npy") else {
      throw ValidationError("--texts goes with a .npy file.")
    }
    guard textField == nil || (space == nil && texts == nil) else {
      throw ValidationError("--text-field goes without --space and --texts: rows bring no vectors.")
    }
  }

  func run() async throws {
    // Rows of a .npy file all have their vectors.
    let settings = try await Settings(
      store, mode: mode.mode, access: .readWrite, embeds: collection.name,
      sends: !file.hasSuffix(".npy"), makes: true)
    let spending = spending.options(quiet: store.quiet)
    if file != "-" { try InputPath.check(file) }
    let space = try space?.space ?? (file.hasSuffix(".npy") ? askForSpace(settings) : nil)
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.withStore {
        try await $0.import(
          from: file, texts: texts, textField: textField, space: space, into: collection.name,
          keepsText: noText ? false : nil, spending: spending, progress: progress)
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

  /// The space of a .npy file's vectors, which do not say it themselves.
  private func askForSpace(_ settings: Settings) throws -> EmbeddingSpace {
    let name = try settings.space.name
    let advice =
      "\(Terminal.oneLine(file)) does not say which model made its vectors; name it, as --space \(name)"
    guard Confirmation.isPossible else { throw ValidationError(advice) }
    let terminal = Terminal.standardError
    terminal.write("Which model made these vectors? [\(name)] ")
    let answer = (readLine() ?? "").trimmingCharacters(in: .whitespaces)
    guard let space = EmbeddingSpace(answer.isEmpty ? name : answer) else {
      throw ValidationError(advice)
    }
    return space
  }
}
