// A server on loopback that gives out the files of a folder, whole or a range of bytes, after a redirect.

package import Foundation

/// Runs a body with the address of a server of a folder's files. Paths below `/old` are sent on to the same
/// path without it, as servers of large files do.
package func withFileServer<Result: Sendable>(
  _ folder: URL, _ body: (String) async throws -> Result
) async throws -> Result {
  let port = try LoopbackPort { connection in
    while let request = connection.request() {
      let (status, headers, bytes) = answer(request, folder)
      let head = HTTPRequest.head(status, headers, length: bytes.count)
      guard connection.send(head), connection.send(bytes) else { return }
    }
  }
  return try await running(port) { port in try await body("http://127.0.0.1:\(port.number)") }
}

private func answer(
  _ request: HTTPRequest, _ folder: URL
) -> (status: Int, headers: [(name: String, value: String)], body: Data) {
  let moved = "/old"
  if request.target.hasPrefix(moved) {
    return (307, [("Location", String(request.target.dropFirst(moved.count)))], Data())
  }
  guard let file = try? Data(contentsOf: folder.appending(path: request.target)) else {
    return (404, [], Data())
  }
  let bounds = request.header("Range")?.dropFirst("bytes=".count).split(separator: "-")
  guard let bounds, let first = Int(bounds[0]), let last = Int(bounds[1]), first < file.count else {
    return (200, [], file)
  }
  let part = file[first...min(last, file.count - 1)]
  let range = "bytes \(first)-\(first + part.count - 1)/\(file.count)"
  return (206, [("Content-Range", range)], part)
}
