// Walks over runs of visible scalars.

/// Finds the boundaries inside a run of visible scalars, and tells how the run ends.
struct WordWalker {
  private enum Tail { case none, clause, sentence, wideClause, wideSentence }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let longestStep: Int
  private var clusters = ClusterRules()
  private var wordStart = Position()
  /// The last boundary between clusters that was listed, or the word's start.
  private var listed = Position()
  /// The last place between clusters that was passed.
  private var passed = Position()
  /// The last boundary between scalars that was listed.
  private var scalarListed = 0
  private var tail = Tail.none

  init(bytes: UnsafeBufferPointer<UInt8>, longestStep: Int) {
    self.bytes = bytes
    self.longestStep = longestStep
  }

  /// Whether the last scalar holds on to whatever comes after it.
  var holdsNext: Bool { clusters.holdsNext }

  /// Starts a word at a place behind blanks.
  mutating func start(at place: Position) {
    wordStart = place
    listed = place
    passed = place
    scalarListed = place.byte
    tail = .none
    clusters.reset()
  }

  /// Walks to the end of the word, or to the first scalar at or behind `limit`.
  ///
  /// - Returns: whether the word has ended.
  mutating func walk(
    from place: inout Position, until limit: Int, into boundaries: inout [Boundary]
  ) -> Bool {
    let end = min(limit, bytes.count)
    while place.byte < end {
      let byte = bytes[place.byte]
      if byte < 0x80 {
        guard byte > 0x20, byte != 0x7F else {
          finish(at: place, into: &boundaries)
          return true
        }
        passASCII(byte, at: place, into: &boundaries)
        place.byte += 1
        place.scalar += 1
        if tail == .none { passPlainRun(from: &place, until: end, into: &boundaries) }
      } else {
        guard BlankScalars.length(bytes, at: place.byte) == 0 else {
          finish(at: place, into: &boundaries)
          return true
        }
        let (value, length) = UTF8Scalar.decode(bytes, at: place.byte)
        passScalar(value, at: place, into: &boundaries)
        place.byte += length
        place.scalar += 1
      }
    }
    guard place.byte == bytes.count else { return false }
    finish(at: place, into: &boundaries)
    return true
  }

  /// What kind of place the end of the word is.
  func ending(isFirstInLine: Bool, end: Int) -> Boundary.Rank {
    switch tail {
    case .sentence, .wideSentence: return .sentence
    case .clause, .wideClause: return .clause
    case .none: break
    }
    var last = end - 1
    while last > wordStart.byte, end - last < 5, Self.closes(bytes[last]) { last -= 1 }
    switch bytes[last] {
    case UInt8(ascii: "!"), UInt8(ascii: "?"): return .sentence
    case UInt8(ascii: "."):
      return isFirstInLine && isNumber(to: last) || isInitial(to: last) ? .word : .sentence
    case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"): return .clause
    default: return .word
    }
  }

  /// Whether the word is a list's number, such as `12.`.
  private func isNumber(to dot: Int) -> Bool {
    dot > wordStart.byte && dot - wordStart.byte < 10
      && bytes[wordStart.byte..<dot].allSatisfy(Bytes.isDigit)
  }

  /// Whether the word is a name's first letter, such as `J.`.
  private func isInitial(to dot: Int) -> Bool {
    dot == wordStart.byte + 1 && Bytes.isLetter(bytes[wordStart.byte])
  }

  private static func closes(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ")"), UInt8(ascii: "]"),
      UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "}"):
      true
    default: false
    }
  }
}

// MARK: - Scalars

extension WordWalker {
  private mutating func passASCII(
    _ byte: UInt8, at place: Position, into boundaries: inout [Boundary]
  ) {
    if tail != .none {
      if !Self.closes(byte) { listTail(at: place, into: &boundaries) }
    }
    if clusters.holdsNext {
      listScalar(at: place, into: &boundaries)
    } else {
      listCluster(at: place, into: &boundaries)
    }
    clusters.reset()
  }

  /// Passes the visible ASCII that follows visible ASCII: a cluster each, and most of all text.
  @inline(__always)
  private mutating func passPlainRun(
    from place: inout Position, until end: Int, into boundaries: inout [Boundary]
  ) {
    var at = place.byte
    while at < end, bytes[at] > 0x20, bytes[at] < 0x7F { at += 1 }
    let length = at - place.byte
    guard length > 0 else { return }
    if at - listed.byte <= longestStep {
      // Nothing to list, whatever place is passed last.
      passed = place
      passed.byte += length - 1
      passed.scalar += length - 1
      place.byte = at
      place.scalar += length
      return
    }
    while place.byte < at {
      listCluster(at: place, into: &boundaries)
      place.byte += 1
      place.scalar += 1
    }
  }

  private mutating func passScalar(
    _ value: UInt32, at place: Position, into boundaries: inout [Boundary]
  ) {
    let kind = Self.tail(of: value)
    guard clusters.mayCut(before: value) else {
      listScalar(at: place, into: &boundaries)
      return
    }
    if tail != .none, kind == nil { listTail(at: place, into: &boundaries) }
    listCluster(at: place, into: &boundaries)
    // A closing quote belongs to the sentence before it.
    if let kind, kind != .none { tail = kind } else if kind == nil { tail = .none }
  }

  /// Lists the place after a sentence or a clause that needs no space behind it.
  private mutating func listTail(at place: Position, into boundaries: inout [Boundary]) {
    if tail == .wideSentence || tail == .wideClause {
      let rank: Boundary.Rank = tail == .wideSentence ? .sentence : .clause
      boundaries.append(Boundary(end: place, start: place, cost: 0, rank: rank))
      listed = place
      passed = place
      scalarListed = place.byte
    }
    tail = .none
  }

  /// Passes a place between clusters.
  ///
  /// The one passed before is listed where this one is too far from the last listed.
  @inline(__always)
  private mutating func listCluster(at place: Position, into boundaries: inout [Boundary]) {
    if place.byte - listed.byte > longestStep { listPassed(into: &boundaries) }
    passed = place
  }

  private mutating func listPassed(into boundaries: inout [Boundary]) {
    guard passed.byte > listed.byte else { return }
    boundaries.append(Boundary(end: passed, start: passed, cost: 0, rank: .cluster))
    listed = passed
  }

  /// Passes a place inside a cluster, which is listed where the cluster is long.
  private mutating func listScalar(at place: Position, into boundaries: inout [Boundary]) {
    guard place.byte - max(passed.byte, scalarListed) >= longestStep - 3 else { return }
    listPassed(into: &boundaries)
    boundaries.append(Boundary(end: place, start: place, cost: 0, rank: .scalar))
    scalarListed = place.byte
  }

  private mutating func finish(at place: Position, into boundaries: inout [Boundary]) {
    if place.byte - listed.byte > longestStep { listPassed(into: &boundaries) }
  }

  /// How a sign beyond ASCII ends what is before it; `none` if it closes a quotation, nil if it is
  /// neither.
  private static func tail(of value: UInt32) -> Tail? {
    switch value {
    case 0x3002, 0xFF01, 0xFF1F, 0xFF61, 0xFF0E: .wideSentence
    case 0x3001, 0xFF0C, 0xFF1A, 0xFF1B, 0xFF64: .wideClause
    case 0x061F, 0x06D4, 0x0964, 0x0965, 0x2026, 0x203D: .sentence
    case 0x060C, 0x061B: .clause
    case 0x2019, 0x201D, 0x00BB, 0x300B, 0x300D, 0x300F, 0x3011, 0xFF09, 0xFF63: Tail.none
    default: nil
    }
  }
}
