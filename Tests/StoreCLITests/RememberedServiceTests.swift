// What a collection remembers of its service: the next day a command needs at most a key, and a store of
// somebody else's gets neither texts nor a key.

import Foundation
import TestSupport
import Testing

@Suite struct RememberedServiceTests {
  /// A user with a store, and the settings of today and of the next day.
  private struct User {
    var command: Command
    let folder: TemporaryFolder

    /// A store that was made with the server's address in the environment.
    init(_ address: String, key: String? = nil) async throws {
      folder = try TemporaryFolder()
      command = Command(folder: folder, environment: ["SERVICE_MODE": "REAL"])
      var today = command
      today.environment["OPENAI_API_URL"] = address
      today.environment["OPENAI_MODEL"] = "own"
      today.environment["OPENAI_PRICE_PER_MILLION_TOKENS"] = "0"
      today.environment["OPENAI_API_KEY"] = key
      let added = try await today.run("add", "--text", "The sky is blue.")
      #expect(added.status == 0, "\(added.errors)")
    }

    /// Somebody else with a copy of the store.
    func stranger() throws -> User {
      var other = self
      other.command.environment["HOME"] = try folder.home("stranger")
      return other
    }

    func with(_ name: String, _ value: String) -> Command {
      var command = command
      command.environment[name] = value
      return command
    }
  }

  private static func server(keys: Set<String>? = nil) -> LoopbackBehaviour {
    var server = LoopbackBehaviour.server()
    server.keys = keys
    server.needsKey = keys != nil
    return server
  }

  /// 0.0.0.0 leads to this machine, but is none of its loopback addresses.
  private static func elsewhere(_ server: LoopbackServer) -> String {
    "http://0.0.0.0:\(server.port)"
  }

  @Test func theNextDayNeedsNoSettings() async throws {
    try await withLoopback(Self.server()) { server in
      // Neither the dimensions nor a price were set: the server told the ones, the other is nothing here.
      let user = try await User(server.url)
      for arguments in [
        ["query", "which colour?"], ["add", "--text", "Grass is green."], ["reembed", "--yes"],
      ] {
        let outcome = try await user.command.run(arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
      }
      #expect(server.embeddingRequests.flatMap(\.texts).contains("Grass is green."))
      let listed = try await user.command.run("collections")
      #expect(
        listed.output.contains(
          "target localhost:\(server.port)/own/384\n  embedded by \(server.url)\n"),
        "\(listed.output)")
    }
  }

  @Test func eachCollectionIsUpdatedAndAskedByItsOwnService() async throws {
    try await withLoopback(Self.server()) { one in
      try await withLoopback(Self.server()) { two in
        let folder = try TemporaryFolder()
        let command = Command(folder: folder, environment: ["SERVICE_MODE": "REAL"])
        for (name, server) in [("one", one), ("two", two)] {
          try folder.write("The sky of \(name).", to: "\(name)/a.md")
          var today = command
          today.environment["OPENAI_API_URL"] = server.url
          today.environment["OPENAI_MODEL"] = "own"
          today.environment["OPENAI_PRICE_PER_MILLION_TOKENS"] = "0"
          let added = try await today.run("add", name, "-c", name)
          #expect(added.status == 0, "\(added.errors)")
          try folder.write("The sea of \(name).", to: "\(name)/b.md")
        }
        let updated = try await command.run("update")
        #expect(updated.status == 0, "\(updated.errors)")
        let asked = try await command.run("query", "which water?", "-c", "one", "-c", "two")
        #expect(asked.status == 0, "\(asked.errors)")
        for (name, other, server) in [("one", "two", one), ("two", "one", two)] {
          let texts = server.embeddingRequests.flatMap(\.texts)
          #expect(texts.contains("The sea of \(name).") && texts.contains("which water?"))
          #expect(!texts.contains { $0.contains(other) })
        }
      }
    }
  }

  @Test func whatTheEnvironmentNamesWins() async throws {
    try await withLoopback(Self.server()) { server in
      let user = try await User(server.url)
      let other = try await user.with("OPENAI_MODEL", "another").run("query", "which colour?")
      #expect(other.status == 1)
      #expect(
        other.errors.contains("holds vectors of localhost:\(server.port)/own/384"),
        "\(other.errors)")
      let dead = try await user.with("OPENAI_API_URL", "http://127.0.0.1:1").run("query", "colour?")
      #expect(dead.status == 1 && server.embeddingRequests.count == 2)
    }
  }

  @Test func aStrangersStoreSendsNothingUnasked() async throws {
    try await withLoopback(Self.server()) { server in
      let user = try await User(Self.elsewhere(server))
      let before = server.records.count
      // Its user is not asked again, also for a new text.
      #expect(try await user.command.run("query", "which colour?").status == 0)
      #expect(server.records.count == before + 1)
      let stranger = try user.stranger()
      for arguments in [["query", "which colour?"], ["add", "--text", "secret"]] {
        let refused = try await stranger.command.run(arguments)
        #expect(refused.status == 1)
        #expect(
          refused.errors.hasPrefix(
            "Error: texts are not sent to \(Self.elsewhere(server)): only the collection \"default\" "
              + "of store.db names this address, and you have not allowed it"), "\(refused.errors)")
      }
      #expect(server.records.count == before + 1)
      let asked = try await stranger.command.run(typing: "y\n", "query", "which colour?")
      #expect(asked.status == 0 && asked.errors.contains("[y/N]"), "\(asked.errors)")
      #expect(try await stranger.command.run("query", "which shade?").status == 0)
    }
  }

  @Test func aKeyGoesWhereItWentBefore() async throws {
    try await withLoopback(Self.server(keys: ["sk-own-key"])) { server in
      let user = try await User(Self.elsewhere(server), key: "sk-own-key")
      let same = try await user.with("OPENAI_API_KEY", "sk-own-key").run("query", "which colour?")
      #expect(same.status == 0, "\(same.errors)")
      let other = try await user.with("OPENAI_API_KEY", "sk-of-openai").run("query", "which hue?")
      #expect(other.status == 1)
      #expect(other.errors.hasPrefix("Error: the key is not sent to "), "\(other.errors)")
      #expect(other.errors.contains("OPENAI_API_URL=\(Self.elsewhere(server))"))
      #expect(server.records.allSatisfy { $0.authorization == "Bearer sk-own-key" })
      let none = try await user.command.run("query", "which tint?")
      #expect(none.status == 1 && none.errors.contains("set OPENAI_API_KEY"), "\(none.errors)")
      // The list of addresses tells the key by a mark only.
      let list = try String(
        contentsOfFile: user.folder.path(".local/state/vector-store/allowed-addresses"),
        encoding: .utf8)
      #expect(list.contains(Self.elsewhere(server)) && !list.contains("sk-"), "\(list)")
      let store = try Data(contentsOf: URL(filePath: user.folder.path("store.db")))
      #expect(store.firstRange(of: Data("sk-own".utf8)) == nil)
    }
  }

  @Test func aServerOnThisMachineGetsNoKeyThatItNeverHad() async throws {
    try await withLoopback(Self.server()) { server in
      let user = try await User(server.url)
      let asked = try await user.with("OPENAI_API_KEY", "sk-of-openai").run("query", "which hue?")
      #expect(asked.status == 0, "\(asked.errors)")
      #expect(server.records.allSatisfy { $0.authorization == nil })
    }
  }

  @Test func reembeddingElsewhereAsksNoServerOfBefore() async throws {
    try await withLoopback(Self.server()) { server in
      let user = try await User(server.url)
      let before = server.records.count
      var command = user.command
      command.environment["OPENAI_API_KEY"] = "sk-of-openai"
      // Nothing listens there: the tokenizer's vocabulary is not fetched.
      command.environment["https_proxy"] = "http://127.0.0.1:9"
      let plan = try await command.run(
        "reembed", "--to", "openai/text-embedding-3-small/1536", "--dry-run")
      #expect(plan.status == 0, "\(plan.errors)")
      #expect(server.records.count == before)
    }
  }
}

extension TemporaryFolder {
  /// A folder below, to be somebody's home.
  fileprivate func home(_ name: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: path(name), withIntermediateDirectories: true)
    return path(name)
  }
}
