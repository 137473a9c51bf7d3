// Through a real proxy program to a server with TLS: HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE.

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Tools.areThere, "needs python3 and openssl")) struct ProxyTests {
  @Test func aServerWithTLSIsReachedThroughTheProxy() async throws {
    try await Tools.withProxy { folder, proxy, log in
      var command = Command(
        folder: folder,
        environment: [
          "OPENAI_API_URL": "https://embeddings.test", "OPENAI_MODEL": "own",
          "OPENAI_PRICE_PER_MILLION_TOKENS": "0", "SERVICE_MODE": "REAL", "https_proxy": proxy,
          "SSL_CERT_FILE": folder.path("certificate.pem"), "OPENAI_API_KEY": "sk-for-the-server",
        ])
      let added = try await command.run("add", "--text", "The sky is blue.")
      #expect(added.status == 0 && added.output.contains("1 passage embedded"), "\(added.errors)")
      let asked = try await command.run("query", "which colour?")
      #expect(asked.status == 0, "\(asked.errors)")
      #expect(try log().allSatisfy { $0 == "CONNECT embeddings.test:443 HTTP/1.1" })
      let before = try log().count
      #expect(before >= 2)

      // Without the authority's certificate it is not trusted, and nothing is sent.
      command.environment["SSL_CERT_FILE"] = nil
      let untrusted = try await command.run("query", "which hue?")
      #expect(untrusted.status == 1)
      #expect(
        untrusted.errors.contains("the certificate of embeddings.test is not trusted"),
        "\(untrusted.errors)")
      command.environment["SSL_CERT_FILE"] = folder.path("certificate.pem")

      // Past the proxy there is no such host.
      let asking = try log().count
      command.environment["no_proxy"] = "embeddings.test"
      let direct = try await command.run("query", "which shade?")
      #expect(direct.status == 1 && direct.errors.contains("embeddings.test"), "\(direct.errors)")
      #expect(try log().count == asking)
    }
  }
}

/// The programs that the test runs.
private enum Tools {
  static let areThere = ["python3", "openssl"].allSatisfy { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
  }

  /// Runs the proxy and its server. The body gets a folder with the certificate, the proxy's address, and
  /// what reads the lines that the proxy was asked.
  static func withProxy(
    _ body: (TemporaryFolder, _ proxy: String, _ log: @escaping () throws -> [String]) async throws
      -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"))
    try await run(
      "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
      "/CN=embeddings.test", "-addext", "subjectAltName=DNS:embeddings.test", "-keyout", key,
      "-out", certificate)
    let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "TestSupport/tls_and_proxy.py").path
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", script, certificate, key, folder.path("log.txt")]
    (process.standardInput, process.standardOutput) = (input, output)
    try process.run()
    defer { try? input.fileHandleForWriting.close() }
    let port = await withCheckedContinuation { continuation in
      // Reading waits until the port is known: on a thread of its own.
      Thread {
        let line = output.fileHandleForReading.availableData
        continuation.resume(
          returning: String(decoding: line, as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines))
      }.start()
    }
    try await body(folder, "http://127.0.0.1:\(port)") {
      let text = try? String(contentsOfFile: folder.path("log.txt"), encoding: .utf8)
      return (text ?? "").split(separator: "\n").map(String.init)
    }
  }

  private static func run(_ arguments: String...) async throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let status = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    try #require(status == 0, "\(arguments[0]) failed")
  }
}
