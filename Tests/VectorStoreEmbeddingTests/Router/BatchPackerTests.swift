// What holds for the requests that texts are packed into, and how near their number comes to the
// least possible.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct BatchPackerTests {
  private typealias Packer = BatchPacker<Int>

  /// Sizes of texts as they come.
  enum Sizes: CaseIterable {
    case small, largest, logNormal, widelyScattered, alternating, bothLimitsTight
    case tightAndScattered, tightPairs, halves, uniform, someLong

    func make(_ count: Int, using generator: inout SeededGenerator) -> [Int] {
      (0..<count).map { index in
        switch self {
        case .small: Int.random(in: 1...400, using: &generator)
        case .largest: 8191
        case .logNormal: Self.logNormal(mean: 900, sigma: 0.8, &generator)
        case .widelyScattered: Self.logNormal(mean: 4000, sigma: 2, &generator)
        case .alternating: index % 2 == 0 ? 1 : 8191
        case .bothLimitsTight: Self.logNormal(mean: 1172, sigma: 0.3, &generator)
        case .tightAndScattered: Self.logNormal(mean: 1250, sigma: 1.2, &generator)
        case .tightPairs: index % 7 == 0 ? 7000 : 200
        case .halves: 4097 - index % 3
        case .uniform: Int.random(in: 1...8191, using: &generator)
        case .someLong: index % 50 == 0 ? 8191 : Int.random(in: 50...450, using: &generator)
        }
      }
    }

    private static func logNormal(
      mean: Double, sigma: Double, _ generator: inout SeededGenerator
    ) -> Int {
      let uniform = Double.random(in: Double.ulpOfOne...1, using: &generator)
      let angle = Double.random(in: 0..<(2 * .pi), using: &generator)
      let normal = (-2 * log(uniform)).squareRoot() * cos(angle)
      return max(1, min(8191, Int(mean * exp(sigma * normal - sigma * sigma / 2))))
    }
  }

  /// The requests for texts 0, 1, … of some sizes.
  private func pack(_ sizes: [Int], with packer: Packer) -> [Packer.Batch] {
    var packer = packer
    var batches: [Packer.Batch] = []
    for (index, size) in sizes.enumerated() { batches += packer.add(index, tokens: size) }
    return batches + packer.flush()
  }

  /// A number that no packing goes below: by count, by tokens, and by the texts over a k-th of the
  /// capacity, of which fewer than k fit into one request.
  private func leastRequests(_ sizes: [Int], places: Int, capacity: Int) -> Int {
    let byCount = (sizes.count + places - 1) / places
    let byTokens = (sizes.reduce(0, +) + capacity - 1) / capacity
    let longestFit = capacity / max(1, sizes.max() ?? 1)
    let byLong = (1...max(1, longestFit)).map { number in
      let long = sizes.filter { $0 * (number + 1) > capacity }.count
      return (long + number - 1) / number
    }
    return max(byCount, byTokens, byLong.max() ?? 0)
  }

  @Test(arguments: Sizes.allCases)
  func numberOfRequestsIsWithinOnePercentOfTheLeast(kind: Sizes) {
    var generator = SeededGenerator(seed: 1)
    let sizes = kind.make(16_000, using: &generator)
    let count = pack(sizes, with: Packer(textsPerRequest: 256, tokensPerRequest: 300_000)).count
    let least = leastRequests(sizes, places: 256, capacity: 300_000)
    #expect(Double(count) <= 1.01 * Double(least) + 1 && count >= least, "least \(least)")
  }

  @Test(arguments: Sizes.allCases)
  func everyTextIsInOneRequestAndNoRequestIsTooLarge(kind: Sizes) {
    for seed in 0..<20 {
      var generator = SeededGenerator(seed: UInt64(seed))
      let places = [1, 3, 16, 256, 2048][seed % 5]
      let capacity = [8191, 20_000, 300_000][seed % 3]
      let sizes = kind.make([0, 1, 5, 700][seed / 5], using: &generator)
      let batches = pack(
        sizes, with: Packer(textsPerRequest: places, tokensPerRequest: capacity))
      #expect(batches.flatMap(\.items).sorted() == Array(sizes.indices), "seed \(seed)")
      for batch in batches {
        #expect(!batch.items.isEmpty && batch.items.count <= places, "seed \(seed)")
        #expect(batch.items == batch.items.sorted(), "seed \(seed)")
        #expect(batch.tokens == batch.items.reduce(0) { $0 + sizes[$1] }, "seed \(seed)")
        #expect(batch.tokens <= capacity, "seed \(seed)")
      }
    }
  }

  @Test func shortTextsGoInTheOrderTheyComeAsSoonAsARequestIsFull() {
    var packer = Packer(textsPerRequest: 4, tokensPerRequest: 1000)
    var full: [[Int]] = []
    for index in 0..<10 {
      full += packer.add(index, tokens: 100 + index).map(\.items)
      #expect(full.count == (index + 1) / 4)
    }
    #expect(full == [[0, 1, 2, 3], [4, 5, 6, 7]])
    #expect(packer.flush().map(\.items) == [[8, 9]])
    #expect(packer.flush().isEmpty)
  }

  @Test func longAndShortTextsShareRequestsThoughTheyComeApart() {
    // By turns 4 long and 12 short: a request has room for 1 long and 3 short.
    let sizes = (0..<160).map { $0 % 16 < 4 ? 700 : 100 }
    let batches = pack(sizes, with: Packer(textsPerRequest: 4, tokensPerRequest: 1000))
    #expect(batches.count == 40)
    #expect(batches.allSatisfy { $0.tokens == 1000 })
  }

  @Test func noMoreThanFourRequestsAreHeldBack() {
    var generator = SeededGenerator(seed: 1)
    for kind in Sizes.allCases {
      var packer = Packer(textsPerRequest: 256, tokensPerRequest: 300_000)
      var (texts, tokens, mostTexts, mostTokens) = (0, 0, 0, 0)
      for (index, size) in kind.make(3000, using: &generator).enumerated() {
        let batches = packer.add(index, tokens: size)
        texts += 1 - batches.reduce(0) { $0 + $1.items.count }
        tokens += size - batches.reduce(0) { $0 + $1.tokens }
        (mostTexts, mostTokens) = (max(mostTexts, texts), max(mostTokens, tokens))
      }
      #expect(mostTexts < 4 * 256 && mostTokens < 4 * 300_000, "\(kind)")
    }
  }

  @Test func noMoreBytesAreHeldBackThanAllowed() {
    var packer = Packer(textsPerRequest: 256, tokensPerRequest: 300_000, bytesHeld: 1000)
    for index in 0..<10 { #expect(packer.add(index, tokens: 5000, bytes: 100).isEmpty) }
    #expect(packer.add(10, tokens: 5000, bytes: 1).map(\.items) == [Array(0...10)])
    #expect(packer.flush().isEmpty)
  }

  @Test(arguments: [Sizes.alternating, .uniform, .tightAndScattered, .widelyScattered])
  func noTextIsPassedOverForLong(kind: Sizes) {
    var generator = SeededGenerator(seed: 3)
    let sizes = kind.make(10_000, using: &generator)
    var packer = Packer(textsPerRequest: 256, tokensPerRequest: 300_000)
    var cameBefore: [Int] = []
    var sent = 0
    for (index, size) in sizes.enumerated() {
      cameBefore.append(sent)
      for batch in packer.add(index, tokens: size) {
        // Eight times, and a few more while others that were passed over go first.
        #expect(batch.items.allSatisfy { sent - cameBefore[$0] <= 12 })
        sent += 1
      }
    }
    #expect(sent > 30)
  }

  @Test func textLargerThanARequestGoesByItself() {
    let sizes = [10, 5000, 20, 5000, 5000, 30]
    let batches = pack(sizes, with: Packer(textsPerRequest: 10, tokensPerRequest: 1000))
    #expect(batches.flatMap(\.items).sorted() == Array(sizes.indices))
    for batch in batches where batch.tokens > 1000 { #expect(batch.items.count == 1) }
  }

  @Test func textsWithoutTokensArePackedByCount() {
    let batches = pack(
      [Int](repeating: 0, count: 10),
      with: Packer(
        textsPerRequest: 4, tokensPerRequest: 1000))
    #expect(batches.map(\.items.count) == [4, 4, 2])
  }

  @Test(arguments: Sizes.allCases)
  func sameTextsMakeTheSameRequests(kind: Sizes) {
    var generator = SeededGenerator(seed: 7)
    let sizes = kind.make(3000, using: &generator)
    let packer = Packer(textsPerRequest: 256, tokensPerRequest: 300_000)
    #expect(pack(sizes, with: packer).map(\.items) == pack(sizes, with: packer).map(\.items))
  }

  @Test(
    arguments: [
      ([], 10, 0), ([5], 4, 0), ([5], 5, 1), ([5, 5, 5], 14, 2), ([5, 5, 5], 15, 3),
      ([9, 1, 1], 5, 0),
      ([0, 0, 1], 0, 2), ([1], -1, 0),
    ] as [([Int], Int, Int)])
  func prefixIsTheTextsThatFitTogether(tokens: [Int], limit: Int, count: Int) {
    #expect(Packer.prefix(of: tokens, fitting: limit) == count)
  }
}
