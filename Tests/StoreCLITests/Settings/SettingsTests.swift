import Testing
import VectorStore

@testable import StoreCLI

@Suite struct SettingsTests {
  @Test func hasTheDefaultsOfTheDesign() throws {
    let settings = try SettingsFixture().settings()
    #expect(settings.origins.isEmpty && settings.warnings.isEmpty)
    #expect(settings.configuration.mode == .hybrid && settings.storePath == "store.db")
    let budget = settings.configuration.budget
    #expect(budget.ledgerPath == "/home/user/.local/state/vector-store/ledger.db")
    #expect(settings.cacheFolder == "/home/user/.cache/vector-store")
    #expect(settings.vocabularyFolders == ["/home/user/.cache/vector-store"])
    #expect(budget.isEnforced && budget.hourlyRequestLimit == 100)
    #expect(budget.dailyCostLimit == .atMost(NanoDollars(nano: 5_000_000_000)))
  }

  @Test func readsEverySetting() throws {
    var fixture = SettingsFixture(
      environment: ["XDG_STATE_HOME": "/state", "XDG_CACHE_HOME": "/cache"],
      base: """
        SERVICE_MODE=mock
        COST_TRACKING_ENABLED=yes
        DAILY_COST_LIMIT_OPENAI=1.50 # usd
        HOURLY_RATE_LIMIT_OPENAI=0
        STORE_PATH="my notes.db"
        TIKTOKEN_CACHE_DIR=vocabulary
        """)
    let settings = try fixture.settings()
    let budget = settings.configuration.budget
    #expect(settings.configuration.mode == .mock)
    #expect(settings.origin(of: .mode) == .file(".env.base", line: 1))
    #expect(budget.isEnforced && settings.origin(of: .costTracking) == .file(".env.base", line: 2))
    #expect(budget.dailyCostLimit == .atMost(NanoDollars(nano: 1_500_000_000)))
    #expect(budget.hourlyRequestLimit == 0)
    #expect(settings.storePath == "my notes.db")
    #expect(budget.ledgerPath == "/state/vector-store/ledger.db")
    #expect(settings.origin(of: .ledger) == .default)
    #expect(settings.vocabularyFolders == ["vocabulary", "/cache/vector-store"])

    fixture.environment["STORE_LEDGER"] = "/elsewhere/l.db"
    fixture.environment["COST_TRACKING_ENABLED"] = "no"
    fixture.flags = [.store: ("--store", "flag.db"), .mode: ("--mode", "REAL")]
    let other = try fixture.settings()
    #expect(other.configuration.budget.ledgerPath == "/elsewhere/l.db")
    #expect(other.origin(of: .ledger) == .environment)
    #expect(!other.configuration.budget.isEnforced)
    #expect(other.origin(of: .costTracking) == .environment)
    #expect(other.storePath == "flag.db" && other.origin(of: .store) == .flag("--store"))
    #expect(other.configuration.mode == .real && other.origin(of: .mode) == .flag("--mode"))
  }

  @Test(arguments: [
    ("SERVICE_MODE", "FAST", "REAL, MOCK or HYBRID", "HYBRID"),
    ("COST_TRACKING_ENABLED", "off", "true or false (or 1, 0, yes, no)", "true"),
    (
      "DAILY_COST_LIMIT_OPENAI", "5.00 # usd",
      "US dollars as a decimal number without a sign and with at most 9 decimals, as 5.00", "5.00"
    ),
    ("HOURLY_RATE_LIMIT_OPENAI", "-1", "a whole number from 0 to 1000000000", "100"),
    (
      "STORE_PATH", "~/notes.db", "a path without ~ at its start, which only a shell expands",
      "store.db"
    ),
    (
      "STORE_LEDGER", "~/l.db", "a path without ~ at its start, which only a shell expands",
      "/home/user/.local/state/vector-store/ledger.db"
    ),
    (
      "TIKTOKEN_CACHE_DIR", "~", "a path without ~ at its start, which only a shell expands",
      "/home/user/.cache/vector-store"
    ),
  ])
  func refusesWhatIsMalformed(
    name: String, text: String, expected: String, fallback: String
  ) throws {
    #expect(
      try SettingsFixture(environment: [name: text]).message()
        == "\(name) is \"\(text)\" in the environment; expected \(expected); correct or unset it "
        + "(default: \(fallback))")
    #expect(
      try SettingsFixture(development: "\(name)='\(text)'").message()
        == "\(name) is \"\(text)\" in .env.development, line 1; expected \(expected); correct or "
        + "remove the line (default: \(fallback))")
  }

  @Test func refusesAnEmptyFlag() throws {
    #expect(
      try SettingsFixture(flags: [.store: ("--store", "")]).message()
        == "--store is \"\"; expected a path without ~ at its start, which only a shell expands")
  }

  @Test func showsEverySettingWithItsOrigin() throws {
    let settings = try SettingsFixture(
      environment: [
        "OPENAI_API_KEY": SettingsFixture.key, "OPENAI_PROJECT": "p",
      ],
      development: "DAILY_COST_LIMIT_OPENAI=2\nOPENAI_TIMEOUT_SECONDS=2.5\n",
      base: "STORE_PATH=\"a\\tb.db\""
    ).settings()
    #expect(settings.rows.map(\.name) == SettingName.allCases.map(\.rawValue))
    func row(_ name: SettingName) -> [String]? {
      settings.rows.first { $0.name == name.rawValue }.map { [$0.value, $0.origin] }
    }
    #expect(row(.apiKey) == ["present", "environment"])
    #expect(row(.apiURL) == ["https://api.openai.com", "default"])
    #expect(row(.organization) == ["not set", "default"])
    #expect(row(.project) == ["p", "environment"])
    #expect(row(.dailyCostLimit) == ["2.00", ".env.development, line 1"])
    #expect(row(.timeout) == ["2.5", ".env.development, line 2"])
    #expect(row(.price) == ["0.02", "default"])
    #expect(row(.mode) == ["HYBRID", "default"])
    #expect(row(.store) == ["a\\tb.db", ".env.base, line 1"])
    #expect(
      try SettingsFixture().settings().rows.first
        == Settings.Row(name: "OPENAI_API_KEY", value: "absent", origin: "default"))
  }

  @Test func noDumpShowsTheKey() throws {
    let fixtures = [
      SettingsFixture(environment: ["OPENAI_API_KEY": SettingsFixture.key]),
      SettingsFixture(
        environment: ["OPENAI_API_KEY": SettingsFixture.key],
        development: "OPENAI_API_KEY=\(SettingsFixture.otherKey)\nOPENAI_API_URL=http://nas",
        base: "OPENAI_KEY=\(SettingsFixture.otherKey)\nOPENAI_\(SettingsFixture.key)=1\n"),
    ]
    for fixture in fixtures {
      let settings = try fixture.settings()
      var dumped = ""
      dump(settings, to: &dumped)
      let texts =
        [dumped, "\(settings)", String(reflecting: settings), try fixture.keyRefusal() ?? ""]
        + settings.warnings + settings.rows.flatMap { [$0.name, $0.value, $0.origin] }
      for text in texts {
        #expect(!text.contains(SettingsFixture.key) && !text.contains(SettingsFixture.otherKey))
        #expect(!text.contains("sk-"))
      }
    }
  }
}
