// `store serve`: the store over HTTP, for programs and people.

import ArgumentParser
import Foundation
import VectorStore

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve the store over HTTP, to programs and people.",
    discussion: """
      The page at / searches by hand. Programs have the store's verbs as JSON below /api, OpenAI's embeddings, \
      files and vector stores below /v1, and agents the Model Context Protocol at /mcp; /openapi.json \
      describes it. Ctrl-C ends it after the requests that it has taken.

      It only reads; with --write it can also add and remove. Queries and embeddings may cost money, within \
      the same budget as the command's.

      Only programs on this machine reach it. With another --host, STORE_TOKEN must be set, a secret that \
      each request carries as "Authorization: Bearer TOKEN"; for TLS, put a proxy before it. Each answer is a \
      line on standard error.
      """)

  @Option(help: ArgumentHelp("The port; 0 takes any that is free.", valueName: "port"))
  var port = 7280

  @Option(
    help: ArgumentHelp(
      "The address of this machine to listen on; 0.0.0.0 and :: are all.", valueName: "address"))
  var host = "127.0.0.1"

  @Flag(help: "Allow requests that add and remove.")
  var write = false

  @OptionGroup var mode: ModeOptions

  @OptionGroup var place: StorePathOptions

  @Flag(name: [.short, .long], help: "Write no line for each request.")
  var quiet = false

  @Flag(name: [.short, .long], help: "Log what is done to standard error.")
  var verbose = false

  func validate() throws {
    guard (0...65535).contains(port) else {
      throw ValidationError("--port is \(port); give 0 to 65535.")
    }
  }

  func run() async throws {
    let chosen = StoreOptions(place, quiet: quiet, verbose: verbose)
    var settings = try await Settings(
      chosen, mode: mode.mode, access: write ? .readWrite : .readOnly, embeds: "default",
      makes: write, readers: 8)
    try await settings.addServices(of: nil, chosen, mode.mode)
    if write { try settings.addParser() }
    let store = try await settings.open()
    if write { try await UploadedFiles(besideStore: settings.storePath).removeRests() }
    var options = StoreServer.Options(host: host, port: port, writes: write)
    options.token = settings.token
    let errors = Terminal.standardError
    let server = try StoreServer(store, options) { [quiet] line in
      if !quiet { errors.write(line + "\n") }
    }
    // The requests that were taken may take longer than a command that ends at once.
    Interruption.setPatience(seconds: 12)
    Terminal.standardOutput.write(
      "serving \(Terminal.oneLine(store.path)) at http://\(host.contains(":") ? "[\(host)]" : host):\(server.port), "
        + (write ? "to read and write" : "to read; with --write also to add and remove") + "\n")
    // Until Ctrl-C.
    while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
    await server.stop()
  }
}
