import Testing
import VectorStore

@testable import StoreCLI

@Suite struct SettingTests {
  @Test func originsSayWhereTheyAre() {
    let origins: [SettingOrigin] = [
      .flag("--mode"), .environment, .file(".env.base", line: 3), .default,
    ]
    #expect(
      origins.map(\.description) == ["--mode", "environment", ".env.base, line 3", "default"])
    #expect(origins.map(\.file) == [nil, nil, ".env.base", nil])
  }

  @Test func valuesAreWrittenAsSettingsAre() {
    #expect(256.settingText == "256" && true.settingText == "true" && "a".settingText == "a")
    #expect(30.0.settingText == "30" && 2.5.settingText == "2.5")
    #expect(NanoDollars(nano: 5_000_000_000).settingText == "5.00")
    #expect(ServiceMode.hybrid.settingText == "HYBRID")
    #expect(ServiceAddress.openAI.settingText == "https://api.openai.com")
  }
}
