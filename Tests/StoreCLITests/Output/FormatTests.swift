import Testing

@testable import StoreCLI
@testable import VectorStore

@Suite struct FormatTests {
  @Test func groupsDigits() {
    #expect(
      [0, 7, 999, 1000, 1_234_567, -1000].map(Format.count) == [
        "0", "7", "999", "1,000", "1,234,567", "-1,000",
      ])
  }

  @Test func choosesUnits() {
    #expect(
      [1, 999, 1500, 2_500_000].map { Format.bytes($0) } == [
        "1 bytes", "999 bytes", "1.5 kB", "2.5 MB",
      ])
    #expect(Format.seconds(.seconds(0.123)) == "0.12 s" && Format.seconds(.seconds(75.4)) == "75 s")
  }

  @Test func alignsColumns() {
    #expect(
      Format.table([["a", "bb", "c"], ["aaa", "b", "cc"]]) == ["a    bb  c", "aaa  b   cc"])
  }

  @Test func theBarFitsItsLine() {
    let progress = StoreProgress(
      done: 50, total: 200, unit: "files", current: "a/very/long/path.md")
    #expect(
      ProgressBar.line(progress, columns: 200)
        == "██████░░░░░░░░░░░░░░░░░░ 50 of 200 files  a/very/long/path.md")
    #expect(ProgressBar.line(progress, columns: 30).count == 29)
    #expect(ProgressBar.line(StoreProgress(done: 1234, unit: "rows"), columns: 80) == "1,234 rows")
  }
}

@Suite struct DollarFormatTests {
  @Test(arguments: [
    (0, "$0.00"), (5, "$5.00"), (0.4799, "$0.48"), (0.1, "$0.10"), (0.02, "$0.02"),
    (0.0213, "$0.021"), (0.00022, "$0.00022"), (8e-8, "$0.00000008"), (1234.5, "$1234.50"),
  ])
  func showsTwoDigitsAtLeast(value: Double, text: String) {
    #expect(Format.dollars(value) == text)
  }
}
