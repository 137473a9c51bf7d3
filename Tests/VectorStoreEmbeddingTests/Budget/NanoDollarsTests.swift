// Amounts of money: read strictly, summed exactly, written shortly.

import Testing

@testable import VectorStoreEmbedding

@Suite struct NanoDollarsTests {
  @Test(
    arguments: [
      ("5.00", 5_000_000_000), ("5", 5_000_000_000), ("5.", 5_000_000_000), ("0.02", 20_000_000),
      (".5", 500_000_000), ("0", 0), ("000.10", 100_000_000), ("0.000000001", 1),
      ("9223372036.854775807", .max),
    ] as [(String, Int64)])
  func readsDecimalNumbers(text: String, nano: Int64) throws {
    #expect(try NanoDollars(usd: text) == NanoDollars(nano: nano))
  }

  @Test(arguments: [
    "", ".", "-1", "+1", "1e3", "1,5", "1.2.3", " 1", "1 ", "$1", "0x10", "nan", "inf",
    "5.00 # usd",
    "0.0000000001", "9223372036.854775808", "99999999999999999999", "000000000000000000001", "٣",
  ])
  func refusesWhatIsNoSuchNumber(text: String) {
    #expect(throws: AmountError(text: text)) { try NanoDollars(usd: text) }
    #expect(throws: AmountError(text: text)) { try SpendingLimit.usd(text) }
  }

  @Test(
    arguments: [
      (0, "$0.00"), (20_000_000, "$0.02"), (100_000_000, "$0.10"), (5_000_000_000, "$5.00"),
      (12_000, "$0.000012"), (1, "$0.000000001"), (1_234_567_890_123, "$1234.567890123"),
      (-20_000_000, "-$0.02"), (.max, "$9223372036.854775807"), (.min, "-$9223372036.854775808"),
    ] as [(Int64, String)])
  func writesAsManyDecimalsAsItTakes(nano: Int64, text: String) {
    #expect("\(NanoDollars(nano: nano))" == text)
  }

  @Test func theErrorSaysWhatWasFoundAndExpected() {
    #expect(
      AmountError(text: "0,01").description
        == "\"0,01\" is not an amount of US dollars; expected a decimal number without a sign or a currency, "
        + "with a point and at most 9 decimals, as 5.00")
  }

  @Test func aLimitSaysByNameThatThereIsNone() throws {
    #expect(try SpendingLimit.usd("1.00") == .atMost(NanoDollars(nano: 1_000_000_000)))
    #expect(SpendingLimit<NanoDollars>.unlimited.amount == nil)
    #expect(SpendingLimit<Int>.atMost(0).amount == 0)
  }

  @Test func sumsStopAtTheEndOfTheRange() {
    let (most, least) = (NanoDollars(nano: .max), NanoDollars(nano: .min))
    let one = NanoDollars(nano: 1)
    #expect(most + one == most && least - one == least)
    #expect(most - least == most && least + least == least)
    #expect(TokenPrice(perMillionTokens: most).cost(ofTokens: .max) == most)
  }

  @Test func writesWhatItReads() throws {
    for nano in [Int64(0), 1, 10, 99, 1_000_000_000, 123_456_789_012_345, .max] {
      let amount = NanoDollars(nano: nano)
      #expect(try NanoDollars(usd: String("\(amount)".dropFirst())) == amount)
    }
  }

  @Test func addsAndComparesExactly() throws {
    let tenth = NanoDollars(nano: 100_000_000)
    var sum = NanoDollars.zero
    for _ in 0..<10 { sum += tenth }
    #expect(try sum == NanoDollars(usd: "1"))
    #expect(sum - tenth < sum)
    #expect(sum.usd == 1)
  }
}
