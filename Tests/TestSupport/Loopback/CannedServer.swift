// A server on loopback that answers with bytes as they are: what no HTTP server would send.

/// What a server sends on each connection, as soon as it has got anything.
package struct CannedAnswer: Sendable {
  package var start: [UInt8]
  /// Sent again and again after that; empty is nothing.
  package var endless: [UInt8]
  /// Whether it then ends the connection.
  package var closes: Bool

  package init(_ start: String, body: [UInt8] = [], endless: String = "", closes: Bool = false) {
    self.start = Array(start.utf8) + body
    self.endless = Array(endless.utf8)
    self.closes = closes
  }
}

/// Runs a body with the address of a server that answers so.
package func withCannedServer<Result: Sendable>(
  _ answer: CannedAnswer, _ body: (String) async throws -> Result
) async throws -> Result {
  let port = try LoopbackPort { connection in
    guard connection.receive(), connection.send(answer.start) else { return }
    if !answer.endless.isEmpty { while connection.send(answer.endless) {} }
    if !answer.closes { _ = connection.wait(.infinity) }
  }
  return try await running(port) { port in try await body("http://127.0.0.1:\(port.number)") }
}
