// A server on loopback that answers with bytes as they are: what no HTTP server would send.

import NIOCore
import NIOPosix

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
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  do {
    let channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(CannedHandler(answer))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let result = try await body("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
    try await group.shutdownGracefully()
    return result
  } catch {
    try? await group.shutdownGracefully()
    throw error
  }
}

private final class CannedHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let answer: CannedAnswer
  private var hasAnswered = false

  init(_ answer: CannedAnswer) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasAnswered else { return }
    hasAnswered = true
    let channel = context.channel
    let sent = channel.writeAndFlush(ByteBuffer(bytes: answer.start))
    if !answer.endless.isEmpty {
      let piece = ByteBuffer(bytes: answer.endless)
      sent.whenSuccess { Self.send(piece, on: channel) }
    } else if answer.closes {
      sent.whenComplete { _ in channel.close(promise: nil) }
    }
  }

  private static func send(_ piece: ByteBuffer, on channel: any Channel) {
    // Not at once: what is written without waiting would call this again and again, ever deeper.
    channel.writeAndFlush(piece).whenSuccess {
      channel.eventLoop.execute { send(piece, on: channel) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
