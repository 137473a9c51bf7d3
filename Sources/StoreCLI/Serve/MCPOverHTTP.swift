// The Model Context Protocol over HTTP: one message a request, its answer as JSON.

import Foundation
import Synchronization
import VectorStore

/// Answers `/mcp`, the protocol's "streamable HTTP" without streams and without sessions: every request stands for
/// itself. GET and DELETE, which would open a stream and end a session, are answered by 405.
struct MCPOverHTTP: Sendable {
  let tools: MCPTools

  var routes: [ServeRoute] {
    [
      ServeRoute(
        method: "POST", path: "/mcp",
        summary:
          "The Model Context Protocol, for agents: one JSON-RPC message, its answer as JSON.",
        takes: "Message", gives: "Message", answer: answer)
    ]
  }

  /// The answers of one session.
  private final class Answers: Sendable {
    let all = Mutex<[JSONValue]>([])
  }

  private func answer(_ call: ServeCall) async throws -> HTTPResponse {
    let version = call.request.head.headers["mcp-protocol-version"]
    guard version.map({ MCPSession.revisions.contains($0) || $0 == "2025-03-26" }) ?? true else {
      throw HTTPError(
        400, "unknown_version",
        "the MCP-Protocol-Version is \((version ?? "").prefix(40)); this server speaks "
          + MCPSession.revisions.joined(separator: ", "))
    }
    let answers = Answers()
    let session = MCPSession(tools: tools) { message in answers.all.withLock { $0.append(message) }
    }
    session.receive(call.request.body)
    await session.finish()
    // Notes on the way have no id; the answer has one, if only null.
    guard let answer = answers.all.withLock({ $0.last { $0["id"] != nil } }) else {
      try Task.checkCancellation()
      return HTTPResponse(status: 202, contentType: "application/json", Data())
    }
    let isUnreadable = answer["id"] == .null
    return try HTTPResponse(status: isUnreadable ? 400 : 200, json: answer)
  }
}
