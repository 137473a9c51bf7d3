import Testing

@testable import StoreCLI

@Suite struct HiddenTextTests {
  @Test func noDescriptionOrDumpShowsIt() {
    let hidden = Setting(value: HiddenText("walrus"), origin: .environment)
    var dumped = ""
    dump([hidden], to: &dumped)
    for text in ["\(hidden)", String(reflecting: hidden), dumped] {
      #expect(!text.contains("walrus"))
      #expect(text.contains("not shown"))
    }
    #expect(hidden.value.revealed == "walrus")
    #expect(hidden.value.settingText == "(not shown)")
  }
}
