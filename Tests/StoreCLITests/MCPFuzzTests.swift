import Foundation
import Synchronization
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// What agents should never send.
@Suite struct MCPFuzzTests {
  private static let seeds = [
    #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}"#,
    #"{"jsonrpc":"2.0","id":2,"method":"tools/list"}"#,
    #"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"search","arguments":{"question":"which port?","limit":3}}}"#,
    #"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"get","arguments":{"source":"ports","first_line":1}}}"#,
    #"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get","arguments":{"source":"../outside.txt"}}}"#,
    #"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"list","arguments":{"filter":"source = 'ports'"}}}"#,
    #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#,
    #"{"jsonrpc":"2.0","id":7,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#,
  ]

  private static func mutated(_ random: inout SeededGenerator) -> Data {
    var bytes = Array(seeds[Int.random(in: 0..<seeds.count, using: &random)].utf8)
    for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      case 1: bytes.remove(at: place)
      case 2: bytes.removeSubrange(place...)
      case 3:
        let other = Array(seeds[Int.random(in: 0..<seeds.count, using: &random)].utf8)
        bytes.insert(
          contentsOf: other.prefix(Int.random(in: 0..<other.count, using: &random)), at: place)
      default:
        let values = [
          "null", "-1", "1e400", "99999999999999999999", "[[[[]]]]", "{}", "\"\\u0000\"",
          "../../etc/passwd",
        ]
        bytes.replaceSubrange(
          place..<min(place + 5, bytes.count),
          with: values[Int.random(in: 0..<values.count, using: &random)].utf8)
      }
    }
    return Data(bytes)
  }

  @Test func tenThousandMessagesAreAnsweredOrPassedOver() async throws {
    let folder = try TemporaryFolder()
    try folder.write("the secret of another folder", to: "outside.txt")
    try folder.write("", to: "inside/empty")
    let store = try await Store(
      path: folder.path("inside/store.db"), configuration: StoreConfiguration(mode: .mock))
    try await store.add([Document(id: "ports", text: "The server listens on port 8080.")])
    let answers = Mutex<[JSONValue]>([])
    let session = MCPSession(
      tools: MCPTools(maximumTokens: 500) { store },
      send: { message in answers.withLock { $0.append(message) } })
    var random = SeededGenerator(seed: 20_261_129)
    for number in 1...10_000 {
      session.receive(Self.mutated(&random))
      // So that not all run at once.
      if number.isMultiple(of: 100) { await session.finish() }
    }
    await session.finish()
    session.receive(Data(#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#.utf8))
    await session.finish()
    let all = answers.withLock { $0 }
    #expect(all.count > 5_000 && all.last?["id"] == "last" && all.last?["result"] != nil)
    #expect(
      all.allSatisfy { $0["jsonrpc"] == "2.0" && ($0["result"] == nil) != ($0["error"] == nil) })
    #expect(all.contains { "\($0)".contains("listens on port 8080") })
    #expect(
      !all.contains { "\($0)".contains("the secret of another") || "\($0)".contains("root:") })
    try await store.close()
  }
}
