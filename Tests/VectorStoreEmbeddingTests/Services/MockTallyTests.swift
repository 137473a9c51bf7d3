// What the tally and the tokenizer in front of it make of a text, seen through vectors: which texts
// have the same terms, and which have not.

import Testing

@testable import VectorStoreEmbedding

@Suite struct MockTallyTests {
  private let service: MockService

  init() throws { service = try MockService(dimensions: 512) }

  @Test func cutsWordsAtFortyEightLettersWhereverTheyStand() {
    let letters = String(repeating: "abcdefgh", count: 6)
    #expect(isSame(letters + "xyz", letters + " xyz"))
    #expect(isSame("é" + letters, "e" + letters.dropLast() + " h"))
    #expect(!isSame(letters, letters.dropLast() + " h"))
  }

  @Test func joinsLettersInAndBeyondASCIIIntoOneWord() {
    #expect(isSame("naïveté", "naivete"))
    #expect(isSame("Größenordnung", "grossenordnung"))
    #expect(!isSame("naïveté", "na ivete"))
  }

  @Test func pairsWordsAcrossStopWordsButNotAcrossCharacters() {
    #expect(isSame("heat transfer the", "heat the transfer"))
    #expect(!isSame("heat transfer", "transfer heat"))
    #expect(!isSame("heat transfer 漢", "heat 漢 transfer"))
  }

  @Test func pairsCharactersOnlySideBySide() {
    #expect(isSame("漢字", "漢\u{301}字"))
    #expect(!isSame("漢字", "漢 字"))
    #expect(!isSame("漢字", "字漢"))
  }

  @Test func growsWithTheText() {
    let text = (0..<5_000).map { "word\($0)" }.joined(separator: "\u{2029}")
    let isSame =
      service.vector(of: text) == MockReference.vector(of: text, in: service.space)
    #expect(isSame)
  }

  private func isSame(_ first: String, _ second: String) -> Bool {
    service.vector(of: first) == service.vector(of: second)
  }
}
