import Foundation
import TestSupport
import Testing

@testable import StoreCLI

/// A document has its own date, else its file's.
@Suite struct DatesTests {
  @Test func momentsAreAgoOrDates() throws {
    let now = try Date("2026-03-31T12:00:00Z", strategy: .iso8601)
    for (argument, expected) in [
      ("7d", "2026-03-24T12:00:00Z"), ("2w", "2026-03-17T12:00:00Z"),
      ("36h", "2026-03-30T00:00:00Z"),
      ("1mo", "2026-02-28T12:00:00Z"), ("1y", "2025-03-31T12:00:00Z"), ("2026-01-01", "2026-01-01"),
    ] {
      #expect(MomentArgument(argument, now: now)?.text == expected, "\(argument)")
    }
    for argument in ["", "7", "d", "-7d", "yesterday", "2026-13-01"] {
      #expect(MomentArgument(argument, now: now) == nil, "\(argument)")
    }
  }

  @Test func documentsAreFoundByTheirDates() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try store.folder.write("---\ndate: 2024-05-01\n---\n# Plan\n\nwalrus", to: "d/front.md")
    try store.folder.write("walrus", to: "d/old-file.txt")
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_577_836_800)],
      ofItemAtPath: store.folder.path("d/old-file.txt"))
    _ = try await store.run("add", "d")
    _ = try await store.run("add", "--text", "walrus", "--id", "t", "--metadata", "kind=note")
    func listed(_ line: String...) async throws -> [String] {
      let outcome = try await store.run(["list", "--json"] + line)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let documents = try CommandTests.object(outcome.output)["documents"] as? [[String: Any]]
      return (documents ?? []).compactMap { $0["source"] as? String }.sorted()
    }
    #expect(try await listed("--since", "7d") == ["t"])
    #expect(try await listed("--before", "2024-01-01") == ["d/old-file.txt"])
    #expect(try await listed("--since", "2024-05-01", "--before", "2024-05-02") == ["d/front.md"])
    #expect(try await listed("--filter", "modified < '2021-01-01'") == ["d/old-file.txt"])
    #expect(try await listed("--filter", "not exists modified") == ["t"])
    #expect(try await listed("--filter", "not modified < '2021-01-01'") == ["d/front.md", "t"])
    #expect(try await listed("--filter", "title = 'Plan'") == ["d/front.md"])
    #expect(try await listed("--filter", "title like 'old %'") == ["d/old-file.txt"])
    #expect(try await listed("--filter", "kind = 'note'") == ["t"])
    #expect(try await listed("--filter", "kind = 'markdown'") == ["d/front.md"])
    #expect(try await listed("--filter", "kind != 'note'") == ["d/front.md", "d/old-file.txt"])
    #expect(try await listed("--filter", "not kind in ('note', 'text')") == ["d/front.md"])
    // A tag changes the date, as it does any metadata.
    _ = try await store.run("tag", "t", "--metadata", "date=2020-02-02")
    #expect(try await listed("--filter", "date = '2020-02-02'") == ["t"])
    _ = try await store.run("tag", "t", "--metadata", "date=")
    #expect(try await listed("--since", "1d") == ["t"])
    let asked = try await store.run("query", "walrus", "--before", "2024-01-01", "--json")
    #expect(asked.output.contains("old-file.txt") && !asked.output.contains("front.md"))
    #expect(try await store.run("list", "--since", "soon").status == 64)
  }
}
