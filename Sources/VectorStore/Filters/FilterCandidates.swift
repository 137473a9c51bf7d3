// Index ranges that hold every document a filter lets through.

/// SELECTs, each by one range of an index, which together give the id of every document that passes,
/// perhaps of others too, and some more than once.
struct FilterCandidates {
  /// The most SELECTs: SQLite takes 500 in one.
  private static let maximumSelects = 100
  /// How many rows of a part are counted before another is tried.
  private static let probes = [64, 4096]

  var selects: [SQLPiece]
  /// The same without what is asked of each entry of a range, to count how many entries are read.
  private var scans: [SQLPiece]
  /// Whether there are no others.
  var isExact: Bool
  /// Whether each document comes once.
  let isUnique: Bool

  /// - Parameter scans: nil if all entries of the ranges are taken.
  private init(
    selects: [SQLPiece], scans: [SQLPiece]? = nil, isExact: Bool = true, isUnique: Bool = false
  ) {
    self.selects = selects
    self.scans = scans ?? selects
    self.isExact = isExact
    self.isUnique = isUnique
  }

  /// All of them, as one SELECT.
  var union: SQLPiece { .joined(selects, by: " UNION ALL ") }

  /// Finds the ranges for a filter; nil if none narrows it down, as for fields that must be absent.
  ///
  /// - Complexity: reads up to 4,096 index entries for each part of an `and`.
  static func find(
    _ node: FilterNode, collection: Int64, _ db: any SQLTransaction
  ) throws -> FilterCandidates? {
    switch node {
    case .test(_, isNegated: true): return nil
    case .test(let test, isNegated: false):
      return find(test, collection: collection, FilterConditions(db))
    case .any(let parts):
      var all = FilterCandidates(selects: [])
      for part in parts {
        guard let found = try find(part, collection: collection, db) else { return nil }
        all.selects += found.selects
        all.scans += found.scans
        all.isExact = all.isExact && found.isExact
        guard all.selects.count <= maximumSelects else { return nil }
      }
      return all
    case .all(let parts):
      guard var best = try best(of: parts, collection: collection, db)?.candidates else {
        return nil
      }
      best.isExact = false
      return best
    }
  }

  /// Of the parts of an `and` the one with the fewest candidates, and its place.
  static func best(
    of parts: [FilterNode], collection: Int64, _ db: any SQLTransaction
  ) throws -> (index: Int, candidates: FilterCandidates)? {
    let found = try parts.enumerated().compactMap { index, part in
      try find(part, collection: collection, db).map { (index, $0) }
    }
    guard found.count > 1 else { return found.first }
    for probe in probes {
      var best: (index: Int, count: Int)?
      for (index, candidates) in found.map(\.1).enumerated() {
        let count = try candidates.count(upTo: best?.count ?? probe, db)
        if count < best?.count ?? probe { best = (index, count) }
      }
      if let best { return found[best.index] }
    }
    return found.first
  }

  private func count(upTo limit: Int, _ db: any SQLTransaction) throws -> Int {
    let union = SQLPiece.joined(scans, by: " UNION ALL ")
    return try Int.fetchOne(
      db, sql: "SELECT COUNT(*) FROM (\(union.sql) LIMIT ?) u",
      arguments: SQLArguments(union.arguments + [.integer(Int64(limit))]), keeps: false) ?? 0
  }

  private static func find(
    _ test: FilterTest, collection: Int64, _ conditions: FilterConditions
  ) -> FilterCandidates? {
    let from: SQLPiece
    let column: String
    switch test.field {
    case .metadata(let path):
      from = SQLPiece(
        """
        SELECT f.document_id AS id FROM document_fields f INDEXED BY document_fields_by_value \
        WHERE f.collection_id = ? AND 
        """, [collection.bulkValue])
      column = FilterConditions.field
      guard case .like(let pattern) = test.relation else {
        let condition = conditions.field(path, test.relation)
        return FilterCandidates(
          selects: [from + condition], isUnique: test.relation.isOneValue)
      }
      let key = conditions.field(path, .exists)
      return like(pattern, column, from: from, all: key, isMixed: true, conditions)
    case .source:
      from = SQLPiece(
        "SELECT d.id FROM documents d WHERE d.collection_id = ? AND ", [collection.bulkValue])
      column = "d.source"
      switch test.relation {
      case .exists: return nil
      case .like(let pattern):
        return like(pattern, column, from: from, all: SQLPiece("TRUE"), isMixed: false, conditions)
      default:
        let condition = conditions.value(column, test.relation, isMixed: false)
        return FilterCandidates(selects: [from + condition], isUnique: true)
      }
    case .collection, .ordinal, .added, .modified, .date, .title, .kind: return nil
    }
  }

  /// - Parameter all: a condition that all rows of the field satisfy.
  private static func like(
    _ pattern: String, _ column: String, from: SQLPiece, all: SQLPiece, isMixed: Bool,
    _ conditions: FilterConditions
  ) -> FilterCandidates {
    let and = SQLPiece(" AND ")
    var ranges = conditions.ranges(column, like: pattern, isMixed: isMixed).map { all + and + $0 }
    let isWhole = ranges.isEmpty
    if isWhole { ranges = [all] }
    // Ranges hold texts only.
    let form = conditions.value(column, .like(pattern), isMixed: isMixed && isWhole)
    let scans = ranges.map { from + $0 }
    return FilterCandidates(selects: scans.map { $0 + and + form }, scans: scans)
  }
}

extension FilterTest.Relation {
  /// Whether a document has at most one row that satisfies it.
  fileprivate var isOneValue: Bool {
    if case .oneOf(let values) = self { values.count == 1 } else { false }
  }
}
