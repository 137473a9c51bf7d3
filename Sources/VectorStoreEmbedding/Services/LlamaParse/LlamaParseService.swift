// The client of LlamaParse: documents up, jobs watched, pages down.

package import Foundation
public import Logging

/// Parses documents by LlamaParse: PDF, office documents, pictures of pages and many more become Markdown, page by
/// page.
///
/// ```swift
/// configuration.documentService = try LlamaParseService(
///   configuration: LlamaParseConfiguration(apiKey: APIKey(key)))
/// ```
///
/// A call is one HTTP request: retries, the budget, and that nothing is sent twice are the store's.
public final class LlamaParseService: Sendable {
  /// The account of its requests in the ledger.
  package static let provider = "llamaparse"

  /// The settings.
  public let configuration: LlamaParseConfiguration

  private let connection: ServerConnection

  /// Creates a service; nothing is sent.
  ///
  /// - Parameter logger: told of each answer at the level debug.
  /// - Throws: ``OpenAIConfigurationError`` for a setting that cannot be used.
  public init(
    configuration: LlamaParseConfiguration,
    logger: Logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })
  ) throws(OpenAIConfigurationError) {
    try configuration.validate()
    self.configuration = configuration
    connection = try ServerConnection(
      try configuration.server, connections: configuration.maximumConcurrentDocuments,
      service: .parsing, logger: logger)
  }

  /// The server, by one name, so that a job is asked for where it is.
  package var server: String { connection.address.normal }

  // MARK: - Requests

  /// Sends a document. This is what costs money.
  ///
  /// - Parameters:
  ///   - ending: of its name, which says what it is. The name itself is not sent.
  ///   - requestID: the document's name at the service, by which ``findJob(named:)`` finds it, and the request's in
  ///     the server's log.
  /// - Throws: ``ServiceError`` or `CancellationError`.
  package func upload(
    _ document: Data, ending: String, requestID: String
  ) async throws -> ParseJob {
    let options: [String: Any] = [
      "tier": configuration.tier, "version": "latest",
      "page_ranges": ["max_pages": configuration.maximumPages],
    ]
    let json = try JSONSerialization.data(withJSONObject: options, options: [.sortedKeys])
    let ending = ending.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    let boundary = "vector-store-\(UUID().uuidString)"
    var body = Array(
      """
      --\(boundary)\r\nContent-Disposition: form-data; name="configuration"\r\n\r\n\
      \(String(decoding: json, as: UTF8.self))\r\n--\(boundary)\r
      Content-Disposition: form-data; name="file"; filename="\(requestID).\(ending)"\r
      Content-Type: application/octet-stream\r\n\r\n
      """.utf8)
    body += document
    body += Array("\r\n--\(boundary)--\r\n".utf8)
    let answer = try await connection.call(
      address + "/upload", body: body, type: "multipart/form-data; boundary=\(boundary)",
      answerLimit: 1 << 20, isFile: true, requestID: requestID)
    guard answer.isSuccess else { throw connection.error(of: answer) }
    return try read(ParseJob.self, answer)
  }

  /// How a job is; nil if the server does not know it, or not any more.
  ///
  /// - Throws: ``ServiceError`` or `CancellationError`.
  package func job(_ id: String, requestID: String) async throws -> ParseJob? {
    let answer = try await get("/\(id)?expand=usage", answerLimit: 1 << 20, requestID)
    if answer.status == 404 { return nil }
    guard answer.isSuccess else { throw connection.error(of: answer) }
    return try read(ParseAnswer.self, answer).job
  }

  /// The job of a document whose answer was lost; nil if the server has none.
  ///
  /// - Parameter name: what it was sent as.
  package func findJob(named name: String) async throws -> ParseJob? {
    var page = ""
    // Of the newest: a name that is looked for is not old.
    for _ in 0..<10 {
      let answer = try await get("?page_size=100\(page)", answerLimit: 16 << 20, name)
      guard answer.isSuccess else { throw connection.error(of: answer) }
      let list = try read(JobList.self, answer)
      if let found = list.items.first(where: { $0.name?.hasPrefix(name + ".") == true }) {
        return found
      }
      guard let next = list.next_page_token, !next.isEmpty, !list.items.isEmpty,
        let token = next.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
      else { return nil }
      page = "&page_token=\(token)"
    }
    return nil
  }

  /// The pages of a job that has ended well, and the credits that it cost, if that is known.
  ///
  /// - Throws: ``ServiceError`` or `CancellationError`.
  package func result(of id: String, requestID: String) async throws -> ParseResult {
    let form = configuration.tier == "fast" ? "text" : "markdown"
    let answer = try await get(
      "/\(id)?expand=\(form)&expand=usage", answerLimit: 512 << 20, requestID)
    guard answer.isSuccess else { throw connection.error(of: answer) }
    let read = try read(ParseAnswer.self, answer)
    guard let pages = (read.markdown ?? read.text)?.pages else {
      throw connection.unusable(answer, code: "no_pages", problem: "found no pages of \(form)")
    }
    return ParseResult(
      pages: pages.map { ParseResult.Page(number: $0.page_number, text: $0.markdown ?? $0.text) },
      credits: read.job.credits)
  }

  /// Asks the service for a sign of life that costs nothing, and takes the key.
  ///
  /// - Throws: ``ServiceError``.
  package func checkHealth() async throws {
    let answer = try await get("?page_size=1", answerLimit: 1 << 20, UUID().uuidString)
    guard answer.isSuccess else { throw connection.error(of: answer) }
  }

  // MARK: - Parts

  /// Where jobs are.
  private var address: String {
    var path = connection.address.path[...]
    for end in ["/parse", "/v1", "/v2", "/api"] where path.hasSuffix(end) {
      path.removeLast(end.count)
    }
    return "\(connection.address.origin)\(path)/api/v2/parse"
  }

  private func get(
    _ rest: String, answerLimit: Int, _ requestID: String
  ) async throws -> HTTPAnswer {
    try await connection.get(address + rest, answerLimit: answerLimit, requestID: requestID)
  }

  private func read<Body: Decodable>(_ type: Body.Type, _ answer: HTTPAnswer) throws -> Body {
    do {
      return try JSONDecoder().decode(type, from: Data(answer.body))
    } catch {
      throw connection.unusable(
        answer, code: "not_json", problem: "it is not JSON about a parsed document",
        advice: "check the address")
    }
  }

  private struct ParseAnswer: Decodable {
    var job: ParseJob
    var markdown: Pages?
    var text: Pages?

    struct Pages: Decodable {
      var pages: [Page]
    }

    struct Page: Decodable {
      var page_number: Int
      var markdown: String?
      var text: String?
    }
  }

  private struct JobList: Decodable {
    var items: [ParseJob]
    var next_page_token: String?
  }
}

/// A document on its way through LlamaParse.
package struct ParseJob: Decodable, Sendable {
  /// Its name there.
  package let id: String
  /// `PENDING`, `RUNNING`, `COMPLETED`, `FAILED` or `CANCELLED`.
  package let status: String
  /// What the document was called when it was sent.
  package let name: String?
  /// Why it failed, in the server's words.
  package let problem: String?
  private let usage: Usage?

  /// What it cost, if the service knows already.
  package var credits: Double? { usage?.credits }

  private struct Usage: Decodable {
    var credits: Double?
  }

  private enum CodingKeys: String, CodingKey {
    case id, status, name, usage
    case problem = "error_message"
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    id = try values.decode(String.self, forKey: .id)
    status = try values.decode(String.self, forKey: .status)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    problem = try values.decodeIfPresent(String.self, forKey: .problem)
      .map { ServerText(key: nil).line($0) }
    usage = try? values.decodeIfPresent(Usage.self, forKey: .usage)
    // It becomes part of URLs.
    let isName = id.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    guard isName, (1...256).contains(id.utf8.count) else {
      throw DecodingError.dataCorruptedError(
        forKey: .id, in: values, debugDescription: "it is not the name of a job")
    }
  }

  /// Whether its pages can be fetched.
  package var isDone: Bool { status == "COMPLETED" }

  /// Whether nothing comes of it.
  package var hasFailed: Bool { status == "FAILED" || status == "CANCELLED" }
}

/// What came of a document.
package struct ParseResult: Sendable {
  /// A page, from 1; without a text it could not be parsed.
  package struct Page: Sendable {
    package let number: Int
    package let text: String?
  }

  /// Its pages.
  package let pages: [Page]
  /// What it cost, if the service knows already.
  package let credits: Double?
}

/// LlamaParse as the router sees a service: an account with terms, whose jobs ``ServiceRequests/begin(units:cost:_:recover:)``
/// sends. It makes no vectors.
package struct LlamaParseAccount: EmbeddingService {
  package let space: EmbeddingSpace
  package let terms: ServiceTerms

  package init(_ service: LlamaParseService) {
    space = .scores(provider: LlamaParseService.provider, model: service.configuration.tier)
    var terms = ServiceTerms()
    terms.concurrentRequests = service.configuration.maximumConcurrentDocuments
    // What a job costs is reserved with it.
    terms.isMeteredWhereFree = true
    self.terms = terms
  }

  package func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    throw ServiceError(
      .input, message: "\(space.provider) parses documents and makes no vectors", billing: .notSent)
  }
}
