// What a run may spend besides the budget of its user. Part of AddOptions; read by the router.

/// The limits of one run that may cost money.
public struct SpendingOptions: Sendable {
  /// The most that the run may cost; the budget holds in any case.
  public var maximumCost = SpendingLimit<NanoDollars>.unlimited
  /// Whether the run waits where the budget is used up, or the service is left alone after failures,
  /// until it may go on. Without it the run ends in part.
  public var waits = false
  /// Whether texts are handed over in batches of the service's Batch API, at half the price, and their
  /// vectors come within a day: ``Store/fetchBatches(progress:)`` takes them in. Until then documents
  /// without vectors answer by their words, or wait.
  public var usesBatches = false
  /// Told why the run waits where it does so for long, once a minute.
  public var onWait: (@Sendable (String) -> Void)?

  /// The money of one run, if it pays several services.
  var purse: RunPurse?

  /// Creates a value from its parts.
  public init(
    maximumCost: SpendingLimit<NanoDollars> = SpendingLimit<NanoDollars>.unlimited,
    waits: Bool = false, usesBatches: Bool = false, onWait: (@Sendable (String) -> Void)? = nil
  ) {
    self.maximumCost = maximumCost
    self.waits = waits
    self.usesBatches = usesBatches
    self.onWait = onWait
  }

  func requestOptions(runID: String) -> ServiceRequests.Options {
    var options = ServiceRequests.Options(runID: runID)
    options.maximumCost = maximumCost
    if let purse { options.purse = purse }
    options.waitsForWindow = waits
    options.onWait = onWait
    return options
  }
}
