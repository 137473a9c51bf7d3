// Documents against the files they were read from. Called by Doctor; calls DocumentReader, as `add` does.

import Foundation
import GRDB
import VectorStoreText

/// Reads every file that a document came from and compares it with what is stored.
struct FilesCheck: StoreCheck {
  /// The folder that sources are relative to; nil is the process's.
  let folder: String?
  let names = [DoctorReport.Name.files]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var (files, present) = (0, 0)
    var findings = Findings()
    let reader = DocumentReader(options: AddOptions())
    try db.forEachRawRow(
      bulk: """
        SELECT d.source, COALESCE(p.content_hash, d.content_hash) FROM documents d
        LEFT JOIN pending_documents p ON p.document_id = d.id
        WHERE COALESCE(p.origin, d.origin) = 'file' ORDER BY d.id
        """
    ) { row in
      files += 1
      let (source, hash) = (row.text(0) ?? "", Data(row.blob(1)))
      let path = folder.map { source.hasPrefix("/") ? source : "\($0)/\(source)" } ?? source
      guard FileManager.default.fileExists(atPath: path) else {
        findings.add("\(source): there is no such file")
        return
      }
      present += 1
      switch reader.read(FoundFile(path: path, source: source)) {
      case .document(let document, _) where document.contentHash == hash: break
      case .document: findings.add("\(source): the file has changed")
      case .skipped: findings.add("\(source): the file is no text any more")
      case .failed: findings.add("\(source): the file cannot be read")
      }
    }
    if files > 1, present == 0 { return [elsewhere(files)] }
    return [
      findings.check(
        .files, well: "\(files) files are as they were added", .warning,
        found: "of \(files) files changed or vanished since they were added",
        advice: "`store add` takes in what changed, with --prune it removes what vanished")
    ]
  }

  private func elsewhere(_ files: Int) -> DoctorReport.Check {
    var check = DoctorReport.Check(
      .files, .warning,
      "none of the \(files) files that documents came from is below this folder: it does not look like "
        + "the one they were added from")
    check.count = files
    check.advice = "run `store doctor` in the folder where `store add` was run"
    return check
  }
}
