// `store get`: one document as it is stored. Calls Store.get.

import ArgumentParser
import VectorStore

struct GetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print a document: its text, or with --chunks how it was cut.")

  @Argument(help: "The document's source, as `store list` shows it.")
  var source: String

  @Flag(help: "Print each chunk with its id, line and spaces.")
  var chunks = false

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    guard let document = try await settings.open().get(source, in: collection.name) else {
      throw StoreError(
        .documentNotFound,
        "the collection \"\(collection.name)\" has no document \"\(source)\"")
    }
    let output = Terminal.standardOutput
    if store.json {
      try JSONOutput.write(document)
    } else if chunks {
      for chunk in document.chunks {
        let line = chunk.line.map { ":\($0)" } ?? ""
        let spaces =
          chunk.spaces.isEmpty
          ? "no vector" : chunk.spaces.map(\.name).joined(separator: ", ")
        output.write(
          output.styled(
            Terminal.oneLine("chunk \(chunk.id)  \(source)\(line)  \(spaces)"), .bold) + "\n")
        output.writeText((chunk.text ?? "(no text: only its vector is stored)") + "\n\n")
      }
    } else if let text = document.text {
      // The last byte, since CRLF is one character.
      output.writeText(text.isEmpty || text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n")
    } else {
      Terminal.standardError.write(
        "\(Terminal.oneLine(source)) has no text: only its vectors are stored; `store export` writes them\n"
      )
    }
    if document.summary.state == .pending, !store.quiet {
      Terminal.standardError.write(
        Terminal.oneLine(
          "\(source) waits for its vectors"
            + (document.chunks.isEmpty
              ? ", and no text of it can be shown yet" : "; this is the version before")
            + ": \(document.summary.reason ?? ""); run `store reembed`") + "\n")
    }
  }
}
