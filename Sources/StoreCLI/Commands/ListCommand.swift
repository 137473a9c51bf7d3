// `store list`: the documents of a collection.

import ArgumentParser
import VectorStore

struct ListCommand: AsyncParsableCommand, PagedCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List documents: source, state, chunks, when they changed.")

  @Option(
    name: [.customShort("c", allowingJoined: true), .customLong("collection")],
    help: ArgumentHelp("Only this collection (default: all).", valueName: "name"),
    completion: Completions.collections)
  var collection: String?

  @Flag(help: "Only documents that wait for the embedding service.")
  var pending = false

  @Flag(help: "Only documents with a passage that was refused.")
  var failed = false

  @Flag(help: "Only documents that word search alone finds: they have no real vectors yet.")
  var wordsOnly = false

  @OptionGroup var filtering: FilterOptions
  @OptionGroup var store: StoreOptions

  /// The one object that --json prints.
  private struct Listing: Encodable {
    let documents: [DocumentSummary]
  }

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    let states = Set<DocumentSummary.State>(
      (pending ? [.pending] : []) + (failed ? [.failed] : []) + (wordsOnly ? [.standIn] : []))
    let documents = try await settings.open()
      .list(
        in: collection, states: states.isEmpty ? nil : states, filter: try filtering.parsed())
    if store.json { return try JSONOutput.write(Listing(documents: documents)) }
    guard !documents.isEmpty else {
      return Terminal.standardOutput.write("no documents\n")
    }
    let several = Set(documents.map(\.collection)).count > 1
    let rows = documents.map { document in
      [
        Format.counted(document.chunks, "chunk"), Self.name(document.state),
        String(Format.time(document.updated).prefix(10)),
        Terminal.oneLine(
          (several ? "\(document.collection)  " : "")
            + Format.source(document.source, path: document.path)
            + (document.reason.map { "  (\($0))" } ?? "")),
      ]
    }
    Terminal.standardOutput.write(Format.table(rows).map { $0 + "\n" }.joined())
  }

  /// A state as it is shown.
  static func name(_ state: DocumentSummary.State) -> String {
    switch state {
    case .complete: "complete"
    case .standIn: "words only"
    case .pending: "waiting"
    case .failed: "failed"
    case .leftOut: "left out"
    }
  }
}
