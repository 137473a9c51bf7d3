import Testing

@testable import StoreCLI

@Suite struct SettingTextTests {
  @Test func controlsOfTheTerminalAreWrittenOut() {
    #expect(
      SettingText.printable("a\u{1B}[31mb\n\u{202E}é", hiding: [])
        == "a\\u{1B}[31mb\\n\\u{202E}é")
    let long = SettingText.printable(String(repeating: "x", count: 1000), hiding: [])
    #expect(long == String(repeating: "x", count: 200) + "…")
  }

  @Test func hidesKeysAndWhatIsMadeLikeOne() {
    #expect(
      SettingText.printable("x\(SettingsFixture.key)", hiding: []) == "x\(SettingsFixture.key)")
    #expect(SettingText.printable("x_\(SettingsFixture.key)", hiding: []) == nil)
    #expect(SettingText.printable("Bearer \(SettingsFixture.key)", hiding: []) == nil)
    #expect(
      SettingText.printable("x\(SettingsFixture.key)", hiding: [HiddenText(SettingsFixture.key)])
        == nil)
    #expect(SettingText.printable("task-runner-of-the-department", hiding: []) != nil)
    #expect(SettingText.printable("sk-short", hiding: []) == "sk-short")
  }

  @Test func aShortDummyKeyHidesOnlyItself() {
    let keys = [HiddenText("none")]
    #expect(SettingText.printable("none", hiding: keys) == nil)
    #expect(SettingText.printable("nonesuch", hiding: keys) == "nonesuch")
    #expect(SettingText.holdsKey("none", keys) == false)
    #expect(SettingText.printable("http://lm-studio", hiding: [HiddenText("lm-studio")]) == nil)
    #expect(SettingText.holdsKey("http://lm-studio", [HiddenText("lm-studio")]) == false)
  }
}
