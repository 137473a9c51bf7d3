// Makes the codes of a segment out of its vectors.

internal import CVectorKernels

/// What names a row of a segment.
package struct SegmentRow: Sendable, Equatable {
  /// The id of its vector.
  package var vector: Int64
  /// Of its chunk, which is what a search answers with.
  package var chunk: Int64
  /// Of its document, by which filters choose.
  package var document: Int64
  /// Of its collection.
  package var collection: Int64

  package init(vector: Int64, chunk: Int64, document: Int64, collection: Int64) {
    self.vector = vector
    self.chunk = chunk
    self.document = document
    self.collection = collection
  }
}

/// Encodes rows of unit length by RaBitQ (Gao & Long, SIGMOD 2024): residuals from the rows' mean,
/// rotated, as 1 bit and as 4 bits a component, with the factors that turn codes into estimates.
package struct SegmentEncoder: Sendable {
  private let rotation: Rotation

  package init(rotation: Rotation) {
    self.rotation = rotation
  }

  /// Encodes rows.
  ///
  /// - Parameters:
  ///   - vectors: `rows.count` × dimensions numbers, row-major.
  ///   - rows: what names them; rising vector ids, collection ids that fit 32 bits.
  ///   - damaged: rows whose vectors cannot be read (and are zero here): their estimate is infinite, so that
  ///     a search looks at what is stored of them.
  /// - Precondition: 1 to ``SegmentLayout/maximumRows`` rows.
  /// - Complexity: O(rows · P log P) on all cores, about 3 µs a row of 1536 dimensions a core.
  package func encode(
    _ vectors: UnsafeBufferPointer<Float>, rows: [SegmentRow], damaged: Set<Int> = []
  ) -> CodeSegment {
    precondition(vectors.count == rows.count * rotation.dimensions, "\(rows.count) rows")
    precondition((1...SegmentLayout.maximumRows).contains(rows.count), "\(rows.count) rows")
    let layout = SegmentLayout(rows: rows.count, paddedDimensions: rotation.paddedDimensions)
    let target = Target(layout, vectors)
    for (index, row) in rows.enumerated() { target.name(index, row) }
    let centroid = mean(vectors, rows: rows.count)
    var rotated = centroid + [Float](repeating: 0, count: layout.paddedDimensions - centroid.count)
    rotated.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      rotation.apply(start)
      (target.head.start + layout.centroid).copyMemory(
        from: start, byteCount: 4 * layout.paddedDimensions)
    }
    // Whole tiles a worker: a tile's rows share cache lines.
    SearchWorkers.forEach(layout.tiles, atLeast: 1) { tile, _ in
      encode(tile: tile, centroid, into: target)
    }
    for row in damaged { target.setInfinite(row) }
    return CodeSegment(
      id: 0, layout: layout, head: target.head, codes: target.codes, fine: target.fine)
  }

  private func encode(
    tile: Int, _ centroid: [Float], into target: Target
  ) {
    let layout = target.layout
    let size = SegmentLayout.tileRows
    var bits = [UInt8](repeating: 0, count: layout.codeBytes)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: layout.paddedDimensions) { residual in
      guard let y = residual.baseAddress else { return }
      for row in tile * size..<min((tile + 1) * size, layout.rows) {
        let first = row * rotation.dimensions
        let vector = UnsafeBufferPointer(
          rebasing: target.vectors[first..<first + rotation.dimensions])
        residual.update(repeating: 0)
        for i in 0..<rotation.dimensions { y[i] = vector[i] - centroid[i] }
        rotation.apply(y)
        let fine = target.fineStart + row * layout.fineBytes
        var encoded = vk_encoded()
        vk_encode(y, layout.paddedDimensions, &bits, fine, &encoded)
        vk_put_code(bits, layout.paddedDimensions, layout.rows, row, target.codesStart)
        let base = centroid.withUnsafeBufferPointer { Kernels.dot($0, vector) }
        target.setFactors(row, encoded, base: Float(base))
      }
    }
  }

  private func mean(_ vectors: UnsafeBufferPointer<Float>, rows: Int) -> [Float] {
    var sums = [Double](repeating: 0, count: rotation.dimensions)
    sums.withUnsafeMutableBufferPointer { sums in
      for row in 0..<rows {
        let first = row * rotation.dimensions
        for i in 0..<sums.count { sums[i] += Double(vectors[first + i]) }
      }
    }
    return sums.map { Float($0 / Double(rows)) }
  }

  /// The rows and the memory of a segment that is being made.
  ///
  /// `@unchecked Sendable`: its threads write different rows, and the caller waits for them.
  private struct Target: @unchecked Sendable {
    let layout: SegmentLayout
    let vectors: UnsafeBufferPointer<Float>
    let head: AlignedBytes
    let codes: AlignedBytes
    let fine: AlignedBytes

    init(_ layout: SegmentLayout, _ vectors: UnsafeBufferPointer<Float>) {
      self.layout = layout
      self.vectors = vectors
      head = AlignedBytes(count: layout.headCount)
      codes = AlignedBytes(count: layout.codesCount)
      fine = AlignedBytes(count: layout.fineCount)
      codes.start.initializeMemory(as: UInt8.self, repeating: 0, count: codes.count)
    }

    var codesStart: UnsafeMutablePointer<UInt8> { codes.start.assumingMemoryBound(to: UInt8.self) }
    var fineStart: UnsafeMutablePointer<UInt8> { fine.start.assumingMemoryBound(to: UInt8.self) }

    func name(_ index: Int, _ row: SegmentRow) {
      set(layout.vectorIDs, index, row.vector)
      set(layout.chunkIDs, index, row.chunk)
      set(layout.documentIDs, index, row.document)
      set(layout.collectionIDs, index, UInt32(clamping: row.collection))
    }

    func setFactors(_ row: Int, _ encoded: vk_encoded, base: Float) {
      let factors = RowFactors(encoded, paddedDimensions: layout.paddedDimensions)
      set(layout.base, row, base)
      set(layout.scale, row, factors.scale)
      set(layout.error, row, factors.error)
      set(layout.fineScale, row, factors.fineScale)
      set(layout.fineError, row, factors.fineError)
      let bytes = fine.start + row * layout.fineBytes
      set(layout.fineChecks, row, SegmentLayout.fineChecksum(bytes, count: layout.fineBytes))
    }

    func setInfinite(_ row: Int) {
      set(layout.base, row, Float.infinity)
      for column in [layout.scale, layout.error, layout.fineScale, layout.fineError] {
        set(column, row, Float(0))
      }
    }

    private func set<T>(_ column: Int, _ row: Int, _ value: T) {
      (head.start + column).assumingMemoryBound(to: T.self)[row] = value
    }
  }
}

/// Of the estimates: ⟨q − c, v − c⟩ is about scale · ⟨q − c, x̄⟩, with the deviation error · |q − c|.
struct RowFactors {
  var scale: Float = 0
  var error: Float = 0
  var fineScale: Float = 0
  var fineError: Float = 0

  init(_ encoded: vk_encoded, paddedDimensions: Int) {
    let p = Float(paddedDimensions)
    let norm = encoded.norm
    if norm > 0, encoded.abs_sum > 0 {
      let alignment = min(1, encoded.abs_sum / (norm * p.squareRoot()))
      scale = norm / alignment
      error = scale * ((1 - alignment * alignment) / (p - 1)).squareRoot()
    }
    if norm > 0, encoded.fine_dot > 0 {
      let alignment = encoded.fine_dot / norm
      let ratio = encoded.fine_norm / alignment
      fineScale = norm / alignment
      fineError = norm * (max(0, ratio * ratio - 1) / (p - 1)).squareRoot()
    }
  }
}
