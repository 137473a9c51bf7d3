// A row of a result, read in place.

#if Postgres
  import CLibpq
  package import Foundation

  /// A row of a query, in the binary form in which the server sent it. It is valid only in the body that gets
  /// it. Columns count from 0.
  ///
  /// The reading functions throw a ``PostgresError`` of kind `type` for NULL and for a column of another type:
  /// the schema is not what the statement expects.
  package struct PostgresRow {
    /// What a value is.
    package enum Kind: Sendable, Equatable {
      case null, integer, real, text, bytes, vector, bool, numeric
      /// Another type, by its number in `pg_type`; cast it in the SQL, as in `created::text`.
      case other(UInt32)
    }

    let result: OpaquePointer
    let row: Int32
    let vectorTypes: Set<UInt32>

    /// How many columns there are.
    package var count: Int { Int(PQnfields(result)) }

    /// A column's name.
    package func name(of column: Int) -> String {
      PQfname(result, Int32(column)).map { String(cString: $0) } ?? ""
    }

    package func isNull(_ column: Int) -> Bool {
      check(column)
      return PQgetisnull(result, row, Int32(column)) != 0
    }

    /// What a value is; `null` for NULL of any type.
    package func kind(_ column: Int) -> Kind {
      if isNull(column) { return .null }
      let type = PQftype(result, Int32(column))
      switch PostgresType(rawValue: type) {
      case .bool: return .bool
      case .bytea: return .bytes
      case .int2, .int4, .int8, .oid: return .integer
      case .float4, .float8: return .real
      case .numeric: return .numeric
      case .char, .name, .text, .json, .xml, .unknown, .bpchar, .varchar, .uuid, .jsonb:
        return .text
      case nil: return vectorTypes.contains(type) ? .vector : .other(type)
      }
    }

    /// A whole number, also a boolean as 0 or 1, and a `numeric` without a fraction.
    package func integer(_ column: Int) throws -> Int64 {
      let bytes = try value(column, "a whole number")
      var number: Int64?
      switch type(column) {
      case .bool, .int2, .int4, .int8: number = PostgresBytes.integer(bytes)
      case .oid: number = Int64(PostgresBytes.load(bytes, as: UInt32.self))
      case .numeric:
        number = PostgresBytes.numeric(bytes).flatMap { PostgresBytes.integer(numeric: $0) }
      default: break
      }
      guard let number else { throw mismatch(column, "a whole number of at most 64 bits") }
      return number
    }

    /// A number. `bigint` and `numeric` are rounded to the nearest.
    package func real(_ column: Int) throws -> Double {
      let bytes = try value(column, "a number")
      var number: Double?
      switch type(column) {
      case .float4, .float8: number = PostgresBytes.real(bytes)
      case .int2, .int4, .int8: number = PostgresBytes.integer(bytes).map { Double($0) }
      case .numeric: number = PostgresBytes.numeric(bytes).flatMap { Double($0) }
      default: break
      }
      guard let number else { throw mismatch(column, "a number") }
      return number
    }

    /// Whether a boolean, or a whole number, is not 0.
    package func bool(_ column: Int) throws -> Bool { try integer(column) != 0 }

    /// A text; also JSON, a UUID, and the digits of a `numeric`.
    ///
    /// - Complexity: O(bytes).
    package func text(_ column: Int) throws -> String {
      let bytes = try value(column, "a text")
      var text: String?
      switch type(column) {
      case .char, .name, .text, .json, .xml, .unknown, .bpchar, .varchar:
        text = PostgresBytes.text(bytes)
      case .jsonb where bytes.first == 1:
        text = PostgresBytes.text(UnsafeRawBufferPointer(rebasing: bytes[1...]))
      case .uuid: text = PostgresBytes.uuid(bytes)
      case .numeric: text = PostgresBytes.numeric(bytes)
      default: break
      }
      guard let text else { throw mismatch(column, "a text") }
      return text
    }

    /// The bytes of a `bytea` or a text, in place: valid as long as the row.
    package func bytes(_ column: Int) throws -> UnsafeRawBufferPointer {
      let bytes = try value(column, "bytes")
      switch type(column) {
      case .bytea, .char, .name, .text, .json, .xml, .unknown, .bpchar, .varchar: return bytes
      default: throw mismatch(column, "bytes")
      }
    }

    /// The components of a `vector`: float32, little-endian.
    ///
    /// - Complexity: O(dimensions).
    package func vector(_ column: Int) throws -> Data {
      let bytes = try value(column, "a vector")
      guard type(column) == nil, let components = PostgresBytes.vector(bytes) else {
        throw mismatch(column, "a vector")
      }
      return components
    }

    /// A value of any kind but `other`. A boolean is 0 or 1; a `numeric` is an integer if it is one, else real.
    package func value(_ column: Int) throws -> PostgresValue {
      switch kind(column) {
      case .null: .null
      case .integer, .bool: .integer(try integer(column))
      case .real: .real(try real(column))
      case .numeric:
        if let number = try? integer(column) { .integer(number) } else { .real(try real(column)) }
      case .text: .text(try text(column))
      case .bytes: .bytes(Data(try bytes(column)))
      case .vector: .vector(try vector(column))
      case .other: throw mismatch(column, "a type that this client reads")
      }
    }

    // MARK: - In place

    private func type(_ column: Int) -> PostgresType? {
      PostgresType(rawValue: PQftype(result, Int32(column)))
    }

    private func check(_ column: Int) {
      precondition((0..<count).contains(column), "there is no column \(column) of \(count)")
    }

    private func value(_ column: Int, _ wanted: String) throws -> UnsafeRawBufferPointer {
      guard !isNull(column) else { throw mismatch(column, wanted) }
      return UnsafeRawBufferPointer(
        start: PQgetvalue(result, row, Int32(column)),
        count: Int(PQgetlength(result, row, Int32(column))))
    }

    private func mismatch(_ column: Int, _ wanted: String) -> PostgresError {
      let type = PQftype(result, Int32(column))
      let name = PostgresType(rawValue: type).map { "\($0)" } ?? "of type number \(type)"
      let found = isNull(column) ? "NULL" : name
      return PostgresError(
        .type,
        "the column \(self.name(of: column)) is \(found), but \(wanted) was expected; the schema differs from what this version writes"
      )
    }
  }

  /// The types that the client reads, by their numbers in `pg_type`, which are the same on every server.
  enum PostgresType: UInt32 {
    case bool = 16
    case bytea = 17
    case char = 18
    case name = 19
    case int8 = 20
    case int2 = 21
    case int4 = 23
    case text = 25
    case oid = 26
    case json = 114
    case xml = 142
    case float4 = 700
    case float8 = 701
    case unknown = 705
    case bpchar = 1042
    case varchar = 1043
    case numeric = 1700
    case uuid = 2950
    case jsonb = 3802
  }
#endif
