// The figures of one space; as JSON their keys are public. A figure without a value is left out.

public import Foundation

extension StatisticsReport {
  /// How good the vectors of one space are.
  ///
  /// Rows are vectors at unit length, as they are stored. "Exact" figures are over all rows; what needs
  /// neighbours is over ``sample`` and says how far off it may be.
  public struct Space: Sendable, Codable, Hashable {
    // MARK: What was measured

    /// The space.
    public var space: EmbeddingSpace
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

    /// Creates a value from its parts.
    public init(
      space: EmbeddingSpace, kind: EmbeddingSpace.Kind, collections: [CollectionFigures] = [],
      rows: Int, dimensions: Int, verdict: Verdict = Verdict(level: .good, findings: []),
      norms: NormFigures? = nil, meanCosine: Double? = nil, cosineSpread: Double? = nil,
      isotropy: Double? = nil, totalVariance: Double? = nil, participationRatio: Double? = nil,
      effectiveRank: Double? = nil, components50: Int? = nil, components90: Int? = nil,
      components99: Int? = nil, eigenvalues: [Double] = [], deadDimensions: [Int] = [],
      sample: SampleFigures, intrinsicDimension: Double? = nil,
      intrinsicDimensionError: Double? = nil, nearestNeighbours: Distribution? = nil,
      randomPairs: Distribution? = nil, suggestedMinimumScore: Double? = nil,
      hubness: Double? = nil, hubnessError: Double? = nil, neighbours: Int, hubs: [Hub] = [],
      occurrences: Histogram? = nil, duplicates: DuplicateFigures, outliers: [Outlier] = [],
      outlierCount: Int = 0, map: MapFigures = MapFigures(), drift: DriftFigures? = nil
    ) {
      self.space = space
      self.kind = kind
      self.collections = collections
      self.rows = rows
      self.dimensions = dimensions
      self.verdict = verdict
      self.norms = norms
      self.meanCosine = meanCosine
      self.cosineSpread = cosineSpread
      self.isotropy = isotropy
      self.totalVariance = totalVariance
      self.participationRatio = participationRatio
      self.effectiveRank = effectiveRank
      self.components50 = components50
      self.components90 = components90
      self.components99 = components99
      self.eigenvalues = eigenvalues
      self.deadDimensions = deadDimensions
      self.sample = sample
      self.intrinsicDimension = intrinsicDimension
      self.intrinsicDimensionError = intrinsicDimensionError
      self.nearestNeighbours = nearestNeighbours
      self.randomPairs = randomPairs
      self.suggestedMinimumScore = suggestedMinimumScore
      self.hubness = hubness
      self.hubnessError = hubnessError
      self.neighbours = neighbours
      self.hubs = hubs
      self.occurrences = occurrences
      self.duplicates = duplicates
      self.outliers = outliers
      self.outlierCount = outlierCount
      self.map = map
      self.drift = drift
    }
  }

  /// A chunk as statistics name it.
  public struct Chunk: Sendable, Codable, Hashable {
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

    /// Creates a value from its parts.
    public init(
      id: Int64, collection: String, source: String, ordinal: Int, line: Int? = nil,
      excerpt: String? = nil
    ) {
      self.id = id
      self.collection = collection
      self.source = source
      self.ordinal = ordinal
      self.line = line
      self.excerpt = excerpt
    }
  }

  /// What one collection has in a space; all exact.
  public struct CollectionFigures: Sendable, Codable, Hashable {
    /// Its name.
    public var collection: String
    /// How many rows.
    public var rows: Int
    /// The mean cosine over pairs of its distinct rows.
    public var meanCosine: Double?
    /// The cosine between the mean of its rows and the mean of all rows of the space.
    public var centroidCosine: Double?

    /// Creates a value from its parts.
    public init(
      collection: String, rows: Int, meanCosine: Double? = nil, centroidCosine: Double? = nil
    ) {
      self.collection = collection
      self.rows = rows
      self.meanCosine = meanCosine
      self.centroidCosine = centroidCosine
    }
  }

  /// The lengths that vectors came with.
  public struct NormFigures: Sendable, Codable, Hashable {
    /// The least.
    public var minimum: Double
    /// The mean.
    public var mean: Double
    /// The greatest.
    public var maximum: Double
    /// How they are spread.
    public var histogram: Histogram

    /// Creates a value from its parts.
    public init(minimum: Double, mean: Double, maximum: Double, histogram: Histogram) {
      self.minimum = minimum
      self.mean = mean
      self.maximum = maximum
      self.histogram = histogram
    }
  }

  /// Which rows what needs neighbours is over.
  public struct SampleFigures: Sendable, Codable, Hashable {
    /// How many rows were compared with all others.
    public var rows: Int
    /// Out of how many.
    public var of: Int
    /// The seed by which they were taken; nil where they are all.
    public var seed: UInt64?

    /// Creates a value from its parts.
    public init(rows: Int, of: Int, seed: UInt64? = nil) {
      self.rows = rows
      self.of = of
      self.seed = seed
    }

    /// Whether all rows were compared with all, so that nothing is estimated.
    public var isExact: Bool { rows == of }
  }

  /// A row that is among the nearest of many others.
  public struct Hub: Sendable, Codable, Hashable {
    /// The chunk.
    public var chunk: Chunk
    /// Of how many rows of the sample it is among the nearest.
    public var occurrences: Int

    /// Creates a value from its parts.
    public init(chunk: Chunk, occurrences: Int) {
      self.chunk = chunk
      self.occurrences = occurrences
    }
  }

  /// Rows that are near-duplicates of each other.
  public struct DuplicateFigures: Sendable, Codable, Hashable {
    /// Rows joined by pairs at or above the threshold.
    public struct Group: Sendable, Codable, Hashable {
      /// How many rows.
      public var rows: Int
      /// The least cosine between a row of the group and the row it was joined by.
      public var minimumCosine: Double
      /// Its first rows by id, at most eight.
      public var chunks: [Chunk]

      /// Creates a value from its parts.
      public init(rows: Int, minimumCosine: Double, chunks: [Chunk]) {
        self.rows = rows
        self.minimumCosine = minimumCosine
        self.chunks = chunks
      }
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

    /// Creates a value from its parts.
    public init(
      threshold: Double, groupCount: Int = 0, rows: Int = 0, share: Double? = nil,
      shareError: Double? = nil, groups: [Group] = []
    ) {
      self.threshold = threshold
      self.groupCount = groupCount
      self.rows = rows
      self.share = share
      self.shareError = shareError
      self.groups = groups
    }
  }

  /// A row far from all others.
  public struct Outlier: Sendable, Codable, Hashable {
    /// The chunk.
    public var chunk: Chunk
    /// Its cosine to the nearest other row.
    public var nearestCosine: Double
    /// How many robust deviations that is below the median: (median − cosine) / (1.4826 · MAD), above 3.5
    /// (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
    public var score: Double

    /// Creates a value from its parts.
    public init(chunk: Chunk, nearestCosine: Double, score: Double) {
      self.chunk = chunk
      self.nearestCosine = nearestCosine
      self.score = score
    }
  }

  /// Rows on a plane.
  public struct MapFigures: Sendable, Codable, Hashable {
    /// One row on the map.
    public struct Point: Sendable, Codable, Hashable {
      /// Its coordinate on the first principal component, from the mean.
      public var x: Double
      /// Its coordinate on the second.
      public var y: Double
      /// The chunk.
      public var chunk: Chunk

      /// Creates a value from its parts.
      public init(x: Double, y: Double, chunk: Chunk) {
        self.x = x
        self.y = y
        self.chunk = chunk
      }
    }

    /// The share of the variance along x, 0 to 1.
    public var varianceX = 0.0
    /// The share of the variance along y.
    public var varianceY = 0.0
    /// The rows, taken at random where there are more, by id.
    public var points: [Point] = []

    /// Creates a value from its parts.
    public init(varianceX: Double = 0.0, varianceY: Double = 0.0, points: [Point] = []) {
      self.varianceX = varianceX
      self.varianceY = varianceY
      self.points = points
    }
  }

  /// How a space differs from a summary of it that was saved before.
  public struct DriftFigures: Sendable, Codable, Hashable {
    /// A figure then and now.
    public struct Change: Sendable, Codable, Hashable {
      /// When the summary was saved.
      public var before: Double
      /// Now.
      public var now: Double

      /// Creates a value from its parts.
      public init(before: Double, now: Double) {
        self.before = before
        self.now = now
      }
    }

    /// The name under which the summary was saved.
    public var name: String
    /// When it was saved.
    public var savedAt: Date
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

    /// Creates a value from its parts.
    public init(
      name: String, savedAt: Date, rowsBefore: Int, rowsNow: Int, centroidCosine: Double? = nil,
      centroidDistance: Double, frechetDistance: Double, relativeFrechetDistance: Double? = nil,
      spectrumDistance: Double? = nil, meanCosine: Change? = nil, participationRatio: Change? = nil,
      effectiveRank: Change? = nil, nearestNeighbourMedian: Change? = nil, distance99: Double,
      shareBeyond: Double? = nil, newRows: Int, newShareBeyond: Double? = nil
    ) {
      self.name = name
      self.savedAt = savedAt
      self.rowsBefore = rowsBefore
      self.rowsNow = rowsNow
      self.centroidCosine = centroidCosine
      self.centroidDistance = centroidDistance
      self.frechetDistance = frechetDistance
      self.relativeFrechetDistance = relativeFrechetDistance
      self.spectrumDistance = spectrumDistance
      self.meanCosine = meanCosine
      self.participationRatio = participationRatio
      self.effectiveRank = effectiveRank
      self.nearestNeighbourMedian = nearestNeighbourMedian
      self.distance99 = distance99
      self.shareBeyond = shareBeyond
      self.newRows = newRows
      self.newShareBeyond = newShareBeyond
    }
  }
}
