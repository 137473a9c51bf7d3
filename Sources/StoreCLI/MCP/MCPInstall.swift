// `store mcp --install`: the entry in the configuration of an agent's program.

import ArgumentParser
import Foundation
import VectorStore

/// A program with agents whose configuration is known.
enum MCPClient: String, CaseIterable, ExpressibleByArgument {
  case claude, cursor, vscode, codex

  /// Its configuration: of the project in the working folder; Codex has one for the user alone.
  var file: String {
    switch self {
    case .claude: ".mcp.json"
    case .cursor: ".cursor/mcp.json"
    case .vscode: ".vscode/mcp.json"
    case .codex:
      (ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory()) + "/.codex/config.toml"
    }
  }
}

/// One entry in a configuration. All else in the file stays as it is, byte for byte.
struct MCPInstall {
  let client: MCPClient
  /// What the entry is called.
  let name: String
  let command: String
  let arguments: [String]

  /// Shows what is written, asks, and writes it.
  ///
  /// - Throws: `ValidationError` if the file has another entry of the name or cannot be changed safely;
  ///   what keeps it from being read or written.
  func run(isAgreed: Bool) throws {
    let file = URL(filePath: client.file).resolvingSymlinksInPath()
    let shown = Terminal.oneLine(client.file)
    let isNew = !FileManager.default.fileExists(atPath: file.path)
    let old = isNew ? Data() : try Data(contentsOf: file)
    guard let text = String(validating: old, as: UTF8.self) else {
      throw ValidationError("\(shown) is not UTF-8; nothing was written. Add by hand:\n\(entry)")
    }
    guard let new = try changed(text) else {
      Terminal.standardError.write("\(shown) has this entry already\n")
      return
    }
    let summary = "To \(shown)\(isNew ? ", a new file," : "") this is added:\n\n\(entry)\n"
    if isAgreed {
      Terminal.standardError.write(summary + "\n")
    } else {
      try Confirmation.ask(
        summary, advice: "Run it again with --yes to write it.", refusal: "Nothing was written.")
    }
    guard
      isNew ? !FileManager.default.fileExists(atPath: file.path) : try Data(contentsOf: file) == old
    else {
      throw ValidationError("\(shown) has changed meanwhile; nothing was written. Run it again.")
    }
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    let rights =
      isNew ? nil : try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions]
    try Data(new.utf8).write(to: file, options: .atomic)
    if let rights {
      try FileManager.default.setAttributes([.posixPermissions: rights], ofItemAtPath: file.path)
    }
    Terminal.standardError.write("Written. Start the program again to use it.\n")
  }

  /// The configuration with the entry; nil if it has it already.
  func changed(_ old: String) throws -> String? {
    client == .codex ? try changedTOML(old) : try changedJSON(old)
  }

  /// The entry as it stands in the file.
  var entry: String {
    let list = "[" + arguments.map { Self.quoted($0) }.joined(separator: ", ") + "]"
    return switch client {
    case .codex: "[mcp_servers.\(name)]\ncommand = \(Self.quoted(command))\nargs = \(list)"
    case .claude, .cursor:
      "\"\(name)\": { \"command\": \(Self.quoted(command)), \"args\": \(list) }"
    case .vscode:
      "\"\(name)\": { \"type\": \"stdio\", \"command\": \(Self.quoted(command)), \"args\": \(list) }"
    }
  }

  private var isTaken: ValidationError {
    ValidationError(
      "\(Terminal.oneLine(client.file)) has another entry \"\(name)\"; nothing was written. Give this one "
        + "another name with --name, or remove that one.")
  }

  private var cannotBeChanged: ValidationError {
    ValidationError(
      "\(Terminal.oneLine(client.file)) has comments or is of another form, so nothing was written. Add by "
        + "hand:\n\(entry)")
  }

  /// A text as JSON and TOML have it.
  private static func quoted(_ text: String) -> String {
    ((try? JSONOutput.line(text)) ?? "").trimmingCharacters(in: .newlines)
  }

  // MARK: - JSON

  private func changedJSON(_ old: String) throws -> String? {
    let list = client == .vscode ? "servers" : "mcpServers"
    guard old.contains(where: { !$0.isWhitespace }) else {
      return "{\n  \"\(list)\": {\n    \(entry)\n  }\n}\n"
    }
    func read(_ json: [UInt8]) -> JSONValue? {
      try? JSONDecoder().decode(JSONValue.self, from: Data(json))
    }
    var json = Array(old.utf8)
    guard let members = read(json)?.object else { throw cannotBeChanged }
    let addition: String
    let place: Int?
    if let entries = members[list] {
      guard let entries = entries.object else { throw cannotBeChanged }
      if let found = entries[name] {
        guard found == read(Array("{\(entry)}".utf8))?[name] else { throw isTaken }
        return nil
      }
      place = Self.place(inside: list, json)
      addition = "\n    \(entry)" + (entries.isEmpty ? "\n  " : ",")
    } else {
      place = Self.place(inside: nil, json)
      addition = "\n  \"\(list)\": {\n    \(entry)\n  }" + (members.isEmpty ? "\n" : ",")
    }
    guard let place else { throw cannotBeChanged }
    json.insert(contentsOf: addition.utf8, at: place)
    // Two members of one name, or a name with escapes, would be found elsewhere.
    guard read(json)?[list]?[name] != nil else { throw cannotBeChanged }
    return String(decoding: json, as: UTF8.self)
  }

  /// The place after the brace that opens a JSON object, or the object that is its member of a name.
  private static func place(inside name: String?, _ json: [UInt8]) -> Int? {
    var (depth, index, key) = (0, 0, "")
    while index < json.count {
      switch json[index] {
      case UInt8(ascii: "\""):
        let start = index + 1
        index = start
        while index < json.count, json[index] != UInt8(ascii: "\"") {
          index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        if depth == 1 {
          key = String(decoding: json[start..<min(index, json.count)], as: UTF8.self)
        }
      case UInt8(ascii: "{"):
        depth += 1
        if name == nil ? depth == 1 : depth == 2 && key == name { return index + 1 }
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
      index += 1
    }
    return nil
  }

  // MARK: - TOML

  /// A table at the end of the file, which is the one place where nothing else can change by it.
  private func changedTOML(_ old: String) throws -> String? {
    if (old + "\n").contains(entry + "\n") { return nil }
    var table = ""
    for line in old.split(whereSeparator: \.isNewline) {
      let bare = line.filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
      if bare.hasPrefix("[") { table = String(bare.prefix { $0 != "#" }) }
      // All entries in one value, to which no table can be added.
      if table.isEmpty, bare.hasPrefix("mcp_servers=") { throw cannotBeChanged }
      let isEntry =
        bare.hasPrefix("[mcp_servers.\(name)]") || bare.hasPrefix("[mcp_servers.\(name).")
        || table.isEmpty && bare.hasPrefix("mcp_servers.\(name).")
        || table.isEmpty && bare.hasPrefix("mcp_servers.\(name)=")
        || table == "[mcp_servers]" && (bare.hasPrefix("\(name)=") || bare.hasPrefix("\(name)."))
      if isEntry { throw isTaken }
    }
    let gap = old.isEmpty ? "" : old.hasSuffix("\n") ? "\n" : "\n\n"
    return old + gap + entry + "\n"
  }
}
