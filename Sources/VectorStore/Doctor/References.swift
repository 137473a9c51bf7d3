// Rows whose parents are gone, and what a repair makes of them.

import Foundation
import GRDB

/// Repairs references in one transaction.
struct ReferencesRepair {
  /// Collections and documents that are made for what was found are named so.
  private static let name = "recovered"

  let db: Database

  init(_ db: Database) {
    self.db = db
  }

  /// Returns what was done, one sentence each.
  func run() throws -> [String] {
    var done: [String] = []
    func note(_ count: Int, _ deed: String) {
      if count > 0 { done.append("\(count) \(deed)") }
    }
    note(
      try delete("vectors", where: "chunk_id NOT IN (SELECT id FROM chunks)"),
      "vectors deleted whose chunks are gone")
    note(
      try delete("document_fields", where: "document_id NOT IN (SELECT id FROM documents)"),
      "metadata fields deleted whose documents are gone")
    note(
      try delete("segments", where: "space_id NOT IN (SELECT id FROM spaces)"),
      "segments deleted whose spaces are gone")
    note(try recoverCollections(), "collections made again for their documents")
    note(try recoverDocuments(), "documents made again for their chunks, named \(Self.name)/…")
    return done
  }

  private func delete(_ table: String, where condition: String) throws -> Int {
    try db.execute(sql: "DELETE FROM \(table) WHERE \(condition)")
    return db.changesCount
  }

  /// Gives documents whose collection is gone a new one under its id.
  private func recoverCollections() throws -> Int {
    let lost = try Int64.fetchAll(
      db,
      sql: """
        SELECT DISTINCT collection_id FROM documents
        WHERE collection_id NOT IN (SELECT id FROM collections)
        """)
    var made = 0
    for id in lost {
      let space = try mostFrequentSpace("d.collection_id = ?", id)
      guard let space else { continue }
      try db.execute(
        sql: "INSERT INTO collections(id, name, target_space_id, created_at) VALUES (?, ?, ?, ?)",
        arguments: [id, try freeName("\(Self.name)-\(id)"), space, Timestamp.now()])
      made += 1
    }
    return made
  }

  /// Gives chunks and pending texts whose document is gone a new one under its id.
  private func recoverDocuments() throws -> Int {
    let lost = try Int64.fetchAll(
      db,
      sql: """
        SELECT document_id FROM chunks WHERE document_id NOT IN (SELECT id FROM documents)
        UNION SELECT document_id FROM pending_documents
          WHERE document_id NOT IN (SELECT id FROM documents)
        """)
    var made = 0
    for id in lost {
      guard let space = try mostFrequentSpace("c.document_id = ?", id) else { continue }
      let chunks = try DocumentListing.chunks(document: id, db)
      let text = DocumentListing.text(of: chunks)
      try db.execute(
        sql: """
          INSERT INTO documents(id, collection_id, source, origin, format, content_hash, metadata,
            added_at, updated_at) VALUES (?, ?, ?, 'text', 'text', ?, '{}', ?, ?)
          """,
        arguments: [
          id, try collection(of: space), "\(Self.name)/\(id)",
          chunks.isEmpty ? nil : text.map(TextHash.of), Timestamp.now(), Timestamp.now(),
        ])
      made += 1
    }
    return made
  }

  /// A collection of recovered documents whose target is a space.
  private func collection(of space: Int64) throws -> Int64 {
    let known = try Int64.fetchOne(
      db, sql: "SELECT id FROM collections WHERE name LIKE ? AND target_space_id = ?",
      arguments: [Self.name + "%", space])
    if let known { return known }
    try db.execute(
      sql: "INSERT INTO collections(name, target_space_id, created_at) VALUES (?, ?, ?)",
      arguments: [try freeName(Self.name), space, Timestamp.now()])
    return db.lastInsertedRowID
  }

  /// The space that most vectors of some chunks are in, real ones first; any where there are none.
  private func mostFrequentSpace(_ condition: String, _ id: Int64) throws -> Int64? {
    try Int64.fetchOne(
      db,
      sql: """
        SELECT s.id FROM chunks c LEFT JOIN documents d ON d.id = c.document_id
        JOIN vectors v ON v.chunk_id = c.id JOIN spaces s ON s.id = v.space_id WHERE \(condition)
        GROUP BY s.id ORDER BY s.kind = 'real' DESC, COUNT(*) DESC LIMIT 1
        """, arguments: [id])
      ?? Int64.fetchOne(db, sql: "SELECT id FROM spaces ORDER BY kind = 'real' DESC, id LIMIT 1")
  }

  private func freeName(_ name: String) throws -> String {
    var candidate = name
    var number = 2
    while try Bool.fetchOne(
      db, sql: "SELECT EXISTS (SELECT 1 FROM collections WHERE name = ?)", arguments: [candidate])
      == true
    {
      candidate = "\(name)-\(number)"
      number += 1
    }
    return candidate
  }
}

/// `PRAGMA foreign_key_check`.
struct ReferencesCheck: StoreCheck {
  let names = [DoctorReport.Name.references]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var counts: [String: Int] = [:]
    try db.forEachRawRow(bulk: "PRAGMA foreign_key_check") { row in
      let (child, parent) = (row.text(0) ?? "?", row.text(2) ?? "?")
      counts["\(child) without \(parent)", default: 0] += 1
    }
    var check = DoctorReport.Check(.references, .ok, "every row's parents are there")
    guard !counts.isEmpty else { return [check] }
    check.state = .problem
    check.count = counts.values.reduce(0, +)
    check.message = "\(check.count) rows have lost a row that they belong to"
    check.examples = counts.sorted { $0.key < $1.key }.map { "\($0.value) rows of \($0.key)" }
    check.advice =
      "a repair gives chunks and pending texts a document named recovered/…, and "
      + "deletes vectors whose chunks are gone; a vector whose space is gone is left: restore a backup"
    return [check]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let done = try await file.writeDatabase { db in try ReferencesRepair(db).run() }
    return done.isEmpty ? [:] : [.references: done.joined(separator: "; ")]
  }
}
