// Judged retrieval sets (documents, queries, graded judgements) and nDCG, for tests that ask how
// well a ranking is. Reads the files of SharedData in BEIR's layout; knows no index and no embedder.

import Foundation

/// A retrieval set in the layout of BEIR: `corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl`
/// (`_id`, `text`), `qrels.tsv` (query, document, grade; one line of headings).
package struct RetrievalSet: Sendable {
  /// One document of the corpus.
  package struct Document: Sendable {
    package var id: String
    /// Its title, or the empty string.
    package var title: String
    package var text: String
  }

  /// One query that has judgements.
  package struct Query: Sendable {
    package var id: String
    package var text: String
  }

  /// What a grade is worth.
  package enum Gain: Sendable {
    /// The grade itself (Järvelin and Kekäläinen, TOIS 2002), as trec_eval and BEIR count.
    case linear
    /// `2^grade - 1` (Burges et al., ICML 2005).
    case exponential
  }

  /// The documents that have text, in the order of the file.
  package var documents: [Document]
  /// The queries with a judgement, in the order of the file.
  package var queries: [Query]
  /// Grades by query, then document; 0 and what is missing are not relevant.
  package var judgements: [String: [String: Int]]

  /// Whether a set of this name is among the shared data, for `.enabled(if:)`.
  package static func exists(_ name: String) -> Bool {
    SharedData.file("ir/\(name)/qrels.tsv") != nil
  }

  /// Loads `ir/<name>` of the shared data. A debug build takes every n-th query of a set that has
  /// more than 300, so that about 240 are left, unless `hasEveryQuery` is set.
  ///
  /// - Throws: if a file is absent or is not what it should be.
  package static func load(
    _ name: String, hasEveryQuery: Bool = false
  ) throws -> RetrievalSet {
    let judgements = try judgements(String(contentsOf: file(name, "qrels.tsv"), encoding: .utf8))
    let documents = try lines(file(name, "corpus.jsonl")).map {
      Document(id: $0._id, title: $0.title ?? "", text: $0.text)
    }
    var queries = try lines(file(name, "queries.jsonl")).map { Query(id: $0._id, text: $0.text) }
    queries.removeAll { judgements[$0.id] == nil }
    #if DEBUG
      if queries.count > 300, !hasEveryQuery {
        let step = queries.count / 240
        queries = queries.enumerated().filter { $0.offset % step == 0 }.map(\.element)
      }
    #endif
    return RetrievalSet(
      documents: documents.filter { document in document.text.contains { !$0.isWhitespace } },
      queries: queries, judgements: judgements)
  }

  /// Creates a set from values.
  package init(
    documents: [Document], queries: [Query], judgements: [String: [String: Int]]
  ) {
    self.documents = documents
    self.queries = queries
    self.judgements = judgements
  }

  /// The normalised discounted cumulative gain of a ranking, 0 to 1: the sum of `gain / log2(rank + 1)`
  /// over the first `cutoff` documents, over the largest that any ranking could have.
  ///
  /// - Parameters:
  ///   - ranking: ids of documents, best first, each once.
  ///   - query: the id of a query.
  /// - Returns: 0 for a query without a relevant document.
  package func nDCG(
    at cutoff: Int = 10, ranking: [String], for query: String, gain: Gain = .linear
  ) -> Double {
    let grades = judgements[query] ?? [:]
    let best = Self.discounted(grades.values.sorted(by: >).prefix(cutoff), gain)
    guard best > 0 else { return 0 }
    return Self.discounted(ranking.prefix(cutoff).map { grades[$0] ?? 0 }[...], gain) / best
  }

  private static func discounted(_ grades: ArraySlice<Int>, _ gain: Gain) -> Double {
    var sum = 0.0
    for (index, grade) in grades.enumerated() where grade > 0 {
      let value = gain == .linear ? Double(grade) : exp2(Double(grade)) - 1
      sum += value / log2(Double(index) + 2)
    }
    return sum
  }

  private struct Line: Decodable {
    var _id: String
    var title: String?
    var text: String
  }

  private static func file(_ name: String, _ part: String) throws -> URL {
    guard let url = SharedData.file("ir/\(name)/\(part)") else {
      throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "ir/\(name)/\(part)"])
    }
    return url
  }

  private static func lines(_ url: URL) throws -> [Line] {
    let decoder = JSONDecoder()
    return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map {
      try decoder.decode(Line.self, from: $0)
    }
  }

  private static func judgements(_ table: String) throws -> [String: [String: Int]] {
    var judgements: [String: [String: Int]] = [:]
    for line in table.split(whereSeparator: \.isNewline).dropFirst() {
      let fields = line.split(separator: "\t")
      guard fields.count == 3, let grade = Int(fields[2]) else {
        throw CocoaError(.fileReadCorruptFile)
      }
      judgements[String(fields[0]), default: [:]][String(fields[1])] = grade
    }
    return judgements
  }
}
