// The word index of a store on PostgreSQL: texts as `tsvector`, and the chunks that may answer a question.

#if Postgres
  import Foundation
  import GRDB
  import Synchronization
  import VectorStorePostgres

  /// Writes and reads the words of chunks: the same words, folded and stemmed by the same code, as those of a
  /// file, so that both find the same.
  enum PostgresWords {
    /// PostgreSQL's limits: places in a text, the bytes of a word.
    fileprivate static let (mostPlaces, longestWord) = (16_383, 2_046)
    /// Between the places of two columns: their words never stand side by side.
    private static let gap = 2

    /// The letter of a column's words. D is that of words without one.
    fileprivate static func letter(of column: IndexedText.Column) -> String {
      switch column {
      case .text: "D"
      case .title: "A"
      case .headings: "B"
      case .names: "C"
      }
    }

    /// Takes chunks out of the index, and puts others in.
    static func change(removed: [Int64], added: [Int64], _ db: PostgresTransaction) throws {
      var counts: [String: Int] = [:]
      var (rows, length) = (0, 0)
      if !removed.isEmpty {
        let ids = BulkValue.text(array(removed))
        try db.forEachRow(
          bulk: """
            SELECT word, COUNT(*) FROM chunk_words w, unnest(tsvector_to_array(w.words)) word
            WHERE w.chunk_id = ANY (?::bigint[]) GROUP BY word
            """, ids
        ) { counts[try $0.text(0), default: 0] -= Int(try $0.integer(1)) }
        try db.forEachRow(
          bulk: """
            WITH gone AS (DELETE FROM chunk_words WHERE chunk_id = ANY (?::bigint[]) RETURNING length)
            SELECT COUNT(*), COALESCE(SUM(length), 0) FROM gone
            """, ids
        ) {
          rows -= Int(try $0.integer(0))
          length -= Int(try $0.integer(1))
        }
      }
      try IndexedChunk.forEach(added, db) { chunk in
        let words = try Words(chunk)
        for word in words.places.keys { counts[word, default: 0] += 1 }
        rows += 1
        length += words.length
        try db.run(
          bulk: """
            INSERT INTO chunk_words(collection_id, chunk_id, words, length)
            VALUES ((SELECT collection_id FROM chunks WHERE id = ?1), ?1, ?2::tsvector, ?3)
            ON CONFLICT (collection_id, chunk_id) DO UPDATE
              SET words = excluded.words, length = excluded.length
            """, .integer(chunk.id), .text(words.text), .integer(Int64(words.length)))
      }
      counts = counts.filter { $0.value != 0 }
      guard rows != 0 || !counts.isEmpty else { return }
      try db.run(
        bulk: """
          INSERT INTO word_counts AS known (word, chunks)
          SELECT word, change FROM unnest(?::text[], ?::bigint[]) AS n(word, change)
          ON CONFLICT (word) DO UPDATE SET chunks = known.chunks + excluded.chunks
          """, .text(array(counts.keys.map(quoted))), .text(array(counts.values)))
      try db.run(
        bulk: "UPDATE word_totals SET chunks = chunks + ?, length = length + ? WHERE id = 1",
        .integer(Int64(rows)), .integer(Int64(length)))
    }

    /// Counts in how many chunks each word stands, from the chunks.
    ///
    /// - Complexity: reads the words of all chunks.
    static func countAgain(_ db: any SQLTransaction) throws {
      try db.run(bulk: "DELETE FROM word_counts")
      try db.run(
        bulk: """
          INSERT INTO word_counts(word, chunks) SELECT word, COUNT(*)
          FROM chunk_words w, unnest(tsvector_to_array(w.words)) word GROUP BY word
          """)
      try db.run(
        bulk: """
          UPDATE word_totals SET (chunks, length) =
            (SELECT COUNT(*), COALESCE(SUM(length), 0) FROM chunk_words) WHERE id = 1
          """)
    }

    /// The words of a chunk with their places.
    private struct Words {
      var places: [String: [(place: Int, letter: String)]] = [:]
      /// How many words its text has.
      var length = 0

      init(_ chunk: IndexedChunk) throws {
        var next = 1
        for column in IndexedText.Column.allCases {
          let words = try Stemmer.shared.stems(of: chunk.columns[column] ?? "")
          if column == .text { length = words.count }
          for word in words {
            if word.utf8.count <= PostgresWords.longestWord {
              places[word, default: []].append(
                (min(next, PostgresWords.mostPlaces), PostgresWords.letter(of: column)))
            }
            next += 1
          }
          next += PostgresWords.gap
        }
      }

      /// As PostgreSQL reads it: `'word':1,7A`.
      var text: String {
        places.map { word, places in
          PostgresWords.lexeme(word) + ":"
            + places.prefix(255).map { "\($0.place)\($0.letter)" }.joined(separator: ",")
        }.joined(separator: " ")
      }
    }

    /// A word in quotes, as `tsvector` and `tsquery` take it.
    fileprivate static func lexeme(_ word: String) -> String {
      "'" + word.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }

    private static func array(_ values: some Sequence<some CustomStringConvertible>) -> String {
      "{" + values.map(\.description).joined(separator: ",") + "}"
    }

    private static func quoted(_ word: String) -> String {
      "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
  }

  /// SQLite's Porter stemmer, which needs a database: one in memory.
  private final class Stemmer: Sendable {
    static let shared = Stemmer()

    private struct State {
      var queue: DatabaseQueue?
    }

    private let state = Mutex(State())

    /// The stems of folded words with spaces between them.
    func stems(of text: String) throws -> [String] {
      guard !text.isEmpty else { return [] }
      return try state.withLock { state in
        let queue = try state.queue ?? DatabaseQueue()
        state.queue = queue
        return try queue.read { db in
          try db.makeTokenizer(.porter(wrapping: .ascii(tokenCharacters: Set("@#.$+"))))
            .tokenize(document: text).map(\.token)
        }
      }
    }
  }

  /// The chunks of a collection that may answer a question by words, as ``WordRanking`` reads them.
  ///
  /// A file's index gives every chunk of a word. Over a network that is too much: the server looks up those that
  /// have any word of the question, and sends the likeliest, which are then scored as those of a file. How rare
  /// a word is, it knows of all chunks.
  struct PostgresWordIndex: WordPostings {
    /// How many of the likeliest chunks are scored at least, and for each hit that is asked for.
    private static let (leastCandidates, perHit) = (1000, 10)

    /// Chunks of words that begin alike are counted one by one up to this sum.
    private static let mostCounted = 5000

    let rows: Int
    let meanLength: Double
    /// In how many chunks of the store a term stands, or one that begins so (with a star).
    private var counts: [String: Int] = [:]
    private var lengths: [Int64: Int] = [:]
    /// In which of the chunks each term of the question stands, and where, by rising chunk.
    private var places: [String: [(chunk: Int64, places: [UInt32])]] = [:]

    init(
      _ query: LexicalQuery, in collection: Int64, _ selection: FilterSelection?, depth: Int,
      _ db: any SQLTransaction
    ) throws {
      let totals = try db.firstRow(bulk: "SELECT chunks, length FROM word_totals WHERE id = 1") {
        (rows: try $0.count(0), length: try $0.count(1))
      }
      rows = totals?.rows ?? 0
      meanLength = rows > 0 ? max(1, Double(totals?.length ?? 0) / Double(rows)) : 1
      let question = try Question(query)
      guard !question.reasons.isEmpty, rows > 0 else { return }
      try count(question.reasons, db)
      try load(question, collection, selection, max(Self.leastCandidates, Self.perHit * depth), db)
    }

    /// The chunks of a collection that hold what a question leaves out.
    static func excluded(
      _ query: LexicalQuery, in collection: Int64, _ db: any SQLTransaction
    ) throws -> Set<Int64> {
      let phrases = try query.excluded.compactMap { try Question.phrase($0) }
      guard !phrases.isEmpty else { return [] }
      return Set(
        try Int64.fetchAll(
          db,
          sql: """
            SELECT chunk_id FROM chunk_words WHERE collection_id = ? AND words @@ ?::tsquery
            """, arguments: [collection, phrases.joined(separator: " | ")]))
    }

    /// A question as the server takes it.
    private struct Question {
      struct Term: Hashable {
        let text: String
        let isPrefix: Bool

        var key: String { isPrefix ? text + "*" : text }
        var lexeme: String { PostgresWords.lexeme(text) + (isPrefix ? ":*" : "") }
      }

      /// Any of which is a reason for a hit.
      var reasons: [Term] = []
      /// What else is looked up: words that may stand side by side.
      var others: [Term] = []
      /// What must match and what must not, as a `tsquery`.
      let condition: String

      init(_ query: LexicalQuery) throws {
        var reasons: Set<Term> = []
        for term in query.terms {
          for spelling in term.spellings {
            let text = term.isOpen ? spelling : try Self.stem(spelling)
            reasons.insert(Term(text: text, isPrefix: term.isOpen))
          }
          for prefix in term.prefixes {
            reasons.insert(Term(text: try Self.stem(prefix), isPrefix: true))
          }
        }
        let phrases = try query.phrases.compactMap { try Self.phrase($0) }
        for phrase in query.phrases {
          for word in phrase.words {
            reasons.insert(Term(text: try Self.stem(word), isPrefix: false))
          }
        }
        self.reasons = reasons.filter { !$0.text.isEmpty }.sorted { $0.key < $1.key }
        others = try Set(
          query.pairs.flatMap(\.words).map { Term(text: try Self.stem($0), isPrefix: false) }
        ).subtracting(reasons).sorted { $0.key < $1.key }
        let any = self.reasons.map(\.lexeme).joined(separator: " | ")
        let excluded = try query.excluded.compactMap { try Self.phrase($0) }
        condition = (["(\(any))"] + phrases.map { "(\($0))" } + excluded.map { "!(\($0))" })
          .joined(separator: " & ")
      }

      static func phrase(_ phrase: LexicalQuery.Phrase) throws -> String? {
        let words = try phrase.words.enumerated().map { number, word in
          let isOpen = phrase.isOpen && number == phrase.words.count - 1
          return Term(text: isOpen ? word : try stem(word), isPrefix: isOpen).lexeme
        }
        return words.isEmpty ? nil : words.joined(separator: " <-> ")
      }

      static func stem(_ word: String) throws -> String {
        try Stemmer.shared.stems(of: word).first ?? word
      }
    }

    private mutating func count(_ terms: [Question.Term], _ db: any SQLTransaction) throws {
      for term in terms {
        // In byte order: a word that begins so is at least it, and less than it with the greatest letter.
        let condition = term.isPrefix ? "word >= ?1 AND word < ?1 || '\u{10FFFF}'" : "word = ?1"
        var count = try Int.fetchOne(
          db, sql: "SELECT COALESCE(SUM(chunks), 0) FROM word_counts WHERE \(condition)",
          arguments: [term.text])
        // A chunk may have several words that begin so.
        if term.isPrefix, let sum = count, sum > 1, sum <= Self.mostCounted {
          count = try Int.fetchOne(
            db, sql: "SELECT COUNT(*) FROM chunk_words WHERE words @@ ?::tsquery",
            arguments: [term.lexeme])
        }
        counts[term.key] = min(rows, count ?? 0)
      }
    }

    private mutating func load(
      _ question: Question, _ collection: Int64, _ selection: FilterSelection?, _ limit: Int,
      _ db: any SQLTransaction
    ) throws {
      // The likeliest: by how rare the words are that a chunk has, then by how often it has them.
      let parts = question.reasons.map { term in
        let count = Double(counts[term.key] ?? 0)
        let weight = log(1 + (Double(rows) - count + 0.5) / (count + 0.5))
        return "CASE WHEN w.words @@ ?::tsquery THEN \(weight) ELSE 0 END"
      }
      let filter = selection.map { " AND w.chunk_id IN (SELECT id FROM (\($0.chunks)) f)" }
      let values: [BulkValue] =
        [.integer(collection), .text(question.condition)] + (selection?.arguments ?? [])
        + question.reasons.map { .text($0.lexeme) }
        + [.text(question.reasons.map(\.lexeme).joined(separator: " | ")), .integer(Int64(limit))]
      let reader = WordsReader(question.reasons + question.others)
      var found: [(chunk: Int64, places: [[UInt32]])] = []
      try db.forEachRow(
        bulk: """
          SELECT w.chunk_id, w.length, tsvectorsend(w.words) FROM chunk_words w
          WHERE w.collection_id = ? AND w.words @@ ?::tsquery\(filter ?? "")
          ORDER BY \(parts.joined(separator: " + "))
            + ts_rank('{0.3, 1, 0.7, 1}', w.words, ?::tsquery, 1) DESC, w.chunk_id LIMIT ?
          """, values, keeps: false
      ) { row in
        let id = try row.integer(0)
        lengths[id] = try row.count(1)
        found.append((id, try reader.places(in: row.blob(2))))
      }
      found.sort { $0.chunk < $1.chunk }
      for (number, term) in reader.terms.enumerated() {
        places[term.key] = found.compactMap { chunk, places in
          places[number].isEmpty ? nil : (chunk, places[number])
        }
      }
    }

    /// Finds some terms in a `tsvector` in its binary form: the number of its words; then of each its bytes up to
    /// a 0, the number of its places, and these, the column's letter in the upper two bits.
    private struct WordsReader {
      let terms: [Question.Term]
      private let bytes: [[UInt8]]
      /// The terms that begin with a byte: most words begin with none of them.
      private var numbers: [[Int]] = Array(repeating: [], count: 256)

      init(_ terms: [Question.Term]) {
        self.terms = terms
        bytes = terms.map { Array($0.text.utf8) }
        for (number, bytes) in bytes.enumerated() {
          if let first = bytes.first { numbers[Int(first)].append(number) }
        }
      }

      /// The places of each term, rising.
      func places(in words: UnsafeRawBufferPointer) -> [[UInt32]] {
        var places: [[UInt32]] = Array(repeating: [], count: terms.count)
        var index = 4
        while index < words.count {
          let start = index
          while index < words.count, words[index] != 0 { index += 1 }
          let word = UnsafeRawBufferPointer(rebasing: words[start..<index])
          guard index + 2 < words.count, let first = word.first else { break }
          let count = Int(words[index + 1]) << 8 | Int(words[index + 2])
          index += 3
          guard index + 2 * count <= words.count else { break }
          for number in numbers[Int(first)] {
            let term = bytes[number]
            guard terms[number].isPrefix ? word.starts(with: term) : word.elementsEqual(term) else {
              continue
            }
            for place in 0..<count {
              let value =
                UInt32(words[index + 2 * place]) << 8 | UInt32(words[index + 2 * place + 1])
              places[number].append(Self.place(value))
            }
          }
          index += 2 * count
        }
        for number in places.indices { places[number].sort() }
        return places
      }

      /// A place as ``Postings`` has it. The letters A, B, C and D are 3, 2, 1 and 0.
      private static func place(_ value: UInt32) -> UInt32 {
        let column: IndexedText.Column =
          switch value >> 14 {
          case 3: .title
          case 2: .headings
          case 1: .names
          default: .text
          }
        return UInt32(column.rawValue) << Postings.placeBits | (max(1, value & 0x3FFF) - 1)
      }
    }

    func term(of word: String) throws -> String { try Question.stem(word) }

    func length(of row: Int64) -> Int? { lengths[row] }

    func postings(of term: String, isPrefix: Bool, hasPlaces: Bool) -> Postings {
      var postings = Postings(hasPlaces: hasPlaces)
      let key = isPrefix ? term + "*" : term
      for (chunk, places) in places[key] ?? [] { postings.append(chunk, places: places) }
      postings.total = counts[key]
      return postings
    }
  }
#endif
