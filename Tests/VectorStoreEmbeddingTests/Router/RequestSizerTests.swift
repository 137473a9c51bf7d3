// RequestSizer: sizes from words, from halving and from times.

import Foundation
import Testing

@testable import VectorStoreEmbedding

@Suite struct RequestSizerTests {
  private static func sizer(
    texts: Int = 256, first: Int? = nil, seconds: Double = .infinity,
    profile: ServerProfile? = nil
  ) -> RequestSizer {
    var terms = ServiceTerms()
    terms.textsPerRequest = texts
    terms.firstTextsPerRequest = first
    terms.secondsPerRequest = seconds
    return RequestSizer(terms, profile)
  }

  private static func profile(of sizer: RequestSizer) -> ServerProfile {
    var profile = ServerProfile(
      form: RequestForm(path: "/v1/embeddings", sendsDimensions: false), dimensions: 64)
    sizer.remember(in: &profile, ServiceTerms())
    return profile
  }

  @Test func takesTheNumberOfARefusal() {
    var sizer = Self.sizer()
    sizer.refuse(texts: 256, tokens: 9000, limit: .texts(10))
    #expect(sizer.size.texts == 10)
    for _ in 0..<50 { sizer.succeed(texts: 10, tokens: 400, told: 100, seconds: 0.1) }
    #expect(sizer.size.texts == 10)
    let profile = Self.profile(of: sizer)
    #expect(profile.textsPerRequest == 10)
    #expect(Self.sizer(profile: profile).size.texts == 10)
  }

  /// Requests that a server with an unnamed cap refuses, and those it takes, for so many texts.
  @Test(arguments: [3, 10, 32, 60, 100, 255])
  func findsACapThatIsNotNamed(cap: Int) {
    var sizer = Self.sizer()
    var left = 10_000
    var (taken, refused) = (0, 0)
    while left > 0 {
      let count = min(left, sizer.size.texts)
      if count > cap {
        sizer.refuse(texts: count, tokens: 40 * count, limit: .texts(nil))
        refused += 1
      } else {
        sizer.succeed(texts: count, tokens: 40 * count, told: 10 * count, seconds: 0.1)
        left -= count
        taken += 1
      }
    }
    #expect(refused <= 16, "\(refused)")
    #expect(Double(taken) <= 10_000 / Double(cap) * 1.25 + 8, "\(taken)")
  }

  @Test func countsNamedTokensAsTheServerDoes() {
    var sizer = Self.sizer()
    // Four bytes, as they are counted here, are one token there.
    sizer.succeed(texts: 100, tokens: 40_000, told: 10_000, seconds: 1)
    sizer.refuse(texts: 256, tokens: 102_400, limit: .tokens(16_384))
    #expect((60_000...65_536).contains(sizer.size.tokens))
    let before = sizer.size.tokens
    sizer.refuse(texts: 150, tokens: before, limit: .tokens(16_384))
    #expect(sizer.size.tokens < before)
  }

  @Test func isNeverLargerThanWhatIsAnsweredInHalfTheTime() {
    var sizer = Self.sizer(seconds: 30)
    sizer.succeed(texts: 32, tokens: 3200, told: 800, seconds: 3.2)
    #expect((149...150).contains(sizer.size.texts))
    sizer.timeOut(texts: 150, tokens: 15_000)
    #expect((74...75).contains(sizer.size.texts))
    // And grows again, slowly.
    sizer.succeed(texts: 75, tokens: 7500, told: 1900, seconds: 3)
    #expect((75...110).contains(sizer.size.texts))
  }

  @Test func startsSmallAndDoubles() {
    var sizer = Self.sizer(first: 32, seconds: 600)
    var sizes: [Int] = []
    for _ in 0..<5 {
      let count = sizer.size.texts
      sizes.append(count)
      sizer.succeed(texts: count, tokens: count * 100, told: 0, seconds: 0.1)
    }
    #expect(sizes == [32, 64, 128, 256, 256])
  }

  @Test func knowsWhatItHasNotTried() {
    var sizer = Self.sizer()
    #expect(sizer.isUntried(texts: 256) && !sizer.isUntried(texts: 1))
    sizer.succeed(texts: 128, tokens: 1, told: 1, seconds: 1)
    #expect(!sizer.isUntried(texts: 256) && sizer.isLargest(texts: 256))
  }

  @Test func believesAnOldProfileInItsFormOnly() throws {
    var profile = ServerProfile(
      form: RequestForm(path: "/embeddings", sendsDimensions: false), dimensions: 64)
    profile.textsPerRequest = 10
    #expect(profile.believed()?.textsPerRequest == 10)
    profile.learnedAt = Date(timeIntervalSinceNow: -8 * 86_400)
    let old = try #require(profile.believed())
    #expect(old.textsPerRequest == nil && old.form.path == "/embeddings")
    profile.form.path = "http://thief/"
    #expect(profile.believed() == nil)
    profile.form.path = "/x"
    profile.dimensions = 7
    #expect(profile.believed() == nil)
  }
}
