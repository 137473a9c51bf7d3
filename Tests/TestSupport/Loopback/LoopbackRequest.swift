// What a LoopbackServer writes down: every request it received, and what it billed.

/// A request as it arrived, and what became of it.
package struct LoopbackRequest: Sendable {
  /// Its place among all requests, from 0.
  package var number: Int
  /// The connection it came by, from 0.
  package var connection: Int
  package var method: String
  /// The path, without a query.
  package var path: String
  /// What follows the path after a question mark; empty is none.
  package var query = ""
  /// The headers as they came.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// The texts to embed; a list of tokens is written as `[1, 2]`.
  package var texts: [String] = []
  /// Of a request for scores: the question.
  package var question: String?
  package var model: String?
  package var encodingFormat: String?
  package var dimensions: Int?
  /// Seconds from the server's start to the request's last byte.
  package var arrived: Double
  /// Seconds from the server's start to the answer's last byte, as it is handed to the connection;
  /// nil where the answer was not sent whole.
  package var finished: Double?
  /// The status of its answer; nil where there is none.
  package var status: Int?
  /// The fault it met; nil where it was refused before.
  package var fault: LoopbackFault?
  /// The tokens it was billed; 0 if it was not.
  package var billedTokens = 0

  /// The value of a header, or nil; names are compared without case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// `Authorization`, as it came.
  package var authorization: String? { header("authorization") }
  /// `X-Client-Request-Id`.
  package var clientRequestID: String? { header("x-client-request-id") }
}

/// What a ``LoopbackServer`` computed and so put on the bill.
package struct LoopbackBilling: Sendable {
  /// Requests computed.
  package var requests = 0
  /// Their tokens.
  package var tokens = 0
  /// How often each text was computed.
  package var timesBilled: [String: Int] = [:]

  /// Creates an empty bill.
  package init() {}

  /// The texts that were paid for more than once.
  package var paidTwice: [String] { timesBilled.filter { $0.value > 1 }.map(\.key) }
}
