// Files and batches of a LoopbackServer: the Batch API, with faults.

import Foundation

/// What a ``LoopbackServer`` does with files and batches.
package struct LoopbackBatchBehaviour: Sendable {
  /// What becomes of batches.
  package enum Outcome: Sendable {
    /// They are worked on.
    case waiting
    /// All is answered.
    case completed
    /// They are refused, with these words; nothing is billed.
    case failed(String)
    /// Their day is over after so many answers, or they are cancelled.
    case endedEarly(String, answered: Int)
  }

  /// Whether the API is known; else all of it is refused with status 404.
  package var isKnown = true
  /// What becomes of batches that have not ended.
  package var outcome = Outcome.completed
  /// The faults of uploads, numbered from 0.
  package var uploadFault: LoopbackFault.Plan = { _, _ in nil }
  /// The faults of creations, numbered from 0. Those that travel badly are created all the same.
  package var creationFault: LoopbackFault.Plan = { _, _ in nil }
  /// The faults of the answers' files, numbered from 0.
  package var answersFault: LoopbackFault.Plan = { _, _ in nil }

  /// Creates the default behaviour: batches are answered at once.
  package init() {}
}

/// The files and batches of a server.
struct LoopbackBatches: Sendable {
  struct Batch: Sendable {
    var id: String
    var input: String
    var status = "in_progress"
    var output: String?
    var errors: String?
    var problem: String?
    var total = 0
    var completed = 0
  }

  struct Line: Sendable {
    var name: String
    var text: String
    var model: String
    var dimensions: Int
    var isBase64: Bool
  }

  var files: [String: String] = [:]
  var batches: [Batch] = []
  var uploads = 0
  var creations = 0
  var readings = 0
  private var named = 0

  mutating func newName(_ kind: String) -> String {
    named += 1
    return "\(kind)-loopback\(named)"
  }

  /// The part of a multipart form that is the file.
  static func file(in body: [UInt8], _ type: String) -> String? {
    guard let boundary = type.components(separatedBy: "boundary=").dropFirst().first else {
      return nil
    }
    let parts = String(decoding: body, as: UTF8.self).components(separatedBy: "--\(boundary)")
    let hasPurpose = parts.contains { $0.contains("name=\"purpose\"\r\n\r\nbatch\r\n") }
    guard hasPurpose, parts.last == "--\r\n",
      let part = parts.first(where: { $0.contains("name=\"file\"; filename=") }),
      let start = part.range(of: "\r\n\r\n")
    else { return nil }
    return String(part[start.upperBound...].dropLast(1))
  }

  /// The requests of a file; nil if one is none.
  static func lines(of file: String) -> [Line]? {
    var lines: [Line] = []
    for line in file.split(separator: "\n") {
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
        let name = object["custom_id"] as? String, object["method"] as? String == "POST",
        object["url"] as? String == "/v1/embeddings", let body = object["body"] as? [String: Any],
        let texts = body["input"] as? [String], texts.count == 1,
        let model = body["model"] as? String
      else { return nil }
      lines.append(
        Line(
          name: name, text: texts[0], model: model, dimensions: body["dimensions"] as? Int ?? 0,
          isBase64: body["encoding_format"] as? String == "base64"))
    }
    return lines
  }
}

extension LoopbackState {
  /// What is answered to a request about files or batches.
  mutating func batches(_ request: LoopbackRequest) -> LoopbackAnswer {
    let path = request.path.split(separator: "/").dropFirst().map(String.init)
    let known = behaviour.batches
    guard known.isKnown else { return refused(.unknownAddress(request.method, request.path)) }
    switch (request.method, path.count) {
    case ("POST", 1) where path[0] == "files":
      let fault = known.uploadFault(request, kept.uploads)
      kept.uploads += 1
      guard let file = LoopbackBatches.file(in: request.body, request.header("content-type") ?? "")
      else {
        violations.append("request \(request.number): no form with a file")
        return refused(.badInput("no file"))
      }
      if let fault, fault.isRefusal { return carriedOut(fault, good(.text("")), request) }
      let name = kept.newName("file")
      kept.files[name] = file
      let answer = good(
        .text("{\"id\": \"\(name)\", \"object\": \"file\", \"purpose\": \"batch\"}"))
      return fault.map { carriedOut($0, answer, request) } ?? answer
    case ("POST", 1) where path[0] == "batches":
      let fault = known.creationFault(request, kept.creations)
      kept.creations += 1
      if let fault, fault.isRefusal { return carriedOut(fault, good(.text("")), request) }
      guard let answer = create(request) else { return refused(.badInput("no such file")) }
      return fault.map { carriedOut($0, answer, request) } ?? answer
    case ("POST", 3) where path[2] == "cancel":
      behaviour.batches.outcome = .endedEarly("cancelled", answered: 0)
      return describe(kept.batches.firstIndex { $0.id == path[1] })
    case ("GET", 1) where path[0] == "batches":
      let all = kept.batches.map { Self.described($0) }.joined(separator: ", ")
      return good(.text("{\"object\": \"list\", \"data\": [\(all)], \"has_more\": false}"))
    case ("GET", 2) where path[0] == "batches":
      guard let index = kept.batches.firstIndex(where: { $0.id == path[1] }) else {
        return describe(nil)
      }
      work(on: index)
      return describe(index)
    case ("GET", 3) where path[0] == "files":
      let fault = known.answersFault(request, kept.readings)
      kept.readings += 1
      let answer =
        kept.files[path[1]].map { good(.text($0)) }
        ?? refused(.unknownAddress(request.method, request.path))
      return fault.map { carriedOut($0, answer, request) } ?? answer
    case ("DELETE", 2) where path[0] == "files":
      kept.files[path[1]] = nil
      return good(.text("{\"id\": \"\(path[1])\", \"deleted\": true}"))
    default: return refused(.unknownAddress(request.method, request.path))
    }
  }

  private mutating func create(_ request: LoopbackRequest) -> LoopbackAnswer? {
    let object = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any]
    guard let file = object?["input_file_id"] as? String, let text = kept.files[file],
      let lines = LoopbackBatches.lines(of: text),
      object?["endpoint"] as? String == "/v1/embeddings",
      object?["completion_window"] as? String == "24h"
    else {
      violations.append("request \(request.number): no batch of a file with requests")
      return nil
    }
    if Set(lines.map(\.name)).count != lines.count || lines.count > 50_000 {
      violations.append("request \(request.number): a name twice, or too many")
    }
    kept.batches.append(
      LoopbackBatches.Batch(id: kept.newName("batch"), input: file, total: lines.count))
    return describe(kept.batches.count - 1)
  }

  /// Ends a batch, if it is to end now, and bills what is answered.
  private mutating func work(on index: Int) {
    guard kept.batches[index].status == "in_progress" else { return }
    let lines = LoopbackBatches.lines(of: kept.files[kept.batches[index].input] ?? "") ?? []
    switch behaviour.batches.outcome {
    case .waiting: break
    case .failed(let words):
      (kept.batches[index].status, kept.batches[index].problem) = ("failed", words)
    case .completed: answer(index, lines, count: lines.count, status: "completed")
    case .endedEarly(let status, let count): answer(index, lines, count: count, status: status)
    }
  }

  private mutating func answer(
    _ index: Int, _ lines: [LoopbackBatches.Line], count: Int, status: String
  ) {
    var (output, errors) = ("", "")
    for (place, line) in lines.enumerated() {
      if place >= count {
        errors += "{\"id\": \"x\", \"custom_id\": \"\(line.name)\", \"response\": null, \"error\": "
        errors += "{\"code\": \"batch_expired\", \"message\": \"not executed in time\"}}\n"
      } else if behaviour.refuses(line.text) {
        errors +=
          "{\"id\": \"x\", \"custom_id\": \"\(line.name)\", \"response\": {\"status_code\": 400, "
        errors +=
          "\"body\": {\"error\": {\"message\": \"'$.input' is invalid.\", \"code\": null}}}, "
        errors += "\"error\": null}\n"
      } else {
        let tokens = behaviour.tokens(line.text)
        let body = LoopbackBody(
          texts: [line.text], model: line.model,
          dimensions: line.dimensions > 0 ? line.dimensions : behaviour.models[line.model] ?? 1,
          form: line.isBase64 ? .base64 : .numbers, tokens: tokens)
        // On one line, as a file of answers has it.
        let json = String(decoding: body.bytes(), as: UTF8.self).replacingOccurrences(
          of: "\n", with: " ")
        output +=
          "{\"id\": \"x\", \"custom_id\": \"\(line.name)\", \"response\": {\"status_code\": 200, "
        output += "\"request_id\": \"y\", \"body\": \(json)}, \"error\": null}\n"
        billing.tokens += tokens
        billing.timesBilled[line.text, default: 0] += 1
        kept.batches[index].completed += 1
      }
    }
    kept.batches[index].status = status
    if !output.isEmpty {
      let name = kept.newName("file")
      kept.files[name] = output
      kept.batches[index].output = name
    }
    if !errors.isEmpty {
      let name = kept.newName("file")
      kept.files[name] = errors
      kept.batches[index].errors = name
    }
  }

  private func describe(_ index: Int?) -> LoopbackAnswer {
    guard let index else { return refused(.unknownAddress("GET", "/v1/batches")) }
    return good(.text(Self.described(kept.batches[index])))
  }

  private static func described(_ batch: LoopbackBatches.Batch) -> String {
    func name(_ name: String?) -> String { name.map { "\"\($0)\"" } ?? "null" }
    let errors =
      batch.problem.map {
        "{\"object\": \"list\", \"data\": [{\"code\": \"x\", \"message\": \(LoopbackRefusal.quoted($0))}]}"
      } ?? "null"
    return """
      {"id": "\(batch.id)", "object": "batch", "endpoint": "/v1/embeddings", "errors": \(errors), \
      "input_file_id": "\(batch.input)", "completion_window": "24h", "status": "\(batch.status)", \
      "output_file_id": \(name(batch.output)), "error_file_id": \(name(batch.errors)), \
      "created_at": 1711471533, "request_counts": {"total": \(batch.total), \
      "completed": \(batch.completed), "failed": 0}}
      """
  }
}

extension LoopbackFault {
  /// Whether the request is refused, and not only answered badly.
  fileprivate var isRefusal: Bool {
    switch kind {
    case .refusal, .page: true
    case .body, .delivery, .slow: false
    }
  }
}
