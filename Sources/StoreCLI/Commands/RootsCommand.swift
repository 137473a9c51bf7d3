// `store roots`: the folders and files that were added, and how far they are in step.

import ArgumentParser
import Foundation
import VectorStore

struct RootsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roots",
    abstract: "List what was added: documents, last update, options.",
    discussion: """
      `store update` brings it in step with its files; `store remove FOLDER/` removes its documents and forgets it.
      """)

  @Option(
    name: [.customShort("c"), .customLong("collection")],
    help: ArgumentHelp("Only this collection (default: all).", valueName: "name"),
    completion: Completions.collections)
  var collection: String?

  @OptionGroup var store: StoreOptions

  /// The one object that --json prints.
  private struct Listing: Encodable {
    let roots: [Root]
  }

  func run() async throws {
    let opened = try await Settings(store, access: .readOnly).open()
    let roots = try await opened.roots(in: collection)
    if store.json { return try JSONOutput.write(Listing(roots: roots)) }
    guard !roots.isEmpty else { return Terminal.standardOutput.write("nothing was added yet\n") }
    let several = Set(roots.map(\.collection)).count > 1
    let rows = roots.map { root in
      [
        Terminal.oneLine(
          (several ? "\(root.collection)  " : "") + opened.identity.shown(root.path)
            + (root.isFolder ? "/" : "")),
        Format.counted(root.documents, "document"),
        root.isMissing
          ? "missing" : root.updated.map { "updated " + Format.time($0) } ?? "never updated",
        Terminal.oneLine(Self.options(root)),
      ]
    }
    let lines = Format.table(rows).map { $0.trimmingCharacters(in: .whitespaces) + "\n" }
    Terminal.standardOutput.write(lines.joined())
  }

  /// The options that are not the default.
  private static func options(_ root: Root) -> String {
    let standard = ChunkingOptions()
    var options = root.globs.map { "--glob '\($0)'" }
    options += root.metadata.sorted { $0.key < $1.key }.map { key, value in
      if case .string(let text) = value { return "--metadata \(key)=\(text)" }
      return "--metadata '\(key):=\(value.json)'"
    }
    if root.chunkTokens != standard.maximumTokens {
      options.append("--chunk-tokens \(root.chunkTokens)")
    }
    if root.overlapTokens != standard.overlapTokens {
      options.append("--overlap \(root.overlapTokens)")
    }
    if let field = root.textField { options.append("--text-field '\(field)'") }
    options += root.converters.map {
      "--convert '\($0.description.replacing("'", with: "'\\''"))'"
    }
    return options.joined(separator: " ")
  }
}
