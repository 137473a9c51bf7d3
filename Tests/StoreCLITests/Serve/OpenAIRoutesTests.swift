import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// OpenAI's paths, without its SDK.
@Suite struct OpenAIRoutesTests {
  private static func form(_ name: String, _ text: String) -> (String, [String: String]) {
    (
      "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nassistants\r\n"
        + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\nContent-Type: text/plain\r\n\r\n\(text)\r\n--b--\r\n",
      ["Content-Type": "multipart/form-data; boundary=b"]
    )
  }

  @Test func whatHasAVectorCostsNothing() async throws {
    try await withLoopback(LoopbackBehaviour()) { server in
      let served = try await ServedStore.paying(server, remembersQuestions: true)
      func tokens(_ text: String, _ more: String = "") async throws -> JSONValue? {
        let answer = try await served.ask(
          "POST", "/v1/embeddings",
          #"{"model":"text-embedding-3-small","input":"\#(text)"\#(more)}"#)
        return try answer.json["usage"]?["total_tokens"]
      }
      // In the store, as the text of a chunk.
      #expect(try await tokens("The server listens on port 8080.") == 0)
      let first = try #require(try await tokens("A text that is new.")?.integer)
      #expect(first > 0)
      #expect(try await tokens("A text that is new.") == 0)
      let unknown = try await served.ask(
        "POST", "/v1/embeddings", #"{"model":"gpt-9","input":"a"}"#)
      #expect(
        unknown.status == 404
          && unknown.message.contains("this server has \"text-embedding-3-small\""))
      let dimensions = try await served.ask(
        "POST", "/v1/embeddings", #"{"model":"text-embedding-3-small","input":"a","dimensions":99}"#
      )
      #expect(dimensions.status == 400 && dimensions.message.contains("OPENAI_DIMENSIONS"))
      try await served.end()
    }
  }

  @Test func withoutAServiceNothingTakesThePlaceOfAVector() async throws {
    let served = try await ServedStore(configuration: StoreConfiguration(mode: .hybrid))
    let answer = try await served.ask(
      "POST", "/v1/embeddings", #"{"model":"text-embedding-3-small","input":"a"}"#)
    #expect(answer.status == 503 && answer.message.contains("set OPENAI_API_KEY or run"))
    #expect(answer.headers["x-should-retry"] == "false")
    try await served.end()
  }

  @Test func filesAreUploadedAttachedAndFound() async throws {
    let served = try await ServedStore()
    let (body, headers) = Self.form(
      "../a \u{22}b\u{22}.md".replacing("\"", with: "%22"), "A walrus.\r\n")
    let uploaded = try await served.ask("POST", "/v1/files", body, headers: headers).json
    #expect(uploaded["filename"] == "a \"b\".md" && uploaded["bytes"] == 11)
    let file = try #require(uploaded["id"]?.string)
    // Every collection is a vector store.
    let stores = try await served.ask("GET", "/v1/vector_stores").json
    let id = try #require(stores["data"]?.array?.first?["id"]?.string)
    #expect(stores["data"]?.array?.first?["name"] == "default")
    let attached = try await served.ask(
      "POST", "/v1/vector_stores/\(id)/files", #"{"file_id":"\#(file)","attributes":{"n":1}}"#)
    #expect(try attached.json["status"] == "completed", "\(attached.body)")
    let found = try await served.ask(
      "POST", "/v1/vector_stores/\(id)/search",
      #"{"query":"walrus","filters":{"type":"eq","key":"n","value":1}}"#)
    #expect(try found.json["data"]?.array?.map { $0["file_id"] } == [.string(file)])
    // A document that the command added is a file too.
    let files = try await served.ask("GET", "/v1/vector_stores/\(id)/files").json["data"]?.array
    #expect(files?.count == 2)
    let own = try #require(files?.compactMap { $0["id"]?.string }.first { $0 != file })
    let content = try await served.ask("GET", "/v1/vector_stores/\(id)/files/\(own)/content")
    #expect(content.body.contains("listens on port 8080"))
    try await served.end()
  }

  @Test(arguments: [
    (
      #"{"query":"a","filters":{"type":"near","key":"a","value":1}}"#, "there is no filter \"near\""
    ),
    (#"{"query":"a","filters":{"type":"and","filters":[]}}"#, "joins no filters"),
    (#"{"query":"a","filters":{"type":"in","key":"a","value":1}}"#, "with a list"),
    (#"{"query":"a","filters":{"type":"eq","key":"a"}}"#, "filters.value is missing"),
    (#"{"query":"a","max_num_results":0}"#, "give 1 to 50"), (#"{"query":[]}"#, "send 1 to 32"),
    (#"{"query":7}"#, "query has another type"), ("{}", "query is missing"), ("[", "is not JSON"),
  ])
  func wrongSearchesSayWhatIsWrong(body: String, message: String) async throws {
    let served = try await ServedStore()
    let id = VectorStoreID(of: "default").text
    let answer = try await served.ask("POST", "/v1/vector_stores/\(id)/search", body)
    #expect(answer.status == 400 && answer.message.contains(message), "\(answer.body)")
    try await served.end()
  }

  @Test func manyFiltersAreNoDepth() async throws {
    let served = try await ServedStore()
    let one = #"{"type":"eq","key":"a","value":1}"#
    let all = Array(repeating: one, count: 200).joined(separator: ",")
    let answer = try await served.ask(
      "POST", "/v1/vector_stores/\(VectorStoreID(of: "default").text)/search",
      #"{"query":"a","filters":{"type":"or","filters":[\#(all)]}}"#)
    #expect(answer.status == 200, "\(answer.body)")
    #expect(try answer.json["data"] == [])
    try await served.end()
  }

  @Test func brokenFormsAreRefused() throws {
    func status(_ body: String, _ type: String = "multipart/form-data; boundary=b") -> Int? {
      let head = HTTPHead(
        method: "POST", path: "/v1/files", query: [:], headers: ["content-type": type],
        isVersion11: true, id: "")
      do throws(HTTPError) {
        _ = try Multipart(HTTPRequest(head: head, body: Data(body.utf8)))
        return nil
      } catch {
        return error.status
      }
    }
    let (body, _) = Self.form("a.txt", "text")
    #expect(status(body) == nil)
    #expect(status(body, "application/json") == 415)
    #expect(status(body, "multipart/form-data") == 415)
    for broken in [
      "", "--b", "--b\r\n", "--b\r\n\r\n", "--b\r\nX: y\r\n\r\na\r\n--b--",
      body.replacing("--b--", with: ""),
    ] {
      #expect(status(broken) == 400, "\(broken)")
    }
    #expect(status(Self.form("..", "text").0) == 400)
    #expect(status("preamble\r\n" + body) == nil && status("--b--") == nil)
    // Cut anywhere and changed anywhere, it is read or refused.
    var random = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      var bytes = Array(body.utf8.prefix(Int.random(in: 0...body.utf8.count, using: &random)))
      if !bytes.isEmpty {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: .min ... .max, using: &random)
      }
      _ = status(String(decoding: bytes, as: UTF8.self))
    }
  }

  @Test func idsNameNoFilesOfOthers() async throws {
    let served = try await ServedStore()
    try served.folder.write("secret", to: "secret.json")
    for id in [
      "..%2F..%2Fsecret", "file-..%2F..%2Fsecret", "file-%00",
      "file-" + String(repeating: "g", count: 32),
    ] {
      #expect(try await served.ask("GET", "/v1/files/\(id)").status == 404)
      #expect(try await served.ask("GET", "/v1/files/\(id)/content").status == 404)
    }
    #expect(try await served.ask("GET", "/v1/vector_stores/vs_%25").status == 404)
    try await served.end()
  }
}
