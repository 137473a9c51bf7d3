import Testing

@testable import StoreCLI

@Suite struct SettingNameTests {
  @Test func findsTheNameThatWasMeant() {
    for (wrong, meant) in [
      ("OPENAI_MAX_BATCHSIZE", SettingName.maximumBatchSize), ("OPENAI_APIKEY", .apiKey),
      ("openai_api_key", .apiKey), ("OPENAI_TIMEOUT_SECOND", .timeout),
      ("DAYLY_COST_LIMIT_OPENAI", .dailyCostLimit),
      ("OPENAI_MAX_CONCURENT_REQUEST", .maximumConcurrentRequests),
    ] {
      #expect(SettingName.nearest(to: wrong) == meant, "\(wrong)")
    }
    #expect(SettingName.nearest(to: "OPENAI_WHISPER_TEMPERATURE_X") == nil)
    #expect(SettingName.nearest(to: "Q") == nil)
    #expect(SettingName.nearest(to: String(repeating: "x", count: 100_000)) == nil)
  }

  @Test func knowsWhichNamesClaimToBeSettings() {
    #expect(SettingName.looksLikeOne("OPENAI_X") && SettingName.looksLikeOne("x_openai"))
    #expect(
      !SettingName.looksLikeOne("DATABASE_URL") && !SettingName.looksLikeOne("AZURE_OPENAI_KEY"))
  }
}
