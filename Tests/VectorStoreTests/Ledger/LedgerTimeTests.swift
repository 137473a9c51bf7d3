import Foundation
import Testing

@testable import VectorStore

@Suite struct LedgerTimeTests {
  @Test func anHourLaterIsAnHourLater() {
    for milliseconds in Int64(1_772_366_400_000)..<1_772_366_400_500 {
      let time = LedgerTime(milliseconds: milliseconds)
      #expect(LedgerTime(time.date) == time)
      #expect(LedgerTime(time.date + 3600) == time.advanced(by: 3600))
    }
  }

  @Test func aDayEndsAtUTCMidnight() {
    let midnight = SpendingRules.nextUTCMidnight(VirtualClock.noon)
    #expect(LedgerTime(midnight).day == LedgerTime(midnight - 0.001).day + 1)
    #expect(LedgerTime(milliseconds: -1).day == -1)
  }

  @Test func aSpanHoldsNowAndNotItsFarEnd() {
    let now = LedgerTime(VirtualClock.noon)
    let span = now.span(ofSeconds: 60)
    #expect(span.contains(now.milliseconds))
    #expect(!span.contains(now.milliseconds - 60_000))
    #expect(span.contains(now.milliseconds - 59_999))
    #expect(span.contains(now.milliseconds + 60_000))
    #expect(!span.contains(now.milliseconds + 60_001))
  }
}
