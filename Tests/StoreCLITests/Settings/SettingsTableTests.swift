import Foundation
import Testing
import VectorStore

@testable import StoreCLI

@Suite struct SettingsTableTests {
  @Test func theREADMEsTableHasTheSameSettingsInTheSameOrder() throws {
    let readme = try String(
      contentsOf: ReadmeCommandTests.repository.appending(path: "README.md"), encoding: .utf8)
    let table = try #require(
      readme.components(separatedBy: "| variable | default | what |\n").last?
        .components(separatedBy: "\n\n").first)
    let names = table.components(separatedBy: "\n").flatMap { row in
      let cell = row.split(separator: "|").first ?? ""
      return cell.matches(of: /`([A-Z_]+)`/).map { String($0.output.1) }
    }
    #expect(names == SettingName.allCases.map(\.rawValue))
  }

  @Test func valuesAreWrittenAsSettingsAre() {
    #expect(256.settingText == "256" && true.settingText == "true" && "a".settingText == "a")
    #expect(30.0.settingText == "30" && 2.5.settingText == "2.5")
    #expect(NanoDollars(nano: 5_000_000_000).settingText == "5.00")
    #expect(ServiceMode.hybrid.settingText == "HYBRID")
    #expect(SpendingLimit<Int>.atMost(7).settingText == "7")
    #expect(ServiceAddress.openAI.settingText == "https://api.openai.com")
  }

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

  @Test func wholeNumbersAreDigitsWithinTheirRange() {
    let form = SettingForm.wholeNumber(1...64)
    #expect(["1", "64", "007"].map(form.parse) == [1, 64, 7])
    for text in [
      "0", "65", "-1", "+5", "5.0", "1e1", "1_0", "1,0", " 5", "5 ", "0x5", "٣", "five",
      "99999999999999999999",
    ] {
      #expect(form.parse(text) == nil, "\(text)")
    }
    #expect(form.expected == "a whole number from 1 to 64")
  }

  @Test func secondsAreDecimalAndAboveZero() {
    let form = SettingForm.seconds(upTo: 600)
    #expect(["30", "2.5", "0.25", "600", "600.0"].map(form.parse) == [30, 2.5, 0.25, 600, 600])
    for text in [
      "0", "0.0", "-1", "+1", "600.1", "1e2", "inf", "nan", "0x1p3", "5s", ".5", "5.", "1.2.3",
      "1,5", " 5",
    ] {
      #expect(form.parse(text) == nil, "\(text)")
    }
    #expect(
      form.expected == "a number of seconds above 0 and at most 600, as 30 or 2.5")
  }

  @Test func dollarsAreExact() {
    let form = SettingForm.dollars
    #expect(
      ["5.00", "0", "0.02", "0.000000001", "12"].map { form.parse($0)?.nano } == [
        5_000_000_000, 0, 20_000_000, 1, 12_000_000_000,
      ])
    for text in [
      "-1", "$5", "5 usd", "5.00 # usd", "1e2", "0.0000000001", ".", "1,5", "9999999999999",
    ] {
      #expect(form.parse(text) == nil, "\(text)")
    }
    #expect(
      form.expected
        == "US dollars as a decimal number without a sign and with at most 9 decimals, as 5.00")
  }

  @Test func truthIsWrittenInThreeWays() {
    let form = SettingForm.truth
    for text in ["true", "TRUE", "True", "1", "yes", "Yes"] { #expect(form.parse(text) == true) }
    for text in ["false", "FALSE", "0", "no", "NO"] { #expect(form.parse(text) == false) }
    for text in ["on", "off", "y", "n", "t", "2", "true ", "enabled"] {
      #expect(form.parse(text) == nil, "\(text)")
    }
    #expect(form.expected == "true or false (or 1, 0, yes, no)")
  }

  @Test func modesAreWrittenInAnyCase() {
    let form = SettingForm.mode
    #expect(["REAL", "mock", "Hybrid"].map(form.parse) == [.real, .mock, .hybrid])
    #expect(form.parse("FAST") == nil && form.parse("real ") == nil)
    #expect(form.expected == "REAL, MOCK or HYBRID")
  }

  @Test func keysAndIdentifiersCannotBreakAHeader() {
    for text in ["a b", "a\nb", "a\r\nX-Other: b", "a\u{0}", "é", "a\u{7F}", " a"] {
      #expect(SettingForm.key.parse(text) == nil)
      #expect(SettingForm.identifier.parse(text) == nil)
    }
    #expect(SettingForm.key.parse("sk-a_B9.+/=")?.revealed == "sk-a_B9.+/=")
    #expect(SettingForm.key.shows("a b") == false)
    #expect(SettingForm.identifier.parse("org-1") == "org-1")
  }

  @Test func namesOfModelsAndProvidersFitIntoASpace() {
    for text in ["text-embedding-3-small", "BAAI/bge-m3", "nomic-embed-text:latest", "模型"] {
      #expect(SettingForm.model.parse(text) == text)
    }
    for text in ["a b", "a\tb", "a\u{1B}[0m"] { #expect(SettingForm.model.parse(text) == nil) }

    let provider = SettingForm.provider
    #expect(
      ["openai", "OpenAI", "nas:8080", "[::1]:80", "a_b.c"].map(provider.parse) == [
        "openai", "openai", "nas:8080", "[::1]:80", "a_b.c",
      ])
    for text in ["a/b", "mock", "MOCK", "a b", "é", "a\n"] { #expect(provider.parse(text) == nil) }
    #expect(provider.expected == "a name of letters, digits and . _ - : that is not \"mock\"")
  }

  @Test func pathsAreNotExpanded() {
    let form = SettingForm.path
    #expect(["a b.db", "/x/~y", "./~"].map(form.parse) == ["a b.db", "/x/~y", "./~"])
    #expect(form.parse("~/notes.db") == nil && form.parse("~other/notes.db") == nil)
    #expect(form.expected == "a path without ~ at its start, which only a shell expands")
  }

  @Test func anAddressWithAPasswordIsNotShown() {
    let form = SettingForm.address
    #expect(form.parse("https://host/v1") != nil)
    for text in ["https://u:p@host", "https://host?key=1", "https://host#x"] {
      #expect(form.parse(text) == nil)
      #expect(!form.shows(text))
    }
    #expect(form.shows("host"))
  }
}
