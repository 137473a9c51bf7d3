// The figures of one space. Made by Statistics/, part of StatisticsReport; as JSON its keys are
// public. A figure that has no value, as the spread of one row, is nil and not in the JSON.

/// How good the vectors of one space are.
///
/// Rows are vectors at unit length, as they are stored. "Exact" figures are over all rows; what needs
/// neighbours is over ``sample`` and says how far off it may be.
public struct SpaceStatistics: Sendable, Codable, Equatable {
  // MARK: What was measured

  /// The space, as `openai/text-embedding-3-small/1536`.
  public var space: String
  /// Whether a model made the vectors or they are stand-ins.
  public var kind: EmbeddingSpace.Kind
  /// The collections that have vectors of the space, those with the most rows first.
  public var collections: [CollectionFigures] = []
  /// How many rows.
  public var rows: Int
  /// Components of each.
  public var dimensions: Int
  /// What the figures mean in plain words: good, watch or bad, and why.
  public var verdict = Verdict(level: .good, findings: [])

  // MARK: Moments, exact

  /// The lengths that the vectors came with. OpenAI's are 1.
  public var norms: NormFigures?
  /// The mean cosine over all pairs of distinct rows, from the norm of their mean.
  public var meanCosine: Double?
  /// The standard deviation of that cosine over all pairs of distinct rows.
  public var cosineSpread: Double?
  /// How evenly the rows point everywhere, 0 to 1: the second-order approximation of the ratio
  /// min Z(c) / max Z(c) of the partition function Z(c) = Σ exp⟨c, v⟩ (Mu and Viswanath, All-but-the-Top,
  /// ICLR 2018, section 2.2): (1 − ‖m‖ + λmin/2) / (1 + ‖m‖ + λmax/2), m the mean of the rows and λ the
  /// least and the greatest eigenvalue of their second moments, not centred.
  public var isotropy: Double?

  // MARK: Spectrum of the covariance (centred, divided by n − 1), exact

  /// The sum of the eigenvalues.
  public var totalVariance: Double?
  /// (Σλ)² / Σλ²: how many directions carry the variance.
  public var participationRatio: Double?
  /// exp of the entropy of λ / Σλ (Roy and Vetterli, The effective rank, EUSIPCO 2007).
  public var effectiveRank: Double?
  /// The fewest components that hold 50 % of the variance.
  public var components50: Int?
  /// The fewest that hold 90 %.
  public var components90: Int?
  /// The fewest that hold 99 %.
  public var components99: Int?
  /// The eigenvalues, greatest first; as many as there are dimensions, zeros left out at the end.
  public var eigenvalues: [Double] = []
  /// Dimensions with almost no variance: less than 10⁻⁴ of the mean variance of a dimension.
  public var deadDimensions: [Int] = []

  // MARK: Neighbours, over the sample

  /// Which rows the figures below are over.
  public var sample: SampleFigures
  /// How many dimensions the rows fill near by: the TwoNN estimate (Facco, d'Errico, Rodriguez and
  /// Laio, Scientific Reports 7, 2017).
  public var intrinsicDimension: Double?
  /// The standard error of ``intrinsicDimension``.
  public var intrinsicDimensionError: Double?
  /// The cosine of each row to the nearest other one.
  public var nearestNeighbours: Distribution?
  /// The cosine of pairs of distinct rows taken at random.
  public var randomPairs: Distribution?
  /// A least score for queries: the 95th percentile of random pairs, or the 5th of nearest neighbours
  /// where that is less. A hit below it is about as near as one in twenty unrelated passages.
  public var suggestedMinimumScore: Double?
  /// The skewness of how often a row is among the ``neighbours`` nearest of others (Radovanović,
  /// Nanopoulos and Ivanović, Hubs in Space, JMLR 11, 2010). Above 1 some rows answer too much.
  public var hubness: Double?
  /// The standard error of ``hubness`` where it is sampled.
  public var hubnessError: Double?
  /// The k of ``hubness``, 10 where there are enough rows.
  public var neighbours: Int
  /// The rows that are most often among the nearest of others, at most ten.
  public var hubs: [Hub] = []
  /// How often rows of the sample are among the nearest of others; only where all rows are compared
  /// with all.
  public var occurrences: Histogram?
  /// Rows that say the same.
  public var duplicates: DuplicateFigures
  /// Rows far from all others, the farthest first, at most twenty.
  public var outliers: [Outlier] = []
  /// How many rows of the sample are outliers.
  public var outlierCount = 0

  // MARK: For the eye, and over time

  /// Rows on the plane of the two greatest principal components.
  public var map = MapFigures()
  /// What moved since the summary that it was compared with.
  public var drift: DriftFigures?

  /// How many percent of random pairs score less than this cosine: what a hit's score means here.
  /// Nil where there are no two rows.
  public func percentOfRandomPairs(below score: Double) -> Double? {
    randomPairs?.percent(of: score)
  }
}
