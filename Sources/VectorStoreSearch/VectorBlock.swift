// A buffer of rows on their way from storage to a search.

#if !_endian(little)
  #error("Vectors are stored as little-endian float32 and copied without a change.")
#endif

/// Up to `capacity` vectors and their ids, one after another in aligned memory, to be filled,
/// searched and emptied over and over.
///
///     let block = VectorBlock(dimensions: 1536)
///     while let row = try rows.next() {
///       try block.append(bytes: row.blob, id: row.id)
///       if block.isFull {
///         try search.score(block)
///         block.removeAll()
///       }
///     }
///     try search.score(block)
///
/// It is a class because it owns its memory, and it is not `Sendable`: one thread uses it at a time.
package final class VectorBlock {
  /// Rows of a block where the caller does not say: 25 MB of 1536 dimensions, enough for the cost of
  /// a call to vanish.
  package static let defaultCapacity = 4096

  /// The number of components of each row, at least 1.
  package let dimensions: Int
  /// The most rows it holds, at least 1.
  package let capacity: Int
  /// The ids of its rows, in the order of appending.
  package private(set) var ids: [Int64] = []
  private let storage: UnsafeMutableRawBufferPointer

  /// Creates an empty block.
  ///
  /// Its memory is `capacity` · `dimensions` · 4 bytes, which the system
  /// hands out as rows come.
  ///
  /// - Precondition: `dimensions` and `capacity` are positive.
  package init(dimensions: Int, capacity: Int = VectorBlock.defaultCapacity) {
    precondition(dimensions > 0 && capacity > 0, "\(capacity) rows of \(dimensions) dimensions")
    self.dimensions = dimensions
    self.capacity = capacity
    // 64 bytes: a cache line, and the widest vector registers.
    self.storage = .allocate(
      byteCount: capacity * dimensions * MemoryLayout<Float>.stride, alignment: 64)
    _ = storage.bindMemory(to: Float.self)
  }

  deinit {
    storage.deallocate()
  }

  /// The number of rows it holds.
  package var count: Int { ids.count }
  /// Whether it holds no row.
  package var isEmpty: Bool { ids.isEmpty }
  /// Whether it holds `capacity` rows.
  package var isFull: Bool { ids.count == capacity }

  /// Copies in one stored row: `dimensions` little-endian float32 numbers, at any address.
  ///
  /// The numbers are not looked at: a search reports rows that are damaged.
  ///
  /// - Throws: ``SearchError`` `wrongByteCount` if there are not `dimensions` · 4 bytes; the block is
  ///   then as it was.
  /// - Precondition: the block is not full.
  /// - Complexity: O(`dimensions`).
  package func append(bytes: UnsafeRawBufferPointer, id: Int64) throws(SearchError) {
    precondition(!isFull, "appending to a full block of \(capacity) rows")
    let length = dimensions * MemoryLayout<Float>.stride
    guard bytes.count == length else {
      throw .wrongByteCount(id: id, found: bytes.count, expected: length)
    }
    let start = ids.count * length
    UnsafeMutableRawBufferPointer(rebasing: storage[start..<start + length]).copyMemory(from: bytes)
    ids.append(id)
  }

  /// Copies in one row that is in memory.
  ///
  /// The same as ``append(bytes:id:)`` otherwise.
  package func append(_ vector: [Float], id: Int64) throws(SearchError) {
    try vector.withUnsafeBufferPointer { (vector) throws(SearchError) in
      try append(bytes: UnsafeRawBufferPointer(vector), id: id)
    }
  }

  /// Forgets all rows and keeps the memory for new ones.
  package func removeAll() {
    ids.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with the rows (`count` × `dimensions` numbers, row-major) and their ids.
  ///
  /// The pointers are good until `body` returns.
  package func withUnsafeRows<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>, UnsafeBufferPointer<Int64>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let rows = UnsafeBufferPointer(
      rebasing: storage.assumingMemoryBound(to: Float.self)[0..<ids.count * dimensions])
    return try ids.withUnsafeBufferPointer { (ids) throws(Failure) in try body(rows, ids) }
  }
}
