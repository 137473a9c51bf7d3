// Sixty questions over a Markdown vault and this project's own pages and sources, as a person asks them.

import Foundation
import TestSupport
import Testing
import VectorStore

@Suite(.enabled(if: SharedData.file("vault/swift-book/README.md") != nil, "needs the vault"))
struct QuestionsTests {
  /// A question and where it is answered.
  private struct Question {
    var set: String
    var text: String
    var sources: [String]
    var words: String
  }

  private struct Hit: Decodable {
    var query: Int
    var source: String
    var text: String
    var headings: [String]
    var start: Int

    /// What a person is shown of it.
    func excerpt(_ question: LexicalQuery) -> Excerpt {
      Excerpt(
        of: text, question, format: source.hasSuffix(".md") ? .markdown : .text, headings: headings,
        isStart: start == 0)
    }
  }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()

  /// What is searched of this project: pages, and code of several kinds.
  private static let searched = [
    "README.md", "Sources/VectorStore/Documentation.docc", "Sources/VectorStoreEmbedding/Budget",
    "Sources/VectorStore/File", "Sources/VectorStoreText/Chunking",
  ]

  private static func questions() throws -> [Question] {
    try QuestionRows.read("questions.tsv", fields: 4).map { fields in
      Question(
        set: fields[0], text: fields[1],
        sources: fields[2].split(separator: "|").map(String.init), words: fields[3].lowercased())
    }
  }

  /// Measured when they were written: 48 first, 55 among three.
  @Test func findsTheRightPassage() async throws {
    let questions = try Self.questions()
    #expect(questions.count == 60)
    let vault = try #require(SharedData.file("vault/swift-book/README.md"))
    let project = Self.folder.deletingLastPathComponent().deletingLastPathComponent()
    let added = [
      "book": [vault.deletingLastPathComponent().path],
      "project": Self.searched.map { project.appending(path: $0).path },
    ]
    var (first, amongThree) = (0, 0)
    for (set, paths) in added {
      let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
      #expect(try await store.run(["add"] + paths).status == 0)
      let asked = questions.filter { $0.set == set }
      let outcome = try await store.run(
        "query", "--stdin", "--json", "--limit", "3",
        input: asked.map(\.text).joined(separator: "\n"))
      let hits = try outcome.output.split(separator: "\n")
        .map { try JSONDecoder().decode(Hit.self, from: Data($0.utf8)) }
      for (number, question) in asked.enumerated() {
        let found = hits.filter { $0.query == number }
        let place = found.firstIndex { hit in
          question.sources.contains { hit.source.hasSuffix($0) }
            && hit.text.lowercased().contains(question.words)
        }
        guard let place else { continue }
        if place == 0 { first += 1 }
        amongThree += 1
        let query = LexicalQuery(question.text)
        let excerpt = found[place].excerpt(query)
        let shown = (excerpt.headings + excerpt.lines).joined(separator: "\n")
        #expect(
          shown.lowercased().contains(question.words) || !query.matches(in: shown).isEmpty,
          "\(question.text): \(shown)")
      }
    }
    #expect(first >= 45 && amongThree >= 54, "\(first) first, \(amongThree) among three")
  }
}
