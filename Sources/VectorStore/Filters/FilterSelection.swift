// A filter as one SELECT of the documents, or the chunks, that pass.

import VectorStoreText

/// What a filter selects in one collection, as SQL with arguments.
///
/// Made inside the snapshot in which it is used: it looks at what is there to choose its way.
struct FilterSelection: Sendable {
  /// What the ids are of.
  enum Unit: Sendable {
    case documents, chunks
  }

  /// A SELECT of one column of ids, each once.
  let sql: String
  /// The values of its `?`, in their order.
  let arguments: [BulkValue]
  /// What the ids are of.
  let selects: Unit

  /// Compiles a filter that ``Filter/check()`` lets through.
  ///
  /// - Complexity: reads up to 4,096 index entries for each part of an `and`.
  init(_ filter: Filter, collection: CollectionRecord, _ db: any SQLTransaction) throws {
    let node = FilterNode(filter)
    let writer = FilterWriter(collection: collection, node: node, FilterConditions(db))
    let piece = try writer.select(node, db)
    (sql, arguments) = (piece.sql, piece.arguments)
    selects = writer.isByChunk ? .chunks : .documents
  }

  private init(sql: String, arguments: [BulkValue], selects: Unit) {
    (self.sql, self.arguments, self.selects) = (sql, arguments, selects)
  }

  /// What may answer: what passes a filter, if there is one, but for documents whose files are not taken any
  /// more. Nil where that is the whole collection.
  ///
  /// - Complexity: one look into an index beside that of the filter.
  static func answering(
    _ filter: Filter?, collection: CollectionRecord, _ db: any SQLTransaction
  ) throws -> FilterSelection? {
    let selection = try filter.map { try FilterSelection($0, collection: collection, db) }
    guard try DocumentsTable.hasLeftOut(collection: collection.id, db) else { return selection }
    let id = collection.id.bulkValue
    guard let selection else {
      return FilterSelection(
        sql: "SELECT id FROM documents WHERE collection_id = ? AND left_out IS NULL",
        arguments: [id], selects: .documents)
    }
    let leftOut = "SELECT id FROM documents WHERE collection_id = ? AND left_out IS NOT NULL"
    let sql =
      selection.selects == .documents
      ? "SELECT id FROM (\(selection.sql)) s WHERE id NOT IN (\(leftOut))"
      : """
      SELECT s.id FROM (\(selection.sql)) s CROSS JOIN chunks c ON c.id = s.id
      WHERE c.document_id NOT IN (\(leftOut))
      """
    return FilterSelection(
      sql: sql, arguments: selection.arguments + [id], selects: selection.selects)
  }

  /// A SELECT of the ids of all chunks that pass; its arguments are ``arguments``.
  var chunks: String {
    switch selects {
    case .chunks: sql
    case .documents:
      // The chunks' index of documents holds their ids, so that no chunk is read.
      "SELECT c.id FROM (\(sql)) s CROSS JOIN chunks c ON c.document_id = s.id"
    }
  }

  /// The ids of all documents that pass, or of which a chunk does.
  func documentIDs(_ db: any SQLTransaction) throws -> Set<Int64> {
    let documents =
      selects == .documents
      ? sql : "SELECT c.document_id FROM (\(sql)) s CROSS JOIN chunks c ON c.id = s.id"
    return try Int64.fetchSet(
      db, sql: documents, arguments: SQLArguments(arguments), keeps: false)
  }

  /// A condition on the id of a chunk, for rows that are found by other means: the selection is made
  /// once, then each row costs two look-ups. Its arguments are ``arguments``.
  func condition(chunk: String) -> String {
    let column = selects == .chunks ? "id" : "document_id"
    // The + keeps SQLite from starting with the selection.
    return """
      EXISTS (SELECT 1 FROM chunks c WHERE c.id = \(chunk) AND +c.\(column) IN (\(sql)))
      """
  }
}

/// Writes the SELECT of one filter.
private struct FilterWriter {
  /// How a condition on metadata is checked.
  private enum Check {
    /// For each document by its own rows, if few documents are looked at.
    case byDocument
    /// By the set of all documents that satisfy it, made once, if all documents are looked at.
    case bySet
  }

  let collection: CollectionRecord
  let isByChunk: Bool
  private let needsDocuments: Bool

  private let conditions: FilterConditions

  init(collection: CollectionRecord, node: FilterNode, _ conditions: FilterConditions) {
    (self.collection, self.conditions) = (collection, conditions)
    isByChunk = node.mentions(.ordinal)
    needsDocuments = [.source, .added, .modified, .date, .title, .kind].contains {
      node.mentions($0)
    }
  }

  func select(_ node: FilterNode, _ db: any SQLTransaction) throws -> SQLPiece {
    var rest: FilterNode? = node
    var candidates: FilterCandidates?
    if case .all(let parts) = node {
      if let best = try FilterCandidates.best(of: parts, collection: collection.id, db) {
        candidates = best.candidates
        if best.candidates.isExact {
          rest = .all(parts.enumerated().filter { $0.offset != best.index }.map(\.element))
        }
      }
    } else {
      candidates = try FilterCandidates.find(node, collection: collection.id, db)
      if candidates?.isExact == true { rest = nil }
    }
    let result = isByChunk ? "c.id" : candidates == nil ? "d.id" : "p.id"
    guard let candidates else {
      let from =
        "SELECT \(result) AS id FROM documents d"
        + (isByChunk ? " CROSS JOIN chunks c ON c.document_id = d.id" : "")
      return SQLPiece(
        "\(from) WHERE d.collection_id = ?", [collection.id.bulkValue])
        + SQLPiece(" AND ") + condition(node, "d.id", .bySet)
    }
    let found =
      SQLPiece(
        "SELECT \(candidates.isUnique ? "" : "DISTINCT ")id FROM (", [])
      + candidates.union + SQLPiece(") u")
    guard let rest else { return found }
    let joins =
      (needsDocuments ? " CROSS JOIN documents d ON d.id = p.id" : "")
      + (isByChunk ? " CROSS JOIN chunks c ON c.document_id = p.id" : "")
    return SQLPiece("SELECT \(result) AS id FROM (") + found + SQLPiece(") p\(joins) WHERE ")
      + condition(rest, "p.id", .byDocument)
  }

  /// A condition on the document with an id, and its chunk `c`.
  private func condition(_ node: FilterNode, _ id: String, _ check: Check) -> SQLPiece {
    func joined(_ parts: [FilterNode], _ word: String) -> SQLPiece {
      // The deepest first: SQLite's parser then keeps one parenthesis a level in mind, not more.
      let sorted = parts.enumerated().sorted {
        ($0.element.depth, $1.offset) > ($1.element.depth, $0.offset)
      }
      let pieces = sorted.map { condition($0.element, id, check) }
      return .balanced(pieces, by: " \(word) ")
    }
    switch node {
    case .all(let parts): return joined(parts, "AND")
    case .any(let parts): return joined(parts, "OR")
    case .test(let test, let isNegated):
      let piece = condition(test, id, check)
      return isNegated ? SQLPiece("NOT (") + piece + SQLPiece(")") : piece
    }
  }

  private func condition(_ test: FilterTest, _ id: String, _ check: Check) -> SQLPiece {
    if test.relation == .exists, !test.field.isMetadata, ![.modified, .title].contains(test.field) {
      return SQLPiece("TRUE")
    }
    switch test.field {
    case .metadata(let path):
      let condition = conditions.field(path, test.relation)
      switch check {
      case .byDocument:
        return SQLPiece("EXISTS (SELECT 1 FROM document_fields f WHERE f.document_id = \(id) AND ")
          + condition + SQLPiece(")")
      case .bySet:
        return SQLPiece(
          """
          \(id) IN (SELECT f.document_id FROM document_fields f INDEXED BY document_fields_by_value \
          WHERE f.collection_id = ? AND 
          """, [collection.id.bulkValue]) + condition + SQLPiece(")")
      }
    case .source:
      return conditions.value("d.source", test.relation, isMixed: false)
    case .ordinal:
      // A number of the filter may have a fraction.
      let column = conditions.isPostgres ? "c.ordinal::double precision" : "c.ordinal"
      return conditions.value(column, test.relation, isMixed: false)
    case .added:
      return conditions.time("d.added_at", test.relation)
    case .modified:
      return Self.optional(
        "d.modified_at", conditions.time("d.modified_at", test.relation), test)
    case .date:
      return conditions.time(
        "COALESCE(d.dated_at, d.modified_at, d.added_at)", test.relation)
    case .title:
      return Self.optional(
        "d.title", conditions.value("d.title", test.relation, isMixed: false), test)
    case .kind:
      return conditions.value("d.format", test.relation, isMixed: false)
    case .collection:
      let name = conditions.value("n.name", test.relation, isMixed: false)
      return SQLPiece(
        "EXISTS (SELECT 1 FROM collections n WHERE n.id = ? AND ", [collection.id.bulkValue])
        + name + SQLPiece(")")
    }
  }

  /// A condition on a column that may be null: then it is false, and so can be negated.
  private static func optional(_ column: String, _ piece: SQLPiece, _ test: FilterTest) -> SQLPiece
  {
    test.relation == .exists
      ? SQLPiece("\(column) IS NOT NULL") : SQLPiece("COALESCE(") + piece + SQLPiece(", FALSE)")
  }
}

extension Filter.Field {
  fileprivate var isMetadata: Bool {
    if case .metadata = self { true } else { false }
  }
}

/// One condition, in the fewest kinds that there need be.
struct FilterTest: Equatable {
  /// What is asked of the field.
  enum Relation: Equatable {
    case exists
    case oneOf([MetadataValue])
    /// `<`, `<=`, `>` or `>=`.
    case ordered(Filter.Comparison, MetadataValue)
    case like(String)
  }

  var field: Filter.Field
  var relation: Relation
}

/// A filter as a tree in which `all` and `any` alternate.
///
/// Filters are true or false, so De Morgan's laws hold and `not` can move down to the conditions.
indirect enum FilterNode: Equatable {
  case test(FilterTest, isNegated: Bool)
  case all([FilterNode])
  case any([FilterNode])

  /// - Complexity: O(conditions and values).
  init(_ filter: Filter, isNegated: Bool = false) {
    switch filter {
    case .not(let inner): self.init(inner, isNegated: !isNegated)
    case .and(let first, let second):
      let parts = [Self(first, isNegated: isNegated), Self(second, isNegated: isNegated)]
      self = isNegated ? .joined(any: parts) : .joined(all: parts)
    case .or(let first, let second):
      let parts = [Self(first, isNegated: isNegated), Self(second, isNegated: isNegated)]
      self = isNegated ? .joined(all: parts) : .joined(any: parts)
    case .compare(let field, .equal, let value):
      self = .leaf(field, .oneOf([value]), isNegated)
    case .compare(let field, .notEqual, let value):
      self.init(.and(.exists(field), .not(.oneOf(field, [value]))), isNegated: isNegated)
    case .compare(let field, let comparison, let value):
      self = .leaf(field, .ordered(comparison, value), isNegated)
    case .oneOf(let field, let values):
      self = .leaf(field, .oneOf(values), isNegated)
    case .like(let field, let pattern):
      self = .leaf(field, .like(pattern), isNegated)
    case .exists(let field):
      self = .leaf(field, .exists, isNegated)
    }
  }

  /// One condition. That on a title or a kind is on the metadata first, and on the document itself if the
  /// metadata has none.
  private static func leaf(
    _ field: Filter.Field, _ relation: FilterTest.Relation, _ isNegated: Bool
  ) -> FilterNode {
    let column = FilterNode.test(FilterTest(field: field, relation: relation), isNegated: isNegated)
    guard field == .title || field == .kind else { return column }
    let key = Filter.Field.metadata(["\(field)"])
    let own = FilterNode.test(FilterTest(field: key, relation: relation), isNegated: isNegated)
    let hasOwn = FilterNode.test(FilterTest(field: key, relation: .exists), isNegated: !isNegated)
    return isNegated
      ? .joined(all: [own, .joined(any: [hasOwn, column])])
      : .joined(any: [own, .joined(all: [hasOwn, column])])
  }

  private static func joined(all parts: [FilterNode]) -> FilterNode {
    let flat = parts.flatMap { part in
      if case .all(let inner) = part { inner } else { [part] }
    }
    let merged = merged(flat, areNegated: true)
    return merged.count == 1 ? merged[0] : .all(merged)
  }

  private static func joined(any parts: [FilterNode]) -> FilterNode {
    let flat = parts.flatMap { part in
      if case .any(let inner) = part { inner } else { [part] }
    }
    let merged = merged(flat, areNegated: false)
    return merged.count == 1 ? merged[0] : .any(merged)
  }

  /// `a = 1 or a = 2` is one look at the index, `a in (1, 2)`; so is `not a = 1 and not a = 2`.
  private static func merged(_ parts: [FilterNode], areNegated: Bool) -> [FilterNode] {
    var result: [FilterNode] = []
    var places: [Filter.Field: Int] = [:]
    for part in parts {
      guard case .test(let test, areNegated) = part, case .oneOf(let values) = test.relation else {
        result.append(part)
        continue
      }
      guard let place = places[test.field], case .test(let known, _) = result[place],
        case .oneOf(let before) = known.relation
      else {
        places[test.field] = result.count
        result.append(part)
        continue
      }
      let both = FilterTest(field: test.field, relation: .oneOf(before + values))
      result[place] = .test(both, isNegated: areNegated)
    }
    return result
  }

  /// Whether any condition is on a field.
  func mentions(_ field: Filter.Field) -> Bool {
    switch self {
    case .test(let test, _): test.field == field
    case .all(let parts), .any(let parts): parts.contains { $0.mentions(field) }
    }
  }

  /// Levels of `all` and `any`.
  var depth: Int {
    switch self {
    case .test: 0
    case .all(let parts), .any(let parts): 1 + (parts.lazy.map(\.depth).max() ?? 0)
    }
  }
}
