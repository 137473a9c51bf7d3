// `store completions`: what makes a shell complete flags, collections, sources and fields.

import ArgumentParser
import Foundation
import VectorStore

struct CompletionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completions",
    abstract: "Let a shell complete flags, collections, sources and fields.",
    discussion: """
      Prints the script of bash, zsh or fish; --install writes it where the shell looks for it.
      """)

  @Argument(
    help: ArgumentHelp("bash, zsh or fish (default: that of $SHELL).", valueName: "shell"),
    completion: .list(["bash", "zsh", "fish"]))
  var shell: String?

  @Flag(help: "Write the script into the user's folder of completions.")
  var install = false

  func run() throws {
    let environment = ProcessInfo.processInfo.environment
    let name = shell ?? (environment["SHELL"] ?? "").split(separator: "/").last.map(String.init)
    guard let name else {
      throw StoreError(
        .invalidArgument, "SHELL is not set; name bash, zsh or fish, as `store completions bash`")
    }
    guard let shell = CompletionShell(rawValue: name) else {
      throw StoreError(
        .invalidArgument,
        "there are no completions for the shell \"\(name)\"; name bash, zsh or fish, as `store completions "
          + "bash`")
    }
    let script = StoreCommand.completionScript(for: shell)
    guard install else { return Terminal.standardOutput.write(script) }
    let (file, step) = try Self.place(of: shell, environment)
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try script.write(to: file, atomically: true, encoding: .utf8)
    } catch {
      throw StoreError(
        .invalidArgument,
        "\(file.path) could not be written: \(error.localizedDescription). Print the script by `store "
          + "completions \(name)` and keep it elsewhere")
    }
    Terminal.standardOutput.write("wrote \(Terminal.oneLine(file.path)); \(step)\n")
  }

  /// Where a shell looks, and what is left to do.
  private static func place(
    of shell: CompletionShell, _ environment: [String: String]
  ) throws -> (file: URL, step: String) {
    guard let home = environment["HOME"], home.hasPrefix("/") else {
      throw StoreError(
        .invalidArgument,
        "HOME is not set, so there is no place for completions; print the script without --install")
    }
    func folder(_ variable: String, _ usual: String) -> URL {
      let set = environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
      return URL(filePath: set ?? "\(home)/\(usual)")
    }
    switch shell {
    case .fish:
      return (
        folder("XDG_CONFIG_HOME", ".config").appending(path: "fish/completions/store.fish"),
        "new shells use it"
      )
    case .zsh:
      let file = folder("XDG_DATA_HOME", ".local/share").appending(
        path: "zsh/site-functions/_store")
      let line =
        "fpath=(\(file.deletingLastPathComponent().path) $fpath); autoload -U compinit; compinit"
      return (file, "new shells use it once ~/.zshrc has the line: \(line)")
    default:
      return (
        folder("XDG_DATA_HOME", ".local/share").appending(
          path: "bash-completion/completions/store"),
        "new shells use it if the package bash-completion is installed"
      )
    }
  }
}
