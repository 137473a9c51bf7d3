// `store tag`: metadata of documents that are there already.

import ArgumentParser
import VectorStore

struct TagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tag",
    abstract: "Change the metadata of documents; nothing is embedded.",
    discussion: """
      store tag docs/plan.md --metadata status=final --metadata year=2026 --metadata draft=
      Keys that are not named stay. Adding the documents again keeps what was set.
      """)

  @Argument(
    help: "The documents' sources, as `store list` shows them.", completion: Completions.sources)
  var sources: [String] = []

  @OptionGroup var filtering: FilterOptions
  @OptionGroup var metadata: MetadataOptions
  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard sources.isEmpty == filtering.isGiven else {
      throw ValidationError("Name documents to tag, or give --filter, one of them.")
    }
    guard !metadata.changes.isEmpty else {
      throw ValidationError("Say what to set, as --metadata status=final.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readWrite)
    try settings.requireStore()
    let filter = try filtering.parsed()
    let report = try await settings.withStore { store in
      let sources =
        try await filter.map { filter in
          {
            try await store.list(in: collection.name, filter: filter).map { $0.path ?? $0.source }
          }
        }?() ?? sources
      return try await store.updateMetadata(
        of: sources, setting: metadata.values, removing: metadata.removed, in: collection.name)
    }
    if store.json {
      try JSONOutput.write(report)
    } else if !store.quiet {
      let unchanged =
        report.unchanged > 0 ? ", \(Format.count(report.unchanged)) had that already" : ""
      Terminal.standardOutput.write(
        "tagged \(Format.counted(report.changed, "document"))\(unchanged)\n")
    }
    for source in report.notFound {
      Terminal.standardError.write(
        "error: the collection \"\(Terminal.oneLine(collection.name))\" has no document "
          + "\"\(Terminal.oneLine(source))\"; `store list` shows what it has\n")
    }
    guard !report.notFound.isEmpty else { return }
    throw report.changed + report.unchanged == 0 ? ExitCode.failure : ExitStatus.partial
  }
}
