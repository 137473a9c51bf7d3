// `store remove`: documents, or a whole collection, out.

import ArgumentParser
import VectorStore

struct RemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove documents.",
    discussion: """
      FOLDER/ that was added removes its documents and forgets it, so that no `store update` brings them back. \
      The text is gone from every byte of the store after `store compact`.
      """)

  @Argument(
    help: "Documents: their files' paths, or their ids; or FOLDER/.",
    completion: Completions.sources)
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
    let ways = [!sources.isEmpty, folder != nil, filtering.isGiven, all].filter { $0 }.count
    guard ways == 1 else {
      throw ValidationError(
        "Name documents to remove, or give --below, --filter or --all, one of them at a time.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readWrite)
    try settings.requireStore()
    let filter = try filtering.parsed()
    let (report, missing) = try await settings.withStore { store in
      let report = try await remove(from: store, filter)
      var missing: [String] = []
      for source in report.notFound { missing.append(try await self.missing(source, store)) }
      return (report, missing)
    }
    if store.json {
      try JSONOutput.write(report)
    } else if !store.quiet {
      Terminal.standardOutput.write(
        "removed \(Format.counted(report.documents, "document")) "
          + "(\(Format.counted(report.chunks, "chunk")))\n")
    }
    for message in missing {
      Terminal.standardError.write("error: \(Terminal.oneLine(message))\n")
    }
    guard !report.notFound.isEmpty else { return }
    throw report.documents == 0 ? ExitCode.failure : ExitStatus.partial
  }

  private func remove(from store: Store, _ filter: Filter?) async throws -> RemoveReport {
    if all { return try await store.removeCollection(collection.name) }
    if let folder { return try await store.remove(below: folder, from: collection.name) }
    if let filter { return try await store.remove(where: filter, from: collection.name) }
    var report = try await store.remove(sources, from: collection.name)
    let folders = report.notFound.filter { $0.hasSuffix("/") }
    report.notFound.removeAll { $0.hasSuffix("/") }
    for folder in folders {
      let removed = try await store.remove(root: folder, from: collection.name)
      report.documents += removed.documents
      report.chunks += removed.chunks
      report.notFound += removed.notFound
    }
    return report
  }

  private func missing(_ source: String, _ store: Store) async throws -> String {
    if folder == nil, !source.hasSuffix("/") {
      let meant = store.identity.source(of: source)
      if try await store.roots(in: collection.name).contains(where: { $0.source == meant }) {
        return "\(source) is a folder that was added; to remove its documents, write \(source)/"
      }
      return try await store.missing(source, in: collection.name)
        + "; `store list` shows what it has"
    }
    return folder != nil
      ? "the collection \"\(collection.name)\" has no document below \"\(source)\"; `store list` shows what "
        + "it has"
      : "\(source) was not added to the collection \"\(collection.name)\"; to remove what lies below it, use "
        + "--below \(source); `store roots` shows what was added"
  }
}
