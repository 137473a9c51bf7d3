// A request and its answer, as the server of `store serve` has them.

import Foundation

/// The head of a request: all that comes before its body.
struct HTTPHead: Sendable {
  let method: String
  /// The path as it was sent, percent-encoded, without the query.
  let path: String
  /// The query's parameters, decoded; of one that comes twice the last value.
  let query: [String: String]
  /// By their names in small letters; values of one name are joined by commas.
  let headers: [String: String]
  let isVersion11: Bool
  /// What the request is called in the log and in `X-Request-Id`.
  let id: String

  /// Whether the client wants to send another request on the same connection.
  var keepsAlive: Bool {
    let tokens = (headers["connection"] ?? "").lowercased().split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    return isVersion11 ? !tokens.contains("close") : tokens.contains("keep-alive")
  }

  /// The id that a client gave, if it may stand in a log, else a new one.
  static func id(given headers: [String: String] = [:]) -> String {
    let given = headers["x-request-id"] ?? headers["x-client-request-id"] ?? ""
    let isFit =
      (1...64).contains(given.utf8.count)
      && given.utf8.allSatisfy { byte in
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
          || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
          || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte || "-_.".utf8.contains(byte)
      }
    return isFit ? given : "req_" + String(format: "%016lx", UInt.random(in: .min ... .max))
  }
}

/// A whole request.
struct HTTPRequest: Sendable {
  let head: HTTPHead
  let body: Data
}

/// An answer.
struct HTTPResponse: Sendable {
  var status = 200
  var contentType = "application/json"
  var headers: [String: String] = [:]
  var body = Data()
  /// The pattern of the path that was asked for, for the metrics.
  var route = "none"

  /// An answer of JSON.
  init(status: Int = 200, json value: some Encodable) throws {
    self.status = status
    body = Data(try JSONOutput.line(value).utf8)
  }

  /// An answer of bytes.
  init(status: Int = 200, contentType: String, _ body: Data) {
    (self.status, self.contentType, self.body) = (status, contentType, body)
  }

  /// The bytes on the wire.
  func encoded(id: String, closes: Bool, withBody: Bool) -> Data {
    var lines = [
      "HTTP/1.1 \(status) \(Self.phrases[status] ?? "Status")", "Date: \(Self.date(Date()))",
      "Content-Type: \(contentType)", "Content-Length: \(body.count)", "X-Request-Id: \(id)",
      "X-Content-Type-Options: nosniff", "Cross-Origin-Resource-Policy: same-origin",
      "Referrer-Policy: no-referrer", "Cache-Control: no-store",
      "Connection: \(closes ? "close" : "keep-alive")",
    ]
    lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    return Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (withBody ? body : Data())
  }

  /// A time as HTTP has it, always in English.
  private static func date(_ date: Date) -> String {
    var time = time_t(date.timeIntervalSince1970)
    var parts = tm()
    gmtime_r(&time, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { two($0) }.joined(separator: ":")
    return
      "\(days[Int(parts.tm_wday) % 7]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon) % 12]) "
      + "\(parts.tm_year + 1900) \(clock) GMT"
  }

  private static func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }

  private static let phrases = [
    200: "OK", 202: "Accepted", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 409: "Conflict",
    411: "Length Required", 413: "Content Too Large", 415: "Unsupported Media Type",
    429: "Too Many Requests", 431: "Request Header Fields Too Large", 499: "Client Closed Request",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
  ]
}
