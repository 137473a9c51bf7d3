// What the store runs on: SQLite, the disk, OpenBLAS and the kernels. Called by Doctor.

import Foundation
import GRDB
import GRDBSQLite
import VectorStoreSearch

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
    check.advice = "`store compact` needs room for two more copies of the file; free some space"
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
