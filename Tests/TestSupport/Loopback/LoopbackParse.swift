// A server on loopback that stands for LlamaParse in tests: uploads, jobs, results, a bill, and faults on demand.

package import Foundation
import Synchronization

/// A server that parses documents as LlamaParse does: a form feed in a document's bytes begins its next page.
package final class ParseServer: Sendable {
  /// What is asked of it.
  package enum Call: Sendable {
    case upload, job, result, list
  }

  /// What goes wrong.
  package enum Fault: Sendable {
    /// It answers with this status and does nothing.
    case status(Int)
    /// It does what it was asked, and the connection ends without an answer.
    case lostAnswer
    /// It ends the connection and does nothing.
    case reset
  }

  package struct Behaviour: Sendable {
    package var key = "llx-test-key"
    /// How often a job is looked at before it is done.
    package var looks = 0
    /// Why documents that hold this fail.
    package var fails: [String: String] = [:]
    /// Whether the bill is known at once.
    package var tellsCredits = true
    /// Faults by call, and its number of that kind from 0.
    package var fault: @Sendable (Call, Int) -> Fault? = { _, _ in nil }

    package init() {}
  }

  /// A document that came.
  package struct Upload: Sendable {
    package let name: String
    package let requestID: String
    package let document: Data
    /// The field `configuration`, as it came.
    package let configuration: String
  }

  private struct Job {
    var upload: Upload
    var looks = 0
    var pages: [String] {
      String(decoding: upload.document, as: UTF8.self).components(separatedBy: "\u{0C}")
    }
  }

  private struct State {
    var behaviour: Behaviour
    var jobs: [(id: String, job: Job)] = []
    var calls: [Call: Int] = [:]
    var refusedKeys = 0
  }

  private let state: Mutex<State>
  private let port = Mutex<LoopbackPort?>(nil)

  private init(_ behaviour: Behaviour) { state = Mutex(State(behaviour: behaviour)) }

  fileprivate static func start(_ behaviour: Behaviour) async throws -> ParseServer {
    let server = ParseServer(behaviour)
    let port = try LoopbackPort { [unowned server] connection in
      while let request = connection.request(), let (status, json) = server.answer(request) {
        var headers = [(name: "Content-Type", value: "application/json")]
        if status == 429 { headers.append(("Retry-After", "0")) }
        let head = HTTPRequest.head(status, headers, length: json.count)
        guard connection.send(head), connection.send(json) else { return }
      }
    }
    server.port.withLock { $0 = port }
    return server
  }

  func stop() async { await port.withLock(\.self)?.close() }

  /// `http://127.0.0.1:PORT`.
  package var url: String { "http://127.0.0.1:\(port.withLock { $0?.number ?? 0 })" }

  /// Changes the behaviour, from the next request on.
  package func update(_ change: @Sendable (inout Behaviour) -> Void) {
    state.withLock { change(&$0.behaviour) }
  }

  // MARK: What it saw

  /// The documents that it took.
  package var uploads: [Upload] { state.withLock { $0.jobs.map(\.job.upload) } }
  /// How often something was asked, refused or not.
  package func count(_ call: Call) -> Int { state.withLock { $0.calls[call] ?? 0 } }
  /// Requests with a wrong key.
  package var refusedKeys: Int { state.withLock { $0.refusedKeys } }
  /// The pages on its bill: of every document that it took and did not fail.
  package var billedPages: Int {
    state.withLock { state in
      state.jobs.reduce(0) { sum, job in
        sum + (Self.problem(job.job, state.behaviour) == nil ? job.job.pages.count : 0)
      }
    }
  }
  /// Documents that it took more than once.
  package var paidTwice: [Data] {
    Dictionary(grouping: uploads.map(\.document)) { $0 }.filter { $0.value.count > 1 }.map(\.key)
  }

  /// Waits until it took so many documents.
  package func waitForUploads(_ count: Int, seconds: Double = 30) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while uploads.count < count {
      guard ContinuousClock.now < deadline else { throw CancellationError() }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  // MARK: Answers

  private func answer(_ request: HTTPRequest) -> (status: Int, json: Data)? {
    let parts = request.target.split(separator: "?", maxSplits: 1)
    let (path, query) = (String(parts[0]), parts.dropFirst().first ?? "")
    let root = "/api/v2/parse"
    return state.withLock { state -> (Int, Data)? in
      guard request.header("Authorization") == "Bearer \(state.behaviour.key)" else {
        state.refusedKeys += 1
        return (401, Self.json(["detail": "Invalid API Key"]))
      }
      guard path.hasPrefix(root) else { return (404, Self.json(["detail": "Not Found"])) }
      let id = path.split(separator: "/").last.map(String.init) ?? ""
      let call: Call =
        request.method == "POST"
        ? .upload : path == root ? .list : query.contains("markdown") ? .result : .job
      let number = state.calls[call] ?? 0
      state.calls[call] = number + 1
      let fault = state.behaviour.fault(call, number)
      switch fault {
      case .status(let status):
        return (status, Self.json(["detail": "it is status \(status)"]))
      case .reset: return nil
      case .lostAnswer, nil: break
      }
      let answer = Self.answer(call, id, request, &state)
      return fault == nil ? (answer.0, Self.json(answer.1)) : nil
    }
  }

  private static func json(_ object: Any) -> Data {
    (try? JSONSerialization.data(withJSONObject: object)) ?? Data()
  }

  private static func answer(
    _ call: Call, _ id: String, _ request: HTTPRequest, _ state: inout State
  ) -> (Int, Any) {
    switch call {
    case .upload:
      guard let upload = Upload(request) else { return (422, ["detail": "no file"]) }
      let id = "pjb-\(state.jobs.count)"
      state.jobs.append((id, Job(upload: upload)))
      return (200, ["id": id, "project_id": "p", "status": "PENDING"])
    case .list:
      let items = state.jobs.reversed().map { job in
        ["id": job.id, "project_id": "p", "status": "RUNNING", "name": job.job.upload.name]
      }
      return (200, ["items": items, "next_page_token": NSNull()])
    case .job, .result:
      guard let index = state.jobs.firstIndex(where: { $0.id == id }) else {
        return (404, ["detail": "no such job"])
      }
      if call == .job { state.jobs[index].job.looks += 1 }
      let job = state.jobs[index].job
      var described: [String: Any] = ["id": id, "project_id": "p", "status": "RUNNING"]
      if let problem = problem(job, state.behaviour) {
        described["status"] = "FAILED"
        described["error_message"] = problem
        if state.behaviour.tellsCredits { described["usage"] = ["credits": 0] }
      } else if job.looks > state.behaviour.looks {
        described["status"] = "COMPLETED"
      }
      guard call == .result else { return (200, ["job": described]) }
      let credits = state.behaviour.tellsCredits ? Double(3 * job.pages.count) : nil
      described["usage"] = ["credits": credits.map { $0 as Any } ?? NSNull()]
      let pages = job.pages.enumerated().map { number, text -> [String: Any] in
        ["page_number": number + 1, "markdown": text, "success": true]
      }
      return (200, ["job": described, "markdown": ["pages": pages]])
    }
  }

  private static func problem(_ job: Job, _ behaviour: Behaviour) -> String? {
    let text = String(decoding: job.upload.document, as: UTF8.self)
    return behaviour.fails.first { text.contains($0.key) }?.value
  }
}

extension ParseServer.Upload {
  fileprivate init?(_ request: HTTPRequest) {
    guard let type = request.header("Content-Type"),
      let boundary = type.components(separatedBy: "boundary=").last
    else { return nil }
    var fields: [String: Data] = [:]
    var file = ""
    var rest = Data(request.body)
    let mark = Data("--\(boundary)".utf8)
    while let start = rest.range(of: mark) {
      rest = rest[start.upperBound...]
      guard let end = rest.range(of: mark), let blank = rest.range(of: Data("\r\n\r\n".utf8)) else {
        break
      }
      let header = String(decoding: rest[rest.startIndex..<blank.lowerBound], as: UTF8.self)
      let name = header.firstMatch(of: /; name="([^"]*)"/).map { String($0.output.1) } ?? ""
      if let found = header.firstMatch(of: /filename="([^"]*)"/) { file = String(found.output.1) }
      fields[name] = Data(rest[blank.upperBound..<end.lowerBound].dropLast(2))
    }
    guard let document = fields["file"], let configuration = fields["configuration"] else {
      return nil
    }
    self.init(
      name: file, requestID: request.header("X-Client-Request-Id") ?? "", document: document,
      configuration: String(decoding: configuration, as: UTF8.self))
  }
}

/// Runs a body with a server, and stops the server, also where the body throws.
package func withParseServer<Result: Sendable>(
  _ behaviour: ParseServer.Behaviour = .init(), _ body: (ParseServer) async throws -> Result
) async throws -> Result {
  try await running(try await ParseServer.start(behaviour), body)
}

extension ParseServer: TestServer {}
