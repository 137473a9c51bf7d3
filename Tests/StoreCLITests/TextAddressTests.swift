// Texts and an address that only a `.env` file names: asked about on a terminal, refused in a pipe,
// remembered.

import Foundation
import TestSupport
import Testing

@Suite struct TextAddressTests {
  /// The command in a cloned folder whose `.env.development` names a server. 0.0.0.0 leads to this
  /// machine, but is none of its loopback addresses.
  struct Cloned {
    let command: Command
    let server: LoopbackServer
    let folder: TemporaryFolder

    init(_ server: LoopbackServer, more lines: String = "") async throws {
      self.server = server
      folder = try TemporaryFolder()
      command = Command(
        folder: folder,
        environment: [
          "OPENAI_PROVIDER": "mine", "OPENAI_MODEL": "own", "OPENAI_PRICE_PER_MILLION_TOKENS": "0",
        ])
      try folder.write("The sky is blue.", to: "sky.txt")
      try folder.write("{\"id\": \"a\", \"text\": \"b\"}\n", to: "lines.jsonl")
      try folder.write("q\tWhy is the sky blue?\n", to: "queries.tsv")
      try folder.write("q 0 sky.txt 1\n", to: "qrels.txt")
      let added = try await command.run("add", "sky.txt")
      #expect(added.status == 0, "\(added.errors)")
      try name(address, more: lines)
    }

    /// A server that has the folder's model and wants no key.
    static func beside(_ body: (LoopbackServer) async throws -> Void) async throws {
      var behaviour = LoopbackBehaviour { $0.models["own"] = 1536 }
      behaviour.needsKey = false
      try await withLoopback(behaviour, body)
    }

    /// The folder as the command knows it, behind all links.
    var place: String { folder.url.resolvingSymlinksInPath().path }
    var address: String { "http://0.0.0.0:\(server.port)" }
    var allowed: String { folder.path(".local/state/vector-store/allowed-addresses") }

    func name(_ address: String, more lines: String = "") throws {
      try folder.write("# settings\nOPENAI_API_URL=\(address)\n" + lines, to: ".env.development")
    }

    func remembered() -> [String] {
      let text = (try? String(contentsOfFile: allowed, encoding: .utf8)) ?? ""
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
  }

  @Test func inAPipeEveryVerbThatSendsIsRefusedAndSaysHowToAllowIt() async throws {
    try await Cloned.beside { server in
      let cloned = try await Cloned(server)
      for arguments in [
        ["add", "sky.txt"], ["add", "--text", "secret"], ["import", "lines.jsonl"],
        ["query", "why?"], ["query", "why?", "--hybrid"], ["reembed", "--yes"],
        ["stats", "--canary", "--yes"],
        ["stats", "--qrels", "qrels.txt", "--queries", "queries.tsv"],
        ["health"], ["add", "sky.txt", "--mode", "real", "--quiet"],
      ] {
        let refused = try await cloned.command.run(arguments)
        #expect(refused.status == 1, "\(arguments)")
        #expect(
          refused.errors.hasSuffix(
            "Error: texts are not sent to \(cloned.address): only "
              + "\(cloned.place)/.env.development, line 2 names this address, and you have "
              + "not allowed it; if you trust it, run the command once on a terminal and answer "
              + "yes, or set OPENAI_API_URL=\(cloned.address) in the environment; --mode mock works "
              + "without a server\n"), "\(arguments): \(refused.errors)")
      }
      #expect(server.records.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: cloned.allowed))
    }
  }

  @Test func whatSendsNothingAsksNothing() async throws {
    try await Cloned.beside { server in
      let cloned = try await Cloned(server)
      for arguments in [
        ["add", "sky.txt", "--dry-run"], ["add", "sky.txt", "--mode", "mock"],
        ["query", "sky", "--lexical"], ["reembed", "--dry-run"], ["list"], ["stats"], ["usage"],
        ["export", "out.jsonl"], ["doctor"], ["remove", "sky.txt"],
      ] {
        let outcome = try await cloned.command.run(arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
      }
      #expect(server.records.isEmpty)
    }
  }

  @Test func aYesOnATerminalIsRememberedForAllSpellingsOfTheAddress() async throws {
    try await Cloned.beside { server in
      let cloned = try await Cloned(server, more: "STORE_LEDGER=here.db\nOPENAI_API_KEY=sk-own\n")
      let asked = try await cloned.command.run(typing: "y\n", "add", "sky.txt")
      #expect(asked.status == 0, "\(asked.errors)")
      #expect(
        asked.errors.contains(
          "\(cloned.place)/.env.development, line 2 sends your texts to "
            + "\(cloned.address). You have not used this address before.\n"
            + "Send texts to \(cloned.address)? [y/N] "), "\(asked.errors)")
      #expect(server.embeddingRequests.count == 1)
      #expect(cloned.remembered() == [cloned.address])
      let attributes = try FileManager.default.attributesOfItem(atPath: cloned.allowed)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      let text = try String(contentsOfFile: cloned.allowed, encoding: .utf8)
      #expect(!text.contains("sk-own"))
      // In another spelling, in a pipe.
      try cloned.name(cloned.address + "/v1/")
      let again = try await cloned.command.run("add", "--text", "another text")
      #expect(again.status == 0 && again.output.contains("1 passage embedded"), "\(again.errors)")
      #expect(server.embeddingRequests.count == 2)
      // Another path is another address.
      try cloned.name(cloned.address + "/other")
      #expect(try await cloned.command.run("query", "why?").status == 1)
      let second = try await cloned.command.run(typing: "yes\n", "query", "why?")
      #expect(second.errors.contains("[y/N]"))
      #expect(cloned.remembered() == [cloned.address, cloned.address + "/other"])
    }
  }

  @Test(arguments: ["n\n", "\n", "", "yep\n"])
  func anythingButYesSendsNothing(answer: String) async throws {
    try await Cloned.beside { server in
      let cloned = try await Cloned(server)
      let asked = try await cloned.command.run(typing: answer, "add", "sky.txt")
      #expect(asked.status == 1)
      #expect(asked.errors.hasSuffix("nothing was sent\n"), "\(asked.errors)")
      #expect(server.records.isEmpty && cloned.remembered() == [])
    }
  }

  @Test func anAddressOfTheEnvironmentNeedsNoQuestion() async throws {
    try await Cloned.beside { server in
      var cloned = try await Cloned(server).command
      cloned.environment["OPENAI_API_URL"] = "http://0.0.0.0:\(server.port)"
      let added = try await cloned.run("add", "--text", "a text")
      #expect(added.status == 0 && added.output.contains("1 passage embedded"), "\(added.errors)")
    }
  }

  @Test func thisMachineNeedsNoQuestion() async throws {
    try await Cloned.beside { server in
      let cloned = try await Cloned(server)
      try cloned.name(server.url)
      let added = try await cloned.command.run("add", "--text", "a text")
      #expect(added.status == 0 && added.output.contains("1 passage embedded"), "\(added.errors)")
      #expect(cloned.remembered() == [])
    }
  }

  /// A link or a folder in the list's place allows nothing, and is not written through.
  @Test func anAnswerThatCannotBeKeptIsTold() async throws {
    try await Cloned.beside { server in
      let cloned = try await Cloned(server)
      let link = cloned.folder.path("elsewhere.txt")
      try cloned.folder.write("\(cloned.address)\n", to: "elsewhere.txt")
      let folder = URL(filePath: cloned.allowed).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: cloned.allowed, withDestinationPath: link)
      #expect(try await cloned.command.run("query", "why?").status == 1)
      let asked = try await cloned.command.run(typing: "y\n", "add", "--text", "a text")
      #expect(asked.status == 0)
      #expect(asked.errors.contains("warning: your answer cannot be remembered in "))
      #expect(try String(contentsOfFile: link, encoding: .utf8) == "\(cloned.address)\n")
    }
  }
}
