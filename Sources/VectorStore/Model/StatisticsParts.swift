// The parts of a space's statistics that are more than a number. Made by Statistics/; as JSON their
// keys are public.

/// A chunk as statistics name it.
public struct ChunkReference: Sendable, Codable, Equatable {
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
  public var chunk: ChunkReference
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
    public var chunks: [ChunkReference]
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
  public var chunk: ChunkReference
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
    public var chunk: ChunkReference
  }

  /// The share of the variance along x, 0 to 1.
  public var varianceX = 0.0
  /// The share of the variance along y.
  public var varianceY = 0.0
  /// The rows, taken at random where there are more, by id.
  public var points: [Point] = []
}
