// Turns whatever goes wrong with the ledger's file into the library's own error: what happened,
// what it means for the request at hand, and the next step.

import Foundation
import GRDB

/// What the ledger was asked when something went wrong.
enum LedgerCall: Sendable {
  case reserving
  case settling
  case reading

  /// What the trouble means for the request, as the middle of a message.
  fileprivate var consequence: String {
    switch self {
    case .reserving: "nothing was sent; "
    case .settling: "the request at hand stays in it as possibly billed; "
    case .reading: ""
    }
  }
}

extension StoreError {
  /// The error for whatever a call of the ledger threw. Errors that are neither SQLite's nor the
  /// file's pass through.
  static func ledger(_ error: any Error, path: String, during call: LedgerCall) -> any Error {
    switch error {
    case let error as UserDatabase.Refusal: refusal(error, path, call)
    case let error as DatabaseError: database(error, path, call)
    case let error as DamagedValue:
      StoreError(
        .damaged,
        "the ledger \(path) is damaged: \(error); \(call.consequence)\(restoringLedger(path)), or move it "
          + "away: a new one is then begun, which knows nothing of what was spent",
        underlying: error)
    default: error
    }
  }

  private static func refusal(
    _ refusal: UserDatabase.Refusal, _ path: String, _ call: LedgerCall
  ) -> StoreError {
    switch refusal {
    case .noPath:
      StoreError(.empty, "the ledger's path is empty; \(call.consequence)name a file")
    case .otherProgram(let applicationID):
      StoreError(
        .notAStore,
        "\(path) is not a ledger: it is an SQLite file of another program (application_id "
          + "\(applicationID), expected \(LedgerSchema.applicationID)); \(call.consequence)"
          + "choose another path")
    case .tooNew(let found, let known):
      StoreError(
        .tooNew,
        "the ledger \(path) was written by a newer version of this program (file format \(found), "
          + "this program knows up to \(known)); \(call.consequence)use the newer version")
    case .notAFile(let what):
      StoreError(
        .cannotOpen,
        "\(path) cannot be the ledger: it is \(what), expected a file; \(call.consequence)choose another path"
      )
    case .foreignSchema(let what):
      StoreError(
        .foreignSchema,
        "the ledger \(path) cannot be used: \(what); \(call.consequence)\(restoringLedger(path)), or move it "
          + "away: a new one is then begun, which knows nothing of what was spent")
    case .folder(let folder, let number):
      folderError(folder, number, path, call)
    }
  }

  private static func folderError(
    _ folder: String, _ number: CInt, _ path: String, _ call: LedgerCall
  ) -> StoreError {
    let reason = String(cString: strerror(number))
    let message =
      "the folder \(folder) of the ledger \(path) cannot be made (\(reason)); \(call.consequence)"
    return switch number {
    case ENOSPC, EDQUOT: StoreError(.diskFull, message + "free some space and try again")
    case EACCES, EPERM, EROFS:
      StoreError(.readOnly, message + "give yourself write permission, or choose another path")
    default: StoreError(.cannotOpen, message + "choose another path")
    }
  }

  private static func database(
    _ error: DatabaseError, _ path: String, _ call: LedgerCall
  ) -> StoreError {
    let detail = error.message ?? "no detail"
    let (code, problem, advice): (Code, String, String) =
      switch error.resultCode {
      case .SQLITE_NOTADB:
        (.notAStore, "\(path) is not a ledger: it is not an SQLite file", "choose another path")
      case .SQLITE_CORRUPT:
        (
          .damaged, "the ledger \(path) is damaged (\(detail))",
          "\(restoringLedger(path)), or move it away: a new one is then begun, which knows nothing of "
            + "what was spent"
        )
      case _ where isFull(error):
        (
          .diskFull, "there is no room to write the ledger \(path) (\(detail))",
          "free some space and try again"
        )
      case .SQLITE_IOERR:
        (
          .inputOutput,
          "reading or writing the ledger \(path) failed (\(detail), code "
            + "\(error.extendedResultCode.rawValue))", "check the disk"
        )
      case .SQLITE_READONLY, .SQLITE_PERM:
        (
          .readOnly, "the ledger \(path) cannot be written (\(detail))",
          "give yourself write permission to the file and its folder, or choose another path"
        )
      case .SQLITE_CANTOPEN, .SQLITE_AUTH:
        cannotOpen(path, detail)
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        (
          .locked,
          "the ledger \(path) is busy: other programs held it for "
            + "\(LedgerSchema.form.patience / 1000) s (\(detail))", "try again"
        )
      default:
        (
          .database,
          "SQLite failed on the ledger \(path): \(detail) (code "
            + "\(error.extendedResultCode.rawValue))", "report this"
        )
      }
    return StoreError(code, "\(problem); \(call.consequence)\(advice)", underlying: error)
  }

  /// How to put a backup in the place of a ledger. SQLite would undo in it what the old journal says.
  static func restoringLedger(_ path: String) -> String {
    "restore it from a backup (first delete \(path)-journal if it is there, then copy the backup)"
  }

  private static func isFull(_ error: DatabaseError) -> Bool {
    // Beyond a quota writing fails by the second.
    error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_WRITE
  }

  /// SQLite says the same of a file that cannot be read and of a folder where it has no room for its
  /// journal.
  private static func cannotOpen(_ path: String, _ detail: String) -> (Code, String, String) {
    let files = FileManager.default
    let folder = URL(filePath: path).deletingLastPathComponent().path
    let isUnreadable = files.fileExists(atPath: path) && !files.isReadableFile(atPath: path)
    if isUnreadable || files.isWritableFile(atPath: folder) {
      return (
        .cannotOpen, "the ledger \(path) cannot be opened (\(detail))",
        "check that it is a file that you may read and write"
      )
    }
    return (
      .readOnly, "the ledger \(path) cannot be written: its folder cannot (\(detail))",
      "give yourself write permission to the folder, or choose another path"
    )
  }
}
