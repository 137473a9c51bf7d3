// `store mcp`: the Model Context Protocol on standard input and output, for agents.

import ArgumentParser
import Foundation
import Synchronization
import VectorStore
import VectorStoreText

struct MCPCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mcp",
    abstract: "Serve the store to agents, by the Model Context Protocol.",
    discussion: """
      Speaks on standard input and output, until the input ends. An agent's program starts it: its \
      configuration names the command `store` with the arguments mcp --store /path/to/store.db. The \
      tools search, get, list and status only read. --write adds add_text and remove, and with --root \
      add_path, which reads files in that folder and nowhere else.

      --install enters this store in the configuration of Claude Code (.mcp.json), Cursor (.cursor/mcp.json) or \
      VS Code (.vscode/mcp.json) in the working folder, or of Codex (~/.codex/config.toml). It shows the entry \
      and asks; nothing else in the file changes.
      """)

  @Option(
    help: ArgumentHelp(
      "Enter this store in the configuration of claude, cursor, vscode or codex, and end.",
      valueName: "client"))
  var install: MCPClient?

  @Option(help: ArgumentHelp("With --install: what the entry is called.", valueName: "name"))
  var name = "store"

  @Flag(name: [.customShort("y"), .long], help: "With --install: write without asking.")
  var yes = false

  @Flag(help: "Let agents add texts and remove documents.")
  var write = false

  @Option(
    help: ArgumentHelp(
      "With --write: let agents add files that lie in this folder. May be given several times.",
      valueName: "folder"))
  var root: [String] = []

  @Option(
    help: ArgumentHelp("The most tokens of a result, estimated.", valueName: "n"))
  var maxTokens = 6000

  @OptionGroup var mode: ModeOptions

  @OptionGroup var place: StorePathOptions

  @Flag(name: [.short, .long], help: "Log what is done to standard error.")
  var verbose = false

  func validate() throws {
    guard (200...1_000_000).contains(maxTokens) else {
      throw ValidationError("--max-tokens is \(maxTokens); give 200 to 1000000.")
    }
    let isName =
      !name.isEmpty
      && name.utf8.allSatisfy { byte in
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_")
      }
    guard isName else {
      throw ValidationError("--name is \"\(name)\"; give letters of ASCII, digits, - and _.")
    }
    guard write || root.isEmpty else {
      throw ValidationError("--root goes with --write.")
    }
    guard install != nil || !yes && name == "store" else {
      throw ValidationError("--name and --yes go with --install.")
    }
  }

  func run() async throws {
    let options = StoreOptions(place, verbose: verbose)
    if let install {
      let path = try Settings(options, access: .readOnly).storePath
      let place = StorePlace(path)
      guard !place.hasPassword else {
        throw ValidationError(
          "The address holds a password, which would stand in the client's file; leave it out, and set PGPASSWORD or "
            + "write it into ~/.pgpass.")
      }
      return try MCPInstall(
        client: install, name: name,
        command: Bundle.main.executablePath ?? CommandLine.arguments[0],
        arguments: [
          "mcp", "--store", place.isPostgres ? path : URL(filePath: path).standardizedFileURL.path,
        ]
          + (write ? ["--write"] : []) + (try roots()).flatMap { ["--root", $0] }
      ).run(isAgreed: yes)
    }
    let (chosen, mode, writes) = (options, mode.mode, write)
    let tools = MCPTools(maximumTokens: maxTokens, writes: write, roots: try roots()) {
      var settings = try await Settings(
        chosen, mode: mode, access: writes ? .readWrite : .readOnly, embeds: "default",
        makes: writes, readers: 4)
      try await settings.addServices(of: nil, chosen, mode)
      if writes { try settings.addParser() }
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

  /// The folders of --root without links.
  private func roots() throws -> [String] {
    try root.map { folder in
      var isFolder: ObjCBool = false
      guard let real = SourceIdentity.real(folder),
        FileManager.default.fileExists(atPath: real, isDirectory: &isFolder), isFolder.boolValue
      else {
        throw StoreError(
          .pathNotFound, "--root \(folder): there is no such folder; name one that is there")
      }
      return real
    }
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
