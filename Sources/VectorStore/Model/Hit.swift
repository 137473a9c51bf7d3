// What a query answers. Built by Ranking/, printed by the command; as JSON its keys are public.

import VectorStoreText

/// One chunk that answers a query.
public struct Hit: Sendable, Codable, Hashable {
  /// What became of a document's file since it was read.
  public enum FileState: String, Sendable, Codable {
    /// The file has another time or size: the passage may read otherwise by now.
    case changed
    /// Nothing is at its path any more.
    case gone
  }

  /// How sure it is that a hit is what was asked for.
  ///
  /// A hit is compared with the cosines that the question has with other passages by chance, and by which part of its
  /// words it has. So the label means the same in every space, whatever its scores are.
  public enum Strength: String, Sendable, Codable, Comparable, CaseIterable {
    /// Probably not: only the nearest there is.
    case weak
    /// Perhaps.
    case likely
    /// Most probably.
    case strong

    /// Whether a hit is less sure than another.
    public static func < (one: Strength, other: Strength) -> Bool {
      allCases.firstIndex(of: one) ?? 0 < allCases.firstIndex(of: other) ?? 0
    }
  }

  /// Its place in the ranking, from 1.
  public var rank: Int
  /// What it was ranked by, higher is better: the cosine in [-1, 1]; for ``QueryOptions/Ranking/lexical``
  /// the BM25 score; for a fused ranking from 0 to 1, 1 for what both lists have first; after a reranking
  /// the reranker's score.
  public var score: Double
  /// The cosine between query and chunk, where both have a vector in one space.
  public var cosine: Double?
  /// How sure it is that this is what was asked for; nil if that cannot be told, as for a vector, or for some of the
  /// question's words, among fewer than 30 passages.
  public var strength: Strength?
  /// The chunk's id.
  public var id: Int64
  /// The document's source.
  public var source: String
  /// The absolute path of its file; nil if it is no file's.
  public var path: String?
  /// What became of the file since it was read, by a look at its time and size; nil if it is as it was, and if
  /// that is not known.
  public var fileState: FileState?
  /// The collection's name.
  public var collection: String
  /// The chunk's place in its document, from 0.
  public var ordinal: Int
  /// The chunk's text; nil where only its vector is known.
  public var text: String?
  /// The document's metadata.
  public var metadata: [String: MetadataValue]
  /// Where the chunk starts in the document, in Unicode scalars.
  public var start: Int?
  /// Where it ends.
  public var end: Int?
  /// The line of its first scalar, from 1.
  public var line: Int?
  /// The headings above the chunk, from the highest down; in code the declarations around it, as "struct Store" and
  /// "func add".
  public var headings: [String]
  /// What the document's text is.
  public var format: DocumentFormat
  /// The sources of documents that say the same and would stand below it: equal chunks, and such that
  /// differ in few words.
  public var copies: [String]
  /// The space of the vector that answered; for a hit by words, of the chunk's best vector, if any.
  public var space: EmbeddingSpace?
  /// Whether the ranking it stands in is a degraded one.
  public var isDegraded: Bool

  /// Creates a value from its parts.
  public init(
    rank: Int, score: Double, cosine: Double? = nil, strength: Strength? = nil, id: Int64,
    source: String, path: String? = nil, fileState: FileState? = nil, collection: String,
    ordinal: Int, text: String? = nil, metadata: [String: MetadataValue], start: Int? = nil,
    end: Int? = nil, line: Int? = nil, headings: [String] = [], format: DocumentFormat = .text,
    copies: [String] = [], space: EmbeddingSpace? = nil, isDegraded: Bool
  ) {
    self.rank = rank
    self.score = score
    self.cosine = cosine
    self.strength = strength
    self.id = id
    self.source = source
    self.path = path
    self.fileState = fileState
    self.collection = collection
    self.ordinal = ordinal
    self.text = text
    self.metadata = metadata
    self.start = start
    self.end = end
    self.line = line
    self.headings = headings
    self.format = format
    self.copies = copies
    self.space = space
    self.isDegraded = isDegraded
  }

  enum CodingKeys: String, CodingKey {
    case rank, score, cosine, strength, id, source, path, fileState, collection, ordinal
    case text, metadata, start, end, line, headings, format, copies, space
    case isDegraded = "degraded"
  }
}

/// The answer to one query: hits, best first, and how they were found.
public struct QueryResult: Sendable, Codable, Hashable {
  /// The hits, best first.
  public var hits: [Hit]
  /// Why the ranking is not the one asked for: stand-ins or words instead of the target space's
  /// vectors. Nil where all is well.
  public var degradedReason: String?
  /// The documents of the collection that wait for their vectors and so are not searched; nil if none
  /// does.
  public var pending: PendingDocuments?
  /// Why there is no hit, and what to do; nil if there are hits.
  public var noHitsReason: String?
  /// Why the hits are not reranked although that was asked for; nil if they are, and if it was not.
  public var rerankFailure: String?
  /// How many rows were looked at, and how closely, for all queries of the same call together.
  public var effort = SearchEffort()

  /// Creates a value from its parts.
  public init(
    hits: [Hit], degradedReason: String? = nil, pending: PendingDocuments? = nil,
    noHitsReason: String? = nil, rerankFailure: String? = nil, effort: SearchEffort = SearchEffort()
  ) {
    self.hits = hits
    self.degradedReason = degradedReason
    self.pending = pending
    self.noHitsReason = noHitsReason
    self.rerankFailure = rerankFailure
    self.effort = effort
  }

  /// Whether there are hits and all of them are weak: the collection most probably has nothing about the question.
  public var isNothingNear: Bool {
    !hits.isEmpty && hits.allSatisfy { $0.strength == .weak }
  }

  /// Whether the ranking is not the one asked for.
  public var isDegraded: Bool { degradedReason != nil || rerankFailure != nil }
}

/// How a query is answered.
public struct QueryOptions: Sendable, Hashable {
  /// How chunks are ranked.
  public enum Ranking: Sendable, Hashable {
    /// By cosine, or as the mode's rules say where vectors are missing.
    case vector
    /// By BM25 over the words of the query.
    case lexical
    /// By both, fused by what each is sure of.
    case fused
  }

  /// The most hits.
  public var limit = 10
  /// The least score of a hit; in a fused ranking the least cosine.
  public var minimumScore: Double?
  /// Which documents may answer; nil for all of the collection. It is applied before ``limit``, so that
  /// as many hits come back as there are.
  public var filter: Filter?
  /// How chunks are ranked.
  public var ranking = Ranking.vector
  /// Whether every float32 row is scored, instead of codes first; the oracle of the fast search.
  public var isExact = false
  /// Whether equal passages, and such that differ in few words, are one hit: ``Hit/copies`` names the others.
  public var foldsCopies = false
  /// The most hits of one document; nil for any number.
  public var maximumPerDocument: Int?
  /// How many of the best hits ``StoreConfiguration/reranker`` ranks again, at least ``limit``; nil if it is
  /// not asked. More find better and cost more.
  public var rerankDepth: Int?
  /// How many chunks before and after each hit its text includes.
  public var neighbours = 0
  /// How much hits are to differ from each other, from 0 to 1: 0 ranks by score alone, 0.5 weighs a hit's score and
  /// its cosine to the nearest hit above it alike.
  ///
  /// Hits are chosen one after the other from five times as many as are asked for, by maximal marginal relevance
  /// (Carbonell and Goldstein, SIGIR 1998). Their scores stay what they are, so they need not fall.
  public var diversity = 0.0

  /// Creates options; without any, ten hits by cosine.
  public init(
    limit: Int = 10, minimumScore: Double? = nil, filter: Filter? = nil,
    ranking: Ranking = Ranking.vector, isExact: Bool = false, foldsCopies: Bool = false,
    maximumPerDocument: Int? = nil, rerankDepth: Int? = nil, neighbours: Int = 0,
    diversity: Double = 0.0
  ) {
    self.limit = limit
    self.minimumScore = minimumScore
    self.filter = filter
    self.ranking = ranking
    self.isExact = isExact
    self.foldsCopies = foldsCopies
    self.maximumPerDocument = maximumPerDocument
    self.rerankDepth = rerankDepth
    self.neighbours = neighbours
    self.diversity = diversity
  }
}
