import Foundation
import TestSupport
import Testing

/// What bash completes, asked as a person does with the tabulator key.
@Suite struct CompletionsTests {
  /// The candidates for the last word of a line.
  private static func completed(_ line: [String], _ store: Command) async throws -> [String] {
    let script = try await store.run("completions", "bash").output
    try store.folder.write(
      script + """

        PATH="$(dirname "$1"):$PATH"; shift
        COMP_WORDS=(store "$@"); COMP_CWORD=$#; COMP_LINE="store $*"; COMP_POINT=${#COMP_LINE}
        _store store "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
        printf '%s\\n' "${COMPREPLY[@]}"
        """, to: "complete.bash")
    var bash = store
    bash.launcher = ["/usr/bin/env", "bash", store.folder.path("complete.bash")]
    return try await bash.run(line).output.split(separator: "\n").map(String.init)
  }

  @Test func bashCompletesOutOfTheStore() async throws {
    let store = try CommandTests.command()
    try store.folder.write("# Ports\n\nThe server listens on port 8080.\n", to: "docs/ports.md")
    try store.folder.write("# Sky\n\nThe sky is blue.\n", to: "docs/sky.md")
    _ = try await store.run("add", "docs", "--metadata", "team=net")
    _ = try await store.run("add", "--text", "A figure.", "--collection", "figures")
    #expect(try await Self.completed(["que"], store) == ["query"])
    #expect(
      try await Self.completed(["query", "--collection", ""], store) == ["default", "figures"])
    #expect(try await Self.completed(["get", "docs/p"], store) == ["docs/ports.md"])
    #expect(try await Self.completed(["list", "--filter", "te"], store) == ["team"])
    #expect(try await Self.completed(["query", "--lex"], store) == ["--lexical"])
    let elsewhere = Command(folder: try TemporaryFolder())
    #expect(try await Self.completed(["query", "--collection", ""], elsewhere).isEmpty)
  }

  @Test func scriptsAreInstalledWhereShellsLook() async throws {
    let store = try CommandTests.command()
    for (shell, path, begins) in [
      ("bash", ".local/share/bash-completion/completions/store", "#!/bin/bash"),
      ("zsh", ".local/share/zsh/site-functions/_store", "#compdef store"),
      ("fish", ".config/fish/completions/store.fish", "function __store"),
    ] {
      let outcome = try await store.run("completions", shell, "--install")
      #expect(outcome.status == 0 && outcome.output.hasPrefix("wrote \(store.folder.path(path)); "))
      let script = try String(contentsOfFile: store.folder.path(path), encoding: .utf8)
      #expect(script.hasPrefix(begins), "\(script.prefix(60))")
    }
    let other = try await store.run("completions", "tcsh")
    #expect(other.status == 1 && other.errors.contains("name bash, zsh or fish"))
    let none = try await store.run("completions")
    #expect(none.status == 1 && none.errors.contains("SHELL is not set"), "\(none.errors)")
  }
}
