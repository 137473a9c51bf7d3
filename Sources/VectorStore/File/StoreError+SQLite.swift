// Turns SQLite's errors into the library's own, with the next step. Called wherever StoreFile runs
// SQL; calls nothing.

import GRDB

extension StoreError {
  /// The store's error for whatever a block of SQL threw. Errors that are not SQLite's pass through.
  static func translating(_ error: any Error, path: String) -> any Error {
    if let error = error as? DamagedValue { return damaged(error, path) }
    if error is RowDecodingError {
      return damaged("a stored value has another type than its column", path, error)
    }
    guard let error = error as? DatabaseError else { return error }
    let detail = error.message ?? "no detail"
    switch error.resultCode {
    case .SQLITE_NOTADB:
      return StoreError(
        .notAStore, "\(path) is not a store: it is not an SQLite file; choose another path",
        underlying: error)
    case .SQLITE_CORRUPT:
      return StoreError(
        .damaged,
        "\(path) is damaged (\(detail)); let doctor repair what can be made from the rest; else "
          + "\(restoring(path)), or copy out what can be read with `sqlite3 \(path) .recover`",
        underlying: error)
    case .SQLITE_FULL:
      return diskFull(path, detail, error)
    case .SQLITE_IOERR:
      // A write-ahead log or shared memory that cannot grow says so by these two.
      let full: [ResultCode] = [.SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE]
      if full.contains(error.extendedResultCode) { return diskFull(path, detail, error) }
      return StoreError(
        .inputOutput,
        "reading or writing \(path) failed (\(detail), code \(error.extendedResultCode.rawValue)); "
          + "check the disk", underlying: error)
    case .SQLITE_READONLY, .SQLITE_PERM:
      return StoreError(
        .readOnly,
        "\(path) cannot be written (\(detail)); queries still work; to write, give yourself write "
          + "permission to the file and its folder", underlying: error)
    case .SQLITE_CANTOPEN, .SQLITE_AUTH:
      return StoreError(
        .cannotOpen, "\(path) cannot be opened (\(detail)); check that you may read it",
        underlying: error)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return StoreError(
        .locked, "\(path) is busy: another program holds it (\(detail)); try again",
        underlying: error)
    case .SQLITE_MISUSE:
      // GRDB's word for a connection that was closed.
      return StoreError(
        .closed, "the store \(path) was closed; open it again", underlying: error)
    default:
      return StoreError(
        .database,
        "SQLite failed on \(path): \(detail) (code \(error.extendedResultCode.rawValue)); "
          + "let doctor say whether the file is damaged",
        underlying: error)
    }
  }

  /// How to put a backup in the place of a file. SQLite would write the old file's log into the backup.
  static func restoring(_ path: String) -> String {
    "restore it from a backup (\(adviceOnSides(path)), then copy the backup)"
  }

  /// The same where the path is not at hand.
  static let restoringTheStore =
    "restore the store from a backup (first delete its -wal and -shm files if they are there, then copy the "
    + "backup)"

  /// What has to go before another file takes the place of a store.
  static func adviceOnSides(_ path: String) -> String {
    "first delete \(path)-wal and \(path)-shm if they are there"
  }

  static func tooNew(_ path: String, format: Int32) -> StoreError {
    StoreError(
      .tooNew,
      "\(path) was written by a newer version of this program (file format \(format), this "
        + "program knows up to \(Schema.version)); use the newer version")
  }

  private static func damaged(_ error: DamagedValue, _ path: String) -> StoreError {
    damaged("\(error)", path, error)
  }

  private static func damaged(
    _ what: String, _ path: String, _ error: any Error
  ) -> StoreError {
    StoreError(
      .damaged,
      "\(path) is damaged: \(what); doctor finds out what else is, and what to do",
      underlying: error)
  }

  private static func diskFull(_ path: String, _ detail: String, _ error: any Error) -> StoreError {
    StoreError(
      .diskFull,
      "no room to write \(path) (\(detail)); what was committed before is safe: free some space "
        + "and try again", underlying: error)
  }
}
