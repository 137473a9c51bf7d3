// What the sources of the library must not hold.

import Foundation
import Testing

@Suite struct SourcesTests {
  /// GRDB's rows trap on a value of another type than is asked for: rows of a file are read as `BulkRow`,
  /// which throws, or as `RawRow`.
  @Test func noRowOfGRDBsIsRead() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/VectorStore")
    let files = try #require(
      FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var seen = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      seen += 1
      for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      where line.contains(/\bRow\.fetch|: Row\b|row\["/) && !line.contains("PRAGMA wal_checkpoint")
      {
        Issue.record("\(file.lastPathComponent): \(line)")
      }
    }
    #expect(seen > 100)
  }

  /// Flags, subcommands and variables are the command's words: it adds them to the library's messages.
  @Test func noTextOfTheLibraryNamesTheCommandsFlags() throws {
    #expect(try Self.wordsOfTheCommand(in: "  \"x; use --mode real\"") == ["x; use --mode real"])
    #expect(
      try Self.wordsOfTheCommand(in: "\"run `store doctor`\", \"set OPENAI_API_KEY\"").count == 2)
    #expect(
      try Self.wordsOfTheCommand(in: "/// \"--mode\"\n\"a - b -- c\", \"a store of\"").isEmpty)
    #expect(
      try Self.wordsOfTheCommand(in: "let a = \"\"\"\n  run `store doctor`\n  \"\"\"").count == 1)
    // The field by which the command finds the variable of a wrong setting.
    #expect(try Self.wordsOfTheCommand(in: "Fault(\"model\", \"OPENAI_MODEL\")").isEmpty)
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources")
    var seen = 0
    for target in ["VectorStore", "VectorStoreEmbedding", "VectorStoreSearch", "VectorStoreText"] {
      let files = try #require(
        FileManager.default.enumerator(
          at: folder.appending(path: target), includingPropertiesForKeys: nil))
      for case let file as URL in files where file.pathExtension == "swift" {
        seen += 1
        // The flags of the programs that it runs.
        guard file.lastPathComponent != "ProgramParsers.swift" else { continue }
        for text in try Self.wordsOfTheCommand(in: String(contentsOf: file, encoding: .utf8)) {
          Issue.record("\(file.lastPathComponent): \(text)")
        }
      }
    }
    #expect(seen > 150)
  }

  /// The texts between quotes in a source that name a flag, a subcommand or a variable of the command.
  private static func wordsOfTheCommand(in source: String) throws -> [String] {
    let words = try Regex(
      #"(^|[ (,;])--[a-z]|`store [a-z]|(OPENAI|SERVICE|STORE|COST)_[A-Z]|_LIMIT_OPENAI"#)
    let code = source.split(separator: "\n").filter {
      !$0.trimmingPrefix(while: { $0 == " " }).hasPrefix("//")
    }
    // Every other part is a literal of several lines.
    let texts = code.joined(separator: "\n").components(separatedBy: "\"\"\"").enumerated()
      .flatMap { index, part in
        index.isMultiple(of: 2)
          ? part.matches(of: /"((?:[^"\\\n]|\\.)*)"/).map { String($0.output.1) } : [part]
      }
    return texts.filter { $0.contains(words) && $0.wholeMatch(of: /[A-Z_]+/) == nil }
  }
}
