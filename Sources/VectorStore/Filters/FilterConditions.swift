// Conditions of filters as SQL with arguments: no user's text becomes SQL.

import VectorStoreText

/// A piece of SQL with the arguments of its `?`, in their order.
struct SQLPiece: Sendable {
  var sql: String
  var arguments: [BulkValue] = []

  init(_ sql: String, _ arguments: [BulkValue] = []) {
    self.sql = sql
    self.arguments = arguments
  }

  static func + (first: SQLPiece, second: SQLPiece) -> SQLPiece {
    SQLPiece(first.sql + second.sql, first.arguments + second.arguments)
  }

  static func += (first: inout SQLPiece, second: SQLPiece) {
    first.sql += second.sql
    first.arguments += second.arguments
  }

  /// Pieces with SQL between them.
  static func joined(_ pieces: [SQLPiece], by separator: String) -> SQLPiece {
    SQLPiece(
      pieces.map(\.sql).joined(separator: separator), pieces.flatMap(\.arguments))
  }

  /// The same in parentheses, and many pieces in more of them: of a chain each link makes SQLite's
  /// expression tree deeper, which may be 1,000 deep.
  static func balanced(_ pieces: [SQLPiece], by separator: String) -> SQLPiece {
    let most = 64
    guard pieces.count > most else {
      return SQLPiece("(") + .joined(pieces, by: separator) + SQLPiece(")")
    }
    let groups = stride(from: 0, to: pieces.count, by: most).map {
      balanced(Array(pieces[$0..<min($0 + most, pieces.count)]), by: separator)
    }
    return balanced(groups, by: separator)
  }
}

/// What a condition asks of a column, or of the rows of `document_fields`.
///
/// SQLite orders numbers before texts before blobs. PostgreSQL keeps the values of `document_fields` as bytes
/// that are in the same order, see ``FieldBytes``.
struct FilterConditions {
  /// The column of the values of metadata.
  static let field = "f.value"

  let isPostgres: Bool

  init(_ db: any SQLTransaction) { isPostgres = db.isPostgres }

  /// What is above all numbers and at most every text, and what is above all texts.
  private var textStart: String { isPostgres ? "x'02'" : "''" }
  private var textEnd: String { isPostgres ? "x'03'" : "x''" }

  /// All texts, and no number or blob, in the order of types.
  private var isText: String { "{} >= \(textStart) AND {} < \(textEnd)" }

  /// Rows of `document_fields f` under a field's key that satisfy a relation.
  func field(_ path: [String], _ relation: FilterTest.Relation) -> SQLPiece {
    let key = SQLPiece("f.key = ?", [MetadataFields.key(path).bulkValue])
    if case .exists = relation { return key }
    return key + SQLPiece(" AND ") + value(Self.field, relation, isMixed: true)
  }

  /// A column that satisfies a relation other than `exists`.
  ///
  /// - Parameter isMixed: whether the column holds values of several types.
  func value(
    _ column: String, _ relation: FilterTest.Relation, isMixed: Bool
  ) -> SQLPiece {
    func only(_ guards: String) -> SQLPiece {
      SQLPiece(isMixed ? " AND " + guards.replacing("{}", with: column) : "")
    }
    switch relation {
    case .exists: return SQLPiece("TRUE")
    case .oneOf(let values):
      let arguments = values.map { argument($0, isMixed: isMixed) }
      if arguments.isEmpty { return SQLPiece("FALSE") }
      if arguments.count == 1 { return SQLPiece("\(column) = ?", arguments) }
      let marks = repeatElement("?", count: arguments.count).joined(separator: ", ")
      return SQLPiece("\(column) IN (\(marks))", arguments)
    case .like(let pattern):
      guard isPostgres else {
        return SQLPiece("\(column) LIKE ?", [pattern.bulkValue]) + only(isText)
      }
      // SQLite's LIKE knows no escape, and takes the letters of ASCII in either case.
      let text = column == Self.field ? "field_text(\(column), f.long_text)" : column
      return SQLPiece("\(text) ILIKE ? COLLATE \"C\" ESCAPE ''", [pattern.bulkValue])
        + only(isText)
    case .ordered(let comparison, let value):
      let ordered = SQLPiece(
        "\(column) \(comparison.rawValue) ?", [argument(value, isMixed: isMixed)])
      switch (value, comparison) {
      case (.string, .less), (.string, .atMost): return ordered + only("{} >= \(textStart)")
      case (.string, _): return ordered + only("{} < \(textEnd)")
      case (_, .less), (_, .atMost): return ordered
      default: return ordered + only("{} < \(textStart)")
      }
    }
  }

  /// A document's time that satisfies a relation: values are spans, and comparing is with their ends.
  func time(_ column: String, _ relation: FilterTest.Relation) -> SQLPiece {
    func bound(_ sign: String, _ milliseconds: Int64) -> SQLPiece {
      SQLPiece("\(column) \(sign) ?", [FilterTime.stored(milliseconds).bulkValue])
    }
    func span(_ value: MetadataValue) -> FilterTime? {
      if case .string(let text) = value { FilterTime(text) } else { nil }
    }
    switch relation {
    case .oneOf(let values):
      let spans = values.compactMap(span).map { time in
        SQLPiece("(") + bound(">=", time.start) + SQLPiece(" AND ") + bound("<", time.end)
          + SQLPiece(")")
      }
      return spans.isEmpty
        ? SQLPiece("FALSE") : .balanced(spans, by: " OR ")
    case .ordered(let comparison, let value):
      guard let time = span(value) else { return SQLPiece("FALSE") }
      return switch comparison {
      case .less: bound("<", time.start)
      case .atMost: bound("<", time.end)
      case .greater: bound(">=", time.end)
      default: bound(">=", time.start)
      }
    case .exists: return SQLPiece("TRUE")
    case .like: return SQLPiece("FALSE")
    }
  }

  /// The ranges that hold all texts of a pattern, by their common start; empty if it has none.
  ///
  /// Letters match in either case: the first three of them make up to eight ranges.
  func ranges(_ column: String, like pattern: String, isMixed: Bool) -> [SQLPiece] {
    var prefixes = [String.UnicodeScalarView()]
    for scalar in pattern.unicodeScalars {
      guard scalar != "%", scalar != "_" else { break }
      let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
      guard !isLetter || prefixes.count < 8 else { break }
      let cases =
        isLetter
        ? [scalar.properties.uppercaseMapping, scalar.properties.lowercaseMapping]
        : [String(scalar)]
      prefixes = prefixes.flatMap { prefix in cases.map { prefix + $0.unicodeScalars } }
    }
    guard prefixes.first?.isEmpty == false else { return [] }
    return prefixes.map { prefix in
      let lower = SQLPiece("\(column) >= ?", [bound(String(prefix), isMixed)])
      guard let next = Self.following(prefix) else {
        return isMixed || !isPostgres ? lower + SQLPiece(" AND \(column) < \(textEnd)") : lower
      }
      return lower + SQLPiece(" AND \(column) < ?", [bound(next, isMixed)])
    }
  }

  private func bound(_ text: String, _ isMixed: Bool) -> BulkValue {
    isMixed && isPostgres ? .blob(FieldBytes.start(text)) : .text(text)
  }

  /// The least text that is greater than all with this prefix; nil if there is none.
  private static func following(_ prefix: String.UnicodeScalarView) -> String? {
    var prefix = prefix
    while let last = prefix.popLast() {
      // The scalars go on after the surrogates, and end at 10FFFF.
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      if let scalar = Unicode.Scalar(next) {
        prefix.append(scalar)
        return String(prefix)
      }
    }
    return nil
  }

  /// A value as it stands in `document_fields`.
  private func argument(_ value: MetadataValue, isMixed: Bool) -> BulkValue {
    let value = plain(value)
    return isMixed ? FieldBytes.argument(value, isPostgres) : value
  }

  private func plain(_ value: MetadataValue) -> BulkValue {
    switch value {
    case .null: MetadataFields.Mark.null.data.bulkValue
    case .bool(let value):
      (value ? MetadataFields.Mark.true : .false).data.bulkValue
    case .integer(let value): value.bulkValue
    case .number(let value): value.bulkValue
    case .string(let value): value.bulkValue
    // Refused by FilterRules; nothing equals it.
    case .array, .object: .null
    }
  }
}
