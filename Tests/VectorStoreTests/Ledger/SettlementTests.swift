import Testing

@testable import VectorStore

@Suite struct SettlementTests {
  @Test func anAnswerTurnsAReservationIntoItsCost() {
    let settlement = Settlement(LedgerFixture.attempt(nano: 100), .answered(60, tokens: 6))
    #expect(settlement.state == .billed && settlement.tokens == 6)
    #expect(settlement.cost == NanoDollars(nano: 60) && settlement.errorKind == nil)
    var change = UsageTotals()
    change.answered = 1
    change.texts = 2
    change.tokens = 6
    change.cost = 60
    change.reserved = -1
    change.reservedCost = -100
    #expect(settlement.change == change)
  }

  @Test func aFailureKeepsItsKindAndWhatTheServerCounted() {
    let settlement = Settlement(LedgerFixture.attempt(tokens: 10), .failed(.server, .possible))
    #expect(settlement.state == .possiblyBilled && settlement.tokens == 10)
    #expect(settlement.errorKind == .server && settlement.errorCode == "the_code")
    var change = UsageTotals()
    change.failed = 1
    change.possible = 1
    change.possibleCost = 100
    change.reserved = -1
    change.reservedCost = -100
    #expect(settlement.change == change)
  }

  @Test func whatWasNeverSentIsReleased() {
    let settlement = Settlement(LedgerFixture.attempt(), .cancelled(wasSent: false))
    #expect(settlement.state == .notBilled && settlement.cost == .zero)
    var change = UsageTotals()
    change.reserved = -1
    change.reservedCost = -100
    #expect(settlement.change == change)
  }
}
