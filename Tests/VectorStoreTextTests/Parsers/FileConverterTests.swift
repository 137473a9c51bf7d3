// Commands of the user's: how they are written, run and bounded, and from where they are never taken.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct FileConverterTests {
  private static func converter(_ ending: String, _ command: String...) throws -> FileConverter {
    try FileConverter(ending: ending, command: command)
  }

  private static func parse(
    _ text: String, _ command: String..., limit: Duration = Program.timeLimit
  ) throws -> String {
    let parser = CommandParser(
      try FileConverter(ending: "up", command: command), timeLimit: limit)
    return try parser.parse(ParsedFile(bytes: Data(text.utf8), name: "-rf.up")).text
  }

  @Test(arguments: [
    ("doc=antiword {}", ["antiword", "{}"]),
    (".DOC=antiword  -w 0 \t{}", ["antiword", "-w", "0", "{}"]),
    (#"doc=sh -c 'cat "$1"' x {}"#, ["sh", "-c", #"cat "$1""#, "x", "{}"]),
    (#"doc=a "b c\"\\d\e" f\ g '' {}"#, ["a", #"b c"\d\e"#, "f g", "", "{}"]),
    ("doc=a x'y z'w {} $HOME *", ["a", "xy zw", "{}", "$HOME", "*"]),
    ("doc=", []),
  ])
  func aLineIsSplitByQuotesAndNothingElse(line: String, command: [String]) throws {
    let converter = try FileConverter(line: line, folder: "/")
    #expect(converter.ending == "doc" && converter.command == command)
    #expect(try FileConverter(line: converter.description, folder: "/") == converter)
  }

  @Test(arguments: [
    ("antiword {}", FileConverterError.line("antiword {}")), ("=a {}", .ending("")),
    ("a.b=c {}", .ending("a.b")), ("doc=antiword", .noFile("doc")),
    ("doc=antiword 'x {}", .unfinished("antiword 'x {}")), ("doc=a {} \\", .unfinished("a {} \\")),
    ("doc='' {}", .program("")),
  ])
  func aWrongLineSaysWhatWasExpected(line: String, error: FileConverterError) throws {
    #expect(throws: error) { try FileConverter(line: line, folder: "/") }
    #expect(throws: FileConverterError.program("./x")) {
      try FileConverter(ending: "doc", command: ["./x", "{}"])
    }
  }

  @Test func pathsBeginInTheFolderWhereTheyWereTyped() throws {
    let folder = try TemporaryFolder()
    try folder.write("", to: "tools/run.py")
    let converter = try FileConverter(
      line: "doc=python3 tools/run.py plain run.py {}", folder: folder.url.path)
    #expect(
      converter.command == ["python3", folder.path("tools/run.py"), "plain", "run.py", "{}"])
    #expect(
      try FileConverter(line: "doc=tools/x {}", folder: folder.url.path).command[0]
        == folder.path("tools/x"))
  }

  @Test func aCommandPrintsTheTextOfACopyOfTheFile() throws {
    #expect(try Self.parse("words; $(id) `id`", "cat", "{}") == "words; $(id) `id`")
    // Not under a name that a program takes for an option, and nothing of a shell.
    #expect(try Self.parse("x", "echo", "$HOME", "*", "{}").hasPrefix("$HOME * /"))
  }

  @Test func whatGoesWrongIsNamed() throws {
    func words(_ command: String..., limit: Duration = Program.timeLimit) throws -> String? {
      let parser = CommandParser(
        try FileConverter(ending: "up", command: command), timeLimit: limit)
      let error = #expect(throws: DocumentParserError.self) {
        try parser.parse(ParsedFile(bytes: Data("x".utf8), name: "a.up"))
      }
      return error.map { "\($0)" }
    }
    #expect(
      try words("no-such-program", "{}")
        == "there is no program no-such-program, which is to read such files")
    #expect(try words("/usr", "{}")?.isEmpty == false)
    #expect(try words("true", "{}") == "the command \"true {}\" printed no text")
    #expect(try words("ls", "/no/such/place", "{}")?.contains("ls failed with exit status") == true)
    #expect(
      try words("printf", "\\377\\376\\377", "{}")?.contains(
        "printed something that is not UTF-8 text") == true)
    // With what it started.
    let folder = try TemporaryFolder()
    let start = ContinuousClock.now
    #expect(
      try words(
        "sh", "-c", "sleep 30; touch \(folder.path("late")); echo late", "x", "{}",
        limit: .milliseconds(300)) == "reading it took longer than 0 seconds")
    #expect(ContinuousClock.now - start < .seconds(20))
  }

  @Test(
    .enabled(
      if: ["prlimit", "python3"].allSatisfy { (try? Program($0, package: "")) != nil },
      "needs prlimit and python3"))
  func memoryIsBounded() throws {
    let error = #expect(throws: DocumentParserError.self) {
      try Self.parse("x", "python3", "-c", "x = bytearray(8 << 30); print('had it')", "{}")
    }
    #expect(error.map { "\($0)" }?.contains("MemoryError") == true)
  }

  @Test func aCommandThatIsNotAllowedIsNotRun() throws {
    let folder = try TemporaryFolder()
    let parser = CommandParser(
      try Self.converter("up", "touch", folder.path("made"), "{}"), isAllowed: false)
    let error = #expect(throws: DocumentParserError.self) {
      try parser.parse(ParsedFile(bytes: Data("x".utf8), name: "a.up"))
    }
    #expect(error?.isAboutTheFile == false)
    #expect(!FileManager.default.fileExists(atPath: folder.path("made")))
  }

  /// By its path, by links of it and of its folders, by `..`, and as a file that another program runs.
  @Test func noProgramIsTakenFromWhatIsAdded() throws {
    let folder = try TemporaryFolder()
    let root = URL(filePath: try #require(SourceIdentity.real(folder.url.path)))
    let (added, out) = (root.path + "/added", root.path + "/out")
    for path in ["added/bin", "out/bin"] {
      try folder.write("#!/bin/sh\ncat \"$1\"\n", to: path + "/tool")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: folder.path(path + "/tool"))
    }
    func link(_ path: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(
        atPath: root.path + "/" + path, withDestinationPath: target)
    }
    try link("out/link", to: "../added/bin/tool")
    try link("out/folder", to: added)
    try link("out/again", to: "folder/bin")
    // A link in the added folder is anybody's, wherever it leads.
    try link("added/away", to: out + "/bin")
    func isRun(_ command: String...) throws -> Bool {
      let parser = CommandParser(
        try FileConverter(ending: "up", command: command), addedPaths: [added])
      do {
        return try parser.parse(ParsedFile(bytes: Data("x".utf8), name: "a.up")).text == "x"
      } catch DocumentParserError.notRun {
        return false
      }
    }
    for path in [
      added + "/bin/tool", out + "/link", out + "/folder/bin/tool", out + "/again/tool",
      added + "/away/tool", out + "/../added/./bin/tool",
    ] {
      #expect(try !isRun(path, "{}"), "\(path)")
      #expect(try !isRun("sh", path, "{}"), "\(path)")
      #expect(try !isRun("sh", out + "/bin/tool", "{}", "--rc=" + path), "\(path)")
    }
    #expect(try isRun(out + "/bin/tool", "{}"))
    #expect(try isRun("sh", out + "/bin/tool", "{}"))
  }
}
