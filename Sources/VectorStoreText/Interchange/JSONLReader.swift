// Reads documents from JSONL one by one. For small inputs and tests; imports use JSONLBatchReader.

/// The documents of a JSONL file, one after another.
///
///     let reader = try JSONLReader(path: "documents.jsonl")
///     while let document = try reader.next() { … }
///
/// What a line may hold is said at ``JSONLineParser``. A bad line throws, and the next call goes on
/// with the line behind it. Ids are not compared: two lines may have the same.
package final class JSONLReader {
  /// The longest line that is read by default, in bytes: a document of an export is one line, its
  /// vectors included.
  package static let defaultMaximumLineBytes = 2 << 30

  private var blocks: LineBlocks
  private var nextLine = 0
  private var capacity = 0

  /// Opens the file at `path`.
  ///
  /// - Parameter maximumLineBytes: the longest line that is read.
  /// - Throws: ``InterchangeError/Code/cannotOpen``.
  package init(
    path: String, maximumLineBytes: Int = defaultMaximumLineBytes
  ) throws(InterchangeError) {
    blocks = LineBlocks(
      file: try InputFile(path: path), blockBytes: 1 << 20, maximumLineBytes: maximumLineBytes)
  }

  /// Reads from a descriptor that is open, such as standard input's 0, and leaves it open.
  ///
  /// - Parameter name: what messages call it.
  package init(
    descriptor: Int32, name: String = "standard input",
    maximumLineBytes: Int = defaultMaximumLineBytes
  ) {
    blocks = LineBlocks(
      file: InputFile(descriptor: descriptor, name: name), blockBytes: 1 << 20,
      maximumLineBytes: maximumLineBytes)
  }

  /// The next document, or nil behind the last.
  ///
  /// - Throws: ``InterchangeError``: `cannotRead`, or what is wrong with a line.
  package func next() throws(InterchangeError) -> ImportedDocument? {
    if nextLine == blocks.lines.count {
      nextLine = 0
      guard try blocks.advance() else { return nil }
    }
    let line = blocks.lines[nextLine]
    nextLine += 1
    let document = try blocks.withBytes { bytes in
      blocks.document(line, in: bytes, capacity: capacity)
    }.get()
    capacity = document.vector?.count ?? capacity
    return document
  }
}
