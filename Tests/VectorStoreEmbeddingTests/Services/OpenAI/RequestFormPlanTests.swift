// RequestFormPlan: which form follows which refusal, and that none is tried twice.

import Testing

@testable import VectorStoreEmbedding

@Suite struct RequestFormPlanTests {
  private static let first = RequestForm(path: "/v1/embeddings", sendsDimensions: false)

  private static func plan(isKnown: Bool = false) -> RequestFormPlan {
    RequestFormPlan(first, paths: ["/v1/embeddings", "/embeddings"], isKnown: isKnown)
  }

  private static func form(
    _ encoding: RequestForm.Encoding, _ dimensions: Bool = false, path: String = "/v1/embeddings"
  ) -> RequestForm {
    RequestForm(path: path, encoding: encoding, sendsDimensions: dimensions)
  }

  /// The form that follows each fault in turn; nil if none does.
  private static func forms(
    after faults: [RequestFormPlan.Fault], _ plan: RequestFormPlan = plan()
  ) -> [RequestForm?] {
    var plan = plan
    return faults.map { plan.fail(plan.form, $0) ? plan.form : nil }
  }

  private static func answered() -> RequestFormPlan {
    var plan = plan()
    _ = plan.succeed(plan.form)
    return plan
  }

  @Test func triesTheOtherPathOnce() {
    #expect(
      Self.forms(after: [.address, .address, .address])
        == [Self.form(.base64, path: "/embeddings"), nil, nil])
  }

  @Test func takesThePlainestFormAfterARefusalWithoutWords() {
    #expect(Self.forms(after: [.unsaid, .unsaid]) == [Self.form(.unsaid), nil])
  }

  @Test func goesBackToTheFirstFormIfNoneIsTaken() {
    var plan = Self.plan()
    _ = plan.fail(plan.form, .unsaid)
    _ = plan.fail(plan.form, .unsaid)
    #expect(plan.form == Self.first)
  }

  @Test func followsTheWords() {
    #expect(
      Self.forms(after: [.encoding, .encoding, .encoding])
        == [Self.form(.float), Self.form(.unsaid), nil])
    #expect(
      Self.forms(after: [.encodingField, .wrongLength, .dimensions])
        == [Self.form(.unsaid), Self.form(.unsaid, true), nil])
  }

  @Test func aRequestOnItsWayInAnOldFormIsSentAgain() {
    var plan = Self.plan()
    let old = plan.form
    _ = plan.fail(old, .encoding)
    let isSentAgain = plan.fail(old, .unsaid)
    #expect(isSentAgain && plan.form == Self.form(.float))
  }

  @Test func staysWithWhatWasAnsweredUnlessTheServerNamesAFault() {
    #expect(
      Self.forms(after: [.unsaid, .address, .wrongLength, .encoding], Self.answered())
        == [nil, nil, nil, Self.form(.float)])
  }

  @Test func changesNothingOfAKnownServerUnlessItNamesAFault() {
    #expect(
      Self.forms(after: [.unsaid, .address, .wrongLength, .encoding], Self.plan(isKnown: true))
        == [nil, nil, nil, Self.form(.float)])
  }

  @Test func followsARedirectOnce() {
    #expect(
      Self.forms(after: [.redirect(path: "/v1/embeddings/"), .redirect(path: "/v1/embeddings")])
        == [Self.form(.base64, path: "/v1/embeddings/"), nil])
  }

  @Test func tellsWhetherAFormIsNews() {
    var plan = Self.plan()
    let news = [plan.succeed(plan.form), plan.succeed(plan.form)]
    #expect(news == [true, false])
  }
}
