// One query against one segment: scans its 1-bit codes, and looks at the fine codes of what they
// let pass.

internal import CVectorKernels

/// What one worker needs for its scans: memory that is used over and over, by pointers, since every access of
/// an array in a class is checked.
///
/// `@unchecked Sendable`: one worker uses it at a time.
final class SegmentScan: @unchecked Sendable {
  private let deviations: Float
  private let limit: Int
  private let paddedDimensions: Int
  private let source: any SearchSource

  private let centred: UnsafeMutablePointer<Float>
  private let levels: UnsafeMutablePointer<Int8>
  private let bytes: UnsafeMutablePointer<Int8>
  private let sums: UnsafeMutablePointer<Int32>
  private let index: UnsafeMutablePointer<UInt32>
  private let estimate: UnsafeMutablePointer<Float>
  private let halfWidth: UnsafeMutablePointer<Float>
  private let fineSums: UnsafeMutablePointer<Int32>

  /// - Parameter rows: the most rows of a segment.
  init(
    paddedDimensions: Int, rows: Int, limit: Int, deviations: Double,
    source: any SearchSource
  ) {
    self.deviations = Float(deviations)
    self.limit = limit
    self.paddedDimensions = paddedDimensions
    self.source = source
    let tile = SegmentLayout.tileRows
    let room = (rows + tile - 1) / tile * tile
    centred = .allocate(capacity: paddedDimensions)
    levels = .allocate(capacity: paddedDimensions)
    bytes = .allocate(capacity: paddedDimensions)
    sums = .allocate(capacity: room)
    index = .allocate(capacity: room)
    estimate = .allocate(capacity: room)
    halfWidth = .allocate(capacity: room)
    fineSums = .allocate(capacity: room)
  }

  deinit {
    centred.deallocate()
    levels.deallocate()
    bytes.deallocate()
    sums.deallocate()
    index.deallocate()
    estimate.deallocate()
    halfWidth.deallocate()
    fineSums.deallocate()
  }

  /// So many rows give a first threshold: whole bytes of a mask, and whole vector registers.
  private static let rowsForAThreshold = 1024
  /// Above this many rows for each result, narrowing pays.
  private static let manyForEach = 4

  /// What both estimates of a query in a segment are made of.
  private struct Prepared {
    var quantized: vk_quantized
    /// ⟨q, c⟩ − ⟨c, c⟩
    var offset: Float
  }

  /// Looks for results of a query in a segment.
  ///
  /// - Parameter place: the segment's place in the search.
  /// - Complexity: O(rows · P / 64), and O(P) for each row that the 1-bit code lets pass.
  func scan(
    _ query: CodeQuery, _ segment: MaskedSegment, place: Int, into findings: inout Findings
  ) throws {
    let prepared = prepare(query, segment.segment)
    findings.share()
    defer { findings.share() }
    if let count = selectAll(of: segment) {
      return try refine(count, from: 0, segment.segment, place, prepared, &findings)
    }
    addUp(segment)
    let rows = segment.segment.layout.rows
    // Without a threshold every row passes: a few rows give one for the others.
    let few = findings.threshold == -.infinity ? min(Self.rowsForAThreshold, rows) : 0
    try look(at: 0..<few, segment, place, prepared, &findings)
    try look(at: few..<rows, segment, place, prepared, &findings)
  }

  /// Looks for results among some rows, of which the first is the first of a mask's byte.
  private func look(
    at rows: Range<Int>, _ segment: MaskedSegment, _ place: Int, _ prepared: Prepared,
    _ findings: inout Findings
  ) throws {
    guard !rows.isEmpty else { return }
    var count = select(segment, rows, prepared, threshold: findings.threshold)
    guard count > Self.manyForEach * limit else {
      return try refine(count, from: 0, segment.segment, place, prepared, &findings)
    }
    // Where much passes, the best by their 1-bit codes raise the threshold for the others.
    count = narrow(count)
    let best = bestFirst(count)
    try refine(best, from: 0, segment.segment, place, prepared, &findings)
    count = narrow(count, from: best, threshold: findings.threshold)
    try refine(count, from: best, segment.segment, place, prepared, &findings)
  }

  private func prepare(_ query: CodeQuery, _ segment: CodeSegment) -> Prepared {
    let centroid = segment.centroid
    return query.rotated.withUnsafeBufferPointer { rotated in
      for i in 0..<paddedDimensions { centred[i] = rotated[i] - centroid[i] }
      var quantized = vk_quantized()
      vk_quantize_query(centred, paddedDimensions, levels, bytes, &quantized)
      // ⟨q, c⟩ − ⟨c, c⟩ = ⟨q − c, c⟩
      let product = Kernels.dot(
        UnsafeBufferPointer(start: centred, count: paddedDimensions), centroid)
      return Prepared(quantized: quantized, offset: Float(product))
    }
  }

  /// Selects all rows that take part, if they are so few that their fine codes are less to read than the
  /// tiles that they lie in. Returns how many rows that are.
  private func selectAll(of segment: MaskedSegment) -> Int? {
    guard let mask = segment.mask, mask.count <= Self.manyForEach * limit,
      segment.segment.fine != nil
    else { return nil }
    var count = 0
    mask.forEach { row in
      index[count] = UInt32(row)
      count += 1
    }
    return count
  }

  /// Scans the 1-bit codes of a segment.
  private func addUp(_ segment: MaskedSegment) {
    let codes = segment.segment
    segment.withMask { mask in
      vk_scan(
        codes.codes.start.assumingMemoryBound(to: UInt8.self), paddedDimensions,
        codes.layout.rows, levels, mask, sums)
    }
  }

  /// Fills the columns of what the 1-bit codes of some rows let pass. Returns how many rows that are.
  private func select(
    _ segment: MaskedSegment, _ rows: Range<Int>, _ prepared: Prepared, threshold: Float
  ) -> Int {
    let codes = segment.segment
    let first = rows.lowerBound
    let root = Float(paddedDimensions).squareRoot()
    var selection = vk_selection(
      offset: prepared.offset, unit: prepared.quantized.scale4 / root, sum: prepared.quantized.sum4,
      spread: deviations * prepared.quantized.norm,
      rounding: deviations * prepared.quantized.error4 / root, slack: ErrorBound.slack,
      threshold: threshold)
    let count = segment.withMask { mask in
      vk_select(
        sums + first, codes.base.baseAddress.map { $0 + first },
        codes.scale.baseAddress.map { $0 + first }, codes.error.baseAddress.map { $0 + first },
        rows.count, mask.map { $0 + first / 8 }, &selection, index, estimate, halfWidth)
    }
    if first > 0 { for i in 0..<count { index[i] += UInt32(first) } }
    return count
  }

  /// Drops the rows that the k-th best lower bound among them rules out.
  private func narrow(_ count: Int) -> Int {
    var best = TopScores(limit: limit)
    for i in 0..<count { best.insert(estimate[i] - halfWidth[i]) }
    return narrow(count, from: 0, threshold: best.threshold)
  }

  /// Drops the rows from a place on whose upper bound is below a threshold. Returns how many rows remain.
  private func narrow(_ count: Int, from first: Int, threshold: Float) -> Int {
    var kept = first
    for i in first..<count where !(estimate[i] + halfWidth[i] < threshold) {
      move(i, to: kept)
      kept += 1
    }
    return kept
  }

  /// Moves the rows with the highest estimates to the front. Returns how many they are.
  private func bestFirst(_ count: Int) -> Int {
    guard count > limit else { return count }
    var best = TopScores(limit: limit)
    for i in 0..<count { best.insert(estimate[i]) }
    var front = 0
    for i in 0..<count where estimate[i] >= best.threshold && front < limit {
      swap(i, front)
      front += 1
    }
    return front
  }

  private func move(_ from: Int, to: Int) {
    index[to] = index[from]
    estimate[to] = estimate[from]
    halfWidth[to] = halfWidth[from]
  }

  private func swap(_ a: Int, _ b: Int) {
    (index[a], index[b]) = (index[b], index[a])
    (estimate[a], estimate[b]) = (estimate[b], estimate[a])
    (halfWidth[a], halfWidth[b]) = (halfWidth[b], halfWidth[a])
  }

  /// Looks at the fine codes of the selected rows from a place on.
  private func refine(
    _ end: Int, from first: Int, _ segment: CodeSegment, _ place: Int, _ prepared: Prepared,
    _ findings: inout Findings
  ) throws {
    guard end > first else { return }
    try readFineSums(first..<end, segment)
    let root = Float(paddedDimensions).squareRoot()
    let unit = prepared.quantized.scale8 * VK_FINE_STEP / root
    let shift = 7.5 * Float(prepared.quantized.sum8)
    let spread = deviations * prepared.quantized.norm
    let rounding = deviations * prepared.quantized.error8 / root
    let (fineScale, fineError, base) = (segment.fineScale, segment.fineError, segment.base)
    for i in first..<end {
      let row = Int(index[i])
      let scale = fineScale[row]
      let (a, b) = (spread * fineError[row], rounding * scale)
      findings.insert(
        Survivor(
          segment: Int32(place), row: index[i],
          estimate: prepared.offset + base[row]
            + scale * unit * (Float(fineSums[i - first]) - shift),
          halfWidth: ErrorBound.slack + (a * a + b * b).squareRoot()))
    }
  }

  /// The sums of the fine codes of some of the selected rows.
  private func readFineSums(_ range: Range<Int>, _ segment: CodeSegment) throws {
    let half = segment.layout.fineBytes
    if let fine = try segment.fine(reading: range.count, from: source) {
      vk_fine_dots(
        fine.start.assumingMemoryBound(to: UInt8.self), 2 * half, index + range.lowerBound,
        range.count, bytes, fineSums)
      return
    }
    for i in range {
      let row = Int(index[i])
      try source.withFineCode(row, of: segment) { code in
        try segment.check(fineCode: code, ofRow: row)
        var (first, sum) = (UInt32(0), Int32(0))
        vk_fine_dots(
          code.assumingMemoryBound(to: UInt8.self), 2 * half, &first, 1, bytes, &sum)
        fineSums[i - range.lowerBound] = sum
      }
    }
  }
}
