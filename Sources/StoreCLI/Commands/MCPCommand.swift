// `store mcp`: the Model Context Protocol on standard input and output, for agents.

import ArgumentParser
import Foundation
import Synchronization
import VectorStore

struct MCPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp",
    abstract: "Serve the store to agents, by the Model Context Protocol.",
    discussion: """
      Speaks on standard input and output, until the input ends. An agent's program starts it: its \
      configuration names the command `store` with the arguments mcp --store /path/to/store.db. The \
      tools search, get, list and status only read.
      """)

  @Option(
    help: ArgumentHelp("The most tokens of a result, estimated.", valueName: "n"))
  var maxTokens = 6000

  @OptionGroup var mode: ModeOptions

  @Option(
    name: .customLong("store"),
    help: ArgumentHelp(
      "The store's file (default: $STORE_PATH, else store.db here or in a folder above).",
      valueName: "path"))
  var storePath: String?

  @Flag(name: [.short, .long], help: "Log what is done to standard error.")
  var verbose = false

  func validate() throws {
    guard (200...1_000_000).contains(maxTokens) else {
      throw ValidationError("--max-tokens is \(maxTokens); give 200 to 1000000.")
    }
  }

  func run() async throws {
    var options = StoreOptions()
    options.storePath = storePath
    options.json = false
    options.quiet = false
    options.verbose = verbose
    let (chosen, mode) = (options, mode.mode)
    let tools = MCPTools(maximumTokens: maxTokens) {
      var settings = try await Settings(
        chosen, mode: mode, access: .readOnly, embeds: "default")
      try await settings.addServices(of: nil, chosen, mode)
      settings.configuration.maximumReaders = 4
      return try await settings.open()
    }
    let output = Mutex(Terminal.standardOutput)
    let session = MCPSession(tools: tools) { message in
      guard let line = try? JSONOutput.line(message) else { return }
      output.withLock { $0.write(line) }
    }
    for await line in Self.lines() { session.receive(line) }
    await session.finish()
    try Task.checkCancellation()
  }

  /// The lines of standard input, read on a thread of their own.
  private static func lines() -> AsyncStream<Data> {
    let (stream, continuation) = AsyncStream<Data>.makeStream()
    Thread {
      var (line, block) = (Data(), [UInt8](repeating: 0, count: 1 << 16))
      while true {
        let count = read(0, &block, block.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for part in block[..<count].split(
          separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
          if part.offset > 0 {
            if line.contains(where: { $0 > 0x20 }) { continuation.yield(line) }
            line = Data()
          }
          // A longer line is no message; its beginning is refused as such.
          if line.count < 16 << 20 { line.append(contentsOf: part.element) }
        }
      }
      if line.contains(where: { $0 > 0x20 }) { continuation.yield(line) }
      continuation.finish()
    }.start()
    return stream
  }
}
