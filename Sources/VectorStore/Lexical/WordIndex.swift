// Reads the word index: in which chunks a word stands, and where.

import Foundation
import GRDB

/// FTS5's own tables, read as they lie in the file.
///
/// FTS5 answers "which rows match, in what order" by one call for each row and word. For questions of
/// many common words that is ten times slower than to read the lists of rows themselves, whose form is
/// part of SQLite's file format (`fts5_index.c`, "On-disk format"; version 4 since 2015). Words are
/// written by FTS5 alone. A test compares both on random histories of writes.
struct WordIndex: WordPostings {
  private static let structureID: Int64 = 10
  private static let averagesID: Int64 = 1
  /// What FTS5 puts before each term of its main index.
  private static let mainIndex = UInt8(ascii: "0")

  /// A sorted file of terms within the index. Newer ones replace what older ones say of a row.
  private struct Segment {
    var id: Int64
    var firstPage: Int64
    var lastPage: Int64
  }

  private let db: Database
  /// The newest first.
  private let segments: [Segment]
  private let tokenizer: any FTS5Tokenizer
  private let table = PostingsTable()
  /// How many chunks are indexed.
  let rows: Int
  /// The mean number of words of a chunk's text.
  let meanLength: Double

  /// Reads which segments there are.
  ///
  /// - Throws: ``StoreError`` with `damaged`.
  init(_ db: Database) throws {
    self.db = db
    tokenizer = try db.makeTokenizer(.porter(wrapping: .ascii(tokenCharacters: Set("@#.$+"))))
    segments = try Self.block(Self.structureID, db, Self.segments) ?? []
    let counts = try Self.block(Self.averagesID, db) { reader in
      reader.isAtEnd ? (0, 0) : (reader.varint(), reader.isAtEnd ? 0 : reader.varint())
    }
    rows = Int(clamping: counts?.0 ?? 0)
    meanLength = rows > 0 ? max(1, Double(counts?.1 ?? 0) / Double(rows)) : 1
  }

  private static func segments(_ reader: inout PageReader) throws -> [Segment] {
    // A number that each change raises comes first.
    reader.index = 4
    let levels = reader.varint()
    for _ in 0..<2 { _ = reader.varint() }
    var all: [Segment] = []
    for _ in 0..<min(levels, 64) {
      _ = reader.varint()
      let count = Int(min(reader.varint(), 4096))
      let level = (0..<count).map { _ in
        Segment(
          id: Int64(clamping: reader.varint()), firstPage: Int64(clamping: reader.varint()),
          lastPage: Int64(clamping: reader.varint()))
      }
      all += level.reversed()
    }
    guard !reader.isBeyondEnd, all.allSatisfy({ $0.id < 1 << 16 && $0.lastPage < 1 << 31 }) else {
      throw damage("its list of segments")
    }
    return all.filter { $0.firstPage > 0 }
  }

  /// The term of a folded word: its stem.
  func term(of word: String) throws -> String {
    try tokenizer.tokenize(query: word).first?.token ?? word
  }

  /// How many words the text of a chunk has; nil if it is not indexed.
  func length(of row: Int64) throws -> Int? {
    try db.firstRow(bulk: "SELECT sz FROM chunk_search_docsize WHERE id = ?", .integer(row)) {
      var reader = PageReader(try $0.blob(0), from: 0)
      return Int(clamping: reader.varint())
    }
  }

  /// The chunks in which a term stands, or any term that begins so, and its places in them.
  ///
  /// - Parameter hasPlaces: whether the places are kept, which phrases need.
  /// - Complexity: O(places of the term).
  func postings(
    of term: String, isPrefix: Bool = false, hasPlaces: Bool = true
  ) throws -> Postings {
    let key = [Self.mainIndex] + Array(term.utf8)
    let blob = BulkValue.blob(Data(key))
    var reader = TermReader(key: key, isPrefix: isPrefix, hasPlaces: hasPlaces)
    for (age, segment) in segments.reversed().enumerated() {
      let first = try db.firstRow(
        bulk: """
          SELECT pgno >> 1 FROM chunk_search_idx WHERE segid = ? AND term <= ?
          ORDER BY term DESC LIMIT 1
          """, .integer(segment.id), blob
      ) { try $0.integer(0) }
      let base = segment.id << 37
      reader.begin(segment: age)
      try db.forRows(
        bulk: "SELECT block FROM chunk_search_data WHERE id BETWEEN ? AND ? ORDER BY id",
        [
          .integer(base + max(first ?? 0, segment.firstPage)), .integer(base + segment.lastPage),
        ],
        while: { try !reader.read($0.blob(0)) })
    }
    return reader.found.merged(reader.runs, in: table)
  }

  private static func block<T>(
    _ id: Int64, _ db: Database, _ read: (inout PageReader) throws -> T
  ) throws -> T? {
    try db.firstRow(bulk: "SELECT block FROM chunk_search_data WHERE id = ?", .integer(id)) {
      var reader = PageReader(try $0.blob(0), from: 0)
      return try read(&reader)
    }
  }

  fileprivate static func damage(_ what: String) -> StoreError {
    StoreError(
      .damaged,
      "the word index is damaged: \(what) cannot be read; a repair builds it again from the texts")
  }
}

/// Reads the rows of a term, or of all terms that begin so, from a segment's pages in their order.
private struct TermReader {
  private let key: [UInt8]
  private let isPrefix: Bool
  /// The rows, in the order of the segments and terms.
  private(set) var found: Postings
  /// The stretches of rows that rise: those of one term in one segment.
  private(set) var runs: [Postings.Run] = []
  private var segment = 0
  private var term: [UInt8] = []
  /// Whether the list of rows that is being read is of a term that is asked for.
  private var isInside = false
  private var row: Int64 = 0
  /// Whether the next row's id is a whole one, not the distance from the one before.
  private var isFirstRow = true
  /// The bytes of a row's places that are still to come, on the pages that follow.
  private var pending: [UInt8] = []
  private var missing = 0

  init(key: [UInt8], isPrefix: Bool, hasPlaces: Bool) {
    self.key = key
    self.isPrefix = isPrefix
    found = Postings(hasPlaces: hasPlaces)
  }

  /// Goes on with a newer segment.
  mutating func begin(segment: Int) {
    self.segment = segment
    term = []
    isInside = false
    (pending, missing) = ([], 0)
  }

  /// Reads a page. Returns whether nothing of the term can follow.
  mutating func read(_ page: UnsafeRawBufferPointer) throws -> Bool {
    let bytes = page.bindMemory(to: UInt8.self)
    guard bytes.count >= 4 else { throw WordIndex.damage("a page of it") }
    let end = Int(bytes[2]) << 8 | Int(bytes[3])
    guard end >= 4, end <= bytes.count else { throw WordIndex.damage("a page of it") }
    var footer = PageReader(bytes, from: end)
    var nextTerm = footer.isAtEnd ? end : Int(clamping: footer.varint())
    // What is before the first term belongs to the last one of the page before.
    if isInside {
      let firstRow = Int(bytes[0]) << 8 | Int(bytes[1])
      try readRows(bytes, from: 4, to: min(nextTerm, end), firstRow: firstRow)
    }
    var isFirst = true
    while nextTerm < end {
      var reader = PageReader(bytes, from: nextTerm)
      let kept = isFirst ? 0 : Int(clamping: reader.varint())
      let count = Int(clamping: reader.varint())
      guard kept <= term.count, count >= 0, reader.index + count <= end else {
        throw WordIndex.damage("a word of it")
      }
      term.replaceSubrange(kept..., with: bytes[reader.index..<(reader.index + count)])
      isFirst = false
      let start = reader.index + count
      nextTerm = footer.isAtEnd ? end : nextTerm + Int(clamping: footer.varint())
      guard nextTerm <= end, nextTerm >= start else { throw WordIndex.damage("a word of it") }
      let matches = isPrefix ? term.starts(with: key) : term == key
      if !matches, key.lexicographicallyPrecedes(term) { return true }
      if isInside, !isPrefix { return true }
      isInside = matches
      isFirstRow = true
      if matches {
        runs.append(Postings.Run(start: found.rows.count, segment: segment))
        try readRows(bytes, from: start, to: nextTerm, firstRow: nil)
      }
    }
    return false
  }

  /// Reads the rows of a stretch of a page.
  ///
  /// - Parameter firstRow: on a page that goes on with a list, where its first row begins, 0 for none.
  private mutating func readRows(
    _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int, firstRow: Int?
  ) throws {
    var index = start
    if missing > 0 {
      let count = min(missing, end - index)
      pending += bytes[index..<(index + count)]
      missing -= count
      index += count
      guard missing == 0 else { return }
      let places = pending
      places.withUnsafeBufferPointer { found.append(row, encoded: $0) }
      pending = []
    }
    if let firstRow {
      guard firstRow > 0, firstRow < end else { return }
      guard firstRow >= index else { throw WordIndex.damage("a list of it") }
      index = firstRow
      isFirstRow = true
    }
    var reader = PageReader(bytes, from: index)
    while reader.index < end {
      let step = Int64(bitPattern: reader.varint())
      row = isFirstRow ? step : row &+ step
      isFirstRow = false
      let size = Int(clamping: reader.varint() >> 1)
      guard reader.index <= end else { throw WordIndex.damage("a list of it") }
      if reader.index + size <= end {
        found.append(
          row,
          encoded: UnsafeBufferPointer(rebasing: bytes[reader.index..<(reader.index + size)]))
        reader.index += size
      } else {
        pending = Array(bytes[reader.index..<end])
        missing = size - pending.count
        return
      }
    }
  }
}

/// Reads SQLite's variable-length integers.
struct PageReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  var index: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, from index: Int) {
    self.bytes = bytes
    self.index = index
  }

  init(_ bytes: UnsafeRawBufferPointer, from index: Int) {
    self.init(bytes.bindMemory(to: UInt8.self), from: index)
  }

  var isAtEnd: Bool { index >= bytes.count }
  var isBeyondEnd: Bool { index > bytes.count }

  /// The next integer; 0 beyond the end.
  @inline(__always)
  mutating func varint() -> UInt64 {
    // Most are below 128.
    if index < bytes.count, bytes[index] < 0x80 {
      index += 1
      return UInt64(bytes[index - 1])
    }
    return longVarint()
  }

  private mutating func longVarint() -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<8 {
      guard index < bytes.count else {
        index = bytes.count + 1
        return 0
      }
      let byte = bytes[index]
      index += 1
      value = value << 7 | UInt64(byte & 0x7F)
      if byte < 0x80 { return value }
    }
    guard index < bytes.count else {
      index = bytes.count + 1
      return 0
    }
    value = value << 8 | UInt64(bytes[index])
    index += 1
    return value
  }
}
