import Foundation
import TestSupport
import Testing
import VectorStore

/// The README's example, compiled and run, and the README held to it.
@Suite struct ReadmeExampleTests {
  @Test func theExampleRunsAndAnswers() async throws {
    let folder = try TemporaryFolder()
    let printed = try await example(path: folder.path("notes.db"))
    #expect(printed == ["sky The sky is blue because air scatters blue light the most."])
  }

  private func example(path: String) async throws -> [String] {
    var printed: [String] = []
    func print(_ score: Double, _ document: String, _ text: String) {
      printed.append("\(document) \(text)")
    }
    // README: begin
    let store = try await Store(
      path: "notes.db".at(path), configuration: StoreConfiguration(mode: .mock))
    let notes = store.collection("notes")
    try await notes.add([
      Document(id: "sky", text: "The sky is blue because air scatters blue light the most."),
      Document(id: "bread", text: "Bread rises because yeast turns sugar into gas."),
    ]).requireComplete()

    let answer = try await notes.query("why is the sky blue?", limit: 1)
    for hit in answer.hits {
      print(hit.score, hit.source, hit.text ?? "")
    }
    try await store.close()
    // README: end
    return printed
  }

  @Test func theREADMEShowsTheSameLines() throws {
    let here = URL(filePath: #filePath)
    let source = try String(contentsOf: here, encoding: .utf8)
    let readme = try String(
      contentsOf: here.deletingLastPathComponent().appending(path: "../../README.md"),
      encoding: .utf8)
    let example = try #require(
      source.components(separatedBy: "// README: begin\n").dropFirst().first?
        .components(separatedBy: "    // README: end").first)
    func words(_ text: String) -> String {
      text.replacingOccurrences(of: ".at(path)", with: "").filter { !$0.isWhitespace }
    }
    #expect(words(readme).contains(words(example)))
    let program = try String(
      contentsOf: here.deletingLastPathComponent()
        .appending(path: "../ExampleClient/Sources/ten-lines/main.swift"), encoding: .utf8)
    let lines = try #require(program.components(separatedBy: "import VectorStore\n").last)
    #expect(words(lines) == words(example))
  }
}

extension String {
  /// Stands for the working folder of the README's example.
  fileprivate func at(_ path: String) -> String { path }
}
