// The report on a file that does not open as a store: what it looks like, and how to get out what
// can be read.

import Foundation
import VectorStoreText

/// A file that could not be opened.
struct Unopened {
  /// Errors that are findings, not failures of the examination.
  private static let codes: Set<StoreError.Code> = [
    .notAStore, .damaged, .foreignSchema, .foreignLog, .tooNew, .cannotOpen, .database,
    .inputOutput,
  ]

  /// Whether an error says how the file is. That it is of an older format, only a writer may change.
  static func isFinding(_ error: StoreError, _ options: DoctorOptions) -> Bool {
    codes.contains(error.code) || error.code == .readOnly && !options.repairs
  }

  let path: String
  let error: StoreError

  /// What can be said of the file.
  func checks() -> [DoctorReport.Check] {
    if let older = error.underlying as? OlderFormat { return checks(of: older.format) }
    var check = DoctorReport.Check(.file, .problem, error.message)
    check.count = 1
    check.examples = [
      "\(StoreFile.size(of: path)) bytes, mode \(FileCheck.permissions(of: path))"
    ]
    let isFile = (try? FilePlace(path).obstacle == nil) ?? false
    if isFile, error.code == .notAStore || error.code == .damaged || error.code == .database {
      if isRemainsOfAStore() { check.examples.append("it holds pages of a store") }
      check.advice = Self.rescue(path)
    }
    return [check]
  }

  /// A file of an older format may be as well as any other. What its rows hold is looked at once it has this
  /// version's tables.
  private func checks(of format: Int32) -> [DoctorReport.Check] {
    var file = DoctorReport.Check(
      .file, .warning,
      "format \(format), made by an older version of this program; this version's is \(Schema.version). The "
        + "first command that writes to the store brings it up to date and keeps all that is in it")
    file.advice =
      "a repair brings it up to date and then looks at the rest; nothing else was looked at"
    do {
      let readers = try ReaderPool(path: path, maximumReaders: 1, lockTimeout: .seconds(10))
      defer { try? readers.close() }
      return try readers.read { db in
        try SchemaGuard.check(db, path: path)
        return try [file] + IntegrityCheck(path: path, segmentRows: 1).run(db)
      }
    } catch {
      return [file, DoctorReport.Check(.integrity, .problem, "\(error)")]
    }
  }

  /// The next step for a file whose pages are damaged.
  static func rescue(_ path: String) -> String {
    "\(StoreError.restoring(path)); or copy out what can be read with `sqlite3 \(path) .recover | sqlite3 "
      + "recovered.db` and repair recovered.db; or add the "
      + "documents again to a new store"
  }

  /// Whether the beginning of the file still holds the declaration of a store's tables.
  private func isRemainsOfAStore() -> Bool {
    guard let start = WholeFile.start(of: path, count: 4 * Schema.pageSize) else { return false }
    return start.range(of: Data("CREATE TABLE store_state".utf8)) != nil
  }
}
