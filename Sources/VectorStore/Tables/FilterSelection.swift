// A filter as one SELECT: the documents of a collection that pass, or where it asks for ordinals the
// chunks. Called by Ranking/ and Store+Get; calls FilterCandidates and FilterConditions.

import GRDB

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
  let arguments: [DatabaseValue]
  /// What the ids are of.
  let selects: Unit

  /// Compiles a filter that ``Filter/check()`` lets through.
  ///
  /// - Complexity: reads up to 4,096 index entries for each part of an `and`.
  init(_ filter: Filter, collection: CollectionRecord, _ db: Database) throws {
    let node = FilterNode(filter)
    let writer = FilterWriter(collection: collection, node: node)
    let piece = try writer.select(node, db)
    (sql, arguments) = (piece.sql, piece.arguments)
    selects = writer.isByChunk ? .chunks : .documents
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
  func documentIDs(_ db: Database) throws -> Set<Int64> {
    let documents =
      selects == .documents
      ? sql : "SELECT c.document_id FROM (\(sql)) s CROSS JOIN chunks c ON c.id = s.id"
    return try Int64.fetchSet(db, sql: documents, arguments: StatementArguments(arguments))
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

  /// The ids of all chunks that pass, rising.
  ///
  /// - Complexity: O(n log n) for n chunks that pass.
  func chunkIDs(_ db: Database) throws -> [Int64] {
    var ids = try Int64.fetchAll(
      db, sql: chunks, arguments: StatementArguments(arguments))
    ids.sort()
    return ids
  }
}

/// Writes the SELECT of one filter.
private struct FilterWriter {
  /// How a condition on metadata is checked.
  private enum Check {
    /// For each document by its own rows: where few documents are looked at.
    case byDocument
    /// By the set of all documents that satisfy it, made once: where all documents are looked at.
    case bySet
  }

  let collection: CollectionRecord
  let isByChunk: Bool
  private let needsDocuments: Bool

  init(collection: CollectionRecord, node: FilterNode) {
    self.collection = collection
    isByChunk = node.mentions(.ordinal)
    needsDocuments = node.mentions(.source) || node.mentions(.added)
  }

  func select(_ node: FilterNode, _ db: Database) throws -> SQLPiece {
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
        "\(from) WHERE d.collection_id = ?", [collection.id.databaseValue])
        + SQLPiece(" AND ") + condition(node, "d.id", .bySet)
    }
    let found =
      SQLPiece(
        "SELECT \(candidates.isUnique ? "" : "DISTINCT ")id FROM (", [])
      + candidates.union + SQLPiece(")")
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
    if test.relation == .exists, !test.field.isMetadata { return SQLPiece("1") }
    switch test.field {
    case .metadata(let path):
      let condition = FilterConditions.field(path, test.relation)
      switch check {
      case .byDocument:
        return SQLPiece("EXISTS (SELECT 1 FROM document_fields f WHERE f.document_id = \(id) AND ")
          + condition + SQLPiece(")")
      case .bySet:
        return SQLPiece(
          """
          \(id) IN (SELECT f.document_id FROM document_fields f INDEXED BY document_fields_by_value \
          WHERE f.collection_id = ? AND 
          """, [collection.id.databaseValue]) + condition + SQLPiece(")")
      }
    case .source:
      return FilterConditions.value("d.source", test.relation, isMixed: false)
    case .ordinal:
      return FilterConditions.value("c.ordinal", test.relation, isMixed: false)
    case .added:
      return FilterConditions.time("d.added_at", test.relation)
    case .collection:
      let name = FilterConditions.value("n.name", test.relation, isMixed: false)
      return SQLPiece(
        "EXISTS (SELECT 1 FROM collections n WHERE n.id = ? AND ", [collection.id.databaseValue])
        + name + SQLPiece(")")
    }
  }
}

extension Filter.Field {
  fileprivate var isMetadata: Bool {
    if case .metadata = self { true } else { false }
  }
}
