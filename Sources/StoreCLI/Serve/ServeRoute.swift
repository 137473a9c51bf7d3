// Paths with what answers them, from which the description of the server is made too.

import Foundation
import VectorStore

/// One request as a route sees it.
struct ServeCall: Sendable {
  let request: HTTPRequest
  /// What stood in the path where the route's has names, decoded.
  let values: [String: String]
  /// What the route takes.
  let expected: [MCPTool.Argument]

  /// The parameter of the path.
  func value(_ name: String) -> String { values[name] ?? "" }

  /// The body as a value.
  ///
  /// - Throws: `DecodingError`.
  func body<T: Decodable>(_ type: T.Type) throws -> T {
    try JSONDecoder().decode(type, from: request.body)
  }

  /// The arguments of the body, a JSON object, or of the query after `?`, checked.
  ///
  /// - Throws: ``HTTPError`` for what is missing, unknown or of another type.
  func arguments() throws -> [String: JSONValue] {
    var given: [String: JSONValue] = [:]
    if request.head.method == "POST" {
      guard let object = try body(JSONValue.self).object else {
        throw HTTPError(
          400, "invalid_argument",
          "the body is not a JSON object; send one such as {\"name\": value}")
      }
      given = object
    }
    for (name, text) in request.head.query {
      let isNumber = expected.contains { argument in
        if case .integer = argument.kind { argument.name == name } else { false }
      }
      given[name] = isNumber ? Int(text).map { JSONValue($0) } ?? .string(text) : .string(text)
    }
    if let problem = expected.problem(given, of: request.head.path) {
      throw HTTPError(
        400, "invalid_argument", problem.message, parameter: problem.argument)
    }
    return given
  }
}

/// A path with what answers it.
struct ServeRoute: Sendable {
  let method: String
  /// With names in braces, each of which takes one part of the path; the last takes all the rest if it ends in
  /// an ellipsis: `/api/documents/{source…}`.
  let path: String
  let summary: String
  /// What may stand in the query, or in the body of JSON.
  var arguments: [MCPTool.Argument] = []
  /// The schemas of the body and of the answer, by their names; nil if the body is ``arguments``, or if it is
  /// no JSON.
  var takes: String?
  var gives: String?
  /// Whether it changes the store.
  var writes = false
  /// Whether it tells nothing of the store, so that it needs no token.
  var isOpen = false
  let answer: @Sendable (ServeCall) async throws -> HTTPResponse

  /// The path as others write such paths.
  var template: String { path.replacing("…", with: "") }

  /// The values of the names in a path; nil if the path is another.
  func values(in parts: [Substring]) -> [String: String]? {
    let own = path.split(separator: "/")
    let isGreedy = own.last?.hasSuffix("…}") == true
    guard isGreedy ? parts.count >= own.count : parts.count == own.count else { return nil }
    var values: [String: String] = [:]
    for (index, name) in own.enumerated() {
      guard name.hasPrefix("{") else {
        guard name == parts[index] else { return nil }
        continue
      }
      let isRest = isGreedy && index == own.count - 1
      let text = isRest ? parts[index...].joined(separator: "/") : String(parts[index])
      guard let value = text.removingPercentEncoding else { return nil }
      values[name.trimmingCharacters(in: ["{", "}", "…"])] = value
    }
    return values
  }
}

/// All routes of a server.
struct ServeRoutes: Sendable {
  let all: [ServeRoute]
  /// Whether routes that change the store may be used.
  let writes: Bool

  /// The answer to a request; what goes wrong stands in it.
  func answer(_ request: HTTPRequest) async -> HTTPResponse {
    let head = request.head
    let parts = head.path.split(separator: "/")
    let found = all.compactMap { route in route.values(in: parts).map { (route, $0) } }
    do {
      let method = head.method == "HEAD" ? "GET" : head.method
      guard let (route, values) = found.first(where: { $0.0.method == method }) else {
        throw refusal(head, found.map(\.0.method))
      }
      do {
        guard writes || !route.writes else {
          throw HTTPError(
            403, "read_only",
            "this server only reads, and \(head.method) \(head.path.prefix(200)) changes the store; whoever "
              + "runs it may start it with `store serve --write`")
        }
        var response = try await route.answer(
          ServeCall(request: request, values: values, expected: route.arguments))
        response.route = route.template
        return response
      } catch {
        var response = HTTPError(error).response
        response.route = route.template
        return response
      }
    } catch {
      return HTTPError(error).response
    }
  }

  /// Whether a path needs no token, whatever is asked of it.
  func isOpen(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    return all.contains { $0.isOpen && $0.values(in: parts) != nil }
  }

  private func refusal(_ head: HTTPHead, _ methods: [String]) -> HTTPError {
    guard methods.isEmpty else {
      let names = methods.joined(separator: ", ")
      var error = HTTPError(
        405, "method_not_allowed",
        "\(head.path.prefix(200)) takes \(names), not \(head.method); use \(names)")
      error.headers["Allow"] = names
      return error
    }
    return HTTPError(
      404, "no_such_path",
      "there is no path \(head.path.prefix(200)); GET /openapi.json lists what there is")
  }
}
