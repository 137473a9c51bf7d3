// The figures of one space; as JSON their keys are public. A figure without a value is left out.

extension StatisticsReport {
  /// How good the vectors of one space are.
  ///
  /// Rows are vectors at unit length, as they are stored. "Exact" figures are over all rows; what needs
  /// neighbours is over ``sample`` and says how far off it may be.
  public struct Space: Sendable, Codable, Equatable {
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
  }

  /// A chunk as statistics name it.
  public struct Chunk: Sendable, Codable, Equatable {
    /// The chunk's id.
    public var id: Int64
    /// The collection's name.
    public var collection: String
    /// The document's source.
    public var source: String
    /// Its place in the document, from 0.
    public var ordinal: Int
    /// The line of its first scalar, from 1.
    public var line: Int?
    /// The beginning of its text on one line, at most 160 characters; nil where only the vector is known.
    public var excerpt: String?
  }

  /// What one collection has in a space; all exact.
  public struct CollectionFigures: Sendable, Codable, Equatable {
    /// Its name.
    public var collection: String
    /// How many rows.
    public var rows: Int
    /// The mean cosine over pairs of its distinct rows.
    public var meanCosine: Double?
    /// The cosine between the mean of its rows and the mean of all rows of the space.
    public var centroidCosine: Double?
  }

  /// The lengths that vectors came with.
  public struct NormFigures: Sendable, Codable, Equatable {
    /// The least.
    public var minimum: Double
    /// The mean.
    public var mean: Double
    /// The greatest.
    public var maximum: Double
    /// How they are spread.
    public var histogram: Histogram
  }

  /// Which rows what needs neighbours is over.
  public struct SampleFigures: Sendable, Codable, Equatable {
    /// How many rows were compared with all others.
    public var rows: Int
    /// Out of how many.
    public var of: Int
    /// The seed by which they were taken; nil where they are all.
    public var seed: UInt64?

    /// Whether all rows were compared with all, so that nothing is estimated.
    public var isExact: Bool { rows == of }
  }

  /// A row that is among the nearest of many others.
  public struct Hub: Sendable, Codable, Equatable {
    /// The chunk.
    public var chunk: Chunk
    /// Of how many rows of the sample it is among the nearest.
    public var occurrences: Int
  }

  /// Rows that are near-duplicates of each other.
  public struct DuplicateFigures: Sendable, Codable, Equatable {
    /// Rows joined by pairs at or above the threshold.
    public struct Group: Sendable, Codable, Equatable {
      /// How many rows.
      public var rows: Int
      /// The least cosine between a row of the group and the row it was joined by.
      public var minimumCosine: Double
      /// Its first rows by id, at most eight.
      public var chunks: [Chunk]
    }

    /// The cosine from which on two rows are near-duplicates.
    public var threshold: Double
    /// How many groups were found: pairs between a row of the sample and any row, joined.
    public var groupCount = 0
    /// How many rows are in them.
    public var rows = 0
    /// The share of rows that have a near-duplicate, 0 to 1.
    public var share: Double?
    /// The standard error of ``share`` where it is sampled.
    public var shareError: Double?
    /// The largest groups first, at most fifty.
    public var groups: [Group] = []
  }

  /// A row far from all others.
  public struct Outlier: Sendable, Codable, Equatable {
    /// The chunk.
    public var chunk: Chunk
    /// Its cosine to the nearest other row.
    public var nearestCosine: Double
    /// How many robust deviations that is below the median: (median − cosine) / (1.4826 · MAD), above 3.5
    /// (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
    public var score: Double
  }

  /// Rows on a plane.
  public struct MapFigures: Sendable, Codable, Equatable {
    /// One row on the map.
    public struct Point: Sendable, Codable, Equatable {
      /// Its coordinate on the first principal component, from the mean.
      public var x: Double
      /// Its coordinate on the second.
      public var y: Double
      /// The chunk.
      public var chunk: Chunk
    }

    /// The share of the variance along x, 0 to 1.
    public var varianceX = 0.0
    /// The share of the variance along y.
    public var varianceY = 0.0
    /// The rows, taken at random where there are more, by id.
    public var points: [Point] = []
  }

  /// How a space differs from a summary of it that was saved before.
  public struct DriftFigures: Sendable, Codable, Equatable {
    /// A figure then and now.
    public struct Change: Sendable, Codable, Equatable {
      /// When the summary was saved.
      public var before: Double
      /// Now.
      public var now: Double
    }

    /// The name under which the summary was saved.
    public var name: String
    /// When it was saved, ISO 8601, UTC.
    public var savedAt: String
    /// How many rows there were, and are.
    public var rowsBefore: Int
    /// How many rows there are now.
    public var rowsNow: Int
    /// The cosine between the two means.
    public var centroidCosine: Double?
    /// The distance between the two means.
    public var centroidDistance: Double
    /// The squared Fréchet distance between the Gaussians with the two means and covariances:
    /// ‖m₁ − m₂‖² + tr(C₁ + C₂ − 2 (C₁C₂)^½) (Dowson and Landau, Journal of Multivariate Analysis 12,
    /// 1982; as in the Fréchet inception distance). Unit vectors: at most 4.
    public var frechetDistance: Double
    /// ``frechetDistance`` over the total variance then: below 0.01 as good as nothing moved.
    public var relativeFrechetDistance: Double?
    /// Half the sum of |λ/Σλ then − now| over the ordered spectra: 0 the same shape, 1 nothing shared.
    public var spectrumDistance: Double?
    /// The mean cosine of pairs.
    public var meanCosine: Change?
    /// The participation ratio.
    public var participationRatio: Change?
    /// The effective rank.
    public var effectiveRank: Change?
    /// The median cosine to the nearest other row.
    public var nearestNeighbourMedian: Change?
    /// The 99th percentile of the distances of the rows then to their mean.
    public var distance99: Double
    /// The share of all rows now that lie farther from the old mean than ``distance99``: 0.01 if nothing
    /// moved.
    public var shareBeyond: Double?
    /// Rows that were placed after the summary was saved.
    public var newRows: Int
    /// The share of those that lie farther from the old mean than ``distance99``.
    public var newShareBeyond: Double?
  }
}
