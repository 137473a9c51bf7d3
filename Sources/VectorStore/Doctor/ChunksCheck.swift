// Chunks that do not answer by a real vector: without any, on stand-ins, refused; and documents that wait.
// Called by Doctor. Nothing of it can be repaired without the embedding service.

import GRDB

/// Looks at what answers and what does not.
struct ChunksCheck: StoreCheck {
  let names = [DoctorReport.Name.unembedded, .standIns, .pending, .refused]

  /// Every chunk with its collection's target; `v` is its vector there.
  private static let chunks = """
    collections k CROSS JOIN documents d ON d.collection_id = k.id
    CROSS JOIN chunks c ON c.document_id = d.id
    """

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    [try unembedded(db), try standIns(db), try pending(db), try refused(db)]
  }

  private func unembedded(_ db: Database) throws -> DoctorReport.Check {
    var findings = Findings()
    try db.forEachRawRow(
      bulk: """
        SELECT c.id, c.text IS NULL FROM \(Self.chunks) WHERE c.failure_code IS NULL
          AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.chunk_id = c.id)
        """
    ) { row in
      let kind = row.integer(1) == 1 ? ": nor has it a text" : ""
      try findings.add("\(RowNames.chunk(row.integer(0), db))\(kind)")
    }
    return findings.check(
      .unembedded, well: "every chunk has a vector", found: "chunks have no vector",
      advice: "`store reembed` embeds those that have a text; import the others again")
  }

  private func standIns(_ db: Database) throws -> DoctorReport.Check {
    var findings = Findings()
    try db.forEachRawRow(
      bulk: """
        SELECT c.id FROM \(Self.chunks) JOIN spaces t ON t.id = k.target_space_id AND t.kind = 'real'
        WHERE NOT EXISTS (
            SELECT 1 FROM vectors v WHERE v.chunk_id = c.id AND v.space_id = k.target_space_id)
          AND EXISTS (SELECT 1 FROM vectors v JOIN spaces s ON s.id = v.space_id AND s.kind = 'mock'
            WHERE v.chunk_id = c.id)
        """
    ) { row in try findings.add(RowNames.chunk(row.integer(0), db)) }
    return findings.check(
      .standIns, well: "every passage is found by meaning", .warning,
      found: "passages are found by their words only, not by meaning",
      advice: "`store reembed` embeds them and shows the cost first")
  }

  private func pending(_ db: Database) throws -> DoctorReport.Check {
    var findings = Findings()
    try db.forEachRawRow(
      bulk: "SELECT document_id, reason FROM pending_documents ORDER BY document_id"
    ) { row in
      try findings.add("\(RowNames.document(row.integer(0), db)): \(row.text(1) ?? "?")")
    }
    return findings.check(
      .pending, well: "no document waits", .warning, found: "documents wait for the service",
      advice: "`store reembed` embeds them, as does adding them again")
  }

  private func refused(_ db: Database) throws -> DoctorReport.Check {
    var findings = Findings()
    try db.forEachRawRow(
      bulk: "SELECT id, failure_code FROM chunks WHERE failure_code IS NOT NULL ORDER BY id"
    ) { row in
      try findings.add("\(RowNames.chunk(row.integer(0), db)): \(row.text(1) ?? "?")")
    }
    return findings.check(
      .refused, well: "no chunk was refused", .warning,
      found: "chunks were refused by the service and are not found by it",
      advice: "`store list --failed` tells why; change the documents and add them again")
  }
}
