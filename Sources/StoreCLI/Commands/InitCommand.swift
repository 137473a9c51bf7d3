// `store init`: an empty store.

import ArgumentParser
import VectorStore

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make an empty store here.",
    discussion: """
      `store add` makes a store too, unless a folder above has one: then it is used. A store here is found from \
      all folders below.
      """)

  @OptionGroup var store: StoreOptions

  /// The one object that --json prints.
  private struct Report: Encodable {
    let store: String
    let isNew: Bool
  }

  func run() async throws {
    var settings = try Settings(store, access: .readWrite)
    if settings.origin(of: .store) == .folderAbove { settings.storePath = StoreSearch.name }
    let isNew = try await !settings.isStoreThere()
    try await settings.withStore { _ in }
    let path = StorePlace(settings.storePath).shown
    if store.json {
      try JSONOutput.write(Report(store: path, isNew: isNew))
    } else if !store.quiet {
      let name = Terminal.oneLine(path)
      Terminal.standardOutput.write(
        isNew
          ? "made an empty store, \(name); add documents with `store add FOLDER`\n"
          : "\(name) is a store already\n")
    }
  }
}
