import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

/// Each trouble with the ledger's file: its code, its words, and that nothing was sent.
@Suite struct StoreErrorLedgerTests {
  typealias Fixture = LedgerFixture

  /// The error of a reservation.
  static func error(_ ledger: DatabaseLedger) async -> StoreError? {
    do {
      _ = try await ledger.reserve(Fixture.attempt(), under: SpendingLimits())
      return nil
    } catch {
      return error as? StoreError
    }
  }

  static func error(at path: String) async -> StoreError? {
    await error(DatabaseLedger(path: path))
  }

  @Test func aNewerLedgerIsToldAndNothingIsSent() async throws {
    let fixture = try Fixture()
    try await fixture.grant()
    try await fixture.execute("PRAGMA user_version = 99")
    let error = await Self.error(fixture.ledger)
    #expect(error?.code == .tooNew)
    #expect(
      error?.message == "the ledger \(fixture.path) was written by a newer version of this program "
        + "(file format 99, this program knows up to 1); nothing was sent; use the newer version")
    await #expect(throws: StoreError.self) { try await fixture.ledger.activity(of: "openai") }
    #expect(try await fixture.value("SELECT COUNT(*) FROM attempts") == 1)
  }

  @Test func otherFilesAreNoLedgers() async throws {
    let folder = try TemporaryFolder()
    let text = try folder.write(String(repeating: "no database\n", count: 100), to: "notes.txt")
    let error = await Self.error(at: text)
    #expect(error?.code == .notAStore)
    #expect(
      error?.message == "\(text) is not a ledger: it is not an SQLite file; nothing was sent; "
        + "choose another path")

    let path = folder.path("other.db")
    try await DatabaseQueue(path: path).write {
      try $0.execute(sql: "CREATE TABLE t(x); PRAGMA application_id = 5")
    }
    let other = await Self.error(at: path)
    #expect(other?.code == .notAStore)
    #expect(
      other?.message == "\(path) is not a ledger: it is an SQLite file of another program "
        + "(application_id 5, expected 1447847794); nothing was sent; choose another path")
  }

  @Test(arguments: [false, true])
  func aDamagedLedgerIsTold(isCutShort: Bool) async throws {
    let fixture = try Fixture()
    for number in 0..<40 { try await fixture.grant(Fixture.attempt("\(number)")) }
    let handle = try FileHandle(forWritingTo: URL(filePath: fixture.path))
    let size = try handle.seekToEnd()
    if isCutShort {
      try handle.truncate(atOffset: size / 2)
    } else {
      try handle.seek(toOffset: 4096)
      try handle.write(contentsOf: Data(repeating: 0xA5, count: Int(size) - 4096))
    }
    try handle.close()
    let error = await Self.error(fixture.reopened())
    #expect(error?.code == .damaged)
    #expect(
      error?.message == "the ledger \(fixture.path) is damaged (database disk image is malformed); "
        + "nothing was sent; restore it from a backup (first delete \(fixture.path)-journal if it is there, "
        + "then copy the backup), or move it away: a new one is then begun, "
        + "which knows nothing of what was spent")
    try FileManager.default.moveItem(atPath: fixture.path, toPath: fixture.path + ".damaged")
    try await fixture.grant()
  }

  @Test func aPathThatCannotBeAFileIsTold() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("text", to: "file")
    let path = file + "/ledger.db"
    let error = await Self.error(at: path)
    #expect(error?.code == .cannotOpen)
    #expect(
      error?.message == "the ledger \(path) cannot be opened (unable to open database file); "
        + "nothing was sent; check that it is a file that you may read and write")

    let deep = file + "/state/ledger.db"
    let noFolder = await Self.error(at: deep)
    #expect(noFolder?.code == .cannotOpen)
    #expect(
      noFolder?.message == "the folder \(file)/state of the ledger \(deep) cannot be made "
        + "(Not a directory); nothing was sent; choose another path")
    #expect(await Self.error(at: folder.url.path)?.code == .cannotOpen)
    let empty = await Self.error(at: "")
    #expect(empty?.code == .empty)
    #expect(empty?.message == "the ledger's path is empty; nothing was sent; name a file")
  }

  @Test(.enabled(if: getuid() != 0, "root writes everywhere"))
  func aFolderThatCannotBeWrittenIsTold() async throws {
    let folder = try TemporaryFolder()
    try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder.url.path)
    defer {
      try? FileManager.default.setAttributes(
        [.posixPermissions: 0o700], ofItemAtPath: folder.url.path)
    }
    let path = folder.path("ledger.db")
    let error = await Self.error(at: path)
    #expect(error?.code == .readOnly)
    #expect(
      error?.message == "the ledger \(path) cannot be written: its folder cannot (unable to open "
        + "database file); nothing was sent; give yourself write permission to the folder, or "
        + "choose another path")
    #expect(await Self.error(at: folder.path("below/ledger.db"))?.code == .readOnly)
  }

  @Test(arguments: [
    (
      ResultCode.SQLITE_FULL, StoreError.Code.diskFull,
      "there is no room to write the ledger L (D); nothing was sent; free some space and try again"
    ),
    (
      .SQLITE_IOERR_WRITE, .diskFull,
      "there is no room to write the ledger L (D); nothing was sent; free some space and try again"
    ),
    (
      .SQLITE_IOERR_READ, .inputOutput,
      "reading or writing the ledger L failed (D, code 266); nothing was sent; check the disk"
    ),
    (
      .SQLITE_READONLY, .readOnly,
      "the ledger L cannot be written (D); nothing was sent; give yourself write permission to the "
        + "file and its folder, or choose another path"
    ),
    (
      .SQLITE_BUSY, .locked,
      "the ledger L is busy: other programs held it for 30 s (D); nothing was sent; try again"
    ),
    (
      .SQLITE_NOMEM, .database,
      "SQLite failed on the ledger L: D (code 7); nothing was sent; report this"
    ),
  ])
  func troubleOfSQLiteIsTold(result: ResultCode, code: StoreError.Code, message: String) {
    let trouble = DatabaseError(resultCode: result, message: "D")
    let error = StoreError.ledger(trouble, path: "L", during: .reserving) as? StoreError
    #expect(error?.code == code)
    #expect(error?.message == message)
    #expect(error?.underlying is DatabaseError)
  }

  @Test(arguments: [
    (
      ENOSPC, StoreError.Code.diskFull,
      "the folder F of the ledger L cannot be made (No space left on device); nothing was sent; "
        + "free some space and try again"
    ),
    (
      EACCES, .readOnly,
      "the folder F of the ledger L cannot be made (Permission denied); nothing was sent; give "
        + "yourself write permission, or choose another path"
    ),
  ])
  func aFolderThatCannotBeMadeIsTold(errno: CInt, code: StoreError.Code, message: String) {
    let refusal = UserDatabase.Refusal.folder(path: "F", errno: errno)
    let error = StoreError.ledger(refusal, path: "L", during: .reserving) as? StoreError
    #expect(error?.code == code)
    #expect(error?.message == message)
  }

  @Test func whatItMeansDependsOnTheCall() {
    let full = DatabaseError(resultCode: .SQLITE_FULL, message: "D")
    let messages = [LedgerCall.settling, .reading].map {
      (StoreError.ledger(full, path: "L", during: $0) as? StoreError)?.message
    }
    #expect(
      messages == [
        "there is no room to write the ledger L (D); the request at hand stays in it as possibly "
          + "billed; free some space and try again",
        "there is no room to write the ledger L (D); free some space and try again",
      ])
    #expect(
      StoreError.ledger(CancellationError(), path: "L", during: .reading) is CancellationError)
  }
}
