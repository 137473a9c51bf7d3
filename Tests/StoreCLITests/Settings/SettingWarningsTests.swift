import Testing

@testable import StoreCLI

@Suite struct SettingWarningsTests {
  private static func warnings(
    _ environment: [String: String] = [:], development: String? = nil, base: String? = nil
  ) throws -> [String] {
    try SettingsFixture(environment: environment, development: development, base: base).settings()
      .warnings
  }

  @Test func tellsAWrongNameAndTheOneThatIsMeant() throws {
    #expect(
      try Self.warnings(
        development: "OPENAI_MAX_BATCHSIZE=5\nDATABASE_URL=x\nOPENAI_WHISPER_TEMPERATURE_X=1",
        base: "DAILY_COST_LIMITS_OPENAI=1\n") == [
          ".env.development, line 1: OPENAI_MAX_BATCHSIZE is not a setting and is not read; "
            + "OPENAI_MAX_BATCH_SIZE is probably meant",
          ".env.development, line 3: OPENAI_WHISPER_TEMPERATURE_X is not a setting and is not read",
          ".env.base, line 1: DAILY_COST_LIMITS_OPENAI is not a setting and is not read; "
            + "DAILY_COST_LIMIT_OPENAI is probably meant",
        ])
  }

  @Test func tellsOurNameForAnotherProgramsOne() throws {
    let names = "OPENAI_API_BASE=https://h\nOPENAI_ORG_ID=o\nOPENAI_API_TYPE=azure"
    #expect(
      try Self.warnings(base: names) == [
        ".env.base, line 1: OPENAI_API_BASE is not read; the setting is called OPENAI_API_URL here",
        ".env.base, line 2: OPENAI_ORG_ID is not read; the setting is called OPENAI_ORGANIZATION "
          + "here",
        ".env.base, line 3: OPENAI_API_TYPE is not read; the setting is called OPENAI_PROVIDER here",
      ])
    #expect(
      try Self.warnings(
        ["OPENAI_API_URL": "https://h"], base: "OPENAI_API_BASE=https://h\n") == [])
  }

  @Test func tellsForeignNamesOfTheEnvironmentThatSayWhereAKeyGoes() throws {
    #expect(
      try Self.warnings([
        "OPENAI_API_BASE": "http://localhost:1", "OPENAI_API_TYPE": "azure", "OPENAI_LOG": "debug",
        "OPENAI_ORG_ID": "",
      ]) == [
        "in the environment: OPENAI_API_BASE is not read; the setting is called OPENAI_API_URL here"
      ])
    #expect(
      try Self.warnings(["OPENAI_API_BASE": "http://h", "OPENAI_API_URL": "http://h"]) == [])
  }

  @Test func tellsASettingWithoutAValue() throws {
    #expect(
      try Self.warnings(base: "HOURLY_RATE_LIMIT_OPENAI\nPATH\nSTORE_PATH=\n") == [
        ".env.base, line 1: HOURLY_RATE_LIMIT_OPENAI stands without = and sets nothing"
      ])
  }

  @Test func aHostileNameCannotWriteToTheTerminal() throws {
    #expect(
      try Self.warnings(base: "OPENAI_WHISPER_\u{1B}[31mTEMPERATURE=1") == [
        ".env.base, line 1: OPENAI_WHISPER_\\u{1B}[31mTEMPERATURE is not a setting and is "
          + "not read"
      ])
  }

  @Test func tellsThatAKeyGoesUnencrypted() throws {
    let http = ["OPENAI_API_URL": "http://nas:8080", "OPENAI_API_KEY": "k"]
    #expect(
      try Self.warnings(http) == [
        "OPENAI_API_URL is http://nas:8080 (environment): the key is sent unencrypted; use https, "
          + "or leave OPENAI_API_KEY out if the server needs none"
      ])
    #expect(try Self.warnings(["OPENAI_API_URL": "http://nas:8080"]) == [])
    #expect(try Self.warnings(http.merging(["SERVICE_MODE": "MOCK"]) { $1 }) == [])
    #expect(try Self.warnings(["OPENAI_API_URL": "http://127.0.0.1", "OPENAI_API_KEY": "k"]) == [])
    #expect(try Self.warnings(["OPENAI_API_URL": "https://nas", "OPENAI_API_KEY": "k"]) == [])
  }

  @Test(arguments: [
    ("OPENAI_PROVIDER", "mine", "mine"), ("OPENAI_PRICE_PER_MILLION_TOKENS", "0.01", "0.01"),
    ("COST_TRACKING_ENABLED", "no", "false"), ("DAILY_COST_LIMIT_OPENAI", "5.01", "5.01"),
    ("HOURLY_RATE_LIMIT_OPENAI", "101", "101"), ("STORE_LEDGER", "l.db", "l.db"),
  ])
  func tellsAFileThatLoosensTheBudgetOfAKeyThatIsNotItsOwn(
    name: String, text: String, shown: String
  ) throws {
    let line = "\(name)=\(text)\n"
    let key = ["OPENAI_API_KEY": "k"]
    #expect(
      try Self.warnings(key, development: "# budget\n" + line) == [
        ".env.development, line 2: \(name)=\(shown) loosens the budget of the key in the "
          + "environment; set \(name) there too if that is meant"
      ])
    #expect(try Self.warnings(key.merging([name: text]) { $1 }, development: line) == [])
    #expect(try Self.warnings(development: line) == [])
    #expect(try Self.warnings(development: line, base: "OPENAI_API_KEY=k") == [])
    #expect(try Self.warnings(key, development: line + "SERVICE_MODE=MOCK\n") == [])
  }

  @Test(arguments: [
    "OPENAI_PROVIDER=openai", "OPENAI_PRICE_PER_MILLION_TOKENS=0.03", "COST_TRACKING_ENABLED=1",
    "DAILY_COST_LIMIT_OPENAI=5", "HOURLY_RATE_LIMIT_OPENAI=100", "OPENAI_MODEL=new",
  ])
  func saysNothingOfAFileThatTightensIt(line: String) throws {
    #expect(try Self.warnings(["OPENAI_API_KEY": "k"], base: line) == [])
  }
}
