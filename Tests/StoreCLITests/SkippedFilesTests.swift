import Foundation
import TestSupport
import Testing

/// Forty kinds of files in one folder: each that is not taken is named with its reason, and what was taken
/// is found by a sentence from its middle.
@Suite struct SkippedFilesTests {
  private static let texts = [
    "md", "txt", "rst", "org", "tex", "csv", "tsv", "json", "jsonl", "yaml", "toml", "ini", "xml",
    "html",
    "css", "js", "ts", "py", "swift", "rs", "go", "c", "sh", "sql", "srt", "eml", "ipynb", "svg",
  ]
  private static let others: [(name: String, bytes: [UInt8], kind: String)] = [
    ("a.png", [0x89, 0x50, 0x4E, 0x47, 0, 1], "image"), ("a.jpg", [0xFF, 0xD8, 0, 1], "image"),
    ("a.pdf", Array("%PDF-1.4".utf8), "PDF document"),
    ("a.docx", [0x50, 0x4B, 0, 1], "Word document"), ("a.mbox", [0x7B], "unreadable document"),
    ("a.xlsx", [0x50, 0x4B, 0, 1], "spreadsheet"), ("a.pptx", [0x50, 0x4B, 0, 1], "presentation"),
    ("a.epub", [0x50, 0x4B, 0, 1], "e-book"), ("a.zip", [0x50, 0x4B, 0, 1], "archive"),
    ("a.mp3", [0x49, 0, 1], "audio file"), ("a.mp4", [0, 0, 1], "video"),
    ("a.ttf", [0, 1], "font"),
    ("a.sqlite", [0x53, 0, 1], "database"), ("a.so", [0x7F, 0x45, 0], "program"),
    ("a.dat", [1, 0, 2], "binary file"),
    (
      "a.latin", Array("F".utf8) + [0xFC] + Array("r die Gr".utf8) + [0xF6, 0xDF, 0x65],
      "text in another encoding"
    ),
  ]

  /// A file of a kind, with a sentence in its middle.
  private static func file(_ ending: String, _ sentence: String) -> String {
    let filler = (0..<40).map { "Line \($0) of a long file.\n" }.joined()
    let text = filler + sentence + "\n" + filler
    return switch ending {
    case "eml": "From: a@b.org\nSubject: Lines\n\n" + text
    case "srt": "1\n00:00:01,000 --> 00:00:02,000\n" + text
    case "ipynb":
      "{\"cells\": [{\"cell_type\": \"markdown\", \"source\": \""
        + text.replacing("\n", with: "\\n") + "\"}]}"
    default: text
    }
  }

  @Test func everyFileIsTakenOrNamed() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    for ending in Self.texts {
      try store.folder.write(
        Self.file(ending, "The \(ending)zebra stands in the middle."), to: "d/file.\(ending)")
    }
    for (name, bytes, _) in Self.others { try store.folder.write(Data(bytes), to: "d/\(name)") }
    try FileManager.default.createSymbolicLink(
      atPath: store.folder.path("d/link.md"), withDestinationPath: "file.md")
    let json = try await store.run("add", "d", "--json")
    #expect(json.status == 0)
    let report = try CommandTests.object(json.output)
    let leftOut = try #require(report["leftOut"] as? [[String: String]])
    let found = Dictionary(
      leftOut.map { (($0["source"] ?? "").split(separator: "/").last.map(String.init) ?? "", $0) }
    ) { first, _ in first }
    for (name, _, kind) in Self.others {
      #expect(found[name]?["kind"] == kind && found[name]?["reason"]?.isEmpty == false, "\(name)")
    }
    #expect(found["link.md"]?["kind"] == "link" && leftOut.count == Self.others.count + 1)
    #expect(found["a.latin"]?["reason"]?.contains("windows-1252") == true)
    for ending in Self.texts {
      let hits = try await store.run("query", "\(ending)zebra", "--lexical", "-n1").output
      #expect(hits.contains("d/file.\(ending):"), "\(ending)")
    }
  }

  @Test func manyOfOneKindAreCounted() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    for number in 0..<5 { try store.folder.write(Data([0, 1]), to: "d/\(number).png") }
    try store.folder.write(Data([0x46, 0xFC, 0x72]), to: "d/x.txt")
    try store.folder.write("words", to: "d/good.md")
    let counted = try await store.run("add", "d")
    #expect(counted.status == 0 && counted.output.contains("6 files skipped"))
    #expect(counted.errors.contains("skipped 5 of kind image, as d/0.png; -v names them\n"))
    #expect(counted.errors.contains("skipped d/x.txt: not UTF-8: byte 1 begins no valid character"))
    #expect(counted.errors.contains("(--encoding NAME)"))
    let named = try await store.run("add", "d", "-v")
    #expect(named.errors.contains("skipped d/4.png: an image, not text\n"))
    let read = try await store.run("add", "d", "--encoding", "windows-1252")
    #expect(read.output.hasPrefix("1 document added, 1 unchanged"))
    #expect(try await store.run("get", "d/x.txt").output == "Für\n".replacing("ü", with: "ü"))
    #expect(try await store.run("add", "d", "--encoding", "klingon").status == 64)
  }

  @Test func linksAreFollowedIfAskedFor() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try store.folder.write("a walrus", to: "other/w.md")
    try store.folder.write("a zebra", to: "d/z.md")
    for (name, target) in [("in", "../other"), ("loop", "."), ("gone", "nowhere")] {
      try FileManager.default.createSymbolicLink(
        atPath: store.folder.path("d/\(name)"), withDestinationPath: target)
    }
    let plain = try await store.run("add", "d")
    #expect(plain.output.contains("1 document added") && plain.output.contains("3 files skipped"))
    let followed = try await store.run("add", "d", "--follow")
    #expect(followed.output.contains("1 document added, 1 unchanged"), "\(followed.output)")
    #expect(followed.errors.contains("d/loop") && followed.errors.contains("d/gone"))
  }

  @Test func globsHaveAlternativesAndGitsOwnListCounts() async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    for name in ["a.md", "b.txt", "c.rs", "d.secret"] {
      try store.folder.write("words", to: "d/\(name)")
    }
    #expect(try await store.run("add", "d", "--glob", "*.{md,txt}").output.hasPrefix("2 documents"))
    try store.folder.write("[user]\nname = x\n[core]\n  excludesFile = ~/mine\n", to: ".gitconfig")
    try store.folder.write("*.secret\n", to: "mine")
    try store.folder.write("ref: refs/heads/main\n", to: "d/.git/HEAD")
    let all = try await store.run("add", "d", "--glob", "*")
    #expect(all.output.hasPrefix("1 document added, 2 unchanged"), "\(all.output)")
  }
}
