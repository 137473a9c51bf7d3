import Testing

@testable import VectorStoreEmbedding

@Suite struct MockWordsTests {
  @Test(arguments: [
    ("layers", "layer"), ("layer", "layer"), ("heated", "heat"), ("heating", "heat"),
    ("stabilities", "stabil"), ("stability", "stabil"), ("quickly", "quick"), ("sing", "sing"),
    ("is", "is"), ("straßen", "straß"), ("4000", "4000"), ("", ""),
  ])
  func cutsTheFirstEndingThatLeavesFourLetters(word: String, stem: String) {
    let scalars = word.unicodeScalars.map(\.value)
    let length = scalars.withUnsafeBufferPointer { MockWords.stemLength(of: $0) }
    let expected = stem.unicodeScalars.map(\.value)
    #expect(Array(scalars.prefix(length)) == expected)
  }

  @Test func ranksWords() {
    for word in ["the", "and", "which", "der", "und", "les", "dans", "los", "che", "het", "nao"] {
      #expect(MockWords.rank(of: state(of: word)) == .stop, "\(word)")
    }
    for word in ["first", "year", "jahr", "war", "car"] {
      #expect(MockWords.rank(of: state(of: word)) == .common, "\(word)")
    }
    for word in ["turbulence", "tesla", "th", "thee", ""] {
      #expect(MockWords.rank(of: state(of: word)) == .other, "\(word)")
    }
  }

  @Test func ranksStems() {
    for stem in ["agre", "determin", "problem", "year"] {
      #expect(MockWords.rank(ofStem: state(of: stem)) == .everyday, "\(stem)")
    }
    for stem in ["turbulenc", "tesla", ""] {
      #expect(MockWords.rank(ofStem: state(of: stem)) == .other, "\(stem)")
    }
  }

  private func state(of word: String) -> UInt64 {
    word.unicodeScalars.reduce(0) { MockHash.extended($0, by: $1.value) }
  }
}
