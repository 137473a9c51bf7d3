// Reads rows of COPY's binary format.

#if Postgres
  package import Foundation

  /// A row of a `COPY … TO STDOUT (FORMAT binary)`. It is valid only in the body that gets it. Columns count
  /// from 0. COPY does not say of what type they are: ask for what the statement selects.
  ///
  /// The reading functions throw a ``PostgresError`` of kind `type` for NULL, and for what cannot be of that
  /// type.
  package struct PostgresCopyRow {
    let row: UnsafeRawBufferPointer
    /// Where each value starts, and its length; -1 for NULL.
    let fields: [(start: Int, length: Int)]

    /// How many columns there are.
    package var count: Int { fields.count }

    package func isNull(_ column: Int) -> Bool { fields[column].length < 0 }

    /// Of a `boolean`, `smallint`, `integer` or `bigint`.
    package func integer(_ column: Int) throws -> Int64 {
      try read(column, "a whole number", PostgresBytes.integer)
    }

    /// Of a `real` or `double precision`.
    package func real(_ column: Int) throws -> Double {
      try read(column, "a number", PostgresBytes.real)
    }

    /// Of a `text`, `varchar` or `json`. For `jsonb`, select `x::text`.
    package func text(_ column: Int) throws -> String {
      try read(column, "a text") { PostgresBytes.text($0) }
    }

    /// The value in place, as the server sent it: valid as long as the row.
    package func bytes(_ column: Int) throws -> UnsafeRawBufferPointer {
      try read(column, "bytes") { $0 }
    }

    /// Of a pgvector `vector`: float32 components, little-endian.
    package func vector(_ column: Int) throws -> Data {
      try read(column, "a vector", PostgresBytes.vector)
    }

    private func read<T>(
      _ column: Int, _ wanted: String, _ body: (UnsafeRawBufferPointer) -> T?
    ) throws -> T {
      precondition(fields.indices.contains(column), "there is no column \(column) of \(count)")
      let (start, length) = fields[column]
      guard length >= 0,
        let value = body(UnsafeRawBufferPointer(rebasing: row[start..<(start + length)]))
      else {
        throw PostgresError(
          .type,
          "column \(column) of the COPY is \(length < 0 ? "NULL" : "\(length) bytes"), but \(wanted) was expected; the schema differs from what this version writes"
        )
      }
      return value
    }
  }

  /// Cuts COPY's bytes into rows. A message may hold a part of a row, or several.
  struct PostgresCopyReader {
    private static let header = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0]
    private var left: [UInt8] = []
    private var hasHeader = false
    /// The rows are complete.
    private(set) var hasEnded = false

    /// Takes a message in. Hands out the rows that are complete with it.
    mutating func take(
      _ message: UnsafeRawBufferPointer, _ body: (PostgresCopyRow) throws -> Void
    ) throws {
      guard !left.isEmpty else {
        let used = try take(whole: message, body)
        left.append(contentsOf: message[used...])
        return
      }
      left.append(contentsOf: message)
      let bytes = left
      let used = try bytes.withUnsafeBytes { try take(whole: $0, body) }
      left.removeFirst(used)
    }

    /// Returns how many bytes were used.
    private mutating func take(
      whole bytes: UnsafeRawBufferPointer, _ body: (PostgresCopyRow) throws -> Void
    ) throws -> Int {
      var offset = 0
      if !hasHeader {
        guard bytes.count >= 19 else { return 0 }
        guard bytes.prefix(11).elementsEqual(Self.header) else {
          throw PostgresError(
            .statement, "the COPY is not in binary format; write COPY … TO STDOUT (FORMAT binary)")
        }
        offset = 19 + Int(PostgresBytes.load(bytes, at: 15, as: UInt32.self))
        guard bytes.count >= offset else { return 0 }
        hasHeader = true
      }
      while !hasEnded, let (fields, end) = Self.row(bytes, at: offset) {
        if end == offset {
          hasEnded = true
        } else {
          try body(PostgresCopyRow(row: bytes, fields: fields))
          offset = end
        }
      }
      return hasEnded ? bytes.count : offset
    }

    /// The row at an offset, and where it ends: at its start for the end of all rows. Nil if it is not all there.
    private static func row(
      _ bytes: UnsafeRawBufferPointer, at start: Int
    ) -> (fields: [(start: Int, length: Int)], end: Int)? {
      guard bytes.count >= start + 2 else { return nil }
      let columns = Int(PostgresBytes.load(bytes, at: start, as: Int16.self))
      guard columns >= 0 else { return ([], start) }
      var offset = start + 2
      var fields: [(start: Int, length: Int)] = []
      fields.reserveCapacity(columns)
      for _ in 0..<columns {
        guard bytes.count >= offset + 4 else { return nil }
        let length = Int(PostgresBytes.load(bytes, at: offset, as: Int32.self))
        offset += 4
        fields.append((offset, length))
        offset += max(0, length)
        guard bytes.count >= offset else { return nil }
      }
      return (fields, offset)
    }
  }
#endif
