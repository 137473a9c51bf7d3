// Checks of documents: their metadata fields, chunks, source files, and vectors that wait.

import Foundation
import GRDB
import VectorStoreText

/// Takes every document's metadata apart once more and compares.
struct FieldsCheck: StoreCheck {
  let names = [DoctorReport.Name.fields]

  private struct Field: Hashable {
    let key: String
    let value: DatabaseValue
    let collection: Int64
  }

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    let (different, findings) = try Self.differences(db)
    return [
      findings.check(
        .fields, well: "filters find every document's metadata",
        found: "documents whose metadata filters do not find as they are",
        advice: different.isEmpty
          ? "metadata that is not JSON: remove the documents and add them again"
          : "a repair builds the fields again")
    ]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.writeDatabase { db in
      let (different, _) = try Self.differences(db)
      for (document, metadata) in different {
        try DocumentFieldsTable.replace(metadata, document: document, db)
      }
      return different.isEmpty
        ? [:] : [.fields: "the fields of \(different.count) documents were built again"]
    }
  }

  /// Documents whose fields are others, and beside them those whose metadata cannot be read.
  private static func differences(
    _ db: Database
  ) throws -> (documents: [(id: Int64, metadata: String)], Findings) {
    var different: [(id: Int64, metadata: String)] = []
    var findings = Findings()
    try db.forEachRawRow(bulk: "SELECT id, collection_id, metadata FROM documents ORDER BY id") {
      row in
      let (id, metadata) = (row.integer(0), row.text(2) ?? "")
      guard let expected = try? fields(of: metadata, collection: row.integer(1)) else {
        try findings.add("\(RowNames.document(id, db)): its metadata is not a JSON object")
        return
      }
      var found: Set<Field> = []
      try db.forEachRawRow(
        bulk:
          "SELECT key, value, collection_id, typeof(value) FROM document_fields WHERE document_id = ?",
        .integer(id)
      ) { found.insert(field($0)) }
      guard found != expected else { return }
      different.append((id, metadata))
      try findings.add(RowNames.document(id, db))
    }
    return (different, findings)
  }

  private static func field(_ row: RawRow) -> Field {
    let value: DatabaseValue =
      switch row.text(3) {
      case "integer": row.integer(1).databaseValue
      case "real": row.real(1).databaseValue
      case "text": (row.text(1) ?? "").databaseValue
      case "blob": Data(row.blob(1)).databaseValue
      default: .null
      }
    return Field(key: row.text(0) ?? "", value: value, collection: row.integer(2))
  }

  private static func fields(of metadata: String, collection: Int64) throws -> Set<Field> {
    var fields: Set<Field> = []
    guard metadata != "{}" else { return fields }
    MetadataFields.forEach(of: try MetadataJSON.decode(metadata)) { key, value in
      let stored: DatabaseValue =
        switch value {
        case .null: .null
        case .integer(let number): number.databaseValue
        case .real(let number): number.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let data), .vector(let data): data.databaseValue
        case .bytes(let bytes): Data(bytes).databaseValue
        }
      fields.insert(Field(key: key, value: stored, collection: collection))
    }
    return fields
  }
}

/// Reads the times of documents, collections and roots: one that cannot be read keeps lists from being made.
struct TimesCheck: StoreCheck {
  let names = [DoctorReport.Name.times]

  private struct Time {
    let table: String
    let column: String
    let row: Int64
    let text: String
  }

  private static let columns = [
    ("documents", "added_at"), ("documents", "updated_at"), ("collections", "created_at"),
    ("roots", "added_at"), ("roots", "updated_at"),
  ]
  private static let form =
    "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9]Z"

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    for time in try Self.unreadable(db) {
      let row =
        try time.table == "documents"
        ? RowNames.document(time.row, db) : "row \(time.row) of \(time.table)"
      findings.add("\(row): \(time.column) is \"\(time.text)\"")
    }
    return [
      findings.check(
        .times, well: "all times can be read", found: "times cannot be read",
        advice: "a repair puts its own time in their place")
    ]
  }

  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    try await file.writeDatabase { db in
      let times = try Self.unreadable(db)
      for time in times {
        try db.run(
          bulk: "UPDATE \(time.table) SET \(time.column) = ? WHERE id = ?", .text(Timestamp.now()),
          .integer(time.row))
      }
      return times.isEmpty
        ? [:] : [.times: "\(times.count) times were replaced by that of the repair"]
    }
  }

  /// - Complexity: reads the rows of the three tables; takes only times of another form apart.
  private static func unreadable(_ db: Database) throws -> [Time] {
    var times: [Time] = []
    for (table, column) in columns {
      try db.forEachRawRow(
        bulk: """
          SELECT id, \(column) FROM \(table) WHERE \(column) IS NOT NULL
            AND (\(column) NOT GLOB '\(form)' OR julianday(\(column)) IS NULL) ORDER BY id
          """
      ) { row in
        let text = row.text(1) ?? ""
        guard (try? Timestamp.date(text)) == nil else { return }
        times.append(Time(table: table, column: column, row: row.integer(0), text: text))
      }
    }
    return times
  }
}

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
      advice: "embed the collection again for those that have a text; import the others again")
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
      advice: "embed the collection again; a dry run shows the cost")
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
      advice: "embed the collection again, or add the documents again")
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
      advice: "change the documents and add them again")
  }
}

/// Reads every file that a document came from and compares it with what is stored.
struct FilesCheck: StoreCheck {
  let identity: SourceIdentity
  let names = [DoctorReport.Name.files]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var (files, present) = (0, 0)
    var findings = Findings()
    // As its root has it read, but by no command: whether such a file is the same its bytes tell.
    var readers: [String: DocumentReader] = [:]
    try db.forEachRawRow(
      bulk: """
        SELECT d.source, COALESCE(p.content_hash, d.content_hash), d.read_hash, r.options,
          d.modified_at, d.file_bytes
        FROM documents d LEFT JOIN pending_documents p ON p.document_id = d.id
        LEFT JOIN roots r ON r.id = d.root_id
        WHERE COALESCE(p.origin, d.origin) = 'file' ORDER BY d.id
        """
    ) { row in
      files += 1
      let (source, hash) = (row.text(0) ?? "", Data(row.blob(1)))
      let path = identity.path(of: source)
      guard FileManager.default.fileExists(atPath: path) else {
        findings.add("\(source): there is no such file")
        return
      }
      present += 1
      let kept = row.text(3) ?? "{}"
      let options = try? RootOptions.decode(kept)
      let reader =
        readers[kept] ?? DocumentReader(options: (options ?? RootOptions()).over(AddOptions()))
      readers[kept] = reader
      let chunking = reader.options.chunking ?? ChunkingOptions()
      let known =
        row.isNull(2)
        ? nil
        : ReadFile(
          hash: Data(row.blob(2)), chunkTokens: chunking.maximumTokens,
          overlapTokens: chunking.overlapTokens)
      switch reader.read(FoundFile(path: path, source: source), known: known) {
      case .unchanged: break
      case .document(let document, _) where document.contentHash == hash: break
      // A service may have read it, which is not asked here.
      case _ where FilesForService.mayHaveRead(source) && isAsAdded(path, row): break
      case .failed(let error) where error.code == .commandNotRun:
        findings.add("\(source): the file has changed")
      case .document: findings.add("\(source): the file has changed")
      case .skipped: findings.add("\(source): the file is not text any more")
      case .failed, .forService, .putOff, .planned:
        findings.add("\(source): the file cannot be read")
      }
    }
    if files > 1, present == 0 { return [elsewhere(files)] }
    return [
      findings.check(
        .files, well: "\(files) files are as they were added", .warning,
        found: "of \(files) files changed or vanished since they were added",
        advice: "add the folder again to take in what changed, with pruning to remove what vanished"
      )
    ]
  }

  /// Whether a file has the time and size that it had when it was added.
  private func isAsAdded(_ path: String, _ row: RawRow) -> Bool {
    var stamp = FileStamp()
    stamp.modified = row.text(4)
    stamp.bytes = row.isNull(5) ? nil : row.integer(5)
    return stamp.modified != nil && stamp.bytes != nil && stamp.state(of: path) == nil
  }

  private func elsewhere(_ files: Int) -> DoctorReport.Check {
    var check = DoctorReport.Check(
      .files, .warning,
      "none of the \(files) files that documents came from is there: the store or its folder may have been "
        + "moved, or a disk is not there")
    check.count = files
    check.advice = "put them back, or add the folders again at their new places: that costs nothing"
    return check
  }
}

/// Looks at the table of vectors that wait.
struct StagedCheck: StoreCheck {
  let names = [DoctorReport.Name.staged]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var (all, useless) = (0, 0)
    try db.forEachRawRow(
      bulk: """
        SELECT COUNT(*), COALESCE(SUM(s.kind = 'mock' OR g.run_id IS NOT NULL
          OR EXISTS (SELECT 1 FROM chunks c JOIN vectors v ON v.chunk_id = c.id
            AND v.space_id = g.space_id WHERE c.text_hash = g.text_hash)), 0)
        FROM staged g LEFT JOIN spaces s ON s.id = g.space_id
        """
    ) { (all, useless) = (Int($0.integer(0)), Int($0.integer(1))) }
    var check = DoctorReport.Check(.staged, .ok, "no vector waits for its document")
    guard all > 0 else { return [check] }
    check.state = .warning
    check.count = all
    check.message =
      "\(all) vectors were made and wait for their documents, \(useless) of them are of no use any more"
    check.advice =
      "adding the documents again uses them and pays nothing; compacting the store forgets what is of no use"
    return [check]
  }
}

/// Looks at the table of runs.
struct RunsCheck: StoreCheck {
  let names = [DoctorReport.Name.runs]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    var isLast = false
    var last: Int64 = 0
    try db.forEachRawRow(bulk: "SELECT MAX(id) FROM runs") { last = $0.integer(0) }
    try db.forEachRawRow(
      bulk: """
        SELECT id, command, started_at FROM runs WHERE finished_at IS NULL ORDER BY id DESC
        """
    ) { row in
      findings.add("\(row.text(1) ?? "?") of \(row.text(2) ?? "?")")
      if row.integer(0) == last { isLast = true }
    }
    let check = findings.check(
      .runs, well: "every command that wrote came to its end", isLast ? .warning : .ok,
      found: isLast
        ? "commands were cut off, the last one among them, unless it is still at work"
        : "commands were cut off, but not the last one",
      advice: isLast ? "run it again: it goes on where it stopped" : nil)
    return [check]
  }
}
