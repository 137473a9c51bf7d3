// Ranks chunks by the words of a question: BM25 over the columns of the word index.

import Foundation
import GRDB
import VectorStoreSearch

/// The chunks that have a question's words, best first.
///
/// BM25 (Robertson and Zaragoza, *The Probabilistic Relevance Framework*, 2009, 3.1 and 3.6: words of
/// other columns count as so many of the text), with an inverse document frequency that is above
/// 0 for every word in stores of any size.
struct WordRanking {
  /// How soon more of a word counts no more, and how much a long text counts against it.
  private static let (k1, b): (Float, Float) = (0.9, 0.75)
  /// What a word's other forms and neighbours side by side count, against the word itself.
  private static let (prefixWeight, pairWeight): (Float, Float) = (1, 1)
  /// The most bytes of a table with a place for every id between the first and the last.
  private static let maximumSpan: Int64 = 1 << 24

  private let index: WordIndex
  private let query: LexicalQuery
  private var cache: [String: Postings] = [:]

  init(_ query: LexicalQuery, _ db: Database) throws {
    self.query = query
    index = try WordIndex(db)
  }

  /// The rows of one word, and what it counts.
  private struct List {
    let postings: Postings
    /// How often the word stands in each row; words of other columns count by their weights.
    let frequencies: [Float]
    /// The inverse document frequency, times the list's weight.
    let weight: Float
    /// Whether a row may be a hit by this list alone.
    let isReason: Bool
  }

  /// The best chunks, with their scores, all above 0; equal scores by rising id.
  ///
  /// - Parameter isAllowed: whether a chunk takes part; asked of chunks that are good enough.
  /// - Complexity: O(places of the question's words).
  mutating func best(
    _ limit: Int, isAllowed: (Int64) throws -> Bool
  ) throws -> [ScoredRow] {
    guard limit > 0, !query.isEmpty, index.rows > 0 else { return [] }
    let lists = try lists()
    var table = Table(lists.map(\.postings), maximumSpan: Self.maximumSpan)
    for list in lists.sorted(by: { $0.isReason && !$1.isReason }) {
      table.add(list.postings, onlyToKnown: !list.isReason) {
        list.weight * Self.saturated(list.frequencies[$0], norm: 1 - Self.b)
      }
    }
    for phrase in query.phrases { table.keep(try postings(of: phrase).rows) }
    for phrase in query.excluded { table.remove(try postings(of: phrase).rows) }

    // The bound of each row leaves its length out, which takes a look-up. Most rows need none: the best
    // by their bounds are scored, then those whose bound is above the last of them.
    var rough = TopK(limit: limit)
    try table.forEach { id, bound in
      let row = ScoredRow(id: id, score: Double(bound))
      if rough.worst.map({ $0 < row }) ?? true, try isAllowed(id) { rough.insert(row) }
    }
    let first = Set(rough.sorted().map(\.id))
    var exact = TopK(limit: limit)
    for id in first { exact.insert(ScoredRow(id: id, score: try score(id, lists))) }
    try table.forEach { id, bound in
      let row = ScoredRow(id: id, score: Double(bound))
      guard exact.worst.map({ $0 < row }) ?? false, !first.contains(id), try isAllowed(id)
      else { return }
      exact.insert(ScoredRow(id: id, score: try score(id, lists)))
    }
    return exact.sorted()
  }

  /// The chunks that hold what the question leaves out.
  mutating func excludedRows() throws -> Set<Int64> {
    var rows = Set<Int64>()
    for phrase in query.excluded { rows.formUnion(try postings(of: phrase).rows) }
    return rows
  }

  private static func saturated(_ frequency: Float, norm: Float) -> Float {
    frequency * (k1 + 1) / (frequency + k1 * norm)
  }

  private func score(_ id: Int64, _ lists: [List]) throws -> Double {
    let length = Float(try index.length(of: id) ?? 0)
    let norm = 1 - Self.b + Self.b * length / Float(index.meanLength)
    var score: Float = 0
    for list in lists {
      guard let row = list.postings.index(of: id) else { continue }
      score += list.weight * Self.saturated(list.frequencies[row], norm: norm)
    }
    return Double(score)
  }

  private mutating func lists() throws -> [List] {
    var lists: [List] = []
    for term in query.terms {
      var found = Postings()
      for spelling in term.spellings {
        found = found.union(
          try postings(of: term.isOpen ? spelling : index.term(of: spelling), isPrefix: term.isOpen)
        )
      }
      lists.append(list(found, weight: 1, isReason: !term.isWeak))
      if let prefix = term.prefix {
        lists.append(
          list(
            try postings(of: index.term(of: prefix), isPrefix: true), weight: Self.prefixWeight,
            isReason: !term.isWeak))
      }
    }
    for phrase in query.phrases {
      lists.append(list(try postings(of: phrase), weight: 1, isReason: true))
    }
    for pair in query.pairs {
      lists.append(list(try postings(of: pair), weight: Self.pairWeight, isReason: false))
    }
    return lists.filter { !$0.postings.rows.isEmpty }
  }

  private func list(_ postings: Postings, weight: Float, isReason: Bool) -> List {
    let weights = IndexedText.Column.allCases.map(\.weight)
    let frequencies = postings.rows.indices.map { row in
      postings.places(at: row).reduce(into: Float(0)) { sum, place in
        let column = Postings.column(of: place)
        sum += column < weights.count ? weights[column] : 0
      }
    }
    let count = Double(postings.rows.count)
    let odds = (max(0, Double(index.rows) - count) + 0.5) / (count + 0.5)
    // Half of Lucene's where a word is in so many chunks that the classic one comes near 0 or below.
    let frequency = Float(max(log(odds), log(1 + odds) / 2))
    return List(
      postings: postings, frequencies: frequencies, weight: weight * frequency, isReason: isReason)
  }

  private mutating func postings(of term: String, isPrefix: Bool) throws -> Postings {
    let key = isPrefix ? term + "*" : term
    if let known = cache[key] { return known }
    let found = try index.postings(of: term, isPrefix: isPrefix)
    cache[key] = found
    return found
  }

  /// The rows in which words stand side by side.
  private mutating func postings(of phrase: LexicalQuery.Phrase) throws -> Postings {
    var found: Postings?
    for (number, word) in phrase.words.enumerated() {
      let isPrefix = phrase.isOpen && number == phrase.words.count - 1
      let next = try postings(
        of: isPrefix ? word : try index.term(of: word), isPrefix: isPrefix)
      found = found?.followed(by: next) ?? next
    }
    return found ?? Postings()
  }
}

/// Scores by chunk.
private struct Table {
  private let first: Int64
  /// The place of an id, if ids lie too far apart to have one each.
  private var slots: [Int64: Int] = [:]
  private var ids: [Int64] = []
  private var scores: [Float]

  init(_ lists: [Postings], maximumSpan: Int64) {
    first = lists.compactMap(\.rows.first).min() ?? 0
    let last = lists.compactMap(\.rows.last).max() ?? 0
    let (span, overflows) = last.subtractingReportingOverflow(first)
    if !overflows, span < maximumSpan {
      scores = Array(repeating: 0, count: Int(span) + 1)
    } else {
      ids = Set(lists.flatMap(\.rows)).sorted()
      slots = Dictionary(uniqueKeysWithValues: zip(ids, ids.indices))
      scores = Array(repeating: 0, count: ids.count)
    }
  }

  private func slot(_ id: Int64) -> Int? {
    if ids.isEmpty {
      let slot = Int(id &- first)
      return slot >= 0 && slot < scores.count ? slot : nil
    }
    return slots[id]
  }

  /// Adds to the scores of rows.
  ///
  /// - Parameter onlyToKnown: whether rows without a score stay without.
  mutating func add(_ postings: Postings, onlyToKnown: Bool, _ score: (Int) -> Float) {
    for (index, id) in postings.rows.enumerated() {
      guard let slot = slot(id), !onlyToKnown || scores[slot] > 0 else { continue }
      scores[slot] += score(index)
    }
  }

  /// Takes the scores of all other rows away.
  mutating func keep(_ rows: [Int64]) {
    var kept = Array(repeating: Float(0), count: scores.count)
    for slot in rows.compactMap(slot) { kept[slot] = scores[slot] }
    scores = kept
  }

  /// Takes the scores of rows away.
  mutating func remove(_ rows: [Int64]) {
    for slot in rows.compactMap(slot) { scores[slot] = 0 }
  }

  /// Calls `body` for each row with a score.
  func forEach(_ body: (Int64, Float) throws -> Void) rethrows {
    for slot in scores.indices where scores[slot] > 0 {
      try body(ids.isEmpty ? first + Int64(slot) : ids[slot], scores[slot])
    }
  }
}
