// HTTPTransport and certificates, beside `openssl s_server`; skipped where there is no openssl.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct HTTPTransportTLSTests {
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")))
  func trustsWhomItIsToldTo() async throws {
    let server = try #require(try await TLSServer())
    defer { server.stop() }
    func send(to host: String, _ file: String?) async throws -> HTTPAnswer {
      try await HTTPTransport(.init(certificateFile: file)).send(
        HTTPTransport.Request(
          url: "https://\(host):\(server.port)/", headers: [], answerLimit: 1 << 20))
    }
    #expect(try await send(to: "127.0.0.1", server.certificate).isSuccess)
    let unknown = await #expect(throws: TransportFailure.self) {
      try await send(to: "127.0.0.1", nil)
    }
    #expect(unknown?.cause == .untrusted)
    #expect(unknown?.wasSent == false)
    #expect(unknown?.detail.contains("certificate") == true)
    let another = await #expect(throws: TransportFailure.self) {
      try await send(to: "localhost", server.certificate)
    }
    #expect(another?.cause == .untrusted)
    #expect(another?.detail.contains("localhost") == true)
    let missing = await #expect(throws: TransportFailure.self) {
      try await send(to: "127.0.0.1", "/nowhere/authority.pem")
    }
    #expect(missing?.cause == .broken)
    #expect(missing?.wasSent == false)
    #expect(missing?.detail.contains("/nowhere/authority.pem") == true)
  }

  @Test func saysThatAServerSpeaksNoTLS() async throws {
    try await withLoopback { server in
      let failure = await #expect(throws: TransportFailure.self) {
        try await HTTPTransport(.init()).send(
          HTTPTransport.Request(
            url: "https://127.0.0.1:\(server.port)/", headers: [], answerLimit: 1 << 20))
      }
      #expect(failure?.cause == .broken)
      #expect(failure?.wasSent == false)
      #expect(failure?.detail.hasSuffix("; perhaps the server speaks http only") == true)
    }
  }
}

/// `openssl s_server` on 127.0.0.1, with a certificate of its own for that address. It answers every
/// GET with a page.
private struct TLSServer {
  let port: Int
  let certificate: String
  private let process: Process
  private let folder: TemporaryFolder

  /// Nil where there is no openssl that can make the certificate.
  init?() async throws {
    folder = try TemporaryFolder()
    certificate = folder.path("certificate.pem")
    let key = folder.path("key.pem")
    let made = Self.openssl(
      "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
      "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate)
    made.standardError = FileHandle.nullDevice
    let (ends, ended) = AsyncStream<Void>.makeStream()
    made.terminationHandler = { _ in ended.finish() }
    guard (try? made.run()) != nil else { return nil }
    for await _ in ends {}
    guard made.terminationStatus == 0 else { return nil }

    let free = try await LoopbackServer.start()
    port = free.port
    await free.stop()
    let output = URL(filePath: try folder.write("", to: "output"))
    process = Self.openssl(
      "s_server", "-accept", "\(port)", "-www", "-key", key, "-cert", certificate)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let deadline = ContinuousClock.now + .seconds(20)
    while try !String(decoding: Data(contentsOf: output), as: UTF8.self).contains("ACCEPT") {
      guard process.isRunning, ContinuousClock.now < deadline else { throw CancellationError() }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  func stop() { process.terminate() }

  private static func openssl(_ arguments: String...) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    return process
  }
}
