import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// The page, the protocol for agents, and the description, as they are served.
@Suite struct ServedPagesTests {
  private static func message(_ id: Int, _ method: String, _ params: String = "{}") -> String {
    #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
  }

  @Test func agentsAskOneMessageARequest() async throws {
    let served = try await ServedStore()
    func post(_ body: String, _ headers: [String: String] = [:]) async throws -> Answer {
      try await served.ask(
        "POST", "/mcp", body,
        headers: ["Accept": "application/json, text/event-stream"].merging(headers) { $1 })
    }
    let initialized = try await post(
      Self.message(
        1, "initialize",
        #"{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}"#
      ))
    #expect(try initialized.json["result"]?["protocolVersion"] == "2025-06-18")
    let noted = try await post(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    #expect(noted.status == 202 && noted.body.isEmpty)
    let version = ["MCP-Protocol-Version": "2025-06-18"]
    let called = try await post(
      Self.message(2, "tools/call", #"{"name":"search","arguments":{"question":"which port?"}}"#),
      version)
    #expect(called.body.contains("listens on port 8080"))
    #expect(try await post(Self.message(3, "other"), version).json["error"]?["code"] == -32601)
    #expect(try await post("nonsense").status == 400)
    #expect(
      try await post(Self.message(4, "ping"), ["MCP-Protocol-Version": "1999-01-01"]).status == 400)
    #expect(
      try await post(Self.message(5, "ping"), ["Origin": "https://evil.example"]).status == 403)
    for method in ["GET", "DELETE"] {
      let answer = try await served.ask(method, "/mcp")
      #expect(answer.status == 405 && answer.headers["allow"] == "POST")
    }
    try await served.end()
  }

  @Test(.enabled("needs official clients (.scripts/clients)") { ClientScript.isThere() })
  func theOfficialSDKOfAgentsWorksUnchanged() async throws {
    let served = try await ServedStore()
    let outcome = try await ClientScript.command(
      "mcp_http_session.py", Command(folder: served.folder)
    ).run("http://127.0.0.1:\(served.server.port)/mcp")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let found = try JSONDecoder().decode(JSONValue.self, from: Data(outcome.output.utf8))
    for mode in ["auto", "legacy"] {
      #expect(found[mode]?["tools"]?.array?.contains("add_text") == true)
      #expect(found[mode]?["search"]?.string?.contains("listens on port 8080") == true)
      #expect(found[mode]?["added"] == true && found[mode]?["refused"] == true)
      #expect(try await served.store.contains("anna-\(mode)"))
    }
    try await served.end()
  }

  @Test func thePageLoadsNothingAndRunsItsOwnScriptOnly() async throws {
    let served = try await ServedStore { $0.token = HiddenText("a-secret-of-24-characters") }
    // It holds nothing of the store, so that it needs no token, and a link may open it.
    let page = try await served.ask(
      "GET", "/",
      headers: [
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
      ])
    #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
    let policy = try #require(page.headers["content-security-policy"])
    #expect(policy.hasPrefix("default-src 'none'; script-src 'sha256-"))
    #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
    for part in [
      "src=", "url(", "@import", "innerHTML", "insertAdjacent", "eval(", " style=",
      "onclick=",
    ] {
      #expect(!page.body.contains(part), "\(part)")
    }
    #expect(page.body.components(separatedBy: "<script>").count == 2)
    #expect(page.body.components(separatedBy: "href=").count == 2)
    #expect(try await served.ask("GET", "/report").status == 401)
    try await served.end()
  }

  @Test func theDescriptionIsTrueOfAnswers() async throws {
    let served = try await ServedStore()
    let description = try await served.ask("GET", "/openapi.json").json
    let schemas = OpenAPISchema(description)
    func check(
      _ method: String, _ path: String, of template: String? = nil, _ body: String? = nil,
      headers: [String: String] = [:]
    ) async throws {
      let answer = try await served.ask(method, path, body, headers: headers)
      let operation = description["paths"]?[template ?? path.components(separatedBy: "?")[0]]?[
        method.lowercased()]
      let response = operation?["responses"]?[answer.status == 200 ? "200" : "default"]
      let schema = try #require(
        response?["content"]?["application/json"]?["schema"], "\(method) \(path) is not described")
      if let body, headers.isEmpty,
        let taken = operation?["requestBody"]?["content"]?["application/json"]?["schema"]
      {
        let value = try JSONDecoder().decode(JSONValue.self, from: Data(body.utf8))
        #expect(schemas.problems(value, taken, "\(method) \(path) takes") == [])
      }
      #expect(
        schemas.problems(try answer.json, schema, "\(method) \(path)") == [], "\(answer.body)")
    }
    try await check(
      "POST", "/api/documents",
      #"{"documents":[{"source":"a.md","text":"The sky.","metadata":{"n":1}}]}"#)
    try await check(
      "PUT", "/api/documents/b.md", of: "/api/documents/{source}", "Text.", headers: ["A": "b"])
    try await check("GET", "/api/search?question=port")
    try await check("POST", "/api/search", #"{"question":"sky","limit":2}"#)
    try await check("GET", "/api/search")
    try await check("GET", "/api/documents?limit=1")
    try await check("GET", "/api/documents/a.md", of: "/api/documents/{source}")
    try await check("DELETE", "/api/documents/a.md", of: "/api/documents/{source}")
    for path in [
      "/api/collections", "/api/status", "/api/usage", "/healthz", "/v1/models", "/v1/files",
      "/v1/vector_stores",
    ] {
      try await check("GET", path)
    }
    try await check("POST", "/v1/embeddings", #"{"model":"m","input":["a"]}"#)
    try await check("POST", "/v1/embeddings", #"{"model":"m","input":[]}"#)
    try await check("POST", "/mcp", Self.message(1, "tools/list"))
    let stores = "/v1/vector_stores"
    try await check("POST", stores, #"{"name":"n","metadata":{"a":"b"}}"#)
    let one = "\(stores)/\(VectorStoreID(of: "default").text)"
    let template = "\(stores)/{vector_store_id}"
    try await check("GET", one, of: template)
    try await check("POST", one, of: template, #"{"name":"renamed"}"#)
    try await check("POST", "\(one)/search", of: "\(template)/search", #"{"query":"port"}"#)
    try await check("GET", "\(one)/files", of: "\(template)/files")
    let form =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"c.md\"\r\n\r\nA walrus.\r\n--b--\r\n"
    let multipart = ["Content-Type": "multipart/form-data; boundary=b"]
    let file = try #require(
      try await served.ask("POST", "/v1/files", form, headers: multipart).json["id"]?.string)
    try await check("POST", "/v1/files", form, headers: multipart)
    try await check("GET", "/v1/files/\(file)", of: "/v1/files/{file_id}")
    try await check("POST", "\(one)/files", of: "\(template)/files", #"{"file_id":"\#(file)"}"#)
    try await check(
      "POST", "\(one)/file_batches", of: "\(template)/file_batches", #"{"file_ids":["\#(file)"]}"#)
    try await check("GET", "\(one)/files/\(file)", of: "\(template)/files/{file_id}")
    try await check(
      "POST", "\(one)/files/\(file)", of: "\(template)/files/{file_id}",
      #"{"attributes":{"x":true}}"#)
    try await check(
      "GET", "\(one)/files/\(file)/content", of: "\(template)/files/{file_id}/content")
    try await check("DELETE", "\(one)/files/\(file)", of: "\(template)/files/{file_id}")
    try await check("DELETE", "/v1/files/\(file)", of: "/v1/files/{file_id}")
    try await check("DELETE", one, of: template)
    #expect(schemas.unresolved(description) == [])
    try await served.end()
  }
}

/// Checks values against the schemas of a description.
private struct OpenAPISchema {
  private let schemas: JSONValue

  init(_ description: JSONValue) { schemas = description["components"]?["schemas"] ?? [:] }

  private func resolved(_ schema: JSONValue) -> JSONValue {
    guard let name = schema["$ref"]?.string?.split(separator: "/").last else { return schema }
    return schemas[String(name)] ?? ["type": .string("nothing: \(name)")]
  }

  /// What does not fit; fields that are not described do not fit either.
  func problems(_ value: JSONValue, _ schema: JSONValue, _ place: String) -> [String] {
    let schema = resolved(schema)
    if let choices = schema["anyOf"]?.array {
      let all = choices.map { problems(value, $0, place) }
      return all.contains { $0.isEmpty } ? [] : all.first ?? []
    }
    switch (schema["type"]?.string, value) {
    case (nil, _), ("string", .string), ("integer", .integer), ("number", .integer),
      ("number", .number),
      ("boolean", .bool), ("null", .null):
      return []
    case ("array", .array(let items)):
      return items.enumerated().flatMap {
        problems($1, schema["items"] ?? [:], "\(place)[\($0)]")
      }
    case ("object", .object(let fields)):
      guard let properties = schema["properties"]?.object else { return [] }
      let missing = (schema["required"]?.array ?? []).compactMap(\.string).filter {
        fields[$0] == nil
      }
      return missing.map { "\(place).\($0) is missing" }
        + fields.sorted { $0.key < $1.key }.flatMap { name, value in
          properties[name].map { problems(value, $0, "\(place).\(name)") }
            ?? ["\(place).\(name) is not described"]
        }
    default: return ["\(place) is not \(schema["type"]?.string ?? "")"]
    }
  }

  /// The schemas that are named and are not there.
  func unresolved(_ value: JSONValue) -> [String] {
    switch value {
    case .object(let fields):
      if let name = fields["$ref"]?.string?.split(separator: "/").last, schemas[String(name)] == nil
      {
        return [String(name)]
      }
      return fields.values.flatMap(unresolved)
    case .array(let items): return items.flatMap(unresolved)
    default: return []
    }
  }
}
