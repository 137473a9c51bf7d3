// Writes rows of float32 numbers as a `.npy` file.

/// A `.npy` file of float32 rows (`<f4`, version 1.0) in the making.
///
///     let writer = try NPYWriter(path: "vectors.npy", rows: 1000, dimensions: 1536)
///     for block in blocks { try writer.append(block) }
///     try writer.finish()
///
/// The file appears at its path only in ``finish()``; without it nothing is left behind.
package final class NPYWriter {
  private let file: AtomicFile
  private let rows: Int
  private let dimensions: Int
  private var written = 0
  private var buffer: [UInt8]
  private let bufferSize = 1 << 20

  /// Creates a temporary file beside `path` and writes the header.
  ///
  /// - Throws: ``InterchangeError/Code/cannotWrite``.
  /// - Precondition: `rows` is not negative, `dimensions` is positive.
  package init(path: String, rows: Int, dimensions: Int) throws(InterchangeError) {
    precondition(rows >= 0 && dimensions > 0, "shape (\(rows), \(dimensions))")
    self.rows = rows
    self.dimensions = dimensions
    file = try AtomicFile(path: path)
    buffer = NPYHeader(element: .littleSingle, rows: rows, dimensions: dimensions).encoded()
    buffer.reserveCapacity(bufferSize)
  }

  /// Appends whole rows, one after another.
  ///
  /// - Throws: ``InterchangeError``: `wrongCount` where there are more than the header says, and
  ///   `cannotWrite`.
  /// - Precondition: the count of `values` is a multiple of the dimensions.
  package func append(_ values: [Float]) throws(InterchangeError) {
    let outcome = values.withUnsafeBufferPointer { values in
      Result { () throws(InterchangeError) in try append(values) }
    }
    try outcome.get()
  }

  /// Appends whole rows out of memory: as ``append(_:)-([Float])``.
  package func append(_ values: UnsafeBufferPointer<Float>) throws(InterchangeError) {
    precondition(values.count % dimensions == 0, "\(values.count) numbers in rows of \(dimensions)")
    let count = written + values.count / dimensions
    guard count <= rows else { throw wrongCount(count) }
    written = count
    if NPYHeader.Element.littleSingle.isNativeSingle {
      try write(UnsafeRawBufferPointer(values))
    } else {
      let swapped = values.map { $0.bitPattern.littleEndian }
      let outcome = swapped.withUnsafeBytes { bytes in
        Result { () throws(InterchangeError) in try write(bytes) }
      }
      try outcome.get()
    }
  }

  /// Makes the file durable and moves it to its path.
  ///
  /// - Throws: ``InterchangeError``: `wrongCount` where rows are missing, and `cannotWrite`. Nothing
  ///   is left behind then.
  package func finish() throws(InterchangeError) {
    guard written == rows else {
      file.discard()
      throw wrongCount(written)
    }
    try flush()
    try file.commit()
  }

  private func write(_ bytes: UnsafeRawBufferPointer) throws(InterchangeError) {
    if buffer.count + bytes.count > bufferSize { try flush() }
    if bytes.count > bufferSize {
      try file.write(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
  }

  private func flush() throws(InterchangeError) {
    let outcome = buffer.withUnsafeBytes { bytes in
      Result { () throws(InterchangeError) in try file.write(bytes) }
    }
    try outcome.get()
    buffer.removeAll(keepingCapacity: true)
  }

  private func wrongCount(_ count: Int) -> InterchangeError {
    InterchangeError(
      .wrongCount, file: file.path, found: "\(count) rows", expected: "\(rows), as announced",
      advice: "count the rows within the snapshot they are read from")
  }
}
