// Every value that a program makes or is given can be made whole in one expression, as its tests do.

import Foundation
import Testing
import VectorStore

struct InitialiserTests {
  private let day = Date(timeIntervalSince1970: 1_764_288_000)

  @Test func optionsTakeAllParameters() throws {
    let spending = SpendingOptions(
      maximumCost: .atMost(try NanoDollars(usd: "1")), waits: true, usesBatches: true,
      onWait: { _ in })
    let add = AddOptions(
      chunking: ChunkingOptions(), chunker: nil,
      converters: [try FileConverter(ending: "up", command: ["up", "{}"])],
      keepsText: true, textField: "text", metadata: ["year": 2020], removedMetadata: ["draft"],
      keepsMetadata: true, globs: ["*.md"], encoding: "windows-1252", followsLinks: true,
      prunes: true, prunesMostOfARoot: true, space: .openAI3Small, isDryRun: true,
      spending: spending)
    #expect(add.converters.count == 1 && add.encoding == "windows-1252" && add.spending.waits)
    let query = QueryOptions(
      limit: 5, minimumScore: 0.2, filter: .equals("year", 2020), ranking: .fused, isExact: true,
      foldsCopies: true, maximumPerDocument: 1, rerankDepth: 50, neighbours: 2, diversity: 0.5)
    #expect(query.foldsCopies && query.rerankDepth == 50 && query.diversity == 0.5)
    let update = UpdateOptions(
      prunes: true, prunesMostOfARoot: true, isDryRun: true, spending: spending, converters: [])
    #expect(update.prunes)
    let statistics = StatisticsOptions(
      duplicateThreshold: 0.9, exactRows: 100, sampleRows: 50, seed: 7, mapRows: 10, save: "now",
      compare: "monday")
    #expect(statistics.seed == 7 && statistics.compare == "monday")
    #expect(DoctorOptions(repairs: true, measuresRecall: true, sampleSize: 10).repairs)
  }

  @Test func configurationsTakeAllParameters() throws {
    let budget = BudgetConfiguration(
      ledgerPath: "/tmp/ledger.db", dailyCostLimit: .atMost(try NanoDollars(usd: "2")),
      hourlyRequestLimit: 10, isEnforced: false)
    let configuration = StoreConfiguration(
      access: .readOnly, workingFolder: "/tmp", mode: .real, realSpace: .openAI3Large,
      service: nil, otherServices: [MockService()], reranker: nil, parsers: [],
      allowedConverters: [], documentService: nil, budget: budget, queryCachePath: nil,
      lockTimeout: nil, maximumReaders: 2, searchFailureProbability: 1e-3,
      logger: nil)
    #expect(configuration.workingFolder == "/tmp" && !configuration.budget.isEnforced)
    #expect(BudgetConfiguration().hourlyRequestLimit == 100 && BudgetConfiguration().isEnforced)
    let openAI = OpenAIConfiguration(
      apiKey: nil, baseURL: "http://localhost:8080", keyHeader: "api-key",
      extraHeaders: ["x": "y"], extraBody: "{}", provider: "me", organization: "o", project: "p",
      model: "m", dimensions: 512, roles: EmbeddingRoles(), maximumTokensPerText: 512,
      requestsPerMinute: 10, tokensPerMinute: 1000, maximumConcurrentRequests: 2, timeout: 5,
      certificateFile: nil, maximumRetries: 1, maximumBatchSize: 8, price: .free)
    #expect(openAI.dimensions == 512 && openAI.maximumRetries == 1 && openAI.price == .free)
    let parse = LlamaParseConfiguration(
      apiKey: nil, baseURL: "http://localhost:8080", tier: "fast", types: ["pdf"],
      maximumPages: 10, pricePerPage: try NanoDollars(usd: "0.01"),
      dailyCostLimit: .unlimited, hourlyRequestLimit: 5, maximumConcurrentDocuments: 1,
      timeout: 60, certificateFile: nil)
    #expect(parse.types == ["pdf"] && parse.hourlyRequestLimit == 5)
    let rerank = RerankConfiguration(
      baseURL: "http://localhost:8080", model: "r", apiKey: nil, price: .free,
      pricePerSearch: .zero, maximumTokens: 512, timeout: 5, certificateFile: nil)
    #expect(rerank.maximumTokens == 512)
    let terms = ServiceTerms(
      textsPerRequest: 8, tokensPerRequest: 1000, tokensPerText: 512, concurrentRequests: 2,
      requestsPerMinute: 10, tokensPerMinute: .unlimited, retries: 0, price: .free,
      pricePerRequest: .zero, isMeteredWhereFree: true)
    #expect(terms.isMetered && terms.retries == 0)
  }

  @Test func whatServicesAnswerTakesAllParameters() {
    let limits = RateLimitHeaders(
      limitRequests: 1, remainingRequests: 2, resetRequests: 3, limitTokens: 4,
      remainingTokens: 5, resetTokens: 6)
    let error = ServiceError(
      .rate, code: "slow", message: "wait", status: 429, billing: .refused, retryAfter: 1,
      shouldRetry: true, rateLimits: limits, serverRequestID: "r")
    #expect(error.rateLimits?.resetTokens == 6)
    let batch = EmbeddingBatch(
      vectors: [[1]], tokens: 1, rateLimits: limits, serverRequestID: "r")
    let scores = RerankScores(scores: [1], tokens: 1, rateLimits: limits, serverRequestID: "r")
    #expect(batch.tokens == scores.tokens)
    let chunk = TextChunk(text: "a", range: 0..<1, line: 1, estimatedTokens: 1)
    #expect(chunk.range.count == 1)
  }

  @Test func reportsOfAddingTakeAllParts() {
    let stop = AddReport.Stop(code: .budgetExceeded, message: "used up", until: day)
    let problem = AddReport.Problem(
      source: "a", index: 0, chunk: 1, code: .inputRefused, message: "refused")
    let batched = BatchedTexts(batches: 1, texts: 2, tokens: 3, costUSD: 0.1, waiting: 1)
    let parsed = AddReport.Parsed(
      documents: 1, pages: 2, known: 0, requests: 1, costUSD: 0.1, possibleCostUSD: 0,
      correlationID: "run")
    let added = AddReport(
      documents: AddReport.Documents(added: 1), chunks: AddReport.Chunks(embedded: 2), skipped: 1,
      leftOut: [AddReport.LeftOut(source: "a.png", kind: "image", reason: "no text")],
      leftOutByKind: ["image": 1], cutAgain: 1, moved: [AddReport.Move(from: "a", to: "b")],
      gone: [AddReport.Gone(source: "c", reason: .missing)], notPruned: ["docs"], tokens: 3,
      tokensEstimated: true, requests: 1, costUSD: 0.1, possibleCostUSD: 0.1, batched: batched,
      parsed: parsed, stopped: stop, isDryRun: true, keepsText: false, mode: .real,
      space: .openAI3Small, duration: .seconds(1), warnings: ["w"], errors: [problem],
      refused: ["input_refused": 1], errorsOmitted: 1)
    #expect(added.parsed == parsed && !added.keepsText && added.leftOutByKind == ["image": 1])
    let reembedded = ReembedReport(
      collection: "notes", from: .openAI3Small, to: .openAI3Large,
      chunks: ReembedReport.Chunks(embedded: 1), cutAgain: 1, pendingPlaced: 1,
      pendingRemaining: 1, isComplete: true, tokens: 1, tokensEstimated: true, requests: 1,
      costUSD: 0.1, possibleCostUSD: 0.1, batched: batched, stopped: stop, isDryRun: true,
      duration: .seconds(1), warnings: ["w"], errors: [problem])
    #expect(reembedded.batched == batched)
    let batch = BatchSummary(
      name: "b", server: "s", space: .openAI3Small, state: .waiting, texts: 2, answered: 1,
      refused: 1, tokens: 3, costUSD: 0.1, since: day, reason: "r")
    let batches = BatchesReport(
      batches: [batch], embedded: 1, documentsPlaced: 1, errors: [problem])
    #expect(batches.batches.first?.hasEnded == false)
    let copied = CopyReport(
      collections: [
        CopyReport.Collection(
          collection: "notes", added: 1, updated: 1, unchanged: 1, removed: 1, onlyThere: 1,
          chunks: 1)
      ], duration: .seconds(1))
    #expect(copied.collections.first?.onlyThere == 1)
  }

  @Test func reportsOfAskingAndOfHealthTakeAllParts() throws {
    let pending = PendingDocuments(count: 1, documents: 2, reason: "no service")
    let result = QueryResult(
      hits: [], degradedReason: nil, pending: pending, noHitsReason: "none",
      rerankFailure: "refused",
      effort: SearchEffort(scanned: 1, refined: 1, scored: 1, isApproximate: true))
    #expect(result.isDegraded && result.effort.isApproximate)
    let problem = HealthReport.Problem(kind: .rate, code: "slow", message: "wait", at: day)
    let limit = HealthReport.Limit(
      limit: .dailyCost, used: 1, allowed: 2, left: 1, opensAt: day)
    let learned = HealthReport.Learned(
      path: "/v1", encoding: "base64", dimensions: 512, textsPerRequest: 1, tokensPerRequest: 1,
      tokensPerText: 1, secondsPerText: 0.1, at: day)
    let service = HealthReport.Service(
      space: .openAI3Small, isWell: false, latency: .seconds(1), hasEmbedded: true,
      learned: learned, problem: problem, breaker: .open, breakerOpenUntil: day,
      lastError: problem, budget: [limit])
    let parser = HealthReport.Parser(
      provider: "p", tier: "fast", isWell: false, latency: .seconds(1), problem: problem,
      breaker: .open, breakerOpenUntil: day, lastError: problem, budget: [limit])
    let health = HealthReport(
      mode: .real, parser: parser, services: [service], isWell: false, ledgerProblem: "broken")
    #expect(health.parser?.budget == [limit])
    let library = ModelLibrary.Entry(
      name: "m", space: .openAI3Small, fingerprint: "f", maximumTokens: 1, bytes: 1,
      roles: EmbeddingRoles())
    let reranker = ModelLibrary.RerankerEntry(
      name: "r", fingerprint: "f", maximumTokens: 1, bytes: 1)
    #expect(library.fingerprint == reranker.fingerprint)
  }

  @Test func statisticsTakeAllPartsAndSurviveCoding() throws {
    typealias Report = StatisticsReport
    let chunk = Report.Chunk(
      id: 1, collection: "notes", source: "sky", ordinal: 0, line: 1, excerpt: "The sky")
    let histogram = Report.Histogram(edges: [0, 1], counts: [1])
    let distribution = Report.Distribution(
      count: 1, mean: 0.5, standardDeviation: 0, meanError: 0.1,
      percentiles: [Report.Distribution.Percentile(percent: 50, value: 0.5)],
      histogram: histogram)
    let finding = Report.Verdict.Finding(
      level: .watch, topic: "rows", message: "few", advice: "add")
    let change = Report.DriftFigures.Change(before: 1, now: 2)
    let drift = Report.DriftFigures(
      name: "monday", savedAt: day, rowsBefore: 1, rowsNow: 2, centroidCosine: 1,
      centroidDistance: 0, frechetDistance: 0, relativeFrechetDistance: 0, spectrumDistance: 0,
      meanCosine: change, participationRatio: change, effectiveRank: change,
      nearestNeighbourMedian: change, distance99: 1, shareBeyond: 0, newRows: 1,
      newShareBeyond: 0)
    let space = Report.Space(
      space: .openAI3Small, kind: .real,
      collections: [
        Report.CollectionFigures(
          collection: "notes", rows: 1, meanCosine: 0.5, centroidCosine: 0.5)
      ], rows: 1, dimensions: 1536,
      verdict: Report.Verdict(level: .watch, findings: [finding]),
      norms: Report.NormFigures(minimum: 1, mean: 1, maximum: 1, histogram: histogram),
      meanCosine: 0.5, cosineSpread: 0.1, isotropy: 0.5, totalVariance: 1,
      participationRatio: 1, effectiveRank: 1, components50: 1, components90: 1,
      components99: 1, eigenvalues: [1], deadDimensions: [3],
      sample: Report.SampleFigures(rows: 1, of: 2, seed: 7), intrinsicDimension: 1,
      intrinsicDimensionError: 0.1, nearestNeighbours: distribution, randomPairs: distribution,
      suggestedMinimumScore: 0.2, hubness: 1, hubnessError: 0.1, neighbours: 10,
      hubs: [Report.Hub(chunk: chunk, occurrences: 4)], occurrences: histogram,
      duplicates: Report.DuplicateFigures(
        threshold: 0.98, groupCount: 1, rows: 2, share: 0.1, shareError: 0.1,
        groups: [
          Report.DuplicateFigures.Group(rows: 2, minimumCosine: 0.99, chunks: [chunk])
        ]),
      outliers: [Report.Outlier(chunk: chunk, nearestCosine: 0.1, score: 4)], outlierCount: 1,
      map: Report.MapFigures(
        varianceX: 0.5, varianceY: 0.5,
        points: [Report.MapFigures.Point(x: 0, y: 1, chunk: chunk)]), drift: drift)
    let canary = CanaryReport(
      collection: "notes", space: .openAI3Small, texts: 1, tokens: 1, costUSD: 0.1,
      possibleCostUSD: 0, isDryRun: false, minimumCosine: 1, meanCosine: 1, level: .good,
      rows: [CanaryReport.Row(chunk: chunk, cosine: 1)])
    let figure = RetrievalQuality.Figure(mean: 0.5, standardError: 0.1)
    let quality = RetrievalQuality(
      collection: "notes", space: .openAI3Small, queries: 1, queriesWithoutRelevant: 0,
      relevant: 1, relevantMissing: 0, depth: 100,
      rankings: [
        RetrievalQuality.Ranking(
          ranking: .vector, nDCG10: figure, map: figure, recall10: figure, recall100: figure,
          mrr: figure)
      ],
      comparisons: [
        RetrievalQuality.Comparison(
          ranking: .fused, baseline: .vector, difference: 0.1, low: 0, high: 0.2)
      ], degradedReason: "none")
    let report = StatisticsReport(
      at: day, collection: "notes", spaces: [space],
      refused: [Report.Refusal(code: .badVector, reason: "zero", rows: 1, runs: 1)],
      chunksWithoutVector: 1, pending: PendingDocuments(count: 1, documents: 2, reason: "none"),
      retrieval: quality, canary: canary, duration: .milliseconds(1500))
    let coded = try JSONDecoder().decode(
      StatisticsReport.self, from: JSONEncoder().encode(report))
    #expect(coded == report && Set([coded, report]).count == 1)
    let calibration = ScoreCalibration(
      space: .openAI3Small, rows: 1, of: 2, randomPairs: distribution,
      nearestNeighbours: distribution, suggestedMinimumScore: 0.2)
    let explanation = ScoreCalibration.Explanation(
      percentOfRandomPairs: 50, percentOfNearestNeighbours: 50)
    #expect(calibration.explanation(of: 0.5) == explanation)
  }
}
