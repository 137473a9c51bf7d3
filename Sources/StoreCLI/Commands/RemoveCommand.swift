// `store remove`: documents, or a whole collection, out. Calls Store.remove.

import ArgumentParser
import VectorStore

struct RemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove documents.",
    discussion: """
      The text is gone from every byte of the file after `store compact`.
      """)

  @Argument(help: "The documents' sources, as `store list` shows them.")
  var sources: [String] = []

  @Option(
    name: .customLong("below"),
    help: ArgumentHelp("Every document below a folder.", valueName: "folder"))
  var folder: String?

  @OptionGroup var filtering: FilterOptions

  @Flag(help: "Remove the collection with all its documents.")
  var all = false

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    let ways = [!sources.isEmpty, folder != nil, filtering.filter != nil, all].filter { $0 }.count
    guard ways == 1 else {
      throw ValidationError(
        "Name documents to remove, or give --below, --filter or --all, one of them at a time.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readWrite)
    try settings.requireStore()
    let filter = try filtering.parsed()
    let report = try await Interruption.handled { [all, sources, folder, collection] in
      try await settings.withStore { store in
        if all { return try await store.removeCollection(collection.name) }
        if let folder { return try await store.remove(below: folder, from: collection.name) }
        if let filter { return try await store.remove(where: filter, from: collection.name) }
        return try await store.remove(sources, from: collection.name)
      }
    }
    if store.json {
      try JSONOutput.print(report)
    } else if !store.quiet {
      Terminal.standardOutput.write(
        "removed \(Format.counted(report.documents, "document")) "
          + "(\(Format.counted(report.chunks, "chunk")))\n")
    }
    for source in report.notFound { Terminal.standardError.write("error: \(missing(source))\n") }
    guard !report.notFound.isEmpty else { return }
    throw report.documents == 0 ? ExitCode.failure : ExitStatus.partial
  }

  private func missing(_ source: String) -> String {
    let what = folder == nil ? "" : " below"
    let advice =
      folder == nil && source.hasSuffix("/")
      ? "to remove what lies below that folder, use --below \(source)"
      : "`store list` shows what it has"
    return "the collection \"\(collection.name)\" has no document\(what) \"\(source)\"; \(advice)"
  }
}
