// Checks texts, their hashes and the word index.

import Foundation
import GRDB
import VectorStoreText

/// Three witnesses of one text: itself, its hash, and its copy in the word index.
///
/// If two of them agree, the third is rebuilt from them, unless it is the text itself: that is reported.
struct TextsCheck: StoreCheck {
  let names = [DoctorReport.Name.texts, .words]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    let audit = try TextsAudit(db)
    var texts = audit.damagedTexts
    texts.add(audit.wrongHashes)
    texts.add(try Self.impossiblePlaces(db))
    var words = audit.words
    if try !WordIndexProbe(db).isWhole() {
      words.add("the index itself is not what its texts make")
    }
    let documents =
      "if the text or its place changed, remove the document and add it again"
    return [
      texts.check(
        .texts, well: "\(audit.count) texts are those of their hashes",
        found: "texts are not those of their hashes, or are missing or out of place",
        advice: "a repair corrects the hash of a text that the word index confirms; "
          + documents),
      words.check(
        .words, well: "the word index has the words of all texts",
        found: "places where the word index and the texts differ",
        advice: "a repair builds the word index again"),
    ]
  }

  /// Chunks at places where no text can be, and documents that lack one.
  private static func impossiblePlaces(_ db: Database) throws -> Findings {
    var findings = Findings()
    try db.forEachRawRow(
      bulk: """
        SELECT id FROM chunks WHERE ordinal NOT BETWEEN 0 AND ?1 OR line NOT BETWEEN 0 AND ?1
          OR start_scalar NOT BETWEEN 0 AND ?1 OR end_scalar NOT BETWEEN start_scalar AND ?1
        """, .integer(1 << 31)
    ) { row in
      try findings.add("\(RowNames.chunk(row.integer(0), db)): its place in the text is impossible")
    }
    try db.forEachRawRow(
      bulk: """
        SELECT document_id FROM chunks GROUP BY document_id
        HAVING MIN(ordinal) <> 0 OR MAX(ordinal) <> COUNT(*) - 1
        UNION ALL SELECT id FROM documents WHERE content_hash IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM chunks WHERE document_id = documents.id)
        """
    ) { row in
      try findings.add("\(RowNames.document(row.integer(0), db)): a chunk of it is missing")
    }
    return findings
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.writeDatabase { db in
      let audit = try TextsAudit(db)
      var done: [DoctorReport.Name: String] = [:]
      if !audit.rehashed.isEmpty {
        try TextsAudit.setHashes(of: audit.rehashed, db)
        done[.texts] = "\(audit.rehashed.count) hashes were corrected"
      }
      guard try audit.words.count > 0 || !WordIndexProbe(db).isWhole() else { return done }
      try WordsRepair.rebuild(keeping: audit.kept, db)
      done[.words] = "the word index was built again"
      return done
    }
  }
}

/// What one pass over all texts finds.
struct TextsAudit {
  /// How many texts there are.
  private(set) var count = 0
  /// Texts that neither their hash nor the word index confirms.
  private(set) var damagedTexts = Findings()
  /// Hashes that are wrong, since text and word index agree.
  private(set) var wrongHashes = Findings()
  /// Chunks that the word index does not have, or has with other words, and rows of no text.
  private(set) var words = Findings()
  /// Chunks whose hash is to be corrected.
  private(set) var rehashed: [Int64] = []
  /// Damaged texts: what the word index says of them is kept, it may be the right one.
  private(set) var kept: Set<Int64> = []

  /// Whether the file's word index is of an earlier format, which an upgrade replaces.
  private let isOlder: Bool

  /// - Complexity: reads all texts twice, as they are and as they are indexed; SHA-256 of each.
  init(_ db: Database) throws {
    isOlder = try WordIndexProbe.isOlder(db)
    try db.forEachRawRow(
      bulk: """
        SELECT c.id, c.text, c.text_hash, f.id, f.c0 FROM chunks c
        LEFT JOIN chunk_search_content f ON f.id = c.id WHERE c.text IS NOT NULL ORDER BY c.id
        """
    ) { row in try take(row, db) }
    try db.forEachRawRow(
      bulk: """
        SELECT f.id FROM chunk_search_content f
        WHERE NOT EXISTS (SELECT 1 FROM chunks c WHERE c.id = f.id AND c.text IS NOT NULL)
        """
    ) { row in words.add("the word index has words of chunk \(row.integer(0)), which has no text") }
  }

  private mutating func take(_ row: RawRow, _ db: Database) throws {
    count += 1
    let chunk = row.integer(0)
    let isIndexed = !row.isNull(3)
    let isHashed = SHA256.hash(row.blob(1)).elementsEqual(row.blob(2))
    let agrees = isIndexed && (isOlder ? isHashed : Self.isIndexed(row))
    if !isHashed, agrees {
      try wrongHashes.add("\(RowNames.chunk(chunk, db)): the hash is another one's")
      rehashed.append(chunk)
    } else if !isHashed {
      try damagedTexts.add(
        "\(RowNames.chunk(chunk, db)): neither its hash nor the word index has this text")
      kept.insert(chunk)
    } else if !isIndexed {
      try words.add("\(RowNames.chunk(chunk, db)): its words are missing")
    } else if !agrees {
      try words.add("\(RowNames.chunk(chunk, db)): other words are indexed")
    }
  }

  /// Whether the words of a row are those that its text makes.
  private static func isIndexed(_ row: RawRow) -> Bool {
    let (text, words) = (row.blob(1), row.blob(4))
    return IndexedText.make(from: String(decoding: text, as: UTF8.self)).utf8.elementsEqual(words)
  }

  /// Sets the hashes of chunks to those of their texts.
  static func setHashes(of chunks: [Int64], _ db: Database) throws {
    for chunk in chunks {
      let text = try String.fetchOne(
        db.cachedStatement(sql: "SELECT text FROM chunks WHERE id = ?"), arguments: [chunk])
      guard let text else { continue }
      try db.cachedStatement(sql: "UPDATE chunks SET text_hash = ? WHERE id = ?")
        .execute(arguments: [TextHash.of(text), chunk])
    }
  }
}

extension Sequence where Element == UInt8 {
  fileprivate func elementsEqual(_ bytes: UnsafeRawBufferPointer) -> Bool {
    elementsEqual(bytes, by: ==)
  }
}

/// Asks FTS5 whether the word index is what the texts in it make.
///
/// FTS5 takes the question as an `INSERT`, which a read-only connection refuses. So a table of the same
/// form is made in the connection's temporary database, with a copy of the index and a view of the texts.
struct WordIndexProbe {
  private static let parts = ["data", "idx", "docsize", "config"]

  let db: Database

  init(_ db: Database) {
    self.db = db
  }

  /// - Complexity: copies the index, not the texts; takes all texts apart into words.
  func isWhole() throws -> Bool {
    if try Self.isOlder(db) { return true }
    try drop()
    defer { try? drop() }
    let columns = IndexedText.Column.allCases.map { "c\($0.rawValue) AS \($0.name)" }
      .joined(separator: ", ")
    do {
      _ = try Int64.fetchOne(
        db, sql: "SELECT rowid FROM main.chunk_search WHERE chunk_search MATCH 'a' LIMIT 1")
    } catch let error as DatabaseError
      where [.SQLITE_ERROR, .SQLITE_CORRUPT].contains(error.resultCode)
    {
      // FTS5 opens no index whose own settings are not what it wrote, and has no code of damage for it.
      return false
    }
    guard try hasAllPages() else { return false }
    do {
      try db.execute(
        sql: """
          CREATE TEMP VIEW probe_texts AS SELECT id AS rowid, \(columns) FROM main.chunk_search_content;
          CREATE VIRTUAL TABLE temp.probe USING fts5(\(IndexedText.declaration), content='probe_texts');
          """)
      for part in Self.parts {
        try db.execute(
          sql: """
            DELETE FROM temp.probe_\(part);
            INSERT INTO temp.probe_\(part) SELECT * FROM main.chunk_search_\(part);
            """)
      }
      try db.execute(sql: "INSERT INTO temp.probe(probe, rank) VALUES ('integrity-check', 1)")
      return true
    } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
      return false
    }
  }

  /// Whether `chunk_search_idx` leads to just those pages on which a word begins. FTS5's own check does not
  /// look, and words of pages that it does not lead to are not found.
  ///
  /// The number of a page is its segment's number in the upper bits, a mark of what is no leaf in bits 31
  /// to 36, and its place below. A leaf has bytes after those that its head counts if a word begins on it
  /// (sqlite.org/fts5.html, "Appendix A: FTS5 data structures", and the comments of fts5_index.c). While FTS5
  /// merges segments, a few pages at each write, it drops the pages it has taken in and leaves what led to them.
  private func hasAllPages() throws -> Bool {
    var leaves: Set<Int64> = []
    var firstOfSegment: [Int64: Int64] = [:]
    try db.forEachRawRow(
      bulk: """
        SELECT id, length(block), hex(substr(block, 3, 2)) FROM main.chunk_search_data
        WHERE id > 10 AND (id >> 31) & 63 = 0 ORDER BY id
        """
    ) { row in
      let segment = row.integer(0) >> 37
      firstOfSegment[segment] = firstOfSegment[segment] ?? row.integer(0)
      guard let used = Int64(row.text(2) ?? "", radix: 16), used < row.integer(1) else { return }
      leaves.insert(row.integer(0))
    }
    var marks: Set<Int64> = []
    try db.forEachRawRow(bulk: "SELECT segid, pgno FROM main.chunk_search_idx") { row in
      let page = row.integer(0) &<< 37 | row.integer(1) >> 1
      if let first = firstOfSegment[row.integer(0)], page < first { return }
      marks.insert(page)
    }
    return leaves == marks
  }

  /// Whether the file's word index is of a format before 9, which had one column of other words.
  static func isOlder(_ db: Database) throws -> Bool {
    try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0 < 9
  }

  private func drop() throws {
    try db.execute(
      sql: "DROP TABLE IF EXISTS temp.probe; DROP VIEW IF EXISTS temp.probe_texts;")
  }
}

enum WordsRepair {
  /// Drops the word index and fills a new one from the chunks' texts.
  ///
  /// - Parameter kept: chunks whose text is damaged; what was indexed of them stays.
  /// - Complexity: O(text), in the memory that FTS5 takes before it writes.
  static func rebuild(keeping kept: Set<Int64>, _ db: Database) throws {
    var words: [Int64: String] = [:]
    for chunk in kept {
      words[chunk] = try String.fetchOne(
        db, sql: "SELECT c0 FROM chunk_search_content WHERE id = ?", arguments: [chunk])
    }
    try drop(db)
    try db.execute(
      sql: "CREATE VIRTUAL TABLE chunk_search USING fts5(\(IndexedText.declaration))")
    try IndexedChunk.forEach(nil, db) { chunk in
      guard kept.contains(chunk.id) else { return try chunk.insert(db) }
      guard let text = words[chunk.id] else { return }
      try chunk.with(text: text).insert(db)
    }
  }

  /// Drops the word index table by table. `DROP TABLE chunk_search` would have FTS5 read the index first,
  /// which fails if that is damaged.
  private static func drop(_ db: Database) throws {
    try db.execute(
      sql: """
        PRAGMA writable_schema = ON;
        DELETE FROM sqlite_master WHERE name = 'chunk_search';
        PRAGMA writable_schema = RESET;
        """)
    for part in ["data", "idx", "content", "docsize", "config"] {
      try db.execute(sql: "DROP TABLE IF EXISTS chunk_search_\(part)")
    }
  }
}
