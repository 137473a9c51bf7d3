// A value that goes into a statement, and how statements' values are laid out for libpq.

#if Postgres
  package import Foundation

  /// A value of a statement, sent without a type: the server infers it from the statement.
  package enum PostgresValue: Sendable, Equatable {
    case null
    /// Also for boolean columns, as 0 or 1.
    case integer(Int64)
    case real(Double)
    /// Also for dates, JSON and UUIDs, in the server's text form. It must not hold U+0000, which PostgreSQL
    /// cannot keep.
    case text(String)
    /// For `bytea`. Where the server cannot infer that, as in `SELECT $1`, write `$1::bytea`.
    case bytes(Data)
    /// For pgvector's `vector`: float32 components, little-endian, 4 bytes each.
    case vector(Data)
  }

  /// The values of one statement in libpq's layout. Its memory is used again for the next statement.
  final class PostgresParameters {
    private let buffer = WireBuffer()
    private var starts: [Int?] = []
    private var lengths: [Int32] = []
    private var formats: [Int32] = []

    /// What the values take, in bytes.
    var byteCount: Int { buffer.count }

    /// Takes a statement's values in.
    ///
    /// - Throws: ``PostgresError`` of kind `value` for what PostgreSQL cannot take.
    func encode(_ values: [PostgresValue]) throws {
      buffer.removeAll()
      starts.removeAll(keepingCapacity: true)
      lengths.removeAll(keepingCapacity: true)
      formats.removeAll(keepingCapacity: true)
      guard values.count <= 65_535 else {
        throw PostgresError(
          .value,
          "the statement has \(values.count) values, but PostgreSQL takes at most 65535; split it into several"
        )
      }
      for (index, value) in values.enumerated() {
        let start = buffer.count
        var isBinary = false
        switch value {
        case .null:
          starts.append(nil)
          lengths.append(0)
          formats.append(0)
          continue
        case .integer(let number): buffer.append(text: String(number))
        case .real(let number): buffer.append(text: number.description)
        case .text(let text):
          try Self.check(text, "value $\(index + 1)")
          buffer.append(text: text)
        case .bytes(let bytes):
          bytes.withUnsafeBytes { buffer.append($0) }
          isBinary = true
        case .vector(let components):
          try components.withUnsafeBytes { try buffer.append(vector: $0) }
          isBinary = true
        }
        starts.append(start)
        lengths.append(Int32(clamping: buffer.count - start))
        formats.append(isBinary ? 1 : 0)
        // The end that C expects of a text; harmless after bytes.
        buffer.append(UInt8(0))
      }
    }

    /// Lends the arrays that `PQsendQueryParams` takes: values, lengths and formats.
    func withPointers<R>(
      _ body: (
        _ count: Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
        UnsafePointer<Int32>?
      ) -> R
    ) -> R {
      let values = starts.map { start in
        start.map { UnsafePointer((buffer.bytes + $0).assumingMemoryBound(to: CChar.self)) }
      }
      return values.withUnsafeBufferPointer { values in
        lengths.withUnsafeBufferPointer { lengths in
          formats.withUnsafeBufferPointer { formats in
            body(
              Int32(clamping: values.count), values.baseAddress, lengths.baseAddress,
              formats.baseAddress)
          }
        }
      }
    }

    /// Refuses a text that PostgreSQL cannot keep.
    static func check(_ text: String, _ name: String) throws {
      guard let position = text.utf8.firstIndex(of: 0) else { return }
      let offset = text.utf8.distance(from: text.utf8.startIndex, to: position)
      throw PostgresError(
        .value,
        "\(name) is a text with the character U+0000 at byte \(offset), which PostgreSQL cannot keep; remove it first"
      )
    }
  }
#endif
