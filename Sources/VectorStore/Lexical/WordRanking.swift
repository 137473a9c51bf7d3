// Ranks chunks by the words of a question: BM25 over the columns of the word index.

import Foundation
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

  private let index: any WordPostings
  private let meanLength: Float
  private let query: LexicalQuery
  private var cache: [String: Postings] = [:]
  /// The rows of each word of the question and of its other forms, and how rare it is; once it is ranked.
  private var words: [(rarity: Double, rows: [[Postings.Row]])] = []

  init(_ query: LexicalQuery, _ index: any WordPostings) {
    self.query = query
    self.index = index
    meanLength = Float(index.meanLength)
  }

  /// The rows of one word, and what it counts.
  private struct List {
    let rows: [Postings.Row]
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
    var table = ScoreTable(lists.map(\.rows))
    for list in lists { table.noteLengths(list.rows) }
    table.makeNorms { norm(length: $0) }
    for list in lists {
      table.add(list.rows, onlyToKnown: !list.isReason) {
        list.weight * Self.saturated($0, norm: $1)
      }
    }
    for phrase in query.phrases { table.keep(try postings(of: phrase).rows) }
    for phrase in query.excluded { table.remove(try postings(of: phrase).rows) }

    // To know how long a text is takes a look-up for each row. Most rows need none: what the words' places tell of
    // it bounds the score. The best by their bounds are scored, then those whose bound is above the last of them.
    var rough = TopK(limit: limit)
    try table.forEach { id, bound, least in
      guard try isAllowed(id) else { return }
      rough.insert(ScoredRow(id: id, score: Double(bound)))
      least = rough.worst.map { Float($0.score).nextUp } ?? 0
    }
    let first = Set(rough.sorted().map(\.id))
    var exact = TopK(limit: limit)
    for id in first { exact.insert(ScoredRow(id: id, score: try score(id, lists))) }
    guard let worst = exact.worst else { return exact.sorted() }
    try table.forEach(from: Float(worst.score)) { id, bound, least in
      guard !first.contains(id), try isAllowed(id) else { return }
      exact.insert(ScoredRow(id: id, score: try score(id, lists)))
      least = Float(exact.worst?.score ?? 0)
    }
    return exact.sorted()
  }

  /// Which part of the question's words a chunk has, from 0 to 1, rare words counting more; nil before it is ranked,
  /// and for a question without words.
  func share(of id: Int64) -> Double? {
    let all = words.reduce(0) { $0 + $1.rarity }
    guard all > 0 else { return nil }
    return words.reduce(0) { sum, word in
      sum + (word.rows.contains { $0.row(of: id) != nil } ? word.rarity : 0)
    } / all
  }

  /// Whether so few chunks have words that they do not tell how rare a word is.
  var isAmongFew: Bool { index.rows < ChanceSample.minimum }

  /// The chunks that hold what the question leaves out.
  mutating func excludedRows() throws -> Set<Int64> {
    var rows = Set<Int64>()
    for phrase in query.excluded { rows.formUnion(try postings(of: phrase).rows.map(\.id)) }
    return rows
  }

  /// What a word counts for its frequency in a text.
  private static func saturated(_ frequency: Float, norm: Float) -> Float {
    frequency * (k1 + 1) / (frequency + norm)
  }

  /// What the length of a text in words takes from its words; never less for a longer one.
  private func norm(length: Float) -> Float {
    Self.k1 * (1 - Self.b + Self.b * length / meanLength)
  }

  private func score(_ id: Int64, _ lists: [List]) throws -> Double {
    let norm = norm(length: Float(try index.length(of: id) ?? 0))
    // In the order of the bounds: then no rounding lifts it above its own.
    return Double(
      lists.reduce(Float(0)) { sum, list in
        guard let row = list.rows.row(of: id) else { return sum }
        return sum + list.weight * Self.saturated(row.frequency, norm: norm)
      })
  }

  /// What may be the reason for a hit first.
  private mutating func lists() throws -> [List] {
    var lists: [List] = []
    for term in query.terms {
      var spellings: Set<String> = []
      var found = Postings()
      for spelling in term.spellings {
        let key = term.isOpen ? spelling : try index.term(of: spelling)
        guard spellings.insert(key).inserted else { continue }
        found = found.union(
          try postings(of: key, isPrefix: term.isOpen, hasPlaces: isInPhrase(spelling)))
      }
      lists.append(list(found, weight: 1, isReason: !term.isWeak))
      var forms = [found]
      for prefix in term.prefixes {
        let others = try postings(of: index.term(of: prefix), isPrefix: true, hasPlaces: false)
        lists.append(list(others, weight: Self.prefixWeight, isReason: !term.isWeak))
        forms.append(others)
      }
      if !term.isWeak { note(forms) }
    }
    for phrase in query.phrases {
      let found = try postings(of: phrase)
      lists.append(list(found, weight: 1, isReason: true))
      note([found])
    }
    for pair in query.pairs {
      lists.append(list(try postings(of: pair), weight: Self.pairWeight, isReason: false))
    }
    lists.removeAll { $0.rows.isEmpty }
    return lists.filter(\.isReason) + lists.filter { !$0.isReason }
  }

  /// Notes the rows of a word and its other forms.
  private mutating func note(_ forms: [Postings]) {
    words.append((log(1 + odds(forms.lazy.map(\.count).max() ?? 0)), forms.map(\.rows)))
  }

  /// How many chunks do not have a word for each that has it.
  private func odds(_ count: Int) -> Double {
    (max(0, Double(index.rows) - Double(count)) + 0.5) / (Double(count) + 0.5)
  }

  private func list(_ postings: Postings, weight: Float, isReason: Bool) -> List {
    let odds = odds(postings.count)
    // Half of Lucene's where a word is in so many chunks that the classic one comes near 0 or below.
    let frequency = Float(max(log(odds), log(1 + odds) / 2))
    return List(rows: postings.rows, weight: weight * frequency, isReason: isReason)
  }

  /// Whether the places of a word are asked for.
  private func isInPhrase(_ word: String) -> Bool {
    [query.pairs, query.phrases, query.excluded].joined().contains { $0.words.contains(word) }
  }

  private mutating func postings(
    of term: String, isPrefix: Bool, hasPlaces: Bool
  ) throws -> Postings {
    let key = (isPrefix ? term + "*" : term)
    if let known = cache[key], known.hasPlaces || !hasPlaces { return known }
    let found = try index.postings(of: term, isPrefix: isPrefix, hasPlaces: hasPlaces)
    cache[key] = found
    return found
  }

  /// The rows in which words stand side by side.
  private mutating func postings(of phrase: LexicalQuery.Phrase) throws -> Postings {
    var found: Postings?
    for (number, word) in phrase.words.enumerated() {
      let isPrefix = phrase.isOpen && number == phrase.words.count - 1
      let next = try postings(
        of: isPrefix ? word : try index.term(of: word), isPrefix: isPrefix, hasPlaces: true)
      found = found?.followed(by: next) ?? next
    }
    return found ?? Postings()
  }
}

/// Scores by chunk.
private struct ScoreTable {
  /// The most rows of a table with one for every id between the first and the last.
  private static let maximumSpan: Int64 = 1 << 24

  private let first: Int64
  /// The place of an id, if ids lie too far apart to have one each.
  private var slots: [Int64: Int] = [:]
  private var ids: [Int64] = []
  private var scores: [Float]
  /// What the least length of each text takes from its words; before that is known, the length.
  private var norms: [Float]

  init(_ lists: [[Postings.Row]]) {
    first = lists.compactMap(\.first?.id).min() ?? 0
    let last = lists.compactMap(\.last?.id).max() ?? 0
    let (span, overflows) = last.subtractingReportingOverflow(first)
    if !overflows, span < Self.maximumSpan, span / 64 <= lists.reduce(0, { $0 + $1.count }) {
      scores = Array(repeating: 0, count: Int(span) + 1)
    } else {
      ids = Set(lists.joined().lazy.map(\.id)).sorted()
      slots = Dictionary(uniqueKeysWithValues: zip(ids, ids.indices))
      scores = Array(repeating: 0, count: ids.count)
    }
    norms = scores
  }

  private func slot(_ id: Int64) -> Int? {
    if ids.isEmpty {
      let slot = Int(id &- first)
      return slot >= 0 && slot < scores.count ? slot : nil
    }
    return slots[id]
  }

  /// Notes how long texts are at least.
  mutating func noteLengths(_ rows: [Postings.Row]) {
    for row in rows {
      if let slot = slot(row.id) { norms[slot] = max(norms[slot], Float(row.length)) }
    }
  }

  /// Makes norms of the lengths.
  mutating func makeNorms(_ norm: (Float) -> Float) {
    for slot in norms.indices { norms[slot] = norm(norms[slot]) }
  }

  /// Adds to the scores of rows what `score` makes of a frequency and a norm.
  ///
  /// - Parameter onlyToKnown: whether rows without a score stay without.
  @inline(__always)
  mutating func add(
    _ rows: [Postings.Row], onlyToKnown: Bool, _ score: (Float, Float) -> Float
  ) {
    for row in rows {
      guard let slot = slot(row.id), !onlyToKnown || scores[slot] > 0 else { continue }
      scores[slot] += score(row.frequency, norms[slot])
    }
  }

  /// Takes the scores of all other rows away.
  mutating func keep(_ rows: [Postings.Row]) {
    var kept = Array(repeating: Float(0), count: scores.count)
    for slot in rows.compactMap({ slot($0.id) }) { kept[slot] = scores[slot] }
    scores = kept
  }

  /// Takes the scores of rows away.
  mutating func remove(_ rows: [Postings.Row]) {
    for slot in rows.compactMap({ slot($0.id) }) { scores[slot] = 0 }
  }

  /// Calls `body` for each row with a score above 0 that is at least the least that is asked for, which `body` may raise.
  func forEach(
    from least: Float = 0, _ body: (Int64, Float, inout Float) throws -> Void
  ) rethrows {
    var least = least
    for (slot, score) in scores.enumerated() where score >= least && score > 0 {
      try body(ids.isEmpty ? first + Int64(slot) : ids[slot], score, &least)
    }
  }
}

extension [Postings.Row] {
  /// The row of a chunk.
  fileprivate func row(of id: Int64) -> Postings.Row? {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low].id == id ? self[low] : nil
  }
}
