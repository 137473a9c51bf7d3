// A folder of real documents of every kind (`Documents/README.md`), added as a user adds it.

import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: InstalledPrograms.are("pandoc", "pdftotext"), "needs pandoc and pdftotext"))
struct DocumentFolderTests {
  /// A sentence from the middle of a document, and where it stands.
  private struct Question: Decodable {
    /// A line of the file, or what holds the sentence, as "page 2".
    enum Place: Decodable {
      case line(Int)
      case label(String)

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let line = try? container.decode(Int.self) {
          self = .line(line)
        } else {
          self = .label(try container.decode(String.self))
        }
      }
    }

    let file: String
    let question: String
    let place: Place?
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "Documents")

  private static func questions() throws -> [Question] {
    let file = folder.appending(path: "questions.json")
    return try JSONDecoder().decode([Question].self, from: Data(contentsOf: file))
  }

  /// A store and a copy of the documents, below `papers`.
  private static func papers() throws -> Command {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try FileManager.default.createDirectory(
      atPath: store.folder.path("papers"), withIntermediateDirectories: true)
    for part in ["read", "left"] {
      try FileManager.default.copyItem(
        at: folder.appending(path: part), to: URL(filePath: store.folder.path("papers/\(part)")))
    }
    return store
  }

  /// Words without the ways in which programs break and mark them.
  private static func words(_ text: String) -> String {
    text.split { !$0.isLetter && !$0.isNumber }.joined(separator: " ")
  }

  @Test func eachIsFoundByASentenceFromItsMiddle() async throws {
    let store = try Self.papers()
    let questions = try Self.questions()
    let added = try await store.run("add", "papers", "--json")
    #expect(added.status == 0, "\(added.errors)")
    let files = Set(questions.map(\.file))
    let documents = try #require(
      try CommandTests.object(added.output)["documents"] as? [String: Any])
    // One is empty, and kept as such.
    #expect(documents["added"] as? Int == files.count + 1 && files.count >= 40)

    for rank in ["words", "both", "vector"] {
      let found = try await store.run(
        ["query", "--stdin", "--json", "-n1", "--rank", rank],
        input: questions.map(\.question).joined(separator: "\n"))
      let hits = try found.output.split(separator: "\n").map {
        try CommandTests.object(String($0))
      }
      #expect(hits.count == questions.count, "\(rank): \(found.errors)")
      for hit in hits {
        let question = questions[try #require(hit["query"] as? Int)]
        #expect(hit["source"] as? String == "papers/read/\(question.file)", "\(rank)")
        let (line, text) = (hit["line"] as? Int ?? 0, hit["text"] as? String ?? "")
        if case .line(let expected) = question.place {
          #expect((line..<line + text.split(separator: "\n").count).contains(expected))
        }
      }
    }
  }

  /// What a person is shown begins near the line, or names the page; and the place can be had by itself.
  @Test func eachIsFoundAtItsPlace() async throws {
    let store = try Self.papers()
    #expect(try await store.run("add", "papers").status == 0)
    for question in try Self.questions() {
      guard let place = question.place else { continue }
      let source = "papers/read/\(question.file)"
      let shown = try await store.run("query", question.question, "-n1").output
      var there = ""
      switch place {
      case .line(let line):
        let first = shown.firstMatch(of: /:(\d+)\n/).flatMap { Int($0.1) } ?? 0
        #expect((first..<first + 8).contains(line), "\(question.file):\(line): \(shown)")
        there = try await store.run("get", "\(source):\(line)").output
      case .label(let label) where label.hasPrefix("["):
        there = shown.split(separator: "\n").map(String.init).first { $0.contains(label) } ?? ""
      case .label(let label):
        #expect(
          shown.split(separator: "\n").contains {
            $0 == "    \(label)" || $0.hasPrefix("    \(label) › ")
          }, "\(question.file), \(label): \(shown)")
        let number = label.split(separator: " ").last.map(String.init) ?? ""
        there = try await store.run("get", source, "--page", number).output
      }
      let isThere = Self.words(there).contains(Self.words(question.question))
      // A row names its columns between its values.
      #expect(isThere || question.file == "birds.csv", "\(question.file): \(there)")
    }
  }

  @Test(arguments: [
    ("all.zip", "archive", "an archive, not text"),
    ("birds.sqlite", "database", "a database, not text"),
    ("blank.csv", "unreadable document", "its rows are empty"),
    ("cut-bread.docx", "Word document", "damaged: its end is missing"),
    ("cut-caminata.pdf", "PDF document", "pdftotext failed with exit status 1"),
    ("cut-kraeuter.odt", "Word document", "damaged: its end is missing"),
    ("cut-porto.epub", "e-book", "damaged: its end is missing"),
    ("cut-tides.ipynb", "unreadable document", "not a Jupyter notebook"),
    ("empty.docx", "Word document", "it holds no text"),
    ("empty.pdf", "PDF document", "its pages are empty"),
    ("library.pptx", "presentation", "a presentation, not text"),
    ("locked.docx", "Word document", "encrypted; save it without a password"),
    ("locked.odt", "Word document", "encrypted; save it without a password"),
    ("locked.pdf", "PDF document", "encrypted; save it without a password"),
    ("picture.png", "image", "an image, not text"),
    ("prezzi.xlsx", "spreadsheet", "a spreadsheet, not text"),
    ("scan.pdf", "PDF document", "only pictures as from a scanner"),
    ("talk.mkv", "video", "a video, not text"),
  ])
  func whatCannotBeReadIsNamed(name: String, kind: String, reason: String) async throws {
    let added = try await Self.left.value
    let report = try CommandTests.object(added.output)
    let leftOut = report["leftOut"] as? [[String: String]] ?? []
    let entry = try #require(leftOut.first { $0["source"] == "papers/left/\(name)" })
    #expect(entry["kind"] == kind && entry["reason"]?.contains(reason) == true, "\(entry)")
    #expect(leftOut.count == 18)
    let warnings = report["warnings"] as? [String] ?? []
    #expect(warnings.contains { $0.hasPrefix("papers/left/empty.txt is empty") }, "\(warnings)")
  }

  /// One run for all of them.
  private static let left = Task {
    try await papers().run("add", "papers", "--json", "-v")
  }
}
