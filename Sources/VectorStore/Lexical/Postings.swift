// The chunks in which a word stands, as they are read from the word index.

/// The chunks in which a word stands, rising, how often it stands in each, and where.
struct Postings {
  /// A chunk in which the word stands.
  struct Row: Equatable {
    /// The chunk's id.
    var id: Int64
    /// How often the word stands in it; words of other columns count by their weights.
    var frequency: Float = 0
    /// How many words its text has at least: those up to the last place.
    var length: Int32 = 0
  }

  /// The chunks, by rising id.
  private(set) var rows: [Row] = []
  /// Whether ``places(at:)`` are kept: what is not in a phrase needs none.
  let hasPlaces: Bool
  /// In how many chunks the word stands, if these are only some of them.
  var total: Int?
  /// Where the places of each row begin; one more for the end.
  private var starts: [Int32] = [0]
  private var places: [UInt32] = []

  init(hasPlaces: Bool = true) {
    self.hasPlaces = hasPlaces
  }

  /// In how many chunks the word stands.
  var count: Int { total ?? rows.count }

  /// The bits of a place that say where in a column it is; the upper ones say which column.
  static let placeBits: UInt32 = 27

  /// Where the word stands in a row, by its number among ``rows``, rising.
  func places(at index: Int) -> ArraySlice<UInt32> {
    places[Int(starts[index])..<Int(starts[index + 1])]
  }

  // MARK: Adding rows

  /// Adds a row after all others, with its places as FTS5 writes them: each as its distance from the one
  /// before and 2; a 1 and a number begin a column.
  @inline(__always)
  mutating func append(_ id: Int64, encoded bytes: UnsafeBufferPointer<UInt8>) {
    // Most words stand once in a text, near its beginning.
    if !hasPlaces, bytes.count == 1, case let first = bytes[0], first > 1, first < 0x80 {
      let weight = IndexedText.Column.text.weight
      return append(Row(id: id, frequency: weight, length: Int32(first) - 1))
    }
    var row = Row(id: id)
    var (column, place): (UInt32, UInt32) = (0, 0)
    var weight = IndexedText.Column.text.weight
    var reader = PageReader(bytes, from: 0)
    while !reader.isAtEnd {
      let value = UInt32(truncatingIfNeeded: reader.varint())
      if value == 1 {
        column = UInt32(truncatingIfNeeded: reader.varint()) & 0x1F
        weight = IndexedText.Column(rawValue: Int(column))?.weight ?? 0
        place = 0
      } else {
        place = (place &+ value &- 2) & (1 << Self.placeBits - 1)
        row.frequency += weight
        if column == 0 { row.length = Int32(place) + 1 }
        if hasPlaces { places.append(column << Self.placeBits | place) }
      }
    }
    append(row)
  }

  /// Adds a row after all others, with its places, rising.
  mutating func append(_ id: Int64, places: some Sequence<UInt32>) { append(id, places) }

  /// Adds a row after all others, with its places, rising.
  private mutating func append(_ id: Int64, _ new: some Sequence<UInt32>) {
    var row = Row(id: id)
    for place in new {
      let column = place >> Self.placeBits
      row.frequency += IndexedText.Column(rawValue: Int(column))?.weight ?? 0
      if column == 0 { row.length = Int32(place) + 1 }
      places.append(place)
    }
    append(row)
  }

  @inline(__always)
  private mutating func append(_ row: Postings.Row) {
    rows.append(row)
    if hasPlaces { starts.append(Int32(places.count)) }
  }

  // MARK: Putting lists together

  /// The rows of either word, without places.
  ///
  /// - Precondition: the words never stand at the same place.
  func union(_ other: Postings) -> Postings {
    if rows.isEmpty { return other }
    if other.rows.isEmpty { return self }
    var result = Postings(hasPlaces: false)
    result.rows.reserveCapacity(rows.count + other.rows.count)
    var (left, right) = (0, 0)
    while left < rows.count || right < other.rows.count {
      let a = left < rows.count ? rows[left].id : .max
      let b = right < other.rows.count ? other.rows[right].id : .max
      var row = a <= b ? rows[left] : other.rows[right]
      if a == b {
        row.frequency += other.rows[right].frequency
        row.length = max(row.length, other.rows[right].length)
      }
      result.rows.append(row)
      left += a <= b ? 1 : 0
      right += b <= a ? 1 : 0
    }
    if total != nil || other.total != nil { result.total = max(count, other.count) }
    return result
  }

  /// The rows in which the other word stands right after this one, with the other's places.
  ///
  /// - Precondition: both have places.
  func followed(by other: Postings) -> Postings {
    var result = Postings()
    var (left, right) = (0, 0)
    rows.withUnsafeBufferPointer { rows in
      other.rows.withUnsafeBufferPointer { others in
        while left < rows.count, right < others.count {
          let (a, b) = (rows[left].id, others[right].id)
          if a == b { result.appendNeighbours(a, places(at: left), other.places(at: right)) }
          // Without a branch that the processor would have to guess.
          left += a <= b ? 1 : 0
          right += b <= a ? 1 : 0
        }
      }
    }
    return result
  }

  /// Adds a row with those of the places that have one of the places before them.
  private mutating func appendNeighbours(
    _ id: Int64, _ before: ArraySlice<UInt32>, _ after: ArraySlice<UInt32>
  ) {
    var index = before.startIndex
    var found: [UInt32] = []
    for place in after {
      while index < before.endIndex, before[index] + 1 < place { index += 1 }
      if index < before.endIndex, before[index] + 1 == place { found.append(place) }
    }
    if !found.isEmpty { append(id, found) }
  }

  /// A stretch of ``rows`` that rises: those of one word in one segment of the index.
  struct Run {
    /// The first row's number.
    var start: Int
    /// The segment's age: the newest has the highest.
    var segment: Int
  }

  /// Those of several words, and of one word in several segments, as the rows of one word: what a newer segment
  /// says of a row replaces what older ones say, and a row without places is deleted, as FTS5 marks it.
  ///
  /// - Parameters:
  ///   - runs: the stretches that rise, segments by rising age.
  ///   - table: a table to work in.
  func merged(_ runs: [Run], in table: PostingsTable) -> Postings {
    let isRising = zip(rows, rows.dropFirst()).allSatisfy { $0.id < $1.id }
    if isRising {
      return rows.allSatisfy { $0.frequency > 0 } ? self : picking(rows.indices.map { $0..<$0 + 1 })
    }
    if !hasPlaces, let merged = table.merged(rows, runs) {
      var result = Postings(hasPlaces: false)
      result.rows = merged
      return result
    }
    var segments: [Int] = []
    for (index, run) in runs.enumerated() {
      let end = index + 1 < runs.count ? runs[index + 1].start : rows.count
      segments += repeatElement(run.segment, count: end - run.start)
    }
    let order = rows.indices.sorted { (rows[$0].id, $0) < (rows[$1].id, $1) }
    var groups: [[Int]] = []
    var index = 0
    while index < order.count {
      let start = index
      while index < order.count, rows[order[index]].id == rows[order[start]].id { index += 1 }
      let newest = segments[order[index - 1]]
      groups.append(order[start..<index].filter { segments[$0] == newest })
    }
    return picking(groups)
  }

  /// A row of each group of rows of one chunk, without those that have no places.
  private func picking(_ groups: [some Collection<Int>]) -> Postings {
    var result = Postings(hasPlaces: hasPlaces)
    for group in groups {
      guard let first = group.first else { continue }
      var row = rows[first]
      for other in group.dropFirst() {
        row.frequency += rows[other].frequency
        row.length = max(row.length, rows[other].length)
      }
      guard row.frequency > 0 else { continue }
      if hasPlaces {
        result.append(row.id, group.flatMap { places(at: $0) }.sorted())
      } else {
        result.append(row)
      }
    }
    return result
  }
}

/// A row for each chunk between the first and the last, to put lists together in. It is kept from one list to the
/// next, since filling a new one takes longer than using it.
final class PostingsTable {
  private var slots = Slots()

  /// The rows of runs by rising id; nil if the ids lie too far apart.
  func merged(_ list: [Postings.Row], _ runs: [Postings.Run]) -> [Postings.Row]? {
    // In one access: to check for others takes longer than to add a row.
    slots.merged(list, runs)
  }

  private struct Slots {
    /// The most chunks between the first and the last.
    private static let maximumSpan: Int64 = 1 << 24

    private var rows: [Postings.Row] = []
    private var segments: [Int32] = []
    /// A bit for each row that is in use.
    private var used: [UInt64] = []

    mutating func merged(_ list: [Postings.Row], _ runs: [Postings.Run]) -> [Postings.Row]? {
      let first = list.lazy.map(\.id).min() ?? 0
      let (span, overflows) = (list.lazy.map(\.id).max() ?? 0).subtractingReportingOverflow(first)
      guard !overflows, span < Self.maximumSpan, span / 64 < list.count else { return nil }
      let words = Int(span) / 64 + 1
      if used.count < words {
        used = Array(repeating: 0, count: words)
        rows = Array(repeating: Postings.Row(id: 0), count: words * 64)
        segments = Array(repeating: 0, count: words * 64)
      }
      for (number, run) in runs.enumerated() {
        let end = number + 1 < runs.count ? runs[number + 1].start : list.count
        for row in list[run.start..<end] { add(row, Int(row.id - first), Int32(run.segment)) }
      }
      var result: [Postings.Row] = []
      result.reserveCapacity(list.count)
      for word in 0..<words {
        var bits = used[word]
        used[word] = 0
        while bits != 0 {
          let row = rows[word * 64 + bits.trailingZeroBitCount]
          if row.frequency > 0 { result.append(row) }
          bits &= bits - 1
        }
      }
      return result
    }

    @inline(__always)
    private mutating func add(_ row: Postings.Row, _ slot: Int, _ segment: Int32) {
      let bit: UInt64 = 1 << UInt64(slot % 64)
      if used[slot / 64] & bit != 0, segments[slot] == segment {
        rows[slot].frequency += row.frequency
        rows[slot].length = max(rows[slot].length, row.length)
      } else {
        used[slot / 64] |= bit
        rows[slot] = row
        segments[slot] = segment
      }
    }
  }
}
