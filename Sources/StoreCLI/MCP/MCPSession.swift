// The Model Context Protocol: messages in, messages out. It knows no pipes.

import Foundation
import Synchronization
import VectorStore

/// A session with one client, in the revisions 2026-07-28 (no handshake: each request says its revision),
/// 2025-11-25 and 2025-06-18 (`initialize`). Requests run at the same time.
final class MCPSession: Sendable {
  /// The revisions that are spoken, the newest first. Only the first needs no handshake.
  static let revisions = ["2026-07-28", "2025-11-25", "2025-06-18"]

  /// An error of the protocol, as JSON-RPC has them.
  struct ProtocolError: Error {
    let code: Int
    let message: String
    var data: JSONValue?
  }

  private static let versionKey = "io.modelcontextprotocol/protocolVersion"
  private static let capabilitiesKey = "io.modelcontextprotocol/clientCapabilities"
  private static let serverInfo: JSONValue = ["name": "store", "version": "0.1.0"]

  private let tools: MCPTools
  private let send: @Sendable (JSONValue) -> Void
  private let running = Mutex<[JSONValue: Task<Void, Never>]>([:])

  /// Creates a session.
  ///
  /// - Parameter send: takes each message for the client; called from many tasks, one at a time by its own care.
  init(tools: MCPTools, send: @escaping @Sendable (JSONValue) -> Void) {
    self.tools = tools
    self.send = send
  }

  /// Takes one message. Its answer is sent when it is there.
  func receive(_ message: Data) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: message) else {
      return fail(.null, ProtocolError(code: -32700, message: "the message is not JSON"))
    }
    guard let object = value.object, object["jsonrpc"] == "2.0" else {
      return fail(
        .null,
        ProtocolError(
          code: -32600, message: "a message is one JSON object with \"jsonrpc\": \"2.0\""))
    }
    guard let method = object["method"]?.string else {
      // An answer to a question that was never asked.
      if object["result"] != nil || object["error"] != nil { return }
      return fail(.null, ProtocolError(code: -32600, message: "the message has no method"))
    }
    guard let id = object["id"] else {
      if method == "notifications/cancelled", let id = object["params"]?["requestId"] {
        running.withLock { $0[id] }?.cancel()
      }
      return
    }
    guard id.string != nil || id.integer != nil else {
      return fail(.null, ProtocolError(code: -32600, message: "an id is a text or a whole number"))
    }
    let isFree = running.withLock { running in
      guard running[id] == nil else { return false }
      running[id] = Task { [self] in
        await answer(id, method, object["params"] ?? [:])
        _ = self.running.withLock { $0.removeValue(forKey: id) }
      }
      return true
    }
    if !isFree {
      fail(id, ProtocolError(code: -32600, message: "a request with this id is still running"))
    }
  }

  /// Waits until all requests are answered; if its task is cancelled, cancels them.
  func finish() async {
    await withTaskCancellationHandler {
      for task in running.withLock({ Array($0.values) }) { await task.value }
    } onCancel: {
      for task in running.withLock({ Array($0.values) }) { task.cancel() }
    }
  }

  private func answer(_ id: JSONValue, _ method: String, _ params: JSONValue) async {
    do {
      let isModern = try Self.checkEnvelope(params, method)
      var result = try await result(method, params, isModern)
      if isModern {
        result["resultType"] = "complete"
        result["_meta"] = ["io.modelcontextprotocol/serverInfo": Self.serverInfo]
        if method != "tools/call" {
          result["ttlMs"] = 0
          result["cacheScope"] = "private"
        }
      }
      guard !Task.isCancelled else { return }
      send(["jsonrpc": "2.0", "id": id, "result": .object(result)])
    } catch let error as ProtocolError {
      fail(id, error)
    } catch is CancellationError {
      // A cancelled request is not answered.
    } catch {
      fail(id, ProtocolError(code: -32603, message: "\(error)"))
    }
  }

  private func result(
    _ method: String, _ params: JSONValue, _ isModern: Bool
  ) async throws -> [String: JSONValue] {
    let capabilities: JSONValue = ["tools": [:], "resources": [:]]
    switch method {
    case "initialize":
      let asked = params["protocolVersion"]?.string ?? ""
      // The newest has no handshake.
      let version = Self.revisions.dropFirst().contains(asked) ? asked : Self.revisions[1]
      return [
        "protocolVersion": .string(version), "capabilities": capabilities,
        "serverInfo": Self.serverInfo, "instructions": .string(MCPTools.instructions),
      ]
    case "server/discover":
      return [
        "supportedVersions": .array(Self.revisions.map { .string($0) }),
        "capabilities": capabilities, "instructions": .string(MCPTools.instructions),
      ]
    case "ping": return [:]
    case "tools/list": return ["tools": .array(tools.offered.map(\.described))]
    case "resources/list":
      let cursor = params["cursor"]
      guard cursor == nil || cursor?.string != nil else {
        throw ProtocolError(code: -32602, message: "a cursor is a text")
      }
      return try await tools.resources(after: cursor?.string)
    case "resources/templates/list": return ["resourceTemplates": []]
    case "resources/read":
      let address = params["uri"]?.string ?? ""
      guard let resource = try await tools.resource(at: address) else {
        // Revision 2026-07-28 has retired the code of the earlier ones.
        throw ProtocolError(
          code: isModern ? -32602 : -32002,
          message: "there is no resource \"\(address.prefix(200))\"; resources/list has all",
          data: ["uri": .string(address)])
      }
      return resource
    case "tools/call":
      guard let name = params["name"]?.string,
        let tool = tools.offered.first(where: { $0.name == name })
      else {
        let names = tools.offered.map(\.name).joined(separator: ", ")
        throw ProtocolError(code: -32602, message: "there is no such tool; the tools are \(names)")
      }
      guard let arguments = (params["arguments"] ?? [:]).object else {
        throw ProtocolError(code: -32602, message: "arguments is a JSON object")
      }
      return try await tools.call(tool, arguments, progress: progress(params["_meta"]))
    default:
      throw ProtocolError(code: -32601, message: "there is no method \"\(method.prefix(100))\"")
    }
  }

  /// What tells the client how far a call is, if it asks for that: ten times a second at most.
  private func progress(_ meta: JSONValue?) -> ProgressHandler? {
    guard let token = meta?["progressToken"], token.string != nil || token.integer != nil else {
      return nil
    }
    let told = Mutex<(done: Int, at: ContinuousClock.Instant)?>(nil)
    return { [send] progress in
      let isDue = told.withLock { last in
        let now = ContinuousClock.now
        // Each is greater than the one before, as the protocol demands.
        if let last, progress.done <= last.done || now - last.at < .milliseconds(100) {
          return false
        }
        last = (progress.done, now)
        return true
      }
      guard isDue else { return }
      var params: [String: JSONValue] = [
        "progressToken": token, "progress": .init(progress.done),
        "message": .string(progress.current ?? progress.unit),
      ]
      params["total"] = progress.total.map { JSONValue($0) }
      send([
        "jsonrpc": "2.0", "method": "notifications/progress", "params": .object(params),
      ])
    }
  }

  /// Whether a request is of the revision without handshake.
  private static func checkEnvelope(_ params: JSONValue, _ method: String) throws -> Bool {
    guard let meta = params["_meta"]?.object, let version = meta[versionKey],
      method != "initialize"
    else { return false }
    guard let version = version.string, meta[capabilitiesKey]?.object != nil else {
      throw ProtocolError(
        code: -32602,
        message: "params._meta needs \(versionKey), a text, and \(capabilitiesKey), an object")
    }
    guard version == revisions[0] else {
      throw ProtocolError(
        code: -32022, message: "the protocol version \(version.prefix(40)) is not supported",
        data: [
          "supported": .array(revisions.map { .string($0) }), "requested": .string(version),
        ])
    }
    return true
  }

  private func fail(_ id: JSONValue, _ error: ProtocolError) {
    var members: [String: JSONValue] = [
      "code": .init(error.code), "message": .string(error.message),
    ]
    members["data"] = error.data
    send(["jsonrpc": "2.0", "id": id, "error": .object(members)])
  }
}
