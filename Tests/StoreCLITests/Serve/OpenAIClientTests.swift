import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// The official `openai` SDK, unchanged, against a served store.
@Suite struct OpenAIClientTests {
  @Test(.enabled("needs official clients (.scripts/clients)") { ClientScript.isThere() })
  func theOfficialSDKWorksUnchanged() async throws {
    let token = "a-token-of-the-openai-session"
    let served = try await ServedStore { $0.token = HiddenText(token) }
    let folder = try TemporaryFolder()
    let outcome = try await ClientScript.command("openai_session.py", Command(folder: folder))
      .run("http://127.0.0.1:\(served.server.port)", token)
    #expect(
      outcome.status == 0 && outcome.output.hasSuffix("session done\n"),
      "\(outcome.output)\n\(outcome.errors)\n\(served.lines.suffix(3))")
    try await served.end()
  }
}
