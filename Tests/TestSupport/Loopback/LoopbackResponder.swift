// Sends an answer of a LoopbackServer: whole, late, in pieces, half, endless, or a reset instead.
// A client that has gone away is no error.

import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Sends one answer on one connection.
struct LoopbackResponder: Sendable {
  let channel: any Channel
  let answer: LoopbackAnswer
  let keepsAlive: Bool
  /// Called at the end; true where the answer was sent whole.
  let finish: @Sendable (Bool) -> Void

  /// Sends the answer after its delay.
  func start() {
    if answer.delay > 0 { after(answer.delay) { send() } } else { send() }
  }

  private func send() {
    guard channel.isActive else { return finish(false) }
    switch answer.delivery {
    case .never: break
    case .reset: reset()
    case .close: close()
    case .endless:
      writeHead(length: nil)
      writeEndlessly()
    case .whole:
      let body = content()
      writeHead(length: body.readableBytes)
      write(.body(.byteBuffer(body)))
      end()
    case .half(let isReset):
      var body = content()
      writeHead(length: body.readableBytes)
      let half = body.readSlice(length: body.readableBytes / 2) ?? ByteBuffer()
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(half))).whenComplete { _ in
        // Time for the half to be read before the connection ends.
        after(0.02) { isReset ? reset() : close() }
      }
    case .pieces(let count, let interval):
      let body = content()
      writeHead(length: nil)
      writePieces(body, length: max(1, body.readableBytes / max(1, count)), interval)
    }
  }

  private func content() -> ByteBuffer {
    switch answer.content {
    case .text(let text): ByteBuffer(string: text)
    case .vectors(let body): body.bytes()
    }
  }

  private func writeHead(length: Int?) {
    var headers = HTTPHeaders()
    for (name, value) in answer.headers.sorted(by: { $0.key < $1.key }) {
      headers.add(name: name, value: value)
    }
    if let length { headers.add(name: "content-length", value: "\(length)") }
    if !keepsAlive { headers.add(name: "connection", value: "close") }
    let status = HTTPResponseStatus(statusCode: answer.status)
    write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
  }

  private func writePieces(_ body: ByteBuffer, length: Int, _ interval: Double) {
    var rest = body
    guard let piece = rest.readSlice(length: min(length, rest.readableBytes)),
      piece.readableBytes > 0, channel.isActive
    else { return end() }
    let left = rest
    channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(piece)), promise: nil)
    after(interval) { writePieces(left, length: length, interval) }
  }

  private func writeEndlessly() {
    let part = HTTPServerResponsePart.body(.byteBuffer(Self.blanks))
    channel.writeAndFlush(part).whenSuccess { writeEndlessly() }
  }

  private static let blanks = ByteBuffer(repeating: UInt8(ascii: " "), count: 65536)

  /// Hands over what is left. The end is noted before, so that no request that the answer sets free
  /// is counted beside it.
  private func end() {
    finish(true)
    channel.writeAndFlush(HTTPServerResponsePart.end(nil)).whenComplete { _ in
      if !keepsAlive { close() }
    }
  }

  private func write(_ part: HTTPServerResponsePart) {
    channel.write(part, promise: nil)
  }

  private func close() {
    finish(false)
    channel.close(promise: nil)
  }

  /// Closes so that the client gets a reset: lingering for no time discards what is under way.
  private func reset() {
    finish(false)
    guard let socket = channel as? any SocketOptionProvider else { return }
    socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
      channel.close(promise: nil)
    }
  }

  private func after(_ seconds: Double, _ body: @escaping @Sendable () -> Void) {
    channel.eventLoop.scheduleTask(in: .nanoseconds(Int64(seconds * 1e9)), body)
  }
}
