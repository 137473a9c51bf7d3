// PAGER: what a person reads on a terminal goes through it, and nothing gets lost for want of it.

import Foundation
import TestSupport
import Testing

@Suite struct PagerTests {
  private func command(pager: String?) async throws -> Command {
    var command = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "mock"])
    #expect(try await command.run("add", "--text", "walrus tusks", "--id", "w").status == 0)
    command.environment["PAGER"] = pager
    return command
  }

  @Test(arguments: [["get", "w"], ["query", "walrus", "-n", "1"], ["list"], ["stats"]])
  func pagesOnATerminal(arguments: [String]) async throws {
    let paged = try await command(pager: "sed 's/^/| /'")
    let (status, screen) = try await paged.runOnTerminal(arguments)
    #expect(status == 0 && screen.hasPrefix("| "), "\(screen)")
    // Sent to a file or a pipe nothing is paged.
    let piped = try await paged.run(arguments)
    #expect(piped.status == 0 && !piped.output.contains("| ") && !piped.output.isEmpty)
  }

  @Test func otherCommandsAreNotPaged() async throws {
    let paged = try await command(pager: "sed 's/^/| /'")
    let (status, screen) = try await paged.runOnTerminal(["collections"])
    #expect(status == 0 && !screen.contains("| ") && screen.contains("default"))
  }

  @Test(arguments: [nil, "", " ", "cat", "no-such-pager", "head -c 0"])
  func withoutAPagerAllIsWritten(pager: String?) async throws {
    let (status, screen) = try await command(pager: pager).runOnTerminal(["get", "w"])
    #expect(status == 0)
    #expect(screen.hasSuffix("walrus tusks\n") == (pager != "head -c 0"), "\(screen)")
  }

  /// A person leaves before the end: no error, and no more is written.
  @Test func leavingEarlyIsNoError() async throws {
    var command = try await command(pager: "head -n 2")
    let long = (0..<100_000).map { "line \($0)\n" }.joined()
    try command.folder.write(long, to: "long.txt")
    let pager = command.environment["PAGER"]
    command.environment["PAGER"] = nil
    #expect(try await command.run("add", "long.txt").status == 0)
    command.environment["PAGER"] = pager
    let (status, screen) = try await command.runOnTerminal(["get", "long.txt"])
    #expect(status == 0 && screen == "line 0\nline 1\n")
  }

  @Test func errorsAreNotPaged() async throws {
    let paged = try await command(pager: "sed 's/^/| /'")
    let (status, screen) = try await paged.runOnTerminal(["get", "none"])
    #expect(status == 1 && screen.hasPrefix("Error: "))
  }
}
