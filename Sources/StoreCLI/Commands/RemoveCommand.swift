// `store remove`: documents, or a whole collection, out. Calls Store.remove.

import ArgumentParser
import VectorStore

struct RemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove documents.",
    discussion: """
      A source that ends in / removes every document below that folder. The text is gone from every \
      byte of the file after `store compact`.
      """)

  @Argument(help: "The documents' sources, as `store list` shows them.")
  var sources: [String] = []

  @Flag(help: "Remove the collection with all its documents.")
  var all = false

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard sources.isEmpty == all else {
      throw ValidationError("Name documents to remove, or give --all.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readWrite)
    try settings.requireStore()
    let report = try await Interruption.handled { [all, sources, collection] in
      try await settings.withStore { store in
        all
          ? try await store.removeCollection(collection.name)
          : try await store.remove(sources, from: collection.name)
      }
    }
    if store.json {
      try JSONOutput.print(report)
    } else if !store.quiet {
      Terminal.standardOutput.write(
        "removed \(Format.counted(report.documents, "document")) "
          + "(\(Format.counted(report.chunks, "chunk")))\n")
    }
    for source in report.notFound {
      Terminal.standardError.write(
        "error: the collection \"\(collection.name)\" has no document \"\(source)\"; `store list` "
          + "shows what it has\n")
    }
    guard !report.notFound.isEmpty else { return }
    throw report.documents == 0 ? ExitCode.failure : ExitStatus.partial
  }
}
