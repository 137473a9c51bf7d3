// ClusterRules against Swift's own grapheme clusters.

import TestSupport
import Testing

@testable import VectorStoreText

@Suite struct ClusterRulesTests {
  @Test(arguments: 0..<40)
  func namesOnlyEndsOfClusters(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let kind: TextMaker.Kind = seed.isMultiple(of: 2) ? .clusters : .scripts
    let text = TextMaker.text(kind, pieces: 100, using: &generator)
    let visible = text.unicodeScalars.filter { $0.value > 0x20 && $0.value != 0x3000 }
    let run = String(String.UnicodeScalarView(visible))
    var rules = ClusterRules()
    var named: Set<Int> = []
    for (offset, scalar) in run.unicodeScalars.enumerated()
    where rules.mayCut(before: scalar.value) {
      named.insert(offset)
    }
    let starts = clusterStarts(run)
    #expect(named.isSubset(of: starts), "seed \(seed): \(named.subtracting(starts))")
    #expect(named.count * 10 >= starts.count * 9, "seed \(seed): too few")
  }

  @Test(arguments: [
    "👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u{301}", "क्षि", "\u{1100}\u{1161}\u{11A8}", "1\u{FE0F}\u{20E3}",
  ])
  func holdsClusterTogether(cluster: String) {
    var rules = ClusterRules()
    let cuts = cluster.unicodeScalars.map { rules.mayCut(before: $0.value) }
    #expect(cuts.dropFirst().allSatisfy { !$0 })
  }

  @Test func partsAPictographFromAFlagWithAJoiner() {
    var rules = ClusterRules()
    let cuts = "🇩🇪\u{200D}👩".unicodeScalars.map { rules.mayCut(before: $0.value) }
    #expect(cuts == [true, false, false, true])
  }

  @Test(arguments: [0x600, 0x6DD, 0x8E2, 0x113D1] as [UInt32])
  func partsNothingFromAPrependedMark(mark: UInt32) {
    var rules = ClusterRules()
    let cuts = [mark, 0x4E00].map { rules.mayCut(before: $0) }
    #expect(cuts == [true, false])
  }

  private func clusterStarts(_ text: String) -> Set<Int> {
    var starts: Set<Int> = []
    var offset = 0
    for character in text {
      starts.insert(offset)
      offset += character.unicodeScalars.count
    }
    return starts
  }
}
