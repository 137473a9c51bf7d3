import Testing
import VectorStore

@testable import StoreCLI

@Suite struct AdviceTests {
  @Test func addsTheSubcommandToAnErrorByItsCode() {
    #expect(
      Advice.message(StoreError(.documentNotFound, "there is no x.md"))
        == "there is no x.md; `store list` shows what it has")
    #expect(Advice.message(StoreError(.diskFull, "no room")) == "no room")
    #expect(Advice.message(CancellationError()) == nil)
  }

  @Test func namesTheVariableOfAWrongSetting() {
    var configuration = OpenAIConfiguration()
    configuration.dimensions = 3072
    let error = #expect(throws: OpenAIConfigurationError.self) { try configuration.space }
    #expect(
      error.flatMap { Advice.message($0) }
        == "OPENAI_DIMENSIONS is 3072, but text-embedding-3-small makes vectors of 64 to 1536 "
        + "dimensions")
  }

  @Test func everyVariableIsASetting() {
    let codes: [StoreError.Code] = [
      .serviceUnavailable, .authenticationFailed, .rateLimited, .budgetExceeded,
    ]
    let names = codes.compactMap { Advice.advice(on: $0) }.flatMap { advice in
      advice.matches(of: /[A-Z]+_[A-Z_]+/).map { String($0.output) }
    }
    #expect(names.count >= 8)
    for name in names { #expect(SettingName(rawValue: name) != nil, "\(name)") }
  }
}
