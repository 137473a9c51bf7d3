// `store copy`: a store into another one, in a file or on PostgreSQL.

import ArgumentParser
import VectorStore

struct CopyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy a store into another, or update a copy.",
    discussion: """
      store copy --to "postgres://me@host/team?schema=notes"
      store copy --store "postgres://me@host/team?schema=notes" --to notes.db

      Documents, passages and vectors are copied as they are; nothing is embedded again. What the other \
      store has already is left alone, so that an interrupted copy goes on when it is run again.
      """)

  @Option(
    help: ArgumentHelp(
      "The other store: the path of a file, or an address of PostgreSQL. It is made where there is none.",
      valueName: "store"))
  var to: String

  @Option(
    name: [.short, .customLong("collection")],
    help: ArgumentHelp("Only this collection; may be repeated (default: all).", valueName: "name"))
  var collections: [String] = []

  @Flag(help: "Remove documents from the other store that are not in this one.")
  var prune = false

  @OptionGroup var store: StoreOptions

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    let source = try await settings.open()
    var configuration = settings.configuration
    configuration.access = .readWrite
    let other = try await Store(path: to, configuration: configuration)
    guard other.path != source.path else {
      throw ValidationError("The other store is this one; name another with --to.")
    }
    let report = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await source.copy(
        to: other, collections: collections.isEmpty ? nil : collections, prune: prune,
        progress: progress)
    }
    try await other.close()
    try await source.close()
    if store.json { return try JSONOutput.write(report) }
    guard !store.quiet else { return }
    for counts in report.collections {
      let others =
        counts.onlyThere > 0
        ? "; \(Format.counted(counts.onlyThere, "document")) only there (--prune removes them)" : ""
      Terminal.standardOutput.write(
        "\(Terminal.oneLine(counts.collection)): \(Format.counted(counts.added, "document")) added, "
          + "\(Format.count(counts.updated)) updated, \(Format.count(counts.unchanged)) unchanged, "
          + "\(Format.count(counts.removed)) removed\(others)\n")
    }
    Terminal.standardOutput.write(
      "copied to \(Terminal.oneLine(other.path)) in \(Format.seconds(report.duration))\n")
  }
}
