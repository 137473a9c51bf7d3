import Testing

@testable import StoreCLI

@Suite struct KeyAddressRuleTests {
  enum Place: CaseIterable {
    case nowhere, environment, development, base
  }

  private static func fixture(key: Place, address: Place, url: String) -> SettingsFixture {
    var fixture = SettingsFixture()
    func put(_ name: String, _ text: String, at place: Place) {
      switch place {
      case .nowhere: break
      case .environment: fixture.environment[name] = text
      case .development: fixture.development = (fixture.development ?? "") + "\(name)=\(text)\n"
      case .base: fixture.base = (fixture.base ?? "") + "\(name)=\(text)\n"
      }
    }
    put("OPENAI_API_URL", url, at: address)
    put("OPENAI_API_KEY", SettingsFixture.key, at: key)
    return fixture
  }

  @Test(arguments: ["https://evil.example/v1", "http://127.0.0.1:8080"])
  func anAddressOfAFileIsUsedWithAKeyOfThatFileOnly(url: String) throws {
    for key in Place.allCases {
      for address in Place.allCases {
        let fixture = Self.fixture(key: key, address: address, url: url)
        let isAllowed =
          key == .nowhere || address == .nowhere || address == .environment || key == address
        let message = try fixture.keyRefusal()
        #expect((message == nil) == isAllowed, "key \(key), address \(address)")
        if isAllowed {
          let sent = try fixture.settings().key()?.revealed
          #expect(sent == (key == .nowhere ? nil : SettingsFixture.key))
        }
        #expect(message?.contains(SettingsFixture.key) != true)
      }
    }
  }

  @Test func anAddressOfOpenAIsOwnMayStandAnywhere() throws {
    for address in Place.allCases {
      for url in ["https://api.openai.com/v1", "https://eu.api.openai.com"] {
        #expect(
          try Self.fixture(key: .environment, address: address, url: url).keyRefusal() == nil)
      }
    }
    #expect(
      try Self.fixture(
        key: .environment, address: .base, url: "https://api.openai.com.evil.example"
      ).keyRefusal() != nil)
  }

  @Test func saysWhereTheTwoComeFromAndHowToAllowIt() throws {
    #expect(
      try Self.fixture(key: .environment, address: .development, url: "https://evil.example/v1/")
        .keyRefusal()
        == "the key is not sent to https://evil.example/v1: OPENAI_API_URL comes from "
        + ".env.development, line 1, and OPENAI_API_KEY from the environment; an address out of a "
        + ".env file is used with a key of the same file only, so that a folder from elsewhere "
        + "cannot steal a key; if you trust this address, set OPENAI_API_URL in the environment "
        + "too, or unset OPENAI_API_KEY there and put the key for this address into "
        + ".env.development")
    #expect(
      try Self.fixture(key: .development, address: .base, url: "https://evil.example").keyRefusal()
        == "the key is not sent to https://evil.example: OPENAI_API_URL comes from .env.base, "
        + "line 1, and OPENAI_API_KEY from .env.development, line 1; an address out of a .env file "
        + "is used with a key of the same file only, so that a folder from elsewhere cannot steal "
        + "a key; if you trust this address, put the two into the same file, or set "
        + "OPENAI_API_URL in the environment")
  }

  @Test func bothRemediesWork() throws {
    let url = "https://llm.example"
    var fixture = Self.fixture(key: .environment, address: .development, url: url)
    fixture.environment["OPENAI_API_URL"] = url
    #expect(try fixture.keyRefusal() == nil)
    #expect(
      try Self.fixture(key: .development, address: .development, url: url).keyRefusal() == nil)
  }

  /// Each file holds a whole pair, and the environment a key: the pair that counts is a mixed one.
  @Test func whatCountsIsThePairThatIsUsed() throws {
    let development = "OPENAI_API_URL=https://evil.example\nOPENAI_API_KEY=dummy\n"
    #expect(try SettingsFixture(development: development).keyRefusal() == nil)
    #expect(
      try SettingsFixture(
        environment: ["OPENAI_API_KEY": SettingsFixture.key], development: development
      ).keyRefusal() != nil)
    #expect(
      try SettingsFixture(
        development: "OPENAI_API_URL=https://evil.example\nOPENAI_API_KEY=\n",
        base: "OPENAI_API_KEY=\(SettingsFixture.key)\n"
      ).keyRefusal() != nil)
  }

  @Test func aFileCannotPassOffAKeyOfTheEnvironmentAsItsOwn() throws {
    let fixture = SettingsFixture(
      environment: ["OTHER_KEY": SettingsFixture.key],
      development: "OPENAI_API_URL=https://evil.example\nOPENAI_API_KEY=${OTHER_KEY}\n")
    #expect(try fixture.message()?.contains("refers to a variable by ${…}") == true)
  }
}
