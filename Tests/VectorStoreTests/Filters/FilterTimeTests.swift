import Foundation
import TestSupport
import Testing
@testable import VectorStore

@Suite struct FilterTimeTests {
  @Test(arguments: [
    ("2026-11-25", "2026-11-25T00:00:00.000Z", "2026-11-26T00:00:00.000Z"),
    ("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"),
    ("2026-11-25T20:00", "2026-11-25T20:00:00.000Z", "2026-11-25T20:01:00.000Z"),
    ("2026-11-25 20:00Z", "2026-11-25T20:00:00.000Z", "2026-11-25T20:01:00.000Z"),
    ("2026-11-25T20:00:07", "2026-11-25T20:00:07.000Z", "2026-11-25T20:00:08.000Z"),
    ("2026-11-25T20:00:07.5", "2026-11-25T20:00:07.500Z", "2026-11-25T20:00:07.600Z"),
    ("2026-11-25T20:00:07,123456", "2026-11-25T20:00:07.123Z", "2026-11-25T20:00:07.124Z"),
    ("2026-11-25T00:30:00+02:00", "2026-11-24T22:30:00.000Z", "2026-11-24T22:30:01.000Z"),
    ("2026-12-31T23:30-0130", "2027-01-01T01:00:00.000Z", "2027-01-01T01:01:00.000Z"),
    ("2026-11-25T20:00+05", "2026-11-25T15:00:00.000Z", "2026-11-25T15:01:00.000Z"),
    ("9999-12-31", "9999-12-31T00:00:00.000Z", "A"),
    ("0001-01-01T00:00+01:00", "", ""),
  ])
  func standsForASpan(text: String, start: String, end: String) throws {
    let time = try #require(FilterTime(text))
    #expect(FilterTime.stored(time.start) == start)
    #expect(FilterTime.stored(time.end) == end)
  }

  @Test(arguments: [
    "", "2026", "2026-11", "2026-13-01", "2026-00-01", "2026-02-29", "2026-11-31", "2026-11-25T",
    "2026-11-25T24:00", "2026-11-25T20:60", "2026-11-25T20:00:60", "2026-11-25Z", "25.11.2026",
    "2026-11-25T20:00+24:00", "2026-11-25T20:00+01:60", "0000-01-01", "２０２６-11-25", " 2026-11-25",
  ])
  func refusesWhatIsNoTime(text: String) {
    #expect(FilterTime(text) == nil)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func agreesWithTheTables(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let seconds = Int64.random(in: -11_000_000_000...250_000_000_000, using: &random)
      let text = Timestamp.of(Date(timeIntervalSince1970: Double(seconds)))
      #expect(FilterTime.stored(seconds * 1000) == text, "seed \(seed)")
      #expect(FilterTime(text)?.start == seconds * 1000, "seed \(seed)")
    }
  }
}
