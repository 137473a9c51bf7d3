// The tools that agents see: names, descriptions, and the schemas that their arguments are checked against.

import VectorStore

extension [MCPTool.Argument] {
  /// The first argument that is unknown, missing or of another kind, and what is wrong with it; nil if all are well.
  ///
  /// - Parameter taker: who takes them, for the message.
  func problem(
    _ given: [String: JSONValue], of taker: String
  ) -> (argument: String, message: String)? {
    let names = map(\.name)
    if let unknown = given.keys.sorted().first(where: { !names.contains($0) }) {
      return (
        String(unknown.prefix(60)),
        "\(taker) has no argument \"\(unknown.prefix(60))\"; it takes "
          + (names.isEmpty ? "none" : names.joined(separator: ", "))
      )
    }
    for argument in self {
      guard let value = given[argument.name] else {
        guard argument.isRequired else { continue }
        return (
          argument.name, "\(taker) needs \(argument.name): \(argument.description)"
        )
      }
      if let problem = argument.problem(value) { return (argument.name, problem) }
    }
    return nil
  }
}

/// A tool as an agent sees it.
struct MCPTool: Sendable {
  /// An argument with its JSON Schema.
  struct Argument: Sendable {
    enum Kind: Sendable {
      case text
      case choice([String])
      case integer(ClosedRange<Int>)
      /// Values by name.
      case object
    }

    let name: String
    let kind: Kind
    let description: String
    var isRequired = false

    var schema: JSONValue {
      switch kind {
      case .text: ["type": "string", "description": .string(description)]
      case .choice(let values):
        [
          "type": "string", "enum": .array(values.map { .string($0) }),
          "description": .string(description),
        ]
      case .integer(let range):
        [
          "type": "integer", "minimum": .init(range.lowerBound), "maximum": .init(range.upperBound),
          "description": .string(description),
        ]
      case .object: ["type": "object", "description": .string(description)]
      }
    }

    /// What is wrong with a value; nil if nothing is.
    func problem(_ value: JSONValue) -> String? {
      let expected: String
      switch (kind, value) {
      case (.text, .string(let text)) where !text.isEmpty: return nil
      case (.choice(let values), .string(let text)) where values.contains(text): return nil
      case (.integer(let range), .integer(let number)) where range.contains(Int(number)): return nil
      case (.object, .object): return nil
      case (.text, _): expected = "a text that is not empty"
      case (.choice(let values), _): expected = "one of \(values.joined(separator: ", "))"
      case (.integer(let range), _):
        expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
      case (.object, _): expected = "a JSON object"
      }
      let found = (try? JSONOutput.line(value))?.dropLast().prefix(60) ?? ""
      return "\(name) is \(found); expected \(expected)"
    }
  }

  let name: String
  let title: String
  let description: String
  let arguments: [Argument]
  /// The members of its structured content, with their types.
  let output: [String: JSONValue]
  /// What it does to the store.
  var effect = Effect.reads

  enum Effect: Sendable {
    case reads, adds, destroys
  }

  /// The tool as `tools/list` tells it.
  var described: JSONValue {
    let properties = Dictionary(
      uniqueKeysWithValues: arguments.map { ($0.name, $0.schema) })
    return [
      "name": .string(name), "title": .string(title), "description": .string(description),
      "inputSchema": [
        "type": "object", "properties": .object(properties),
        "required": .array(arguments.filter(\.isRequired).map { .string($0.name) }),
        "additionalProperties": false,
      ],
      "outputSchema": ["type": "object", "properties": .object(output)],
      "annotations": [
        "title": .string(title), "readOnlyHint": .bool(effect == .reads),
        "destructiveHint": .bool(effect == .destroys), "idempotentHint": true,
        "openWorldHint": false,
      ],
    ]
  }

  /// What is wrong with the arguments of a call; nil if nothing is.
  func problem(_ given: [String: JSONValue]) -> String? {
    arguments.problem(given, of: name)?.message
  }

  private static let collection = Argument(
    name: "collection", kind: .text, description: "The collection (default: default); see status.")
  private static let filter = Argument(
    name: "filter", kind: .text,
    description: "Only documents that pass, as \"lang = 'de' and year >= 2020\": metadata, source, "
      + "added, modified, date, title, kind.")

  /// The tools that only read.
  static let reading = [
    MCPTool(
      name: "search", title: "Search passages",
      description:
        "Find the passages that answer a question, best first, with source and line. Ask in "
        + "natural language. \"quoted phrases\" must be there; words after a minus must not. To read more "
        + "around a hit, call get with its source and lines.",
      arguments: [
        Argument(
          name: "question", kind: .text, description: "What to find.", isRequired: true),
        Argument(
          name: "limit", kind: .integer(1...100), description: "The most hits (default: 10)."),
        collection, filter,
        Argument(
          name: "rank", kind: .choice(["vector", "words", "both"]),
          description: "By meaning, by words, or by both (default: both)."),
        Argument(
          name: "context", kind: .integer(0...10),
          description: "Passages to include before and after each hit (default: 0)."),
      ],
      output: [
        "hits": ["type": "array", "items": ["type": "object"]],
        "notes": ["type": "array", "items": ["type": "string"]],
      ]),
    MCPTool(
      name: "get", title: "Read a document",
      description:
        "Read a document, or lines or one page of it. A document that is too long is cut, with a "
        + "note on how to get the rest.",
      arguments: [
        Argument(
          name: "source", kind: .text, description: "The source, as search and list give it.",
          isRequired: true),
        collection,
        Argument(
          name: "first_line", kind: .integer(1...100_000_000),
          description: "The first line to read (default: 1)."),
        Argument(
          name: "last_line", kind: .integer(1...100_000_000),
          description: "The last line to read (default: the last one)."),
        Argument(
          name: "page", kind: .integer(1...1_000_000),
          description:
            "Only this page of a PDF document, cell of a notebook or message of a mailbox. "
            + "Lines then count from its beginning."),
      ],
      output: [
        "document": ["type": "object"], "text": ["type": "string"],
        "first_line": ["type": "integer"], "last_line": ["type": "integer"],
        "lines": ["type": "integer"], "notes": ["type": "array", "items": ["type": "string"]],
      ]),
    MCPTool(
      name: "list", title: "List documents",
      description:
        "List documents with their state. To find something about a subject, use search.",
      arguments: [
        Argument(
          name: "collection", kind: .text, description: "Only this collection (default: all)."),
        filter,
        Argument(
          name: "limit", kind: .integer(1...500), description: "The most documents (default: 50)."),
        Argument(
          name: "offset", kind: .integer(0...100_000_000),
          description: "How many to leave out from the beginning (default: 0)."),
      ],
      output: [
        "documents": ["type": "array", "items": ["type": "object"]],
        "notes": ["type": "array", "items": ["type": "string"]],
      ]),
    MCPTool(
      name: "status", title: "State of the store",
      description:
        "Collections with their documents, the embedding service, the budget left, and what does "
        + "not work and why. Call it if search finds nothing.",
      arguments: [],
      output: [
        "collections": ["type": "array", "items": ["type": "object"]],
        "health": ["type": "object"],
      ]),
  ]
  /// What writing gives back: the members of the command's report.
  private static let report: [String: JSONValue] = ["report": ["type": "object"]]

  /// The tools that change the store.
  ///
  /// - Parameter roots: the folders below which files may be added.
  static func writing(roots: [String]) -> [MCPTool] {
    let texts = [
      MCPTool(
        name: "add_text", title: "Add a text",
        description:
          "Keep a text in the store, to be found by search from now on. A text with the same id "
          + "is replaced.",
        arguments: [
          Argument(name: "text", kind: .text, description: "The text.", isRequired: true),
          Argument(
            name: "id", kind: .text,
            description: "Its name in the store (default: text- and part of its hash)."),
          collection,
          Argument(
            name: "metadata", kind: .object,
            description: "Values by name, which filters can ask for, as {\"topic\": \"ports\"}."),
        ],
        output: report, effect: .destroys),
      MCPTool(
        name: "remove", title: "Remove a document",
        description:
          "Remove one document from the store. The file that it was read from stays; "
          + "a later update of its folder adds it again.",
        arguments: [
          Argument(
            name: "source", kind: .text, description: "The source, as search and list give it.",
            isRequired: true),
          collection,
        ],
        output: report, effect: .destroys),
    ]
    guard !roots.isEmpty else { return texts }
    let paths = MCPTool(
      name: "add_path", title: "Add a file or a folder",
      description:
        "Read a file, or a folder with all that is in it, into the store; what is there already is brought up "
        + "to date. Only below " + roots.joined(separator: ", ") + ".",
      arguments: [
        Argument(
          name: "path", kind: .text,
          description: "The file or folder: absolute, or from "
            + (roots.count == 1 ? roots[0] : "one of these folders") + ".",
          isRequired: true),
        collection,
      ],
      output: report, effect: .adds)
    return [texts[0], paths, texts[1]]
  }
}
