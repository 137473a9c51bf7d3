// A server on loopback that gives out the files of a folder, whole or a range of bytes, after a redirect.

package import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Runs a body with the address of a server of a folder's files. Paths below `/old` are sent on to the same
/// path without it, as servers of large files do.
package func withFileServer<Result: Sendable>(
  _ folder: URL, _ body: (String) async throws -> Result
) async throws -> Result {
  let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  do {
    let channel = try await ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let pipeline = channel.pipeline.syncOperations
          try pipeline.configureHTTPServerPipeline()
          try pipeline.addHandler(FileHandler(folder))
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

private final class FileHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let folder: URL

  init(_ folder: URL) { self.folder = folder }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(let request) = unwrapInboundIn(data) else { return }
    var headers = HTTPHeaders()
    var status = HTTPResponseStatus.ok
    var body = Data()
    let moved = "/old"
    if request.uri.hasPrefix(moved) {
      status = .temporaryRedirect
      headers.add(name: "Location", value: String(request.uri.dropFirst(moved.count)))
    } else if let file = try? Data(contentsOf: folder.appending(path: request.uri)) {
      body = file
      let bounds = request.headers["Range"].first?.dropFirst("bytes=".count).split(separator: "-")
      if let bounds, let first = Int(bounds[0]), let last = Int(bounds[1]), first < file.count {
        status = .partialContent
        body = file[first...min(last, file.count - 1)]
        headers.add(
          name: "Content-Range", value: "bytes \(first)-\(first + body.count - 1)/\(file.count)")
      }
    } else {
      status = .notFound
    }
    headers.add(name: "Content-Length", value: "\(body.count)")
    context.write(
      wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))),
      promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
