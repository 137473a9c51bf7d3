// `store collections`: what collections there are.

import ArgumentParser
import VectorStore

struct CollectionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collections",
    abstract: "List collections: their models, documents, chunks and vectors.")

  @OptionGroup var store: StoreOptions

  /// The one object that --json prints.
  private struct Listing: Encodable {
    let collections: [CollectionSummary]
  }

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    let collections = try await settings.open().collections()
    if store.json { return try JSONOutput.write(Listing(collections: collections)) }
    guard !collections.isEmpty else {
      return Terminal.standardOutput.write("no collections\n")
    }
    for collection in collections {
      let output = Terminal.standardOutput
      output.write(
        "\(output.styled(Terminal.oneLine(collection.name), .bold))  "
          + Format.counted(collection.documents, "document")
          + (collection.pending > 0 ? " (\(Format.count(collection.pending)) waiting), " : ", ")
          + "\(Format.counted(collection.chunks, "chunk")), target \(collection.space)"
          + (collection.keepsText ? "\n" : ", no texts kept\n")
      )
      let service = collection.service.map { "embedded by \(Terminal.oneLine($0))" }
      let roles = collection.roles.flatMap { $0 == .none ? nil : Terminal.oneLine("\($0)") }
      if service != nil || roles != nil {
        output.write("  \([service, roles].compactMap { $0 }.joined(separator: ", "))\n")
      }
      for (space, count) in collection.vectors.sorted(by: { $0.key.name < $1.key.name }) {
        let note =
          space.kind == .mock && space != collection.space
          ? " (they match words until `store reembed`)" : ""
        output.write("  \(Format.counted(count, "vector")) of \(space)\(note)\n")
      }
    }
  }
}
