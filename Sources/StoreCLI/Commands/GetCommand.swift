// `store get`: one document as it is stored.

import ArgumentParser
import Foundation
import VectorStore

struct GetCommand: AsyncParsableCommand, PagedCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print a document: its text, or with --chunks how it was cut.",
    discussion: """
      With a line behind it, as `store query` shows hits (docs/a.md:12), the passage there is printed.
      """)

  @Argument(help: "The document: its file's path, or its id.", completion: Completions.sources)
  var source: String

  @Option(
    help: ArgumentHelp(
      "Print only this page of a PDF document, cell of a notebook or message of a mailbox.",
      valueName: "n"))
  var page: Int?

  @Flag(help: "Print each chunk with its id, line and spaces.")
  var chunks = false

  @OptionGroup var collection: CollectionOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard page == nil || !chunks else {
      throw ValidationError("Give --page or --chunks, not both.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: .readOnly)
    let opened = try await settings.open()
    guard var document = try await opened.get(source, in: collection.name) else {
      throw StoreError(
        .documentNotFound, try await opened.missing(source, in: collection.name))
    }
    if try await !opened.contains(source, in: collection.name), let line = Store.line(of: source) {
      let passage = document.chunks.last { $0.line.map { $0 <= line } ?? false }
      document.chunks = passage.map { [$0] } ?? document.chunks
      document.text = passage.map(\.text) ?? document.text
    }
    let name = Format.source(document.summary.source, path: document.summary.path)
    if let page {
      guard let text = document.text.flatMap({ TextPlaces.text(of: page, in: $0) }) else {
        let count = document.text.map { TextPlaces.count(in: $0) } ?? 0
        throw StoreError(
          .invalidArgument, "\(name) has no page \(page); expected a number from 1 to \(count)")
      }
      document.text = String(text)
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
            Terminal.oneLine("chunk \(chunk.id)  \(name)\(line)  \(spaces)"), .bold) + "\n")
        output.writeText((chunk.text ?? "(no text is stored)") + "\n\n")
      }
    } else if let text = document.text {
      // The last byte, since CRLF is one character.
      output.writeText(text.isEmpty || text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n")
    } else {
      let isOfFile = document.chunks.contains { $0.start != nil } && document.summary.path != nil
      Terminal.standardError.write(
        "\(Terminal.oneLine(name)) has no text: "
          + (isOfFile
            ? "its collection keeps none, and its file has changed since, is gone or cannot be read\n"
            : "only its vectors are stored; `store export` writes them\n"))
    }
    if document.summary.state == .pending, !store.quiet {
      Terminal.standardError.write(
        Terminal.oneLine(
          "\(name) waits for its vectors"
            + (document.chunks.isEmpty
              ? ", and no text of it can be shown yet" : "; this is the version before")
            + ": \(document.summary.reason ?? ""); run `store reembed`") + "\n")
    }
  }
}

extension Store {
  /// That a collection has no document of a source, and what was perhaps meant.
  func missing(_ source: String, in collection: String) async throws -> String {
    let similar = try await similarSources(to: source, in: collection)
    let hint = similar.isEmpty ? "" : " (did you mean \(similar.formatted(.list(type: .or)))?)"
    return "the collection \"\(collection)\" has no document \"\(source)\"\(hint)"
  }
}
