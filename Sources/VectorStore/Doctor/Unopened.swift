// The report on a file that does not open as a store: what it looks like, and how to get out what can be
// read. Called by Store+Doctor.

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

  /// The one entry there is.
  func checks() -> [DoctorReport.Check] {
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
