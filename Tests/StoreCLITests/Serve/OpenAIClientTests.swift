import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// The official `openai` SDK, unchanged, against a served store.
@Suite struct OpenAIClientTests {
  private static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../..").standardized
  private static let python = repository.appending(path: ".build/clients/bin/python").path

  /// Whether `.scripts/clients` got the SDK.
  static var hasSDK: Bool { FileManager.default.isExecutableFile(atPath: python) }

  /// Runs a script with the SDK; returns what it printed and its status.
  private static func run(_ arguments: [String]) async throws -> (Int32, String) {
    let output = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = arguments
    let handle = try FileHandle(forWritingTo: output)
    (process.standardOutput, process.standardError) = (handle, handle)
    let status = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    return (status, String(decoding: try Data(contentsOf: output), as: UTF8.self))
  }

  @Test(.enabled(if: hasSDK, "run .scripts/clients for OpenAI's SDK"))
  func theOfficialSDKWorksUnchanged() async throws {
    let token = "a-token-of-the-openai-session"
    let served = try await ServedStore { $0.token = HiddenText(token) }
    let script = Self.repository.appending(path: "Tests/Clients/openai_session.py").path
    let (status, output) = try await Self.run(
      [script, "http://127.0.0.1:\(served.server.port)", token])
    #expect(
      status == 0 && output.hasSuffix("session done\n"), "\(output)\n\(served.lines.suffix(3))")
    try await served.end()
  }
}
