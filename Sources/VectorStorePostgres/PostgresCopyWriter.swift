// Writes rows in COPY's binary format.

#if Postgres
  package import Foundation

  /// Takes the rows of a `COPY … FROM STDIN (FORMAT binary)`: each begins with ``row(_:)``, then its values in
  /// order. The server converts nothing: a value must be exactly of its column's type.
  package final class PostgresCopyWriter {
    /// What is collected before it is sent.
    private static let packet = 256 << 10

    private let buffer = WireBuffer()
    private let send: (UnsafeRawBufferPointer) throws -> Void
    private var missing = 0

    init(_ send: @escaping (UnsafeRawBufferPointer) throws -> Void) {
      self.send = send
      for byte in Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0] { buffer.append(byte) }
      // No flags, no extension.
      buffer.append(UInt64(0))
    }

    /// Begins a row.
    ///
    /// - Precondition: the row before has all of its values.
    package func row(_ columns: Int) throws {
      precondition(missing == 0, "a row of a COPY lacks \(missing) values")
      if buffer.count >= Self.packet { try flush() }
      missing = columns
      buffer.append(Int16(columns))
    }

    package func null() {
      begin(-1)
    }

    /// For `boolean`.
    package func bool(_ value: Bool) {
      begin(1)
      buffer.append(UInt8(value ? 1 : 0))
    }

    /// For `smallint`.
    package func int2(_ value: Int16) {
      begin(2)
      buffer.append(value)
    }

    /// For `integer`.
    package func int4(_ value: Int32) {
      begin(4)
      buffer.append(value)
    }

    /// For `bigint`.
    package func int8(_ value: Int64) {
      begin(8)
      buffer.append(value)
    }

    /// For `real`.
    package func float4(_ value: Float) {
      begin(4)
      buffer.append(value.bitPattern)
    }

    /// For `double precision`.
    package func float8(_ value: Double) {
      begin(8)
      buffer.append(value.bitPattern)
    }

    /// For `text`, `varchar`, `json` and `xml`.
    ///
    /// - Throws: ``PostgresError`` of kind `value` if it holds U+0000.
    package func text(_ value: String) throws {
      try PostgresParameters.check(value, "a value")
      begin(value.utf8.count)
      buffer.append(text: value)
    }

    /// For `jsonb`.
    ///
    /// - Throws: ``PostgresError`` of kind `value` if it holds U+0000.
    package func jsonb(_ value: String) throws {
      try PostgresParameters.check(value, "a value")
      begin(value.utf8.count + 1)
      buffer.append(UInt8(1))
      buffer.append(text: value)
    }

    /// For `uuid`.
    package func uuid(_ value: UUID) {
      begin(16)
      withUnsafeBytes(of: value.uuid) { buffer.append($0) }
    }

    /// For `bytea`.
    package func bytes(_ value: Data) {
      value.withUnsafeBytes { bytes($0) }
    }

    /// For `bytea`.
    package func bytes(_ value: UnsafeRawBufferPointer) {
      begin(value.count)
      buffer.append(value)
    }

    /// For pgvector's `vector`: float32 components, little-endian.
    ///
    /// - Throws: ``PostgresError`` of kind `value` unless there are 1 to 16,000 components.
    package func vector(_ components: Data) throws {
      try components.withUnsafeBytes { try vector($0) }
    }

    /// For pgvector's `vector`: float32 components, little-endian.
    ///
    /// - Throws: ``PostgresError`` of kind `value` unless there are 1 to 16,000 components.
    package func vector(_ components: UnsafeRawBufferPointer) throws {
      begin(components.count + 4)
      try buffer.append(vector: components)
    }

    /// The end of the rows.
    func finish() throws {
      precondition(missing == 0, "a row of a COPY lacks \(missing) values")
      buffer.append(Int16(-1))
      try flush()
    }

    private func begin(_ length: Int) {
      precondition(missing > 0, "a row of a COPY has more values than row(_:) said")
      missing -= 1
      buffer.append(Int32(clamping: length))
    }

    private func flush() throws {
      try send(UnsafeRawBufferPointer(start: buffer.bytes, count: buffer.count))
      buffer.removeAll()
    }
  }
#endif
