// `store doctor`: what it prints, and with which exit status it ends. Tests StoreCLI's DoctorCommand and
// DoctorOutput.

import Foundation
import GRDB
import TestSupport
import Testing

@Suite struct DoctorCommandTests {
  private static func command(_ mode: String = "mock") async throws -> Command {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": mode])
    try store.folder.write("The sky is blue.\n", to: "docs/sky.md")
    try store.folder.write("Bread rises because of yeast.\n", to: "docs/bread.md")
    #expect(try await store.run("add", "docs").status == 0)
    return store
  }

  private static func execute(_ sql: String, _ store: Command) async throws {
    let queue = try DatabaseQueue(path: store.folder.path("store.db"))
    try await queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test func aWellStoreExitsWith0() async throws {
    let store = try await Self.command()
    let outcome = try await store.run("doctor", "--recall")
    #expect(outcome.status == 0, "\(outcome.output)")
    let lines = outcome.output.split(separator: "\n")
    // Advice, as on this machine's processor, stands below its line.
    #expect(lines.dropLast().allSatisfy { $0.hasPrefix("✓ ") || $0.hasPrefix("    ") })
    #expect(lines.last?.hasPrefix("store.db is well (") == true)
    #expect(outcome.errors.isEmpty)
    let quiet = try await store.run("doctor", "--quiet")
    #expect(quiet.status == 0 && quiet.output.isEmpty)
  }

  @Test func warningsExitWith0AndSayWhatToDo() async throws {
    let store = try await Self.command("hybrid")
    try store.folder.write("The sky is red.\n", to: "docs/sky.md")
    let outcome = try await store.run("doctor")
    #expect(outcome.status == 0)
    #expect(
      outcome.output.contains(
        "! stand-ins       2 passages are found by their words only, not by meaning\n"))
    #expect(
      outcome.output.contains(
        "→ embed the collection again; a dry run shows the cost (`store reembed`)"))
    #expect(outcome.output.contains("- docs/sky.md: the file has changed\n"))
    #expect(outcome.output.contains("store.db is well, 2 warnings ("))
  }

  @Test func problemsExitWith1AndRepairsWith0() async throws {
    let store = try await Self.command()
    try await Self.execute("DELETE FROM chunk_search WHERE rowid = 1", store)
    let found = try await store.run("doctor")
    #expect(found.status == 1)
    #expect(found.output.contains("✗ words           1 places where"))
    #expect(found.output.contains("store.db is not well, 1 problem; `store doctor --repair`"))
    let repaired = try await store.run("doctor", "--repair")
    #expect(repaired.status == 0)
    #expect(repaired.output.contains("the word index was built again\n"))
    #expect(repaired.output.contains("store.db is well, 1 repair ("))
    #expect(try await store.run("doctor").status == 0)
  }

  @Test func printsOneObjectForPrograms() async throws {
    let store = try await Self.command()
    try await Self.execute("UPDATE vectors SET data = x'00' WHERE id = 1", store)
    let outcome = try await store.run("doctor", "--repair", "--json")
    #expect(outcome.status == 1)
    let report = try CommandTests.object(outcome.output)
    #expect(report["isWell"] as? Bool == false)
    let checks = try #require(report["checks"] as? [[String: Any]])
    let sizes = try #require(checks.first { $0["name"] as? String == "vector_sizes" })
    #expect(sizes["state"] as? String == "problem" && sizes["count"] as? Int == 1)
    #expect((sizes["examples"] as? [String])?.first?.contains("expected 6144") == true)
    #expect(checks.filter { $0["state"] as? String == "problem" }.count == 1)
  }

  /// Codes that the kernels of another machine made are those of their vectors all the same.
  @Test func codesOfOtherKernelsAreWell() async throws {
    var store = Command(
      folder: try TemporaryFolder(),
      environment: ["SERVICE_MODE": "mock", "VECTOR_STORE_KERNELS": "portable"])
    // More rows than a segment has, which is when codes are made.
    let lines = (0..<4_100).map { row in
      let numbers = (0..<64).map { "\((row * 31 + $0 * $0 * 17) % 97 - 48)" }
      return "{\"id\":\"\(row)\",\"vector\":[\(numbers.joined(separator: ","))]}\n"
    }
    try store.folder.write(lines.joined(), to: "vectors.jsonl")
    let imported = try await store.run("import", "vectors.jsonl", "--space", "me/small/64")
    #expect(imported.status == 0, "\(imported.errors)")
    store.environment["VECTOR_STORE_KERNELS"] = nil
    let outcome = try await store.run("doctor")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("the codes of 4096 vectors are theirs\n"))
  }

  @Test func aDamagedFileIsToldAndNoCrash() async throws {
    let store = try await Self.command()
    let path = store.folder.path("store.db")
    let whole = try Data(contentsOf: URL(filePath: path))
    try (Data(count: 100) + whole.dropFirst(100)).write(to: URL(filePath: path))
    for line in [["doctor"], ["doctor", "--repair"], ["doctor", "--json"]] {
      let outcome = try await store.run(line)
      #expect(outcome.status == 1, "\(line)")
      #expect(outcome.output.contains("is not an SQLite file"), "\(line)")
      #expect(outcome.output.contains(".recover"), "\(line)")
    }
    let missing = try await store.run("doctor", "--store", "none.db")
    #expect(missing.status == 1)
    #expect(missing.errors.hasPrefix("Error: there is no store at none.db"))
  }
}
