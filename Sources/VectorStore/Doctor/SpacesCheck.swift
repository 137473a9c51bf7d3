// Vectors in spaces where their collections do not want them. Called by Doctor.

import GRDB

/// Looks for real vectors outside their collection's target space, and spaces that contradict themselves.
struct SpacesCheck: StoreCheck {
  let names = [DoctorReport.Name.vectorSpaces]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    for space in try SpacesTable.all(db) {
      var name: String?
      try db.forEachRawRow(bulk: "SELECT name FROM spaces WHERE id = ?", .integer(space.id)) {
        name = $0.text(0)
      }
      guard name != space.space.name else { continue }
      findings.add("the space \(name ?? "?") says of itself that it is \(space.space)")
    }
    let changing = try Self.isChanging(db)
    var others = Findings()
    try db.forEachRawRow(
      bulk: """
        SELECT c.id, s.name, t.name FROM collections k
        CROSS JOIN documents d ON d.collection_id = k.id CROSS JOIN chunks c ON c.document_id = d.id
        CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id <> k.target_space_id
        CROSS JOIN spaces s ON s.id = v.space_id AND s.kind = 'real'
        JOIN spaces t ON t.id = k.target_space_id
        """
    ) { row in
      try others.add(
        "\(RowNames.chunk(row.integer(0), db)): \(row.text(1) ?? "?") in a collection of "
          + (row.text(2) ?? "?"))
    }
    findings.add(others)
    let isOnlyChange = changing && others.count == findings.count
    return [
      findings.check(
        .vectorSpaces, well: "every vector is in its collection's target space or a stand-in",
        isOnlyChange ? .warning : .problem,
        found: isOnlyChange
          ? "vectors lie beside those of the target space: `reembed` is not done"
          : "vectors are in another space than their collection's",
        advice: isOnlyChange
          ? "run `store reembed` again with the same --to"
          : "remove each document and add it again: `store remove SOURCE`, `store add SOURCE`")
    ]
  }

  /// Whether the last `reembed` was cut off or is at work: vectors of two spaces then lie side by side.
  private static func isChanging(_ db: Database) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT finished_at IS NULL OR COALESCE(json_extract(report, '$.isComplete'), 0) = 0
        FROM runs WHERE command = 'reembed' ORDER BY id DESC LIMIT 1
        """) ?? false
  }
}
