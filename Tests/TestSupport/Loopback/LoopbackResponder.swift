// Serves one connection of a LoopbackServer: reads its requests, one at a time, and sends each answer: whole, late,
// in pieces, half, endless, or a reset instead. A client that has gone away is no error.

/// Serves one connection.
struct LoopbackResponder {
  private static let blanks = [UInt8](repeating: UInt8(ascii: " "), count: 65_536)

  let server: LoopbackServer
  let connection: LoopbackConnection

  func serve() {
    let number = server.open()
    while let request = connection.request() {
      let (place, answer) = server.receive(request, connection: number)
      let goesOn =
        connection.wait(answer.delay)
        && send(answer, keepsAlive: request.keepsAlive) {
          server.finish(place, isAnswered: true)
        }
      // A request that is answered stays so.
      server.finish(place, isAnswered: false)
      guard goesOn, request.keepsAlive else { return }
    }
  }

  /// Sends an answer. Returns whether the connection goes on.
  ///
  /// - Parameter finish: notes that the answer was sent whole. Called before its last bytes, so that no request that
  ///   it sets free is counted beside it.
  private func send(_ answer: LoopbackAnswer, keepsAlive: Bool, finish: () -> Void) -> Bool {
    func head(_ length: Int?) -> [UInt8] {
      HTTPRequest.head(
        answer.status,
        answer.headers.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) },
        length: length, keepsAlive: keepsAlive)
    }
    switch answer.delivery {
    case .never: return connection.wait(.infinity)
    case .reset:
      connection.reset()
      return false
    case .close: return false
    case .endless:
      guard connection.send(head(nil)) else { return false }
      let blanks = HTTPRequest.chunk(Self.blanks)
      while connection.send(blanks) {}
      return false
    case .whole:
      let body = content(of: answer)
      finish()
      return connection.send(head(body.count) + body)
    case .half(let isReset):
      let body = content(of: answer)
      connection.send(head(body.count) + body[..<(body.count / 2)])
      // Time for the half to be read before the connection ends.
      _ = connection.wait(0.02)
      if isReset { connection.reset() }
      return false
    case .pieces(let count, let interval):
      var rest = content(of: answer)[...]
      let length = max(1, rest.count / max(1, count))
      guard connection.send(head(nil)) else { return false }
      while !rest.isEmpty {
        guard connection.send(HTTPRequest.chunk(Array(rest.prefix(length)))) else { return false }
        rest = rest.dropFirst(length)
        guard connection.wait(interval) else { return false }
      }
      finish()
      return connection.send(HTTPRequest.chunk([]))
    }
  }

  private func content(of answer: LoopbackAnswer) -> [UInt8] {
    switch answer.content {
    case .text(let text): Array(text.utf8)
    case .vectors(let body): body.bytes()
    }
  }
}
