// The money of one run, whichever services it pays.

import Synchronization

/// What the requests of one run have spent and reserved at all its services, so that the run's own limit holds for
/// all of them together.
package final class RunPurse: Sendable {
  /// What requests to one service have.
  struct Share: Sendable {
    /// Billed, or possibly billed.
    var spent = NanoDollars.zero
    /// Reserved by attempts on their way.
    var reserved = NanoDollars.zero
  }

  private let shares = Mutex<[ObjectIdentifier: Share]>([:])

  /// Creates the purse of a new run.
  package init() {}

  /// Changes one owner's share. The change sees what the others have, and nobody else changes anything meanwhile.
  func change<Result>(
    _ owner: AnyObject, _ body: (_ others: Share) -> (result: Result, share: Share)
  ) -> Result {
    let owner = ObjectIdentifier(owner)
    return shares.withLock { shares in
      var others = Share()
      for (other, share) in shares where other != owner {
        others.spent = others.spent + share.spent
        others.reserved = others.reserved + share.reserved
      }
      let (result, share) = body(others)
      shares[owner] = share
      return result
    }
  }
}
