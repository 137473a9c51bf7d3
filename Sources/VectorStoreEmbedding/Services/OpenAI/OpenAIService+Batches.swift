// OpenAI's Batch API: files of requests up, batches made of them, files of answers down.

import Foundation

extension OpenAIService: BatchService {
  /// The most bytes of a file of answers: it is held in memory.
  private static let answersAtMost = 64 << 20
  /// The most requests of a batch.
  private static let requestsAtMost = 50_000
  /// The most pages of batches that are looked through for one, of 100 each.
  private static let pagesAtMost = 20

  package var batchObstacle: String? {
    address.beside("batches") == nil
      ? "\(address.server) is given by the address of its embeddings alone, which does not tell where its "
        + "Batch API is" : nil
  }

  package var batchServer: String { address.normal }

  package var textsPerBatch: Int {
    // Base64 has four characters for three bytes; around each vector there are some 500.
    let bytes = space.dimensions * 16 / 3 + 500
    return min(Self.requestsAtMost, max(1, Self.answersAtMost / bytes))
  }

  package func uploadBatch(
    _ texts: [(name: String, text: String)], as role: EmbeddingRole
  ) async throws -> String {
    let boundary = "vector-store-\(UUID().uuidString)"
    var body = Array(
      """
      --\(boundary)\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--\(boundary)\r
      Content-Disposition: form-data; name="file"; filename="texts.jsonl"\r
      Content-Type: application/jsonl\r\n\r\n
      """.utf8)
    let form = knownForm
    for (name, text) in texts {
      body.append(
        contentsOf: "{\"custom_id\":\"\(name)\",\"method\":\"POST\",\"url\":\"/v1/embeddings\","
          .utf8)
      body.append(contentsOf: "\"body\":".utf8)
      body.append(
        contentsOf: EmbeddingRequestBody(
          texts: [text], model: space.model, encoding: form.encoding,
          dimensions: form.sendsDimensions ? space.dimensions : nil, extraMembers: extraMembers,
          role: role
        ).bytes())
      body.append(contentsOf: "}\n".utf8)
    }
    body.append(contentsOf: "\r\n--\(boundary)--\r\n".utf8)
    let answer = try await call(
      "files", body: body, type: "multipart/form-data; boundary=\(boundary)")
    return try read(answer) { try Self.readName(&$0) }
  }

  package func createBatch(ofFile file: String, name: String) async throws -> ServiceBatch {
    let request: [String: Any] = [
      "input_file_id": file, "endpoint": "/v1/embeddings", "completion_window": "24h",
      "metadata": ["name": name],
    ]
    let body = try JSONSerialization.data(withJSONObject: request, options: [.sortedKeys])
    let answer = try await call("batches", body: Array(body), type: "application/json")
    return try read(answer) { try Self.readBatch(&$0) }
  }

  package func findBatch(ofFile file: String) async throws -> ServiceBatch? {
    var after = ""
    for _ in 0..<Self.pagesAtMost {
      let answer = try await call("batches?limit=100\(after)")
      let (batches, goesOn) = try read(answer) { json in
        var batches: [ServiceBatch] = []
        var goesOn = false
        try json.object { key, json in
          switch key {
          case "data": try json.array { batches.append(try Self.readBatch(&$0)) }
          case "has_more": goesOn = try json.raw().elementsEqual("true".utf8)
          default: try json.skip()
          }
        }
        return (batches, goesOn)
      }
      if let found = batches.first(where: { $0.inputFile == file }) { return found }
      guard goesOn, let last = batches.last?.id, !last.isEmpty else { return nil }
      after = "&after=\(last)"
    }
    return nil
  }

  package func batch(_ id: String) async throws -> ServiceBatch? {
    guard let answer = try await callIfThere("batches/\(id)") else { return nil }
    return try read(answer) { try Self.readBatch(&$0) }
  }

  package func cancelBatch(_ id: String) async throws {
    _ = try await call("batches/\(id)/cancel", body: [], type: "application/json")
  }

  package func answers(inFile file: String, texts: Int) async throws -> BatchAnswers? {
    // Numbers take up to 25 bytes each as JSON; an error some hundred.
    let limit = texts * (space.dimensions * 40 + 8192) + 1 << 20
    guard let answer = try await callIfThere("files/\(file)/content", answerLimit: limit) else {
      return nil
    }
    return BatchAnswers(lines: answer.body) { [self] in try? read(line: $0) }
  }

  package func deleteFile(_ file: String) async throws {
    _ = try await call("files/\(file)", method: "DELETE")
  }

  // MARK: - Calls

  /// Sends a request that costs nothing.
  private func call(
    _ path: String, body: [UInt8]? = nil, type: String? = nil, method: String? = nil,
    answerLimit: Int = 4 << 20
  ) async throws -> HTTPAnswer {
    guard let url = address.beside(path) else {
      throw ServiceError(
        .authentication, code: Self.noBatches, message: batchObstacle ?? "", billing: .notSent)
    }
    let answer = try await connection.call(
      url, method: method, body: body, type: type, answerLimit: answerLimit,
      isFile: path == "files" || path.hasSuffix("/content"))
    guard !answer.isSuccess else { return answer }
    var error = connection.error(of: answer)
    if body != nil, [404, 405, 501].contains(answer.status) {
      error = ServiceError(
        .authentication, code: Self.noBatches,
        message: "\(address.server) has no Batch API (\(answer.status)); embed without it",
        status: answer.status)
    }
    throw error
  }

  /// The same for what may be gone.
  private func callIfThere(_ path: String, answerLimit: Int = 4 << 20) async throws -> HTTPAnswer? {
    do {
      return try await call(path, answerLimit: answerLimit)
    } catch let error as ServiceError where error.status == 404 {
      return nil
    }
  }

  private static let noBatches = "no_batch_api"

  private func read<Result>(
    _ answer: HTTPAnswer, _ body: (inout JSONReader) throws -> Result
  ) throws -> Result {
    do {
      return try answer.body.withUnsafeBufferPointer { bytes in
        var json = JSONReader(bytes)
        return try body(&json)
      }
    } catch {
      throw ServiceError(
        .badAnswer, code: "not_json",
        message: "the answer of \(address.server) about a batch cannot be read; check the address",
        status: answer.status, billing: .possible)
    }
  }

  // MARK: - Reading

  private static func readName(_ json: inout JSONReader) throws -> String {
    var name: String?
    try json.object { key, json in
      if key == "id" { name = try readID(&json) } else { try json.skip() }
    }
    guard let name else { throw JSONReader.Fault.wrongKind }
    return name
  }

  /// A name that the server gave: it becomes part of URLs.
  private static func readID(_ json: inout JSONReader) throws -> String? {
    guard try json.peek() == UInt8(ascii: "\"") else {
      try json.skip()
      return nil
    }
    let id = try json.string()
    let isName = id.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    guard isName, (1...256).contains(id.utf8.count) else { throw JSONReader.Fault.wrongKind }
    return id
  }

  private static func readBatch(_ json: inout JSONReader) throws -> ServiceBatch {
    var batch = ServiceBatch()
    try json.object { key, json in
      switch key {
      case "id": batch.id = try readID(&json) ?? ""
      case "status": batch.status = try json.string()
      case "input_file_id": batch.inputFile = try readID(&json) ?? ""
      case "output_file_id": batch.outputFile = try readID(&json)
      case "error_file_id": batch.errorFile = try readID(&json)
      case "request_counts" where try json.peek() == UInt8(ascii: "{"):
        try json.object { key, json in
          let count = try json.number()
          if key == "completed" { batch.completed = Int(exactly: count) ?? 0 }
        }
      case "errors" where try json.peek() == UInt8(ascii: "{"):
        batch.problem = ServerText(key: nil).line(
          ServerErrorBody(firstError(Array(try json.raw()))).message ?? "")
      default: try json.skip()
      }
    }
    guard !batch.id.isEmpty, !batch.status.isEmpty else { throw JSONReader.Fault.wrongKind }
    return batch
  }

  /// The first of a batch's errors, `{"data": [{"code", "message"}]}`, as an error body.
  private static func firstError(_ list: [UInt8]) -> [UInt8] {
    let object = try? JSONSerialization.jsonObject(with: Data(list)) as? [String: Any]
    let first = (object?["data"] as? [[String: Any]])?.first ?? [:]
    return Array((try? JSONSerialization.data(withJSONObject: ["error": first])) ?? Data())
  }

  /// One line of a file of answers: `{"custom_id", "response": {"status_code", "body"}, "error"}`.
  private func read(
    line: UnsafeBufferPointer<UInt8>
  ) throws -> (name: String, answer: BatchAnswer)? {
    var (name, status) = ("", 0)
    var (body, failure) = ([UInt8](), [UInt8]())
    var json = JSONReader(line)
    try json.object { key, json in
      switch key {
      case "custom_id": name = try json.string()
      case "response" where try json.peek() == UInt8(ascii: "{"):
        try json.object { key, json in
          switch key {
          case "status_code": status = Int(exactly: try json.number()) ?? 0
          case "body": body = Array(try json.raw())
          default: try json.skip()
          }
        }
      case "error" where try json.peek() == UInt8(ascii: "{"): failure = Array(try json.raw())
      default: try json.skip()
      }
    }
    guard !name.isEmpty else { return nil }
    let answer = HTTPAnswer(
      status: status, headers: [:],
      body: body.isEmpty ? Array("{\"error\":".utf8) + failure + [0x7D] : body)
    guard answer.isSuccess, failure.isEmpty else {
      // Without a status it was never sent, as when the day was over.
      return (
        name,
        .refused(
          connection.error(
            of: HTTPAnswer(
              status: status == 0 ? 500 : status, headers: [:], body: answer.body)))
      )
    }
    do {
      let read = try read(answer, texts: 1)
      return (name, .vector(read.vectors[0], tokens: read.tokens ?? 0))
    } catch {
      return (name, .unusable(self.error(of: answer, error), tokens: 0))
    }
  }
}
