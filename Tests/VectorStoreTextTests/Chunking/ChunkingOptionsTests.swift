// ChunkingOptions: its limits and what its errors say.

import Testing

@testable import VectorStoreText

@Suite struct ChunkingOptionsTests {
  @Test(arguments: [(400, 40), (16, 0), (16, 8), (4000, 2000)])
  func acceptsValuesWithinTheirLimits(maximum: Int, overlap: Int) throws {
    try ChunkingOptions(maximumTokens: maximum, overlapTokens: overlap).validate()
  }

  @Test func startsFromTheDefaults() {
    #expect(ChunkingOptions() == ChunkingOptions(maximumTokens: 400, overlapTokens: 40))
  }

  @Test(arguments: [15, 0, -1, 4001, Int.max])
  func refusesMaximumOutsideItsLimits(maximum: Int) {
    let error = #expect(throws: ChunkingOptionsError.self) {
      try ChunkingOptions(maximumTokens: maximum, overlapTokens: 0).validate()
    }
    #expect(
      error?.message
        == "a chunk of at most \(maximum) tokens is not possible; choose 16 to 4000")
  }

  @Test(arguments: [-1, 51, Int.max])
  func refusesOverlapOfMoreThanHalf(overlap: Int) {
    let error = #expect(throws: ChunkingOptionsError.self) {
      try ChunkingOptions(maximumTokens: 100, overlapTokens: overlap).validate()
    }
    #expect(
      error?.description
        == "an overlap of \(overlap) tokens does not fit chunks of 100; choose 0 to 50")
  }
}
