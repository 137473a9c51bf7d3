// Bytes that are put together for the server.

#if Postgres
  import Foundation

  /// A growing buffer in PostgreSQL's binary formats: everything is big-endian.
  final class WireBuffer {
    private(set) var count = 0
    private var capacity = 4096
    private var memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)

    deinit { memory.deallocate() }

    /// What was appended; valid until the next change.
    var bytes: UnsafeRawPointer { UnsafeRawPointer(memory) }

    func removeAll() { count = 0 }

    func append<T: FixedWidthInteger>(_ number: T) {
      reserve(MemoryLayout<T>.size)
      memory.storeBytes(of: number.bigEndian, toByteOffset: count, as: T.self)
      count += MemoryLayout<T>.size
    }

    func append(_ more: UnsafeRawBufferPointer) {
      guard let base = more.baseAddress, more.count > 0 else { return }
      reserve(more.count)
      (memory + count).copyMemory(from: base, byteCount: more.count)
      count += more.count
    }

    func append(text: String) {
      var text = text
      text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// pgvector's binary form (`vector_send`): the dimensions, a zero, the components.
    ///
    /// - Throws: ``PostgresError`` of kind `value` unless there are 1 to 16,000 components.
    func append(vector components: UnsafeRawBufferPointer) throws {
      let dimensions = components.count / 4
      guard components.count % 4 == 0, (1...16_000).contains(dimensions) else {
        throw PostgresError(
          .value,
          "a vector has \(components.count) bytes; pgvector takes 1 to 16000 components of 4 bytes each"
        )
      }
      reserve(4 + components.count)
      append(UInt16(dimensions))
      append(UInt16(0))
      Self.swap(components, to: memory + count)
      count += components.count
    }

    /// Copies 4-byte numbers with their bytes in the other order.
    static func swap(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer) {
      guard let base = source.baseAddress else { return }
      for offset in stride(from: 0, to: source.count & ~3, by: 4) {
        let number = base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        target.storeBytes(of: number.byteSwapped, toByteOffset: offset, as: UInt32.self)
      }
    }

    private func reserve(_ more: Int) {
      guard count + more > capacity else { return }
      capacity = max(capacity * 2, count + more)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
      larger.copyMemory(from: memory, byteCount: count)
      memory.deallocate()
      memory = larger
    }
  }
#endif
