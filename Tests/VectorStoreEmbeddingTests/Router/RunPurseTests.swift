import Testing

@testable import VectorStoreEmbedding

@Suite struct RunPurseTests {
  private final class Owner {}

  @Test func theLimitOfARunHoldsForAllItsServicesTogether() {
    let purse = RunPurse()
    let owners = (Owner(), Owner())
    var states = (RequestState(), RequestState())
    func money(_ nano: Int64) -> NanoDollars { NanoDollars(nano: nano) }
    func reserve(_ nano: Int64, _ state: inout RequestState, _ owner: Owner)
      -> RequestState.Reservation
    {
      purse.change(owner) { others in
        (state.reserve(money(nano), within: .atMost(money(10)), beside: others), state.share)
      }
    }
    let attempt = SpendingAttempt(
      account: "a", model: "m", runID: "r", requestID: "r-1", number: 1, texts: 1, tokens: 1,
      cost: money(6))
    guard case .granted = reserve(6, &states.0, owners.0) else {
      Issue.record("the whole limit is free")
      return
    }
    guard case .later = reserve(6, &states.1, owners.1) else {
      Issue.record("what the other has on its way may come to less")
      return
    }
    purse.change(owners.0) { _ in
      states.0.count(.answered(tokens: 1, cost: money(5), rateLimits: nil), of: attempt)
      return ((), states.0.share)
    }
    guard case .refused(let left, _) = reserve(6, &states.1, owners.1) else {
      Issue.record("the other has spent 5 of 10")
      return
    }
    #expect(left == money(5))
    guard case .granted = reserve(5, &states.1, owners.1) else {
      Issue.record("5 are left")
      return
    }
  }
}
