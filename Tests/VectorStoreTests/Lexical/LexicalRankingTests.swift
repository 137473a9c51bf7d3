import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// Search by words against human judgements, a passage a document.
@Suite(.enabled(if: SharedData.file("ir/cranfield/corpus.jsonl") != nil, "needs the real data"))
struct LexicalRankingTests {
  private struct Entry: Decodable {
    var _id: String
    var title: String?
    var text: String
  }

  @Test(arguments: [
    ("cranfield", 0.35), ("xquad-en", 0.97), ("xquad-de", 0.93), ("xquad-zh", 0.95),
  ])
  func ranksAsWellAsJudged(name: String, bar: Double) throws {
    let documents = try entries("ir/\(name)/corpus.jsonl")
    let queries = try entries("ir/\(name)/queries.jsonl")
    let judgements = try judgements("ir/\(name)/qrels.tsv")
    for withTitle in [false, true] {
      let index = try LexicalIndex()
      try index.add(
        documents.enumerated().map { (Int64($0), $1.text) },
        titles: withTitle ? documents.map { $0.title ?? "" } : [])
      var linear: [Double] = []
      var exponential: [Double] = []
      for query in queries {
        guard let grades = judgements[query._id] else { continue }
        let ranked = try index.search(query.text).map { grades[documents[Int($0)]._id] ?? 0 }
        linear.append(nDCG(ranked, Array(grades.values)))
        exponential.append(nDCG(ranked.map(gain), grades.values.map(gain)))
      }
      #expect(linear.count == judgements.count)
      let mean = linear.reduce(0, +) / Double(linear.count)
      #expect(mean >= bar, "\(name), title \(withTitle): \(mean)")
      let other = exponential.reduce(0, +) / Double(exponential.count)
      #expect(other >= bar, "\(name), title \(withTitle), exponential gain: \(other)")
    }
  }

  private func gain(_ grade: Double) -> Double { exp2(grade) - 1 }

  /// nDCG@10 (Järvelin and Kekäläinen, 2002) of gains in ranked order, by all gains there are.
  private func nDCG(_ ranked: [Double], _ all: [Double]) -> Double {
    let sum = { (gains: ArraySlice<Double>) in
      gains.enumerated().map { $1 / log2(Double($0 + 2)) }.reduce(0, +)
    }
    let ideal = sum(all.sorted(by: >).prefix(10))
    return ideal > 0 ? sum(ranked.prefix(10)) / ideal : 0
  }

  private func entries(_ path: String) throws -> [Entry] {
    let data = try Data(contentsOf: try #require(SharedData.file(path)))
    return try data.split(separator: UInt8(ascii: "\n")).map {
      try JSONDecoder().decode(Entry.self, from: $0)
    }
  }

  /// Grades by query and document.
  private func judgements(_ path: String) throws -> [String: [String: Double]] {
    let text = try String(contentsOf: try #require(SharedData.file(path)), encoding: .utf8)
    var result: [String: [String: Double]] = [:]
    for line in text.split(whereSeparator: \.isNewline).dropFirst() {
      let fields = line.split(separator: "\t").map(String.init)
      if fields.count == 3 { result[fields[0], default: [:]][fields[1]] = Double(fields[2]) }
    }
    return result
  }
}
