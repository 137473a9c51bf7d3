import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// The store's verbs over HTTP, and who may use them.
@Suite struct StoreServerTests {
  @Test func programsSearchAddReadAndRemove() async throws {
    let served = try await ServedStore()
    let added = try await served.ask(
      "POST", "/api/documents",
      #"{"documents":[{"source":"sky","text":"The sky is blue.","metadata":{"year":2020}},{"text":"no id"}]}"#
    )
    #expect(added.status == 200 && added.headers["content-type"] == "application/json")
    #expect(try added.json["documents"]?["added"] == 2)
    let put = try await served.ask(
      "PUT", "/api/documents/notes/caf%C3%A9.md", "# Menu\n\nA walrus serves tea.\n")
    #expect(try put.json["documents"]?["added"] == 1)

    let asked = try await served.ask(
      "POST", "/api/search", #"{"question":"which port?","limit":1}"#)
    let hit = try #require(try asked.json["hits"]?.array?.first)
    #expect(hit["source"] == "ports" && hit["rank"] == 1)
    #expect(hit["excerpt"]?["text"] == "The server listens on port 8080.")
    #expect(hit["excerpt"]?["marks"] == [[22, 26]])
    let filtered = try await served.ask(
      "GET", "/api/search?question=blue&filter=year%20%3E%202000&rank=words")
    #expect(try filtered.json["hits"]?.array?.map { $0["source"] } == ["sky"])

    let got = try await served.ask("GET", "/api/documents/notes/caf%C3%A9.md")
    #expect(try got.json["text"] == "# Menu\n\nA walrus serves tea.\n")
    #expect(try await served.ask("GET", "/api/documents/notes%2Fcaf%C3%A9.md").status == 200)
    let first = try await served.ask("GET", "/api/documents?limit=2")
    #expect(try first.json["documents"]?.array?.count == 2)
    #expect(try first.json["next"] == 2)
    let rest = try await served.ask("GET", "/api/documents?limit=2&offset=2")
    #expect(try rest.json["documents"]?.array?.count == 2 && rest.json["next"] == .null)

    #expect(try await served.ask("DELETE", "/api/documents/sky").json["documents"] == 1)
    let gone = try await served.ask("DELETE", "/api/documents/sky")
    #expect(gone.status == 404 && gone.message.contains("has no document \"sky\""))
    let collections = try await served.ask("GET", "/api/collections")
    #expect(try collections.json["collections"]?.array?.first?["documents"] == 3)
    #expect(try await served.ask("GET", "/api/status").json["mode"] == "MOCK")
    #expect(try await served.ask("GET", "/api/usage?days=2").status == 200)
    #expect(try await served.ask("DELETE", "/api/collections/default").json["collections"] == 1)
    try await served.end()
  }

  @Test(arguments: [
    ("GET", "/api/search", 400, "/api/search needs question"),
    (
      "GET", "/api/search?question=a&limit=0", 400,
      "limit is 0; expected a whole number from 1 to 100"
    ),
    (
      "GET", "/api/search?question=a&limit=many", 400,
      "limit is \"many\"; expected a whole number from"
    ),
    (
      "GET", "/api/search?question=a&quality=5", 400,
      "/api/search has no argument \"quality\"; it takes question"
    ),
    ("GET", "/api/search?question=a&collection=x", 404, "GET /api/collections lists"),
    ("GET", "/api/search?question=a&filter=%3D", 400, "filter"),
    ("POST", "/api/search", 400, "the body is not JSON"),
    ("POST", "/api/documents", 400, "the body is not JSON"),
    ("GET", "/nowhere", 404, "there is no path /nowhere; GET /openapi.json lists what there is"),
    ("PATCH", "/api/documents/a", 405, "takes GET, PUT, DELETE, not PATCH"),
    ("GET", "/api/documents/a", 404, "GET /api/documents lists what there is"),
    ("PUT", "/api/documents/a.bin", 400, "the file a.bin is empty"),
  ])
  func errorsSayWhatIsWrong(
    method: String, path: String, status: Int, message: String
  ) async throws {
    let served = try await ServedStore()
    let answer = try await served.ask(method, path, method == "GET" ? nil : "")
    #expect(answer.status == status && answer.message.contains(message), "\(answer.body)")
    #expect(try answer.json["error"]?["code"]?.string != nil)
    try await served.end()
  }

  @Test func aServerThatOnlyReadsChangesNothing() async throws {
    let served = try await ServedStore(writes: false)
    for (method, path) in [
      ("POST", "/api/documents"), ("PUT", "/api/documents/a"), ("DELETE", "/api/documents/ports"),
      ("DELETE", "/api/collections/default"),
    ] {
      let answer = try await served.ask(method, path, "{}")
      #expect(answer.status == 403 && answer.message.contains("`store serve --write`"))
    }
    #expect(try await served.store.count() == 1)
    try await served.end()
  }

  @Test func pagesOfOtherOriginsAndReboundNamesAreRefused() async throws {
    let served = try await ServedStore()
    let path = "/api/search?question=port"
    let own = "127.0.0.1:\(served.server.port)"
    let refused: [[String: String]] = [
      ["Origin": "https://evil.example"], ["Origin": "null"], ["Origin": "http://127.0.0.1:1"],
      ["Host": "evil.example"], ["Host": "127.0.0.1.evil.example"], ["Host": "localhost.evil:80"],
      ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
      ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"],
    ]
    for headers in refused {
      for method in ["GET", "OPTIONS", "POST"] {
        let answer = try await served.ask(method, path, headers: headers)
        #expect(answer.status == 403, "\(headers)")
        #expect(!answer.body.contains("8080"))
        #expect(!answer.headers.keys.contains { $0.hasPrefix("access-control") })
      }
    }
    for headers in [
      ["Origin": "http://\(own)", "Sec-Fetch-Site": "same-origin"], ["Host": "localhost:1"],
      ["Host": "[::1]"], ["Sec-Fetch-Site": "none"],
    ] {
      #expect(try await served.ask("GET", path, headers: headers).status == 200, "\(headers)")
    }
    let bare = Data("GET /healthz HTTP/1.0\r\n\r\n".utf8)
    #expect(try Answer(try await RawClient.send(bare, to: served.server.port)).status == 400)
    try await served.end()
  }

  @Test func withATokenEveryRequestCarriesIt() async throws {
    let token = "a-secret-of-24-characters"
    let served = try await ServedStore { $0.token = HiddenText(token) }
    let path = "/api/collections"
    let missing = try await served.ask("GET", path)
    #expect(missing.status == 401 && missing.headers["www-authenticate"] == "Bearer")
    for wrong in ["Bearer a-secret-of-24-characterz", "Bearer", "Basic \(token)", token] {
      let answer = try await served.ask("GET", path, headers: ["Authorization": wrong])
      #expect(answer.status == 401 && !answer.body.contains(token))
    }
    // By any name, since a page of a rebound name does not know the token.
    let right = ["Authorization": "Bearer \(token)", "Host": "store.example"]
    #expect(try await served.ask("GET", path, headers: right).status == 200)
    #expect(try await served.ask("GET", "/metrics").status == 401)
    #expect(try await served.ask("GET", "/healthz").status == 200)
    #expect(!served.lines.joined().contains(token))
    try await served.end()
  }

  @Test func otherMachinesAreServedWithATokenOnly() async throws {
    await #expect("0.0.0.0 can be reached from other machines") {
      _ = try await ServedStore { $0.host = "0.0.0.0" }
    } throws: {
      "\($0)".contains("0.0.0.0 can be reached from other machines, and STORE_TOKEN is not set")
    }
    await #expect("no address") {
      _ = try await ServedStore { $0.host = "no.such.host.invalid" }
    } throws: {
      "\($0)".contains("--host is no.such.host.invalid")
    }
    let served = try await ServedStore {
      ($0.host, $0.token) = ("0.0.0.0", HiddenText("a-secret-of-24-characters"))
    }
    #expect(try await served.ask("GET", "/healthz").status == 200)
    await #expect("two servers") {
      _ = try await ServedStore { $0.port = served.server.port }
    } throws: {
      "\($0)".contains("another program has it; end that one, or choose another with --port")
    }
    try await served.end()
  }

  @Test func requestsAreLoggedAndCountedWithoutWhatTheySay() async throws {
    let served = try await ServedStore()
    let answer = try await served.ask(
      "GET", "/api/search?question=confidential", headers: ["X-Request-Id": "mine-1"])
    #expect(answer.headers["x-request-id"] == "mine-1")
    let head = try await served.ask("HEAD", "/healthz")
    #expect(head.status == 200 && head.body.isEmpty && head.headers["content-length"] == "16")
    #expect(head.headers["x-request-id"]?.hasPrefix("req_") == true)
    let metrics = try await served.ask("GET", "/metrics").body
    #expect(
      metrics.contains(
        "store_http_requests_total{route=\"/api/search\",method=\"GET\",status=\"200\"} 1\n"))
    #expect(
      metrics.contains(
        "store_http_request_duration_seconds_bucket{route=\"/api/search\",le=\"+Inf\"} 1\n"))
    #expect(metrics.contains("store_documents{collection=\"default\"} 1\n"))
    try await served.end()
    #expect(served.lines.first?.contains(" mine-1 GET /api/search 200 ") == true)
    #expect(!served.lines.joined().contains("confidential"))
  }

  @Test func moreConnectionsThanItTakesAreTurnedAway() async throws {
    let served = try await ServedStore { $0.limits.connections = 2 }
    let open = try (0..<2).map { _ in try RawClient.connect(served.server.port) }
    for connection in open {
      connection.send(
        Data("PUT /api/documents/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab".utf8)
      )
    }
    // They count once their threads have begun.
    for _ in 0..<200 where try await served.ask("GET", "/healthz").status != 503 {
      try await Task.sleep(for: .milliseconds(10))
    }
    let refused = try await served.ask("GET", "/healthz")
    #expect(refused.status == 503 && refused.headers["retry-after"] == "1")
    #expect(refused.message.contains("has 2 connections already"))
    open.forEach { $0.close() }
    for _ in 0..<200 where try await served.ask("GET", "/healthz").status != 200 {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try await served.ask("GET", "/healthz").status == 200)
    try await served.end()
  }

  @Test func connectionsThatIdleMakeRoom() async throws {
    let served = try await ServedStore { $0.limits.connections = 2 }
    let open = try (0..<2).map { _ in try RawClient.connect(served.server.port) }
    try await Task.sleep(for: .milliseconds(1200))
    for _ in 0..<3 { #expect(try await served.ask("GET", "/healthz").status == 200) }
    // One of them was ended for it, the other stays.
    #expect(open.filter(\.hasEnded).count == 1)
    open.forEach { $0.close() }
    try await served.end()
  }

  @Test func slowAndLargeRequestsAreEnded() async throws {
    let served = try await ServedStore {
      ($0.limits.headTime, $0.limits.stallTime) = (.milliseconds(200), .milliseconds(200))
      ($0.limits.body, $0.limits.bodies) = (100_000, 100_000)
    }
    let host = "Host: 127.0.0.1\r\n"
    func status(_ text: String) async throws -> Int {
      try Answer(try await RawClient.send(Data(text.utf8), to: served.server.port)).status
    }
    #expect(try await status("GET /healthz HTTP/1.1\r\n\(host)") == 408)
    #expect(
      try await status("PUT /api/documents/a HTTP/1.1\r\n\(host)Content-Length: 9\r\n\r\nab") == 408
    )
    // The client sends all of a body that is refused, and still reads the answer.
    let large = String(repeating: "a", count: 3_000_000)
    #expect(try await served.ask("PUT", "/api/documents/a", large).status == 413)
    #expect(try await status("GET /\(large) HTTP/1.1\r\n\r\n") == 431)
    #expect(
      try await served.ask("PUT", "/api/documents/a", String(large.prefix(90_000))).status == 200)
    let continued = try await RawClient.send(
      Data(
        "PUT /api/documents/b HTTP/1.1\r\n\(host)Connection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
          .utf8), to: served.server.port)
    #expect(
      String(decoding: continued, as: UTF8.self).hasPrefix(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
    try await served.end()
  }

  @Test func whatIsAskedBeforeTheEndIsAnswered() async throws {
    try await withSlowServer(seconds: 1) { served in
      async let answer = served.ask(
        "POST", "/v1/embeddings", #"{"model":"text-embedding-3-small","input":"new"}"#)
      for _ in 0..<300 where try await served.store.usage().today.inFlightRequests == 0 {
        try await Task.sleep(for: .milliseconds(10))
      }
      await served.server.stop(patience: .seconds(10))
      #expect(try await answer.status == 200)
    }
  }

  @Test func whatNobodyWaitsForIsGivenUp() async throws {
    try await withSlowServer(seconds: 20) { served in
      let connection = try RawClient.connect(served.server.port)
      let body = #"{"model":"text-embedding-3-small","input":"new"}"#
      connection.send(
        Data(
          "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            .utf8))
      try await Task.sleep(for: .milliseconds(100))
      connection.close()
      let started = ContinuousClock.now
      while served.lines.isEmpty, ContinuousClock.now - started < .seconds(15) {
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(served.lines.first?.contains(" POST /v1/embeddings 499 ") == true, "\(served.lines)")
    }
  }

  /// Serves a store whose embedding service takes its time, after the store has its document.
  private func withSlowServer(
    seconds: Double, _ body: (ServedStore) async throws -> Void
  ) async throws {
    try await withLoopback(LoopbackBehaviour()) { server in
      let served = try await ServedStore.paying(server)
      server.update { $0.latency = seconds }
      try await body(served)
      try await served.end()
    }
  }

  @Test func brokenRequestsToEveryPathAreAnswered() async throws {
    let served = try await ServedStore()
    let paths = [
      "/api/search", "/api/documents", "/api/documents/a", "/v1/embeddings", "/v1/files", "/mcp",
      "/v1/vector_stores", "/v1/vector_stores/vs_ZGVmYXVsdA/search",
      "/v1/vector_stores/vs_ZGVmYXVsdA/files",
      "/v1/vector_stores/vs_ZGVmYXVsdA/files/file-s-cG9ydHM",
      "/v1/vector_stores/vs_ZGVmYXVsdA/file_batches", "/api/usage?days=1",
      "/api/documents?offset=1",
    ]
    let bodies = [
      #"{"question":"port","limit":3,"filter":"a = 1"}"#, #"{"documents":[{"text":"x"}]}"#,
      #"{"model":"m","input":["a"],"dimensions":64}"#,
      #"{"file_id":"file-1","attributes":{"a":1}}"#,
      #"{"query":["a"],"filters":{"type":"in","key":"a","value":[1]},"max_num_results":5}"#,
      #"{"name":"n","file_ids":[]}"#, #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
    ]
    let parts = [
      "null", "-1", "1e400", "99999999999999999999", "[[[[[[[[]]]]]]]]", "{}", "\"\\ud800\"", "%",
      "\"", "true",
      "\0", "-9223372036854775808",
    ]
    var random = SeededGenerator(seed: 20_261_129)
    var requests = Data()
    let (count, host) = (1500, "Host: localhost\r\n")
    for number in 1...count {
      let method = ["GET", "POST", "POST", "PUT"].randomElement(using: &random) ?? "GET"
      var path = Array((paths.randomElement(using: &random) ?? "/").utf8)
      var body = Array((bodies.randomElement(using: &random) ?? "").utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        let place = Int.random(in: 0...body.count, using: &random)
        body.replaceSubrange(
          place..<min(body.count, place + 4), with: (parts.randomElement(using: &random) ?? "").utf8
        )
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        path.insert(
          UInt8.random(in: 0x21...0x7E, using: &random),
          at: Int.random(in: 1...path.count, using: &random))
      }
      let target = String(decoding: path, as: UTF8.self).replacing("#", with: "")
      let ending = number == count ? "Connection: close\r\n" : ""
      requests += Data(
        "\(method) \(target) HTTP/1.1\r\n\(host)\(ending)Content-Length: \(body.count)\r\n\r\n".utf8
      )
      requests += Data(body)
    }
    let answers = String(
      decoding: try await RawClient.send(requests, to: served.server.port, seconds: 120),
      as: UTF8.self)
    let statuses = answers.matches(of: #/HTTP/1\.1 ([0-9]{3}) /#).map(\.1)
    // A malformed line ends the connection, which the log shows by its answer.
    let isCut = statuses.last == "400" && statuses.count < count
    #expect(statuses.count == count || isCut && statuses.count > 100, "\(statuses.count)")
    #expect(!statuses.contains("500"), "\(served.lines.filter { $0.contains(" 500 ") })")
    #expect(try await served.ask("GET", "/healthz").status == 200)
    try await served.end()
  }

  @Test func connectionsAreKeptAndEndWithTheServer() async throws {
    let served = try await ServedStore()
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async let all = RawClient.send(
      Data((request + request + request).utf8), to: served.server.port)
    for _ in 0..<500 where served.lines.count < 3 { try await Task.sleep(for: .milliseconds(10)) }
    try await served.end()
    let answers = String(decoding: try await all, as: UTF8.self)
    #expect(answers.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 4)
    #expect(answers.components(separatedBy: "Connection: keep-alive\r\n").count == 4)
  }
}
