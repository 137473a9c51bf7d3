// The command with a key, beside the loopback server, with a home folder of its own.

import Foundation
import TestSupport

/// `store` with the settings of a paying user.
struct PaidCommand {
  let command: Command
  let server: LoopbackServer

  init(
    _ server: LoopbackServer, folder: TemporaryFolder, _ settings: [String: String] = [:]
  ) {
    self.server = server
    let own = [
      "OPENAI_API_KEY": "sk-test-key", "OPENAI_API_URL": server.url, "OPENAI_PROVIDER": "openai",
      "OPENAI_REQUESTS_PER_MINUTE": "1000000", "OPENAI_TOKENS_PER_MINUTE": "1000000000",
      "HOURLY_RATE_LIMIT_OPENAI": "1000000", "SERVICE_MODE": "REAL",
      "STORE_LEDGER": folder.path("ledger.db"), "TIKTOKEN_CACHE_DIR": folder.path("tokens"),
    ]
    command = Command(
      folder: folder, environment: own.merging(settings) { _, given in given })
  }

  /// Tokens as the server counts them, in nano-dollars at the price of text-embedding-3-small.
  static func cost(ofTokens tokens: Int) -> Int { tokens * 20 }

  /// JSONL of texts that all differ.
  static func lines(_ count: Int, from first: Int = 0) -> String {
    (first..<(first + count)).map { "{\"id\": \"\($0)\", \"text\": \"\(text($0))\"}\n" }.joined()
  }

  static func text(_ number: Int) -> String { "text number \(number) of many" }
}

/// A report of `add` or `import`, as its JSON says.
struct PrintedReport: Decodable {
  struct Documents: Decodable {
    var added, updated, unchanged, pending, failed: Int
  }

  struct Chunks: Decodable {
    var embedded, reused, standIn, pending, failed: Int
  }

  struct Stop: Decodable {
    var code, message: String
  }

  var documents: Documents
  var chunks: Chunks
  var tokens, requests: Int
  var costUSD: Double
  var tokensEstimated, dryRun: Bool
  var stopped: Stop?
  var warnings: [String]

  init(_ output: String) throws {
    self = try JSONDecoder().decode(PrintedReport.self, from: Data(output.utf8))
  }
}
