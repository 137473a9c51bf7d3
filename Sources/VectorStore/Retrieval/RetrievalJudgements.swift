// Questions with known answers, and their files: qrels of TREC or BEIR, queries as JSONL or TSV. Called by
// the command; the measure is in Store+RetrievalQuality. Calls JudgementLine.

import Foundation

/// A question whose answers are known.
public struct JudgedQuery: Sendable, Codable, Equatable {
  /// The name by which judgements speak of it.
  public var id: String
  /// The question.
  public var text: String

  /// Creates a question.
  public init(id: String, text: String) {
    self.id = id
    self.text = text
  }

  /// Reads the questions of a file: JSONL as BEIR's (`{"_id": "1", "text": "…"}`), or a line `1⇥text`.
  ///
  /// - Throws: ``StoreError`` with `malformedInput` and the line, `pathNotFound`, `empty`.
  public static func read(contentsOfFile path: String) throws -> [JudgedQuery] {
    var seen: [String: Int] = [:]
    let queries = try JudgementFile.lines(path).map { line in
      let query = try line.query()
      if let earlier = seen.updateValue(line.number, forKey: query.id) {
        throw line.error(
          "a second query \"\(query.id)\"", "each id once; the first is in line \(earlier)")
      }
      return query
    }
    guard !queries.isEmpty else {
      throw StoreError(.empty, "\(path) has no query; write one a line")
    }
    return queries
  }
}

/// Which documents answer which question, and how well.
public struct RetrievalJudgements: Sendable, Equatable {
  /// Grades by the question's id, then the document's source. 0 and less are not relevant.
  public var grades: [String: [String: Int]]

  /// Creates judgements.
  public init(grades: [String: [String: Int]] = [:]) {
    self.grades = grades
  }

  /// Reads judgements of a file: TREC's qrels (`query 0 document grade`, separated by blanks), or BEIR's
  /// (`query⇥document⇥grade`, with or without its line of headings, or as JSONL
  /// `{"query-id": …, "corpus-id": …, "score": …}`).
  ///
  /// - Throws: ``StoreError`` with `malformedInput` and the line, `pathNotFound`, `empty`.
  public init(contentsOfFile path: String) throws {
    self.init()
    for line in try JudgementFile.lines(path) {
      guard let (query, document, grade) = try line.judgement() else { continue }
      if let earlier = grades[query, default: [:]].updateValue(grade, forKey: document),
        earlier != grade
      {
        throw line.error(
          "the grade \(grade) for a document that had \(earlier) before", "one grade a document")
      }
    }
    guard !grades.isEmpty else {
      throw StoreError(.empty, "\(path) has no judgement; write one a line")
    }
  }
}
