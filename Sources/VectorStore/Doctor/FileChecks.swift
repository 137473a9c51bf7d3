// Checks of the file itself (SQLite's own, header, permissions), and of what the store runs on.

import Foundation
import GRDB
import GRDBSQLite
import VectorStoreSearch

/// `PRAGMA integrity_check`.
struct IntegrityCheck: StoreCheck {
  let path: String
  /// The rows of a full segment.
  let segmentRows: Int
  let names = [DoctorReport.Name.integrity]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    var findings = Findings()
    for line in try Self.complaints(db) { findings.add(line) }
    return [
      findings.check(
        .integrity, well: "SQLite finds every page, table and index whole",
        found: "complaints of SQLite's integrity_check",
        advice: "a repair builds again what can be made from the rest; if that does not help: "
          + Unopened.rescue(path))
    ]
  }

  /// Rebuilds all indexes in a transaction that is kept only if SQLite then finds nothing wrong. If that
  /// does not help, rebuilds the whole store from what is not derived, if that can be read.
  func repair(_ file: StoreFile) async throws -> [DoctorReport.Name: String] {
    let isReindexed = try await helps {
      try await file.writeDatabase { db in
        try db.execute(sql: "REINDEX")
        guard try Self.complaints(db).isEmpty else { throw FileRebuild.Incomplete() }
      }
    }
    if isReindexed { return [.integrity: "all indexes were built again"] }
    let leastRows = try await FileRebuild.leastRows(file)
    let isRebuilt = try await helps { [segmentRows] in
      try await file.rebuild {
        try FileRebuild(db: $0, segmentRows: segmentRows, leastRows: leastRows).fill()
      }
    }
    return isRebuilt
      ? [.integrity: "texts and vectors were copied, and the rest was built again from them"] : [:]
  }

  private func helps(_ repair: () async throws -> Void) async throws -> Bool {
    do {
      try await repair()
      return true
    } catch is FileRebuild.Incomplete {
      return false
    } catch let error as StoreError where [.damaged, .database].contains(error.code) {
      return false
    }
  }

  /// What SQLite finds wrong with the file itself.
  static func complaints(_ db: Database) throws -> [String] {
    let lines = try String.fetchAll(db, sql: "PRAGMA main.integrity_check(100)")
    return lines == ["ok"] ? [] : lines
  }
}

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

/// Looks at libraries and disk.
struct SystemCheck: StoreCheck {
  let path: String
  let names = [DoctorReport.Name.sqlite, .disk, .kernels]

  func run(_ db: Database) throws -> [DoctorReport.Check] {
    [
      Self.sqlite(version: Int(sqlite3_libversion_number())), disk(),
      Self.kernels(
        core: BLAS.coreName, build: BLAS.configuration, threads: BLAS.threadCount,
        variant: Kernels.variant),
    ]
  }

  /// What is known of a version of SQLite, as 3040001.
  ///
  /// From 3.7.0 to 3.51.2, and in 3.52, a write-ahead log can be damaged where one connection commits while
  /// another runs a second checkpoint (fixed in 3.51.3 and 3.53.0).
  static func sqlite(version: Int) -> DoctorReport.Check {
    let name = "\(version / 1_000_000).\(version / 1000 % 1000).\(version % 1000)"
    let isAffected = version < 3_051_003 || (3_052_000..<3_053_000).contains(version)
    guard isAffected else { return DoctorReport.Check(.sqlite, .ok, "SQLite \(name)") }
    return DoctorReport.Check(
      .sqlite, .ok,
      "SQLite \(name), in which a commit beside a second checkpoint can damage the log (fixed in 3.51.3); "
        + "this program's lock keeps the two apart as long as no other program writes to the store")
  }

  private func disk() -> DoctorReport.Check {
    let size = StoreFile.size(of: path)
    let folder = URL(filePath: path).deletingLastPathComponent().path
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else {
      return DoctorReport.Check(.disk, .ok, "how much room the disk has is not known")
    }
    var check = DoctorReport.Check(
      .disk, .ok, "\(Amounts.bytes(free)) free, the store has \(Amounts.bytes(size))")
    check.figures = ["free": Double(free), "size": Double(size)]
    guard free < 2 * size else { return check }
    check.state = .warning
    check.advice =
      "compacting the store needs room for two more copies of the file; free some space"
    return check
  }

  /// What computes.
  static func kernels(
    core: String, build: String, threads: Int, variant: String
  ) -> DoctorReport.Check {
    var check = DoctorReport.Check(
      .kernels, .ok,
      "\(build.trimmingCharacters(in: .whitespaces)), kernels for \(core), \(threads) threads; codes are "
        + "scanned by the kernels for \(variant)")
    check.figures = ["threads": Double(threads)]
    // An OpenBLAS older than the processor takes the kernels of an earlier one.
    if variant == "avx512", ["Haswell", "Zen", "Prescott"].contains(core) {
      check.advice =
        "the processor has AVX-512, which OpenBLAS does not use; OPENBLAS_CORETYPE=SKYLAKEX may be faster"
    }
    return check
  }
}
