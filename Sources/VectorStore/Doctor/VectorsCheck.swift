// Stored vectors as they are: bytes, values, lengths, and the lengths they came with.

import Foundation
import GRDB
import VectorStoreSearch

/// Looks at every vector, placed and staged.
struct VectorsCheck: StoreCheck {
  let names = [
    DoctorReport.Name.vectorSizes, .vectorValues, .vectorLengths, .vectorNorms, .checksums,
  ]

  private struct Found {
    var count = 0
    var sizes = Findings()
    var values = Findings()
    var lengths = Findings()
    var norms = Findings()
    var checksums = Findings()
    /// Rows of an earlier format.
    var unchecked = 0
  }

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var found = Found()
    let dimensions = try Self.dimensions(db)
    let made = Set(try SpacesTable.all(db).lazy.filter { $0.space.isStandIn }.map(\.id))
    try db.forEachRawRow(
      bulk: """
        SELECT data, space_id, norm, checksum, chunk_id, id, CASE WHEN length(data) = 0
          THEN (SELECT c.text IS NOT NULL FROM chunks c WHERE c.id = v.chunk_id) END
        FROM vectors v ORDER BY id
        """
    ) { row in
      // Made of the chunk's text when it is read.
      if row.integer(6) == 1, made.contains(row.integer(1)) {
        found.count += 1
        return
      }
      try Self.look(at: row, dimensions: dimensions, &found) {
        "\(try RowNames.chunk(row.integer(4), db)), vector \(row.integer(5))"
      }
    }
    try db.forEachRawRow(bulk: Self.staged) { row in
      try Self.look(at: row, dimensions: dimensions, &found) { "staged vector \(row.integer(4))" }
    }
    return Self.checks(found)
  }

  private static let staged =
    "SELECT data, space_id, norm, checksum, rowid FROM staged ORDER BY rowid"

  /// Forgets staged vectors that nothing could be found by; their texts are embedded when they are added
  /// again. Gives checksums to vectors that have none.
  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    var done = try await forgetDamaged(file)
    let checked = try await file.addChecksums()
    if checked > 0, done[.checksums] == nil {
      done[.checksums] = "checksums were added"
    }
    return done
  }

  private func forgetDamaged(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.writeDatabase { db in
      let dimensions = try Self.dimensions(db)
      var bad: [Int64] = []
      try db.forEachRawRow(bulk: Self.staged) { row in
        var found = Found()
        try Self.look(at: row, dimensions: dimensions, &found) { "" }
        let findings = [found.sizes, found.values, found.lengths, found.checksums]
        if findings.contains(where: { $0.count > 0 }) { bad.append(row.integer(4)) }
      }
      for id in bad { try db.run(bulk: "DELETE FROM staged WHERE rowid = ?", .integer(id)) }
      guard !bad.isEmpty else { return [:] }
      let deed = "damaged staged vectors were forgotten, \(bad.count) in all"
      return [
        .vectorSizes: deed, .vectorValues: deed, .vectorLengths: deed, .checksums: deed,
      ]
    }
  }

  private static func dimensions(_ db: Database) throws -> [Int64: Int] {
    var dimensions: [Int64: Int] = [:]
    for space in try SpacesTable.all(db) { dimensions[space.id] = space.space.dimensions }
    return dimensions
  }

  private static func look(
    at row: RawRow, dimensions: [Int64: Int], _ found: inout Found, name: () throws -> String
  ) throws {
    found.count += 1
    let norm = row.real(2)
    if !norm.isFinite || norm <= 0 { try found.norms.add("\(name()): \(norm)") }
    guard let expected = dimensions[row.integer(1)] else { return }
    let bytes = row.blob(0)
    guard bytes.count == 4 * expected else {
      try found.sizes.add("\(name()): \(bytes.count) bytes, expected \(4 * expected)")
      return
    }
    if row.isNull(3) {
      found.unchecked += 1
    } else if Kernels.checksum(ofVector: bytes, norm: norm) != row.integer(3) {
      try found.checksums.add("\(name()): it is not the vector that was stored")
    }
    let length = Kernels.norm(ofUnaligned: bytes)
    if !length.isFinite {
      try found.values.add("\(name()): it holds NaN or infinity")
    } else if !UnitVector.isUnitLength(length) {
      try found.lengths.add("\(name()): its length is \(length), expected 1")
    }
  }

  private static func checks(_ found: Found) -> [DoctorReport.Check] {
    let advice =
      "queries that meet them fail: remove each document and add it again; nothing else in the file "
      + "can make their vectors again"
    return [
      found.sizes.check(
        .vectorSizes, well: "\(found.count) vectors have the bytes of their dimensions",
        found: "vectors have another size than their space", advice: advice),
      found.values.check(
        .vectorValues, well: "all numbers in them are finite",
        found: "vectors hold NaN or infinity",
        advice: advice),
      found.lengths.check(
        .vectorLengths, well: "all are of unit length", found: "vectors are not of unit length",
        advice: advice),
      found.norms.check(
        .vectorNorms, well: "the lengths they came with are possible ones", .warning,
        found: "vectors came with an impossible length",
        advice:
          "the number matters to statistics only; to set it right, remove and add the documents"),
      checksums(found, advice),
    ]
  }

  private static func checksums(_ found: Found, _ advice: String) -> DoctorReport.Check {
    guard found.checksums.count == 0, found.unchecked > 0 else {
      return found.checksums.check(
        .checksums, well: "all are those of their checksums",
        found: "vectors are not those of their checksums", advice: advice)
    }
    var check = DoctorReport.Check(
      .checksums, .warning,
      "\(found.unchecked) vectors have no checksum, since an earlier version wrote them")
    check.count = found.unchecked
    check.advice = "a repair adds them, and so does compacting the store"
    return check
  }
}
