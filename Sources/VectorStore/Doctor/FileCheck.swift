// The file itself: its header, journal mode and permissions. Called by Doctor; calls the operating system.

import Foundation
import GRDB

/// Looks at the file from outside.
struct FileCheck: StoreCheck {
  let path: String
  let names = [DoctorReport.Name.file]
  let looksOnlyAtDeclarations = true

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    let format = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let free = try Int64.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
    let pageSize = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0
    let parts = [
      Amounts.bytes(StoreFile.size(of: path)), "format \(format)",
      "\(Amounts.bytes(free * pageSize)) of free pages",
      "\(Amounts.bytes(StoreFile.size(of: path + "-wal"))) in the log",
      "mode \(Self.permissions(of: path))",
      access,
    ]
    var check = DoctorReport.Check(.file, .ok, parts.joined(separator: ", "))
    if isOpenToAll {
      check.state = .warning
      check.advice = "everybody may write the file; take that away with `chmod o-w \(path)`"
    }
    // Bytes 18 and 19 of the header: 2 is a write-ahead log. The pragma's answer depends on the opening.
    if let header = try? db.bytes(at: 0, count: 100), header[18] != 2 {
      check.state = .warning
      check.message += ", no write-ahead log"
      check.advice =
        "another program changed the journal mode, so that readers and writers wait for each other; "
        + "set it back with `sqlite3 \(path) \"PRAGMA journal_mode = WAL\"`"
    }
    return [check]
  }

  private var access: String {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    let files = FileManager.default
    return files.isWritableFile(atPath: path) && files.isWritableFile(atPath: folder)
      ? "can be written" : "cannot be written by this user"
  }

  private var isOpenToAll: Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & 0o002 != 0
  }

  /// The permission bits of a file, as `0644`.
  static func permissions(of path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "unknown" }
    return "0" + String(status.st_mode & 0o777, radix: 8)
  }
}
