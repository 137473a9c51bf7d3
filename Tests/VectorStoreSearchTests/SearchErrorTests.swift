// The text of each error.
// Tests Sources/VectorStoreSearch/SearchError.swift.

import Testing
import VectorStoreSearch

@Suite struct SearchErrorTests {
  @Test func vectorErrorsSayWhatWasFoundAndExpected() {
    #expect(
      "\(VectorError.wrongDimensions(found: 768, expected: 1536))"
        == "vector has 768 dimensions, expected 1536")
    #expect(
      "\(VectorError.notFinite(index: 4))"
        == "component 4 of the vector is infinite or not a number")
    #expect(
      "\(VectorError.zero)" == "all components of the vector are zero, so it has no direction")
  }

  @Test func searchErrorsNameTheQueryOrTheVector() {
    #expect(
      "\(SearchError.badQuery(index: 2, reason: .zero))"
        == "query 2: all components of the vector are zero, so it has no direction")
    #expect(
      "\(SearchError.minimumScoreNotFinite)" == "the minimum score is infinite or not a number")
    #expect(
      "\(SearchError.wrongByteCount(id: 7, found: 12, expected: 6144))"
        == "vector 7 is damaged: it has 12 bytes, expected 6144")
    #expect(
      "\(SearchError.notUnitLength(id: 7, norm: 2.5))"
        == "vector 7 is damaged: its length is 2.5, expected 1")
  }
}
