// The server's own description in OpenAPI's form, made from its routes.

import VectorStore

/// Describes routes.
enum OpenAPIDescription {
  /// The description, OpenAPI 3.1.
  static func make(_ routes: [ServeRoute]) -> JSONValue {
    var paths: [String: [String: JSONValue]] = [:]
    for route in routes {
      paths[route.template, default: [:]][route.method.lowercased()] =
        operation(route)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "store", "version": "0.1.0",
        "description":
          "A store over HTTP: its verbs below /api, OpenAI's paths below /v1, agents' protocol at /mcp.",
      ],
      "paths": .object(paths.mapValues { .object($0) }),
      "components": [
        "schemas": .object(OpenAPISchemas.all),
        "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
      ], "security": [[:], ["token": []]],
    ]
  }

  static func route(of routes: [ServeRoute]) -> ServeRoute {
    let path = "/openapi.json"
    let own = ServeRoute(
      method: "GET", path: path, summary: "This description.", isOpen: true
    ) { _ in try HTTPResponse(json: [:] as JSONValue) }
    let description = make(routes + [own])
    return ServeRoute(
      method: own.method, path: path, summary: own.summary, isOpen: true
    ) { _ in try HTTPResponse(json: description) }
  }

  private static func operation(_ route: ServeRoute) -> JSONValue {
    let inPath = route.path.matches(of: /\{([a-z_]+)…?\}/).map { match in
      [
        "name": .string(String(match.1)), "in": "path", "required": true,
        "schema": ["type": "string"],
      ] as JSONValue
    }
    let isBody = route.method == "POST"
    let inQuery = (isBody ? [] : route.arguments).map { argument in
      [
        "name": .string(argument.name), "in": "query", "required": .bool(argument.isRequired),
        "description": .string(argument.description), "schema": argument.schema,
      ] as JSONValue
    }
    var operation: [String: JSONValue] = [
      "summary": .string(route.summary), "parameters": .array(inPath + inQuery),
      "responses": [
        "200": [
          "description": "Done.",
          "content": route.gives.map { ["application/json": ["schema": reference($0)]] }
            ?? ["*/*": [:]],
        ],
        "default": [
          "description": "What was wrong, and what to do.",
          "content": ["application/json": ["schema": reference("Error")]],
        ],
      ],
    ]
    if let content = content(route, isBody: isBody) {
      operation["requestBody"] = ["required": true, "content": content]
    }
    if route.isOpen { operation["security"] = [[:]] }
    return .object(operation)
  }

  private static func content(_ route: ServeRoute, isBody: Bool) -> JSONValue? {
    if let takes = route.takes { return ["application/json": ["schema": reference(takes)]] }
    if route.method == "PUT" { return ["application/octet-stream": [:]] }
    guard isBody, route.gives != "FileBatch" else { return nil }
    guard !route.arguments.isEmpty else {
      return ["multipart/form-data": ["schema": reference("Upload")]]
    }
    return [
      "application/json": [
        "schema": [
          "type": "object",
          "properties": .object(
            Dictionary(route.arguments.map { ($0.name, $0.schema) }) { first, _ in first }),
          "required": .array(route.arguments.filter(\.isRequired).map { .string($0.name) }),
          "additionalProperties": false,
        ]
      ]
    ]
  }

  private static func reference(_ name: String) -> JSONValue {
    ["$ref": .string("#/components/schemas/\(name)")]
  }
}
