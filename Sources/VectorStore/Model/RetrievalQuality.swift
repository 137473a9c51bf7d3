// How well judged questions are answered by each ranking. Made by Store+RetrievalQuality, printed by the
// command and the page; as JSON its keys are public.

/// What every ranking of a collection is worth, measured on questions with known answers.
public struct RetrievalQuality: Sendable, Codable, Equatable {
  /// A way to rank documents.
  public enum RankingName: String, Sendable, Codable {
    /// By cosine.
    case vector
    /// By words (BM25).
    case lexical
    /// Both, fused by reciprocal rank.
    case fused
  }

  /// A mean over questions.
  public struct Figure: Sendable, Codable, Equatable {
    /// The mean, 0 to 1.
    public var mean: Double
    /// Its standard error: the deviation between questions over the square root of their number; nil
    /// below two.
    public var standardError: Double?
  }

  /// What one ranking is worth.
  public struct Ranking: Sendable, Codable, Equatable {
    /// Which.
    public var ranking: RankingName
    /// Normalised discounted cumulative gain of the first ten documents, the gain being the grade itself
    /// (Järvelin and Kekäläinen, ACM TOIS 20, 2002), as trec_eval and BEIR count it.
    public var nDCG10: Figure
    /// Mean average precision of the first ``RetrievalQuality/depth`` documents.
    public var map: Figure
    /// The share of relevant documents among the first ten.
    public var recall10: Figure
    /// The share of relevant documents among the first hundred.
    public var recall100: Figure
    /// The mean of 1 / rank of the first relevant document, 0 where there is none.
    public var mrr: Figure
  }

  /// How much more one ranking is worth than another, question by question.
  public struct Comparison: Sendable, Codable, Equatable {
    /// The one.
    public var ranking: RankingName
    /// The other.
    public var baseline: RankingName
    /// The mean difference of nDCG@10.
    public var difference: Double
    /// The lower end of its 95 % interval, by the paired bootstrap: questions drawn again 10,000 times
    /// (Sakai, Evaluating evaluation metrics based on the bootstrap, SIGIR 2006).
    public var low: Double
    /// The upper end. Where both ends have one sign, chance alone does not explain the difference.
    public var high: Double
  }

  /// The collection.
  public var collection: String
  /// The space by whose vectors was ranked; nil where there was no vector for the questions.
  public var space: String?
  /// Questions that were asked: those with a relevant document.
  public var queries: Int
  /// Questions that were left out, since no document is judged relevant to them.
  public var queriesWithoutRelevant: Int
  /// Pairs of a question and a relevant document, of the questions asked.
  public var relevant: Int
  /// How many of these documents the collection does not have: they count as not found.
  public var relevantMissing: Int
  /// How many documents of each ranking were looked at.
  public var depth: Int
  /// Each ranking there is.
  public var rankings: [Ranking] = []
  /// Rankings against each other.
  public var comparisons: [Comparison] = []
  /// Why there is no ranking by vectors, or none of the target space.
  public var degradedReason: String?
}
