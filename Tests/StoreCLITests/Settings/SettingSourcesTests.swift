import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

@Suite struct SettingSourcesTests {
  /// A model and where it was found.
  private struct Found: Equatable {
    var value: String
    var origin: SettingOrigin
  }

  private static func model(_ fixture: SettingsFixture) throws -> Found {
    let settings = try fixture.settings()
    return Found(value: settings.openAI.model, origin: settings.origin(of: .model))
  }

  @Test func originsSayWhereTheyAre() {
    let origins: [SettingOrigin] = [
      .flag("--mode"), .environment, .file(".env.base", line: 3), .default,
    ]
    #expect(
      origins.map(\.description) == ["--mode", "environment", ".env.base, line 3", "default"])
    #expect(origins.map(\.file) == [nil, nil, ".env.base", nil])
  }

  @Test func aPlaceBeatsEveryOneBelowIt() throws {
    let places: [(origin: SettingOrigin, put: (inout SettingsFixture) -> Void)] = [
      (.flag("--model"), { $0.flags[.model] = ("--model", "m0") }),
      (.environment, { $0.environment["OPENAI_MODEL"] = "m1" }),
      (.file(".env.development", line: 1), { $0.development = "OPENAI_MODEL=m2\n" }),
      (.file(".env.base", line: 2), { $0.base = "# base\nOPENAI_MODEL=m3\n" }),
    ]
    for (high, place) in places.enumerated() {
      var alone = SettingsFixture()
      place.put(&alone)
      #expect(try Self.model(alone) == Found(value: "m\(high)", origin: place.origin))
      for lower in places[(high + 1)...] {
        var both = alone
        lower.put(&both)
        #expect(try Self.model(both) == Found(value: "m\(high)", origin: place.origin))
      }
    }
    #expect(
      try Self.model(SettingsFixture()) == Found(value: "text-embedding-3-small", origin: .default))
  }

  @Test func anEmptyValueIsNotSet() throws {
    let fixture = SettingsFixture(
      flags: [.model: ("--model", nil)], environment: ["OPENAI_MODEL": ""],
      development: "OPENAI_MODEL=\n", base: "OPENAI_MODEL=m\n")
    #expect(try Self.model(fixture).origin == .file(".env.base", line: 1))
    #expect(
      try Self.model(SettingsFixture(development: "OPENAI_MODEL")).origin == .default)
  }

  @Test func theLastEntryOfAFileCounts() throws {
    #expect(
      try Self.model(SettingsFixture(base: "OPENAI_MODEL=a\nOPENAI_MODEL=b\n"))
        == Found(value: "b", origin: .file(".env.base", line: 2)))
    #expect(
      try Self.model(SettingsFixture(base: "OPENAI_MODEL=a\nOPENAI_MODEL=")).origin == .default)
  }

  @Test func readsNoPlainEnvFileAndNoneAboveTheFolder() throws {
    let folder = try TemporaryFolder()
    try folder.write("OPENAI_MODEL=a", to: "inner/.env")
    try folder.write("OPENAI_MODEL=b", to: ".env.base")
    let settings = try Settings(environment: [:], folder: folder.path("inner"))
    #expect(settings.origin(of: .model) == .default)
  }

  @Test func saysWhereAWrongValueStands() throws {
    #expect(
      try SettingsFixture(environment: ["OPENAI_MAX_RETRIES": "many"]).message()
        == "OPENAI_MAX_RETRIES is \"many\" in the environment; expected a whole number from 0 to "
        + "10; correct or unset it (default: 3)")
    #expect(
      try SettingsFixture(development: "\n\nOPENAI_MAX_RETRIES=11 # more\n").message()
        == "OPENAI_MAX_RETRIES is \"11\" in .env.development, line 3; expected a whole number from "
        + "0 to 10; correct or remove the line (default: 3)")
    #expect(
      try SettingsFixture(flags: [.maximumRetries: ("--retries", "")]).message()
        == "--retries is \"\"; expected a whole number from 0 to 10")
    // What is beaten is not looked at.
    #expect(
      try SettingsFixture(environment: ["OPENAI_MAX_RETRIES": "5"], base: "OPENAI_MAX_RETRIES=x")
        .message()
        == nil)
  }

  @Test func refusesAReferenceToAVariable() throws {
    let borrowing = SettingsFixture(
      environment: ["OPENAI_API_KEY": SettingsFixture.key],
      base: "DATABASE=${USER}\nOPENAI_API_URL=\"https://evil.example/${OPENAI_API_KEY}\"\n")
    #expect(
      try borrowing.message()
        == "OPENAI_API_URL in .env.base, line 2 refers to a variable by ${…}, which is not "
        + "supported: a file could so borrow a key of your environment; write the value itself, or "
        + "put it in single quotes if it is meant as it stands")
    #expect(try SettingsFixture(base: "DATABASE=${USER}").message() == nil)
    #expect(try Self.model(SettingsFixture(base: "OPENAI_MODEL='a${B}'")).value == "a${B}")
    // The environment is taken as it stands.
    #expect(
      try Self.model(SettingsFixture(environment: ["OPENAI_MODEL": "a${B}"])).value == "a${B}")
  }

  @Test func warnsOfAFileThatIsNotRegular() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.path(".env.base"), withIntermediateDirectories: false)
    let sources = try SettingSources(environment: [:], folder: folder.url.path)
    #expect(sources.warnings == [".env.base is not a regular file and is not read"])
  }

  @Test func aWrongLineOfAFileIsAnErrorWhateverItsName() throws {
    #expect(
      try SettingsFixture(base: "A=1\nthis is no entry\n").message()
        == ".env.base, line 2 is not of the form NAME=value; correct it, or put # before it")
  }

  @Test func noErrorShowsAKeyThatStandsInTheWrongPlace() throws {
    let key = SettingsFixture.key
    let wrong = SettingsFixture(environment: ["OPENAI_MODEL": key])
    #expect(
      try wrong.message()
        == "OPENAI_MODEL is not usable (its text is not shown) in the environment; expected the "
        + "name of a model, without spaces; correct or unset it (default: text-embedding-3-small)")
    for name in SettingName.allCases where !name.entry.isKey {
      for text in [key, "x \(key)", "https://\(key)@host/", "plain-walrus-key", "plain"] {
        let message = try SettingsFixture(
          environment: [name.rawValue: text, "OPENAI_API_KEY": "plain-walrus-key"],
          base: "OPENAI_API_KEY=\(key)\nA=b"
        ).message()
        #expect(message?.contains(key) != true)
        #expect(message?.contains("walrus") != true)
        #expect(text == "plain" || message?.contains(name.rawValue) == true, "\(name) \(text)")
      }
    }
    // A key that is beaten by another one is still a key.
    let beaten = SettingsFixture(
      environment: ["OPENAI_API_KEY": "winner", "OPENAI_MAX_RETRIES": "x-walrus-walrus"],
      development: "OPENAI_API_KEY=beaten\n", base: "OPENAI_API_KEY=walrus-walrus\n")
    #expect(try beaten.message()?.contains("walrus") == false)
    let dummy = SettingsFixture(
      environment: ["OPENAI_API_KEY": "abc", "OPENAI_TIMEOUT_SECONDS": "abc"])
    #expect(try dummy.message()?.contains("abc") == false)
  }

  @Test func noDumpOfTheSourcesShowsAValue() throws {
    let sources = try SettingsFixture(
      environment: ["OPENAI_API_KEY": SettingsFixture.key], base: "OPENAI_API_KEY=walrus\nB=seal"
    ).sources()
    var dumped = ""
    dump(sources, to: &dumped)
    for text in [dumped, "\(sources)", String(reflecting: sources)] {
      #expect(!text.contains(SettingsFixture.key) && !text.contains("walrus"))
      #expect(!text.contains("seal"))
    }
  }
}
