// Reads rows of numbers from NumPy's `.npy` files, block by block.

/// A `.npy` file of shape (rows, dimensions), or (dimensions,) as one row, read as float32.
///
///     let reader = try NPYReader(path: "vectors.npy")
///     var block: [Float] = []
///     var row = 0
///     while row < reader.rows {
///       let range = row..<min(row + 4096, reader.rows)
///       try reader.read(rows: range, into: &block)
///       …  // range.count × reader.dimensions numbers
///       row = range.upperBound
///     }
///
/// Elements of 2, 4 and 8 bytes in either byte order are taken; those of 8 are rounded to the
/// nearest float32. Values are not judged: NaN and infinity come through. Memory is the caller's
/// block and at most 1 MB. Several threads may read at once.
package final class NPYReader: Sendable {
  /// The number of rows.
  package let rows: Int
  /// The numbers of each row.
  package let dimensions: Int
  private let element: NPYHeader.Element
  private let dataOffset: Int
  private let file: InputFile

  /// Opens a file and checks its header and its size.
  ///
  /// - Throws: ``InterchangeError``: `cannotOpen`, `cannotRead`, `notNPY`, `unsupportedVersion`,
  ///   `malformedHeader`, `unsupportedType`, `unsupportedOrder`, `unsupportedShape` or `wrongSize`.
  package init(path: String) throws(InterchangeError) {
    file = try InputFile(path: path)
    guard let size = file.regularSize() else {
      throw InterchangeError(
        .cannotOpen, file: path, found: "something that is not a regular file",
        expected: "a .npy file", advice: "save it to a file first")
    }
    let (header, offset) = try Self.readHeader(of: file)
    guard let bytes = header.dataBytes, bytes == size - offset else {
      throw InterchangeError(
        .wrongSize, file: path, found: "\(size - offset) bytes of numbers",
        expected: header.dataBytes.map { "\($0) for \(header.rows) rows of \(header.dimensions)" }
          ?? "fewer rows than the shape (\(header.rows), \(header.dimensions)) says",
        advice: "copy or write the file again")
    }
    rows = header.rows
    dimensions = header.dimensions
    element = header.element
    dataOffset = offset
  }

  /// Reads rows into `block`, which is resized to them and can be used again for the next rows.
  ///
  /// - Throws: ``InterchangeError``: `wrongCount` for rows that the file has not, `cannotRead`.
  /// - Complexity: O(rows × dimensions) bytes read.
  package func read(
    rows range: Range<Int>, into block: inout [Float]
  ) throws(InterchangeError) {
    guard range.lowerBound >= 0, range.upperBound <= rows else {
      throw InterchangeError(
        .wrongCount, file: file.name, found: "rows \(range.lowerBound) to \(range.upperBound)",
        expected: "rows within 0 to \(rows)", advice: "ask for rows that are there")
    }
    let count = range.count * dimensions
    if block.count > count {
      block.removeLast(block.count - count)
    } else if block.count < count {
      block.append(contentsOf: repeatElement(0, count: count - block.count))
    }
    let offset = dataOffset + range.lowerBound * dimensions * element.size
    // The closure's error is untyped on its way through the standard library.
    let outcome = block.withUnsafeMutableBytes { bytes in
      Result { () throws(InterchangeError) in try fill(bytes, from: offset) }
    }
    try outcome.get()
  }

  private func fill(
    _ block: UnsafeMutableRawBufferPointer, from offset: Int
  ) throws(InterchangeError) {
    if element.isNativeSingle {
      try readAll(into: block, at: offset)
      return
    }
    let floats = block.bindMemory(to: Float.self)
    let step = (1 << 20) / element.size
    let staging = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(step, floats.count) * element.size, alignment: 8)
    defer { staging.deallocate() }
    var done = 0
    while done < floats.count {
      let count = min(step, floats.count - done)
      let source = UnsafeMutableRawBufferPointer(rebasing: staging[..<(count * element.size)])
      try readAll(into: source, at: offset + done * element.size)
      element.convert(
        UnsafeRawBufferPointer(source),
        into: UnsafeMutableBufferPointer(rebasing: floats[done..<(done + count)]))
      done += count
    }
  }

  private func readAll(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(InterchangeError) {
    let count = try file.read(into: buffer, at: offset)
    guard count == buffer.count else {
      throw InterchangeError(
        .cannotRead, file: file.name, found: "its end after \(offset + count) bytes",
        expected: "\(offset + buffer.count) bytes as when it was opened",
        advice: "do not change the file while it is read")
    }
  }

  private static func readHeader(
    of file: InputFile
  ) throws(InterchangeError) -> (header: NPYHeader, dataOffset: Int) {
    let start = try bytes(of: file, at: 0, count: 12)
    guard start.starts(with: NPYHeader.magic) else {
      throw InterchangeError(
        .notNPY, file: file.name, found: "other bytes at its start",
        expected: "the magic bytes of a .npy file",
        advice: "write it with numpy.save (a .npz is an archive of such files)")
    }
    guard start.count == 12, (1...3).contains(start[6]), start[7] == 0 else {
      let version = start.count < 8 ? "no version" : "version \(start[6]).\(start[7])"
      throw InterchangeError(
        start.count == 12 ? .unsupportedVersion : .malformedHeader, file: file.name,
        found: start.count == 12 ? version : "a file of \(start.count) bytes",
        expected: "a header of version 1.0, 2.0 or 3.0", advice: "write it with numpy.save")
    }
    let prefix = start[6] == 1 ? 10 : 12
    let length = start[8..<prefix].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= NPYHeader.maximumLength else {
      throw InterchangeError(
        .malformedHeader, file: file.name, found: "a header of \(length) bytes",
        expected: "at most \(NPYHeader.maximumLength)", advice: "write it with numpy.save")
    }
    let dictionary = try bytes(of: file, at: prefix, count: length)
    guard dictionary.count == length else {
      throw InterchangeError(
        .malformedHeader, file: file.name, found: "\(dictionary.count) bytes of header",
        expected: "\(length)", advice: "copy or write the file again")
    }
    return (try NPYHeader(dictionary: dictionary, file: file.name), prefix + length)
  }

  private static func bytes(
    of file: InputFile, at offset: Int, count: Int
  ) throws(InterchangeError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { buffer.deallocate() }
    let read = try file.read(into: buffer, at: offset)
    return Array(buffer[..<read])
  }
}
