// The files of judged questions, and what is wrong with bad ones. Tests
// Sources/VectorStore/Retrieval/RetrievalJudgements.swift and JudgementFile.swift.

import Foundation
import TestSupport
import Testing
@testable import VectorStore

@Suite struct RetrievalJudgementsTests {
  private static func judgements(_ text: String) throws -> RetrievalJudgements {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "qrels")
    return try RetrievalJudgements(contentsOfFile: folder.path("qrels"))
  }

  private static func queries(_ text: String) throws -> [JudgedQuery] {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "queries")
    return try JudgedQuery.read(contentsOfFile: folder.path("queries"))
  }

  /// What is said of a file, without the folder's name.
  private static func message(_ read: () throws -> Void) -> String? {
    do {
      try read()
      return nil
    } catch {
      let text = (error as? StoreError)?.message ?? "\(error)"
      return text.split(separator: "/").last.map(String.init)
    }
  }

  @Test(arguments: [
    "1 0 a 2\n1 0 b 0\n2 0 a -1\n", "1\t0\ta\t2\r\n1\t0\tb\t0\r\n2\t0\ta\t-1",
    "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n\n2\ta\t-1\n", "1\ta\t2\n1\tb\t0\n2\ta\t-1\n",
    """
    {"query-id": "1", "corpus-id": "a", "score": 2}
    {"query-id": 1, "corpus-id": "b", "score": 0}
    {"query-id": "2", "corpus-id": "a", "score": "-1"}
    """,
  ])
  func readsEachForm(text: String) throws {
    let expected = ["1": ["a": 2, "b": 0], "2": ["a": -1]]
    #expect(try Self.judgements(text).grades == expected)
  }

  @Test func pathsWithBlanksStayWholeBetweenTabs() throws {
    #expect(try Self.judgements("1\tmy notes.md\t1\n").grades == ["1": ["my notes.md": 1]])
  }

  @Test(arguments: [
    ("1 a\n", "qrels, line 1: found 2 fields, expected"),
    ("1 0 a 1\n\n1 0 b x\n", "qrels, line 3: found the grade \"x\", expected a whole number"),
    ("1 0 a 1\n1 0 a 2\n", "qrels, line 2: found the grade 2 for a document that had 1 before"),
    ("{\"query-id\": 1}\n", "qrels, line 1: found no whole number \"score\", expected a grade"),
    ("{\"score\": 1}\n", "qrels, line 1: found no text \"query-id\""),
    ("{oops\n", "qrels, line 1: found no valid JSON, expected one object a line"),
    ("query\tdocument\tgrade\n", "qrels has no judgement; write one a line"),
    ("", "qrels has no judgement; write one a line"),
  ])
  func namesTheLineOfABadJudgement(text: String, message: String) {
    #expect(Self.message { _ = try Self.judgements(text) }?.hasPrefix(message) == true)
  }

  @Test func readsQueries() throws {
    let expected = [JudgedQuery(id: "1", text: "why?"), JudgedQuery(id: "b", text: "what\tthen?")]
    #expect(try Self.queries("1\twhy?\nb\twhat\tthen?\n") == expected)
    let lines = """
      {"_id": "1", "text": "why?", "metadata": {}}
      {"_id": "b", "text": "what\\tthen?"}
      """
    #expect(try Self.queries(lines) == expected)
  }

  @Test(arguments: [
    ("why?\n", "queries, line 1: found no tab"),
    ("1\t \n", "queries, line 1: found an empty id or question, expected both"),
    ("1\ta\n1\tb\n", "queries, line 2: found a second query \"1\", expected each id once"),
    ("{\"_id\": 1}\n", "queries, line 1: found no text \"text\""),
    ("", "queries has no query; write one a line"),
  ])
  func namesTheLineOfABadQuery(text: String, message: String) {
    #expect(Self.message { _ = try Self.queries(text) }?.hasPrefix(message) == true)
  }

  @Test func aFileThatIsNotThereIsNamed() async {
    let code = await errorCode { _ = try RetrievalJudgements(contentsOfFile: "/nowhere/qrels") }
    #expect(code == .pathNotFound)
  }
}
