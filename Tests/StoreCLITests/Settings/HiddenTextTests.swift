import Testing

@testable import StoreCLI

@Suite struct HiddenTextTests {
  @Test func noDescriptionOrDumpShowsIt() {
    let hidden = HiddenText("walrus")
    var dumped = ""
    dump(["a key": hidden], to: &dumped)
    for text in ["\(hidden)", String(reflecting: hidden), dumped] {
      #expect(!text.contains("walrus"))
      #expect(text.contains("not shown"))
    }
    #expect(hidden.revealed == "walrus")
    #expect(hidden.settingText == "present")
  }
}
