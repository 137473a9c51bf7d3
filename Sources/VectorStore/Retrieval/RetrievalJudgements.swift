// Questions and judgements, read from files of TREC's and BEIR's forms.

import Foundation
import VectorStoreText

/// A question whose answers are known.
public struct JudgedQuery: Sendable, Codable, Hashable {
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
public struct RetrievalJudgements: Sendable, Hashable {
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

enum JudgementFile {
  /// The most bytes that are read: the largest public collections have a tenth of that.
  private static let maximumBytes = 256 << 20

  /// The lines of a file that are not blank.
  static func lines(_ path: String) throws -> [JudgementLine] {
    let text: String
    do {
      var screen = TextDecoder.Screen()
      text = try TextDecoder.decode(
        try WholeFile.read(path, limit: maximumBytes) { try screen.look(at: $0) })
    } catch let reason as FileProblem.Reason {
      throw StoreError(
        .pathNotFound,
        "the file \(path) cannot be read: \(reason); check the path and its permissions",
        underlying: reason)
    } catch {
      throw StoreError(.malformedInput, "\(path): \(error)", underlying: error)
    }
    return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .filter { $0.element.contains { !$0.isWhitespace } }
      .map { JudgementLine(file: path, number: $0.offset + 1, text: $0.element) }
  }
}

/// One line with its place.
struct JudgementLine {
  let file: String
  let number: Int
  let text: Substring

  /// What is wrong with the line.
  func error(_ found: String, _ expected: String) -> StoreError {
    StoreError(.malformedInput, "\(file), line \(number): found \(found), expected \(expected)")
  }

  /// The question of a line.
  func query() throws -> JudgedQuery {
    let query: JudgedQuery
    if let object = try object() {
      query = JudgedQuery(
        id: try word(object, ["_id", "id"]), text: try word(object, ["text", "query"]))
    } else {
      let fields = text.split(separator: "\t", maxSplits: 1)
      guard fields.count == 2 else {
        throw error("no tab", "an id, a tab and the question, or {\"_id\": …, \"text\": …}")
      }
      query = JudgedQuery(id: trimmed(fields[0]), text: trimmed(fields[1]))
    }
    guard !query.id.isEmpty, query.text.contains(where: { !$0.isWhitespace }) else {
      throw error("an empty id or question", "both")
    }
    return query
  }

  /// The judgement of a line; nil for BEIR's line of headings.
  func judgement() throws -> (query: String, document: String, grade: Int)? {
    if let object = try object() {
      let grade = object["score"] ?? object["grade"] ?? object["relevance"]
      guard let grade = grade as? Int ?? (grade as? String).flatMap({ Int($0) }) else {
        throw error("no whole number \"score\"", "a grade, as 1")
      }
      return (
        try word(object, ["query-id", "query_id"]), try word(object, ["corpus-id", "corpus_id"]),
        grade
      )
    }
    var fields = text.split(separator: "\t", omittingEmptySubsequences: false).map(trimmed)
    if fields.count < 3 {
      fields = text.split(whereSeparator: \.isWhitespace).map(String.init)
    }
    // TREC's second column is the iteration, which nobody uses.
    if fields.count == 4 { fields.remove(at: 1) }
    guard fields.count == 3, fields.allSatisfy({ !$0.isEmpty }) else {
      throw error(
        "\(fields.count) fields",
        "`query 0 document grade` with blanks, or query, document and grade with tabs")
    }
    guard let grade = Int(fields[2]) else {
      if number == 1, fields[2].first?.isLetter == true { return nil }
      throw error("the grade \"\(fields[2].prefix(20))\"", "a whole number")
    }
    return (fields[0], fields[1], grade)
  }

  private func trimmed(_ text: Substring) -> String {
    text.trimmingCharacters(in: .whitespaces)
  }

  /// The line as an object of JSON; nil where it does not begin like one.
  private func object() throws -> [String: Any]? {
    guard text.first(where: { !$0.isWhitespace }) == "{" else { return nil }
    guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    else { throw error("no valid JSON", "one object a line") }
    return object
  }

  /// A text, or a whole number as a text, under one of some names.
  private func word(_ object: [String: Any], _ names: [String]) throws -> String {
    for name in names {
      if let text = object[name] as? String { return text }
      if let number = object[name] as? Int { return String(number) }
    }
    throw error("no text \"\(names[0])\"", "one")
  }
}
