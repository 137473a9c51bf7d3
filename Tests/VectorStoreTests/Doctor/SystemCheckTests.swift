// What is known of versions and kernels. Tests Sources/VectorStore/Doctor/FileChecks.swift.

import Testing

@testable import VectorStore

@Suite struct SystemCheckTests {
  @Test(arguments: [
    (3_040_001, true), (3_051_002, true), (3_051_003, false), (3_052_000, true), (3_053_000, false),
  ])
  func versionsOfSQLiteWithAnErrorAreNamed(version: Int, isAffected: Bool) {
    let check = SystemCheck.sqlite(version: version)
    #expect(check.state == .ok)
    #expect(check.message.contains("can damage the log") == isAffected)
  }

  @Test func slowerKernelsOfOpenBLASAreTold() {
    let slow = SystemCheck.kernels(
      core: "Haswell", build: "OpenBLAS", threads: 2, variant: "avx512")
    #expect(slow.advice?.contains("OPENBLAS_CORETYPE") == true)
    let well = SystemCheck.kernels(
      core: "SkylakeX", build: "OpenBLAS", threads: 2, variant: "avx512")
    #expect(well.advice == nil && well.state == .ok)
  }

  @Test func bytesAreWrittenForPeople() {
    #expect(
      [12, 1_600, 4_250_000, 70_506_242_048].map(Amounts.bytes) == [
        "12 bytes", "1.6 kB", "4.3 MB", "70.5 GB",
      ])
  }
}
