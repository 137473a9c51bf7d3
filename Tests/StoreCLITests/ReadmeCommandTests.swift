import Foundation
import TestSupport
import Testing

/// Runs the README's commands in the order in which a reader meets them, and compares what they print.
///
/// A block after `<!-- with a key -->` runs against the loopback server, on a store of its own, and its
/// figures may differ. So does one after `<!-- with a model -->`, with the model that `.scripts/models`
/// gets; without that model it is left out, as is a block after `<!-- not run: REASON -->`.
@Suite struct ReadmeCommandTests {
  static let repository = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardized

  /// A block of the README with commands in it.
  private struct Block {
    var line: Int
    var note: String
    var isShell: Bool
    var lines: [String]
  }

  private static func blocks() throws -> [Block] {
    let readme = try String(contentsOf: repository.appending(path: "README.md"), encoding: .utf8)
    var blocks: [Block] = []
    var open: Block?
    var last = ""
    for (number, line) in readme.components(separatedBy: "\n").enumerated() {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(block)
          open = nil
        } else {
          let isShell = line == "```sh" || line == "```"
          open = Block(line: number + 1, note: last, isShell: isShell, lines: [])
        }
      } else if open != nil {
        open?.lines.append(line)
      } else if !line.isEmpty {
        last = line
      }
    }
    return blocks.filter { $0.isShell && $0.lines.contains { Self.command($0) != nil } }
  }

  /// The settings and arguments of a line that runs `store`, nil for any other.
  private static func command(_ line: String) -> (settings: [String: String], words: [String])? {
    var words = split(line.hasPrefix("$ ") ? String(line.dropFirst(2)) : line)
    if let comment = words.firstIndex(of: "#") { words.removeSubrange(comment...) }
    var settings: [String: String] = [:]
    while let word = words.first, let equals = word.firstIndex(of: "="),
      word[..<equals].allSatisfy({ $0.isUppercase || $0 == "_" })
    {
      settings[String(word[..<equals])] = String(word[word.index(after: equals)...])
      words.removeFirst()
    }
    guard words.first == "store", words.count > 1 else { return nil }
    return (settings, Array(words.dropFirst()))
  }

  /// The words of a line as a shell reads them: blanks separate, quotes hold together.
  private static func split(_ line: String) -> [String] {
    var words: [String] = []
    var current: String?
    var quote: Character?
    for character in line {
      switch character {
      case _ where character == quote: quote = nil
      case "\"" where quote == nil, "'" where quote == nil:
        quote = character
        current = current ?? ""
      case " " where quote == nil:
        if let word = current { words.append(word) }
        current = nil
      default: current = (current ?? "") + String(character)
      }
    }
    if let word = current { words.append(word) }
    return words
  }

  /// A printed line with what differs from run to run taken out: times, the folder, the last digits of
  /// scores, and with `loosely` all figures, and whether they are bounds.
  private static func comparable(_ line: String, loosely: Bool) -> String {
    var line = line.replacing(/in [0-9.]+ (s|ms)\b/, with: "in # s")
      .replacing(/20\d\d-\d\d-\d\dT[0-9:]+Z/, with: "TIME")
      .replacing(/([0-9]+\.[0-9]{4})[0-9]+/) { String($0.output.1) }
      .replacing(/"path":"[^"]*\/notes\//, with: "\"path\":\"FOLDER/notes/")
    if loosely {
      line = line.replacing(/[0-9][0-9,.:TZ-]*/, with: "#").replacing("at most ", with: "")
        .replacing(/\ {2,}/, with: "  ")
    }
    return line.trimmingCharacters(in: .whitespaces)
  }

  /// The command of a user who has added the notes and got a model since; nil without that model.
  private static func commandWithModel(_ folder: TemporaryFolder) async throws -> Command? {
    guard let model = ReferenceModels.path("minilm") else { return nil }
    let home = folder.url.appending(path: "model-home")
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let named = home.appending(path: "all-MiniLM-L6-v2")
    try FileManager.default.createSymbolicLink(at: named, withDestinationURL: URL(filePath: model))
    let command = Command(
      folder: folder, environment: ["HOME": home.path, "STORE_PATH": folder.path("model.db")])
    for words in [["add", "notes"], ["model", "add", named.path]] {
      let outcome = try await command.run(words)
      try #require(outcome.status == 0, "\(outcome.errors)")
    }
    return command
  }

  @Test func theCommandsPrintWhatTheREADMEShows() async throws {
    let folder = try TemporaryFolder()
    let notes = Self.repository.appending(path: ".scripts/notes")
    for name in ["notes", "docs"] {
      try FileManager.default.copyItem(at: notes, to: folder.url.appending(path: name))
    }
    let free = Command(folder: folder)
    let withModel = try await Self.commandWithModel(folder)
    let blocks = try Self.blocks()
    try #require(blocks.count > 5)
    try await withLoopback(LoopbackBehaviour()) { server in
      let paid = PaidCommand(
        server, folder: folder,
        ["STORE_PATH": folder.path("paid.db"), "SERVICE_MODE": "HYBRID"]
      ).command
      for block in blocks where !block.note.contains("<!-- not run:") {
        let needsKey = block.note.contains("<!-- with a key -->")
        let needsModel = block.note.contains("<!-- with a model -->")
        let chosen: Command? = needsKey ? paid : needsModel ? withModel : free
        guard let command = chosen else { continue }
        let isLoose = needsKey || needsModel
        var index = 0
        while index < block.lines.count {
          let line = block.lines[index]
          index += 1
          guard let (settings, words) = Self.command(line) else { continue }
          // The model is there already; the network is not.
          if words.starts(with: ["model", "pull"]) { continue }
          var own = command
          own.environment.merge(settings) { _, new in new }
          let outcome = try await own.run(words)
          let place = "README.md, line \(block.line + index): \(line)"
          #expect([0, 3].contains(outcome.status), "\(place)\n\(outcome.errors)")
          // What is shown stands below a line that begins with `$`; else only the status counts.
          guard line.hasPrefix("$ ") else { continue }
          let printed = (outcome.output + outcome.errors).components(separatedBy: "\n")
            .map { Self.comparable($0, loosely: isLoose) }.filter { !$0.isEmpty }
          var rest = printed[...]
          while index < block.lines.count, !block.lines[index].hasPrefix("$ ") {
            let shown = Self.comparable(block.lines[index], loosely: isLoose)
            index += 1
            guard !shown.isEmpty else { continue }
            if shown == "…" {
              rest = []
              break
            }
            let isCut = shown.hasSuffix("…")
            let next = rest.popFirst() ?? "nothing more"
            #expect(
              next == shown || isCut && next.hasPrefix(shown.dropLast().trimmed), "\(place)")
          }
          if index >= block.lines.count || block.lines[index].hasPrefix("$ ") {
            #expect(rest.isEmpty, "\(place) prints more: \(rest)")
          }
        }
      }
    }
  }
}

extension StringProtocol {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
