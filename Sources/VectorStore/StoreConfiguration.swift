// Everything a store can be told, as one value. The command makes it from flags, environment and
// `.env` files; programs make it in code. The library reads no settings from the environment.

import Foundation
public import Logging
import VectorStoreSearch

/// How a ``Store`` behaves: modes, services, limits of waiting, logging.
public struct StoreConfiguration: Sendable {
  /// Whether the store may be made and written.
  public enum Access: Sendable {
    /// Opens the file and makes it where there is none. A file that cannot be written still answers
    /// queries; only writing verbs then throw ``StoreError/Code/readOnly``.
    case readWrite
    /// Opens a file that must be there and never writes.
    case readOnly
  }

  /// Whether the store may be made and written.
  public var access: Access = .readWrite
  /// Where paths begin that are not absolute; nil is the process's working folder, as it is when the store is
  /// opened.
  public var workingFolder: String?
  /// Where vectors come from.
  public var mode: ServiceMode = .hybrid
  /// The space that a new collection gets in modes ``ServiceMode/real`` and ``ServiceMode/hybrid``.
  /// Where ``service`` is set, its space is used instead.
  public var realSpace: EmbeddingSpace = .openAI3Small
  /// The service that makes real vectors, or nil where there is none: ``ServiceMode/hybrid`` then
  /// works on stand-ins.
  public var service: (any EmbeddingService)?
  /// Services for collections of other spaces than ``service``'s, chosen by their spaces.
  public var otherServices: [any EmbeddingService] = []
  /// What ranks the best passages of a question again, if ``QueryOptions/rerankDepth`` asks for it.
  public var reranker: (any Reranker)?
  /// What reads files of further kinds, or of kinds that the library reads, in its place. Files that are no plain
  /// text are read by parsers: web pages, notebooks, tables, mail, subtitles, and, by programs if these are
  /// installed, PDF and office documents.
  public var parsers: [any DocumentParser] = []
  /// The commands that a store may run because it remembers them of ``AddOptions/converters``. A store may have come
  /// from somebody else, and what it remembers is not run unless it is named here.
  public var allowedConverters: Set<FileConverter> = []
  /// What parses documents that nothing on this machine reads, as scanned pages and presentations, and those that
  /// its settings choose. Its budget is its own.
  public var documentService: LlamaParseService?
  /// What services that cost money may spend.
  public var budget = BudgetConfiguration()
  /// The file in which the vectors of queries are kept, so that asking again is free: by the hash of
  /// the text, never the text. Nil keeps none.
  public var queryCachePath: String?
  /// How long a write waits for another process that is writing, at most a year; nil waits without end. A
  /// cancelled task stops waiting at once.
  public var lockTimeout: Duration? = .seconds(30)
  /// The most reading connections open at once, 1 to 256.
  public var maximumReaders: Int = 4
  /// The probability with which the search may wrongly discard a row whose score is just the worst of
  /// the results; a row that is clearly better is never ruled out. 1e-6 by default: measured recall is
  /// 1.0. `exact` queries do not depend on it. Above 0 and at most 0.5.
  public var searchFailureProbability = 1e-6
  /// The rows of a full segment of codes; tests make it small. At most ``SegmentLayout/maximumRows``.
  package var segmentRows = SegmentLayout.maximumRows
  /// Whether a file opens that declares something else than this program does: for doctor, which tells.
  var opensForeignSchemas = false
  /// Whether a store is made where there is none and ``access`` allows it.
  var makesStore = true
  /// What says when documents are placed; tests let it stand.
  var clock: @Sendable () -> Date = { Date() }
  /// Where the library logs to; by default nowhere.
  public var logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Creates a configuration; without any parameter: read and write, HYBRID, no service.
  public init(
    access: Access = .readWrite, workingFolder: String? = nil, mode: ServiceMode = .hybrid,
    realSpace: EmbeddingSpace = .openAI3Small, service: (any EmbeddingService)? = nil,
    otherServices: [any EmbeddingService] = [], reranker: (any Reranker)? = nil,
    parsers: [any DocumentParser] = [], allowedConverters: Set<FileConverter> = [],
    documentService: LlamaParseService? = nil, budget: BudgetConfiguration = BudgetConfiguration(),
    queryCachePath: String? = nil, lockTimeout: Duration? = .seconds(30), maximumReaders: Int = 4,
    searchFailureProbability: Double = 1e-6, logger: Logger? = nil
  ) {
    self.access = access
    self.workingFolder = workingFolder
    self.mode = mode
    self.realSpace = realSpace
    self.service = service
    self.otherServices = otherServices
    self.reranker = reranker
    self.parsers = parsers
    self.allowedConverters = allowedConverters
    self.documentService = documentService
    self.budget = budget
    self.queryCachePath = queryCachePath
    self.lockTimeout = lockTimeout
    self.maximumReaders = maximumReaders
    self.searchFailureProbability = searchFailureProbability
    if let logger { self.logger = logger }
  }

  /// Tells the services what earlier processes learned of their servers.
  func recallServers() async {
    let profiles = ServerProfilesFile(besideLedger: budget.fileOfUser, logger: logger)
    for service in (service.map { [$0] } ?? []) + otherServices {
      await (service as? any AdaptiveService)?.remember(in: profiles)
    }
    await (reranker as? RerankService)?.remember(in: profiles)
  }

  /// The router that this configuration describes.
  func makeRouter() -> EmbeddingRouter {
    EmbeddingRouter(
      mode: mode, services: (service.map { [$0] } ?? []) + otherServices,
      ledger: DatabaseLedger(path: budget.ledgerPath), limits: budget.limits,
      reranker: reranker, logger: logger)
  }
}

/// What services that cost money may spend, and the ledger that holds them to it. A ledger belongs to
/// a user: all stores and processes that name the same file share one budget.
public struct BudgetConfiguration: Sendable {
  /// The ledger's file. By default the command's: `vector-store/ledger.db` in `$XDG_STATE_HOME`, or in
  /// `.local/state` of the home folder, `$HOME`. An address of PostgreSQL, as of a store, is a ledger for a team:
  /// all who name it share one budget.
  public var ledgerPath: String

  /// The file beside which other files of the user are kept: the ledger, or where it would be if it were not a
  /// server's.
  var fileOfUser: String {
    StorePlace(ledgerPath).isPostgres
      ? UserFolders(ProcessInfo.processInfo.environment).ledger : ledgerPath
  }
  /// The most that a provider may cost in a UTC day.
  public var dailyCostLimit = SpendingLimit.atMost(NanoDollars(nano: 5_000_000_000))
  /// The most requests to a provider in a rolling hour, 0 to 1,000,000,000, each attempt counted.
  public var hourlyRequestLimit: SpendingLimit<Int> = 100
  /// Whether the limits hold. Without that nothing is refused; what is used is still recorded.
  public var isEnforced = true

  /// Creates a budget; without any parameter: 5 dollars a day, 100 requests an hour, in the command's ledger.
  public init(
    ledgerPath: String? = nil,
    dailyCostLimit: SpendingLimit<NanoDollars> = .atMost(NanoDollars(nano: 5_000_000_000)),
    hourlyRequestLimit: SpendingLimit<Int> = 100, isEnforced: Bool = true
  ) {
    self.ledgerPath = ledgerPath ?? UserFolders(ProcessInfo.processInfo.environment).ledger
    self.dailyCostLimit = dailyCostLimit
    self.hourlyRequestLimit = hourlyRequestLimit
    self.isEnforced = isEnforced
  }

  /// The limits as the router takes them.
  var limits: SpendingLimits {
    guard isEnforced else { return SpendingLimits() }
    return SpendingLimits(dailyCost: dailyCostLimit, hourlyRequests: hourlyRequestLimit)
  }
}

extension StoreConfiguration {
  /// How long the vectors are that a server makes of a model by itself: as its name says, as it was learned
  /// before, or by one request for a letter, which is entered in the ledger and held to the budget.
  ///
  ///     openAI.dimensions = try await configuration.dimensions(of: openAI)
  ///     configuration.service = try OpenAIService(configuration: openAI)
  ///
  /// - Parameters:
  ///   - openAI: the server and the model.
  ///   - asks: whether the server may be asked.
  /// - Returns: nil if it is not known and nobody may be asked.
  /// - Throws: ``OpenAIConfigurationError`` for a setting that cannot be used, ``StoreError`` if the server
  ///   does not tell.
  /// - Complexity: at most one request, which can cost money; more to a server that is not known yet.
  public func dimensions(
    of openAI: OpenAIConfiguration, asks: Bool = true
  ) async throws -> Int? {
    if openAI.knowsDimensions { return try openAI.space.dimensions }
    let service = try OpenAIService(
      configuration: openAI, takesAnyLength: true, logger: logger)
    await service.remember(
      in: ServerProfilesFile(besideLedger: budget.fileOfUser, logger: logger))
    if let profile = service.profile, !profile.form.sendsDimensions { return profile.dimensions }
    guard asks else { return nil }
    let router = EmbeddingRouter(
      mode: .real, services: [service], ledger: DatabaseLedger(path: budget.ledgerPath),
      limits: budget.limits, logger: logger)
    var options = ServiceRequests.Options(runID: RunRecord.newCorrelationID())
    options.patience = 20
    let reason: Unavailable
    switch try await router.requests(to: service, options: options).send(["a"], tokens: 1) {
    case .answered(let answer): return answer.vectors[0].count
    case .refused(let error), .putOff(let error): reason = Unavailable(error)
    case .stopped(let stop): reason = Unavailable(stop)
    // One text is neither halved nor too dear in part, and nobody else holds it.
    case .split, .tooLarge, .tooDear, .lostHold: reason = Unavailable(.noService)
    }
    throw StoreError(
      reason.code,
      "how many dimensions the vectors of \(openAI.model) have is not known, and the server does not "
        + "tell: \(reason.message); try again, or give the dimensions",
      underlying: reason.underlying)
  }
}
