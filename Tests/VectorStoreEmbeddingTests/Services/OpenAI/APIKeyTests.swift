// APIKey: nothing prints it.

import Testing

@testable import VectorStoreEmbedding

@Suite struct APIKeyTests {
  private static let secret = "sk-proj-TopSecret"
  private static let key = APIKey(secret)

  @Test func showsItselfNowhere() {
    var dumped = ""
    dump(Self.key, to: &dumped)
    var configuration = OpenAIConfiguration(apiKey: Self.key)
    configuration.organization = "org-1"
    dump(configuration, to: &dumped)
    let shown = [
      "\(Self.key)", "\(Self.key as APIKey?, default: "")", String(reflecting: Self.key),
      Self.key.debugDescription, "\(Mirror(reflecting: Self.key).children.map { "\($0)" })",
      "\(configuration)", String(reflecting: configuration), "\(configuration as Any)", dumped,
    ]
    for text in shown { #expect(!text.contains("TopSecret"), "\(text)") }
    #expect("\(Self.key)" == "[API key]")
    #expect(dumped.contains("[API key]"))
  }

  @Test(arguments: ["sk-1", "x", "a/b+c=~!"])
  func isValidOfVisibleASCII(text: String) {
    #expect(APIKey(text).isValid)
  }

  @Test(arguments: [
    "", " ", "sk 1", "sk-1\n", "sk-1\r\nX-Evil: 1", "\tsk", "sk-ü", "“sk-1”", "a\u{7F}",
  ])
  func isNotValidWithOtherSigns(text: String) {
    #expect(!APIKey(text).isValid)
  }
}
