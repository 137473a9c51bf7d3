// The server's end of one connection: collects a request, hands it to the LoopbackServer, and lets
// LoopbackResponder send what it answers. One request at a time; later ones wait in the pipeline.

import NIOCore
import NIOHTTP1

/// Reads the requests of one connection.
final class LoopbackHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private let server: LoopbackServer
  private let connection: Int
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var number: Int?

  init(_ server: LoopbackServer, connection: Int) {
    self.server = server
    self.connection = connection
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body.clear()
    case .body(var part): body.writeBuffer(&part)
    case .end:
      guard let head else { return }
      let (number, answer) = server.receive(
        head, Array(body.readableBytesView), connection: connection)
      self.number = number
      let responder = LoopbackResponder(
        channel: context.channel, answer: answer, keepsAlive: head.isKeepAlive,
        finish: { [server] in server.finish(number, isAnswered: $0) })
      responder.start()
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if let number { server.finish(number, isAnswered: false) }
    server.close(connection)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
