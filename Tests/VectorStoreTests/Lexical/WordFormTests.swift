import Testing

@testable import VectorStore

struct WordFormTests {
  @Test(arguments: [
    ("run", "running"), ("running", "run"), ("Panthers", "panther"), ("box", "boxes"),
    ("city", "cities"), ("study", "studies"), ("studied", "studies"), ("create", "creation"),
    ("compute", "computational"), ("interception", "Interceptions"), ("café", "CAFE"),
    ("Straße", "strasse"), ("Verteidigung", "Verteidigungen"), ("Medien", "Medienpublikum"),
    ("analysis", "analyses"), ("complexity", "complex"), ("call", "calling"), ("Über", "uber"),
    ("université", "universités"), ("glass", "glasses"), ("relation", "relative"),
  ])
  func formsOfOneWordMatch(query: String, passage: String) {
    #expect(WordForm(query).matches(WordForm(passage)))
  }

  @Test(arguments: [
    ("model", "modern"), ("state", "static"), ("interstate", "interstellar"), ("car", "carpet"),
    ("nation", "native"), ("better", "bet"), ("time", "Tim"),
    ("number", "7"), ("later", "lat"), ("the", "then"), ("intention", "intensive"),
    ("new", "news9"),
  ])
  func otherWordsDoNot(query: String, passage: String) {
    #expect(!WordForm(query).matches(WordForm(passage)))
  }
}
