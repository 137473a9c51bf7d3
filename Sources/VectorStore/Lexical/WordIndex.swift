// Reads the word index: in which chunks a word stands, and where.

import Foundation
import GRDB

/// FTS5's own tables, read as they lie in the file.
///
/// FTS5 answers "which rows match, in what order" by one call for each row and word. For questions of
/// many common words that is ten times slower than to read the lists of rows themselves, whose form is
/// part of SQLite's file format (`fts5_index.c`, "On-disk format"; version 4 since 2015). Words are
/// written by FTS5 alone. A test compares both on random histories of writes.
struct WordIndex {
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

  private static func segments(_ reader: inout Reader) throws -> [Segment] {
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
      var reader = Reader(try $0.blob(0), from: 0)
      return Int(clamping: reader.varint())
    }
  }

  /// The chunks in which a term stands, or any term that begins so, and its places in them.
  ///
  /// - Complexity: O(places of the term).
  func postings(of term: String, isPrefix: Bool = false) throws -> Postings {
    let key = [Self.mainIndex] + Array(term.utf8)
    var merged = Postings()
    for segment in segments {
      let found = try postings(of: key, isPrefix: isPrefix, in: segment)
      if !found.rows.isEmpty { merged = merged.rows.isEmpty ? found : merged.merged(over: found) }
    }
    return merged.withoutDeleted()
  }

  private func postings(
    of key: [UInt8], isPrefix: Bool, in segment: Segment
  ) throws -> Postings {
    let first = try db.firstRow(
      bulk: """
        SELECT pgno >> 1 FROM chunk_search_idx WHERE segid = ? AND term <= ?
        ORDER BY term DESC LIMIT 1
        """, .integer(segment.id), .blob(Data(key))
    ) { try $0.integer(0) }
    var reader = TermReader(key: key, isPrefix: isPrefix)
    let base = segment.id << 37
    // A word's list of rows may take many pages; most take one.
    var isAtEnd = false
    var page = max(first ?? 0, segment.firstPage)
    var step: Int64 = 1
    while !isAtEnd, page <= segment.lastPage {
      let last = min(page + step - 1, segment.lastPage)
      try db.forEachRow(
        bulk: "SELECT block FROM chunk_search_data WHERE id BETWEEN ? AND ? ORDER BY id",
        .integer(base + page), .integer(base + last)
      ) { row in
        guard !isAtEnd else { return }
        isAtEnd = try reader.read(row.blob(0))
      }
      page = last + 1
      step = min(step * 4, 64)
    }
    return reader.finish()
  }

  private static func block<T>(
    _ id: Int64, _ db: Database, _ read: (inout Reader) throws -> T
  ) throws -> T? {
    try db.firstRow(bulk: "SELECT block FROM chunk_search_data WHERE id = ?", .integer(id)) {
      var reader = Reader(try $0.blob(0), from: 0)
      return try read(&reader)
    }
  }

  fileprivate static func damage(_ what: String) -> StoreError {
    StoreError(
      .damaged,
      "the word index is damaged: \(what) cannot be read; a repair builds it again from the texts")
  }
}

/// The chunks in which a word stands, rising, and its places in them.
struct Postings {
  /// The chunks' ids.
  fileprivate(set) var rows: [Int64] = []
  /// Where the places of each row begin; one more for the end.
  fileprivate(set) var starts: [Int32] = [0]
  /// Places: the column in the upper bits, the word's number in the column in the lower.
  fileprivate(set) var places: [UInt32] = []

  /// The bits of a place that say where in a column it is.
  static let placeBits: UInt32 = 27

  /// The column of a place.
  static func column(of place: UInt32) -> Int { Int(place >> placeBits) }

  /// The places in a row, by its number among ``rows``.
  func places(at index: Int) -> ArraySlice<UInt32> {
    places[Int(starts[index])..<Int(starts[index + 1])]
  }

  /// The number of a row among ``rows``.
  func index(of row: Int64) -> Int? {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low < rows.count && rows[low] == row ? low : nil
  }

  fileprivate mutating func append(_ row: Int64, _ new: some Sequence<UInt32>) {
    rows.append(row)
    places.append(contentsOf: new)
    starts.append(Int32(places.count))
  }

  /// These, and those of an older segment for the rows that this one says nothing of.
  fileprivate func merged(over older: Postings) -> Postings {
    union(older) { new, _ in Array(new) }
  }

  /// All rows of both; `combine` makes the places of those that both have.
  private func union(
    _ other: Postings,
    _ combine: (ArraySlice<UInt32>, ArraySlice<UInt32>) -> [UInt32]
  ) -> Postings {
    var result = Postings()
    result.rows.reserveCapacity(rows.count + other.rows.count)
    var (left, right) = (0, 0)
    while left < rows.count || right < other.rows.count {
      let a = left < rows.count ? rows[left] : .max
      let b = right < other.rows.count ? other.rows[right] : .max
      if a < b {
        result.append(a, places(at: left))
        left += 1
      } else if b < a {
        result.append(b, other.places(at: right))
        right += 1
      } else {
        result.append(a, combine(places(at: left), other.places(at: right)))
        left += 1
        right += 1
      }
    }
    return result
  }

  /// The rows of either word, with the places of both.
  func union(_ other: Postings) -> Postings {
    if rows.isEmpty { return other }
    if other.rows.isEmpty { return self }
    return union(other) { Set($0).union($1).sorted() }
  }

  /// The rows in which the other word stands right after this one, with the other's places.
  func followed(by other: Postings) -> Postings {
    var result = Postings()
    var (left, right) = (0, 0)
    while left < rows.count, right < other.rows.count {
      if rows[left] < other.rows[right] {
        left += 1
      } else if rows[left] > other.rows[right] {
        right += 1
      } else {
        let before = result.places.count
        var place = Int(starts[left])
        let end = Int(starts[left + 1])
        for next in other.places(at: right) {
          while place < end, places[place] + 1 < next { place += 1 }
          if place < end, places[place] + 1 == next { result.places.append(next) }
        }
        if result.places.count > before {
          result.rows.append(rows[left])
          result.starts.append(Int32(result.places.count))
        }
        left += 1
        right += 1
      }
    }
    return result
  }

  /// Without rows that have no places: FTS5 marks so what was deleted since an older segment.
  fileprivate func withoutDeleted() -> Postings {
    var result = Postings()
    guard rows.indices.contains(where: { starts[$0] == starts[$0 + 1] }) else { return self }
    for index in rows.indices where starts[index] < starts[index + 1] {
      result.append(rows[index], places(at: index))
    }
    return result
  }
}

/// Reads the rows of a term, or of all terms that begin so, from a segment's pages in their order.
private struct TermReader {
  private let key: [UInt8]
  private let isPrefix: Bool
  private var found = Postings()
  /// Rows of terms that begin so, in the order of the terms.
  private var unsorted = false
  private var term: [UInt8] = []
  /// Whether the list of rows that is being read is of a term that is asked for.
  private var isInside = false
  private var row: Int64 = 0
  /// Whether the next row's id is a whole one, not the distance from the one before.
  private var isFirstRow = true
  /// The bytes of a row's places that are still to come, on the pages that follow.
  private var pending: [UInt8] = []
  private var missing = 0

  init(key: [UInt8], isPrefix: Bool) {
    self.key = key
    self.isPrefix = isPrefix
  }

  /// Reads a page. Returns whether nothing of the term can follow.
  mutating func read(_ page: UnsafeRawBufferPointer) throws -> Bool {
    let bytes = page.bindMemory(to: UInt8.self)
    guard bytes.count >= 4 else { throw WordIndex.damage("a page of it") }
    let end = Int(bytes[2]) << 8 | Int(bytes[3])
    guard end >= 4, end <= bytes.count else { throw WordIndex.damage("a page of it") }
    var footer = Reader(bytes, from: end)
    var nextTerm = footer.isAtEnd ? end : Int(clamping: footer.varint())
    // What is before the first term belongs to the last one of the page before.
    if isInside {
      let firstRow = Int(bytes[0]) << 8 | Int(bytes[1])
      try readRows(bytes, from: 4, to: min(nextTerm, end), firstRow: firstRow)
    }
    var isFirst = true
    while nextTerm < end {
      var reader = Reader(bytes, from: nextTerm)
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
      if isInside, matches { unsorted = true }
      isInside = matches
      isFirstRow = true
      if matches { try readRows(bytes, from: start, to: nextTerm, firstRow: nil) }
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
      places.withUnsafeBufferPointer { append($0) }
      pending = []
    }
    if let firstRow {
      guard firstRow > 0, firstRow < end else { return }
      guard firstRow >= index else { throw WordIndex.damage("a list of it") }
      index = firstRow
      isFirstRow = true
    }
    var reader = Reader(bytes, from: index)
    while reader.index < end {
      let step = Int64(bitPattern: reader.varint())
      row = isFirstRow ? step : row &+ step
      isFirstRow = false
      let size = Int(clamping: reader.varint() >> 1)
      guard reader.index <= end else { throw WordIndex.damage("a list of it") }
      if reader.index + size <= end {
        append(UnsafeBufferPointer(rebasing: bytes[reader.index..<(reader.index + size)]))
        reader.index += size
      } else {
        pending = Array(bytes[reader.index..<end])
        missing = size - pending.count
        return
      }
    }
  }

  /// Adds the places of the row.
  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    var column: UInt32 = 0
    var place: UInt32 = 0
    var reader = Reader(bytes, from: 0)
    while reader.index < bytes.count {
      let value = UInt32(truncatingIfNeeded: reader.varint())
      if value == 1 {
        column = UInt32(truncatingIfNeeded: reader.varint()) & 0x1F
        place = 0
      } else {
        place &+= value &- 2
        found.places.append(column << Postings.placeBits | place & (1 << Postings.placeBits - 1))
      }
    }
    found.rows.append(row)
    found.starts.append(Int32(found.places.count))
  }

  /// The rows that were read, rising.
  func finish() -> Postings {
    guard unsorted else { return found }
    let order = found.rows.indices.sorted {
      (found.rows[$0], $0) < (found.rows[$1], $1)
    }
    var sorted = Postings()
    var index = 0
    while index < order.count {
      let row = found.rows[order[index]]
      var places: [UInt32] = []
      while index < order.count, found.rows[order[index]] == row {
        places += found.places(at: order[index])
        index += 1
      }
      sorted.append(row, places.sorted())
    }
    return sorted
  }
}

/// Reads SQLite's variable-length integers.
private struct Reader {
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
  mutating func varint() -> UInt64 {
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
