// `store query`: the passages that answer a question, best first.

import ArgumentParser
import Foundation
import VectorStore

struct QueryCommand: AsyncParsableCommand, PagedCommand {
  static let configuration = CommandConfiguration(
    commandName: "query",
    abstract: "Find the passages that answer a question.",
    discussion: """
      Passages are ranked by vectors and by words. Beside the score stands how sure a hit is: strong, \
      likely or weak. The score is 1 for what both have first; if no \
      passage has a word of the question, and with --rank vector, it is the cosine in [-1, 1]; with \
      --rank words it is BM25. "quoted phrases" must be \
      there; what follows a minus or NOT must not. If real vectors are missing, --json says \
      "degraded": true. If documents wait for their vectors, the last line of --json is \
      {"pending": …}.
      """)

  @Argument(help: ArgumentHelp("The question, in quotes or not.", valueName: "question"))
  var words: [String] = []

  @Option(
    name: [.customShort("n", allowingJoined: true), .long],
    help: ArgumentHelp("The most hits.", valueName: "n"))
  var limit = 10

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Leave out hits with a lower cosine; with --rank words, BM25.", valueName: "score"))
  var minScore: Double?

  @OptionGroup var filtering: FilterOptions

  @Option(
    help: ArgumentHelp(
      "How to rank: vector, words or both (default: both).", valueName: "way"))
  var rank: RankArgument?

  @Flag(help: "Short for --rank words.")
  var lexical = false

  @Flag(help: "Short for --rank both.")
  var hybrid = false

  @Flag(
    help: "Have the best passages ranked again by a reranker, which reads each with the question.")
  var rerank = false

  @Option(
    help: ArgumentHelp(
      "How many passages to rerank (default: 50 by a server, 20 here). Implies --rerank.",
      valueName: "n"
    ))
  var rerankDepth: Int?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Find what is like a document, which is itself left out, as docs/a.md. With a question, both count. "
        + "Repeatable.", valueName: "source"), completion: Completions.sources)
  var like: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Another text that counts too, with its weight: \"night trains:0.5\". Below 0, hits are far from it. "
        + "Repeatable.", valueName: "text:weight"))
  var with: [String] = []

  @Flag(help: "Choose hits that differ from each other.")
  var diverse = false

  @Option(help: ArgumentHelp("Show so many passages before and after each.", valueName: "n"))
  var context = 0

  @Option(help: ArgumentHelp("The most hits of one document.", valueName: "n"))
  var perDocument: Int?

  @Flag(help: "Show each copy of a passage; without it they are counted beside the first.")
  var copies = false

  @Option(
    help: ArgumentHelp(
      "context prints the passages with their sources, as a prompt for a language model.",
      valueName: "form"))
  var format: FormatArgument?

  @Option(
    help: ArgumentHelp(
      "The most tokens of --format context (default: 2000).", valueName: "tokens"))
  var budget: Int?

  @Flag(help: "Tell what each score means among the collection's own vectors.")
  var explain = false

  @Flag(help: "Score every vector in full precision.")
  var exact = false

  @Flag(help: "Print the passages only, a blank line between them.")
  var plain = false

  @Flag(help: "Read one query a line from standard input.")
  var stdin = false

  @Option(
    help: ArgumentHelp(
      "Search by the vectors of a .npy file, one row or many.", valueName: "file.npy"))
  var vector: String?

  @Option(
    help: ArgumentHelp(
      "The space of --vector, as provider/model/dimensions (default: the collection's).",
      valueName: "space"))
  var space: SpaceArgument?

  @Option(
    name: [.customShort("c", allowingJoined: true), .customLong("collection")],
    parsing: .singleValue,
    help: ArgumentHelp("The collection (default: default). Repeatable.", valueName: "name"),
    completion: Completions.collections)
  var collections: [String] = []

  @Flag(help: "Ask all collections.")
  var allCollections = false

  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  /// How much differences count with --diverse, against scores.
  private static let diversity = 0.5

  /// The question; nil if no word of it is given.
  private var text: String? { words.isEmpty ? nil : words.joined(separator: " ") }

  /// What the question is made of.
  private var parts: [QueryPart] {
    (text.map { [.text($0)] } ?? []) + like.map { .source($0) } + with.map(Self.part)
  }

  /// A text with its weight after the last colon; 1 if there is none.
  private static func part(_ typed: String) -> QueryPart {
    guard let colon = typed.lastIndex(of: ":"),
      let weight = Double(typed[typed.index(after: colon)...])
    else { return .text(typed) }
    return .text(String(typed[..<colon]), weight: weight)
  }

  /// The words of the question that are marked in its hits: those of every text that counts.
  private var shownText: String? {
    let texts = parts.compactMap { part in
      if case .text(let text) = part.content, part.weight > 0 { text } else { nil }
    }
    return texts.isEmpty ? nil : texts.joined(separator: "\n")
  }

  private var ranking: QueryOptions.Ranking {
    if lexical { return .lexical }
    if hybrid { return .fused }
    return rank?.ranking ?? (vector == nil ? .fused : .vector)
  }

  func validate() throws {
    guard collections.isEmpty || !allCollections else {
      throw ValidationError("Give --collection or --all-collections, not both.")
    }
    let ways = [text != nil || !like.isEmpty, stdin, vector != nil].filter { $0 }.count
    guard ways == 1 else {
      throw ValidationError("Give a question, --like, --stdin or --vector, one of them at a time.")
    }
    guard with.isEmpty || !(stdin || vector != nil) else {
      throw ValidationError("--with goes with a question or --like.")
    }
    guard like.isEmpty && with.isEmpty || collections.count <= 1 && !allCollections else {
      throw ValidationError("--like and --with ask one collection; name it with --collection.")
    }
    guard like.isEmpty || ranking != .lexical else {
      throw ValidationError("--like compares vectors; leave out --lexical and --rank words.")
    }
    guard limit > 0 else { throw ValidationError("--limit is \(limit); give at least 1.") }
    guard minScore?.isFinite ?? true else { throw ValidationError("--min-score takes a number.") }
    guard [lexical, hybrid, rank != nil].filter({ $0 }).count <= 1 else {
      throw ValidationError("Give one of --rank, --lexical and --hybrid.")
    }
    guard ranking == .vector || vector == nil else {
      throw ValidationError(
        "A vector has no words to rank by; leave out --rank, --lexical and --hybrid.")
    }
    guard (0...100).contains(context) else {
      throw ValidationError("--context is \(context); give 0 to 100.")
    }
    guard perDocument ?? 1 > 0 else {
      throw ValidationError("--per-document is \(perDocument ?? 0); give at least 1.")
    }
    guard rerankDepth ?? 1 > 0 else {
      throw ValidationError("--rerank-depth is \(rerankDepth ?? 0); give at least 1.")
    }
    guard vector == nil || !(rerank || rerankDepth != nil) else {
      throw ValidationError("A vector has no words to rerank by; leave out --rerank.")
    }
    guard budget == nil || format == .context else {
      throw ValidationError("--budget is for --format context.")
    }
    guard budget ?? 1 > 0 else {
      throw ValidationError("--budget is \(budget ?? 0); give at least 1.")
    }
    guard format == nil || !(plain || store.json) else {
      throw ValidationError("Give one of --format, --plain and --json.")
    }
    guard space == nil || vector != nil else {
      throw ValidationError("--space names the space of --vector.")
    }
    guard !plain || !store.json else { throw ValidationError("Give --plain or --json, not both.") }
  }

  func run() async throws {
    var settings = try await Settings(
      store, mode: mode.mode, access: .readOnly,
      embeds: needsService ? collections.first ?? "default" : nil)
    if needsService, allCollections || collections.count > 1 {
      try await settings.addServices(
        of: allCollections ? nil : Array(collections.dropFirst()), store, mode.mode)
    }
    var options = QueryOptions(limit: limit)
    options.minimumScore = minScore
    options.filter = try filtering.parsed()
    options.ranking = ranking
    options.foldsCopies = !copies
    options.maximumPerDocument = perDocument
    options.neighbours = context
    options.isExact = exact
    if rerank || rerankDepth != nil {
      try settings.addReranker()
      options.rerankDepth = rerankDepth ?? settings.usualRerankDepth
    }
    options.diversity = diverse ? Self.diversity : 0
    let texts = try shownText.map { [$0] } ?? (stdin ? StandardInput.lines() : nil)
    let store = try await settings.open()
    do {
      let results = try await results(of: store, texts, options)
      let explainer = explain ? try await Explainer(results, store) : nil
      try show(results, texts, explainer, settings)
    } catch let error as StoreError where error.code == .budgetExceeded {
      Terminal.standardError.write("Error: \(Terminal.oneLine("\(error)"))\n")
      throw ExitStatus.budget
    }
  }

  /// Whether a text is to be embedded.
  private var needsService: Bool {
    vector == nil && ranking != .lexical && !(text == nil && with.isEmpty && !stdin)
  }

  private func results(
    of store: Store, _ texts: [String]?, _ options: QueryOptions
  ) async throws -> [QueryResult] {
    let names =
      allCollections
      ? try await store.collections().map(\.name) : collections.isEmpty ? ["default"] : collections
    if !like.isEmpty || !with.isEmpty {
      return [
        try await store.query(combining: parts, in: names.first ?? "default", options: options)
      ]
    }
    if let texts { return try await store.query(texts, in: names, options: options) }
    return try await store.query(
      vectors: try VectorFile.rows(vector ?? ""), space: space?.space, in: names, options: options)
  }

  private func show(
    _ results: [QueryResult], _ texts: [String]?, _ explainer: Explainer?, _ settings: Settings
  ) throws {
    let output = Terminal.standardOutput
    for (index, result) in results.enumerated() {
      if store.json {
        output.write(
          try result.hits.map { hit in
            let explanation = explainer.map { $0.line(hit, result) }
            return try JSONOutput.line(
              HitLine(query: index, hit: hit, explanation: explanation))
          }.joined())
      } else if format == .context {
        output.writeText(result.context(tokens: budget ?? QueryResult.contextTokens))
      } else if plain {
        output.writeText(result.hits.compactMap(\.text).map { $0 + "\n" }.joined(separator: "\n"))
      } else {
        if results.count > 1 {
          let name = texts?[index] ?? "vector \(index)"
          output.write(
            (index > 0 ? "\n" : "") + output.styled("query: \(Terminal.oneLine(name))", .bold)
              + "\n")
        }
        let page = HitPage(
          query: texts?[index], hits: result.hits, terminal: output, explainer: explainer,
          showsCollection: allCollections || collections.count > 1)
        output.write(page.text())
      }
    }
    if let explainer, !store.json, !plain, format == nil, let last = results.last {
      output.write("\n" + explainer.summary(last).map { $0 + "\n" }.joined())
    }
    let pending = results.lazy.compactMap(\.pending).first
    if store.json, let pending { try JSONOutput.write(PendingLine(pending: pending)) }
    guard !store.quiet else { return }
    if results.contains(where: \.effort.isApproximate) {
      Terminal.standardError.write(Advice.approximate.capitalizedFirst + ".\n")
    }
    if let reason = results.lazy.compactMap(\.degradedReason).first {
      let isWithoutKey = settings.configuration.mode == .hybrid && !settings.hasService
      let hint =
        isWithoutKey
        ? "; `store reembed` embeds them with a model of `store model list`" : ""
      Terminal.standardError.write(
        isWithoutKey && settings.configuration.service == nil
          ? "No API key and no model: these results match words, not meaning. To search by meaning, "
            + "\(Advice.meaning).\n"
          : "note: \(Terminal.oneLine(reason + hint))\n")
    }
    if let reason = results.lazy.compactMap(\.rerankFailure).first {
      Terminal.standardError.write("note: \(Terminal.oneLine(reason))\n")
    }
    let far = results.count { $0.isNothingNear }
    if far > 0 {
      let whose = results.count > 1 ? " (\(far) of \(results.count) questions)" : ""
      Terminal.standardError.write("note: \(Advice.nothingNear)\(whose)\n")
    }
    if let pending {
      ReportOutput.write(pending, hasService: settings.configuration.service != nil)
    }
    for reason in Set(results.compactMap(\.noHitsReason)).sorted() where reason != pending?.message
    {
      Terminal.standardError.write("no hits: \(Terminal.oneLine(reason))\n")
    }
  }

  /// The last line of JSON, if documents wait for their vectors.
  private struct PendingLine: Encodable {
    let pending: PendingDocuments
  }
}

/// How to rank, as it is typed.
enum RankArgument: String, ExpressibleByArgument, CaseIterable {
  case vector, words, both

  var ranking: QueryOptions.Ranking {
    switch self {
    case .vector: .vector
    case .words: .lexical
    case .both: .fused
    }
  }
}

/// A form of output beside those that have a flag of their own.
enum FormatArgument: String, ExpressibleByArgument, CaseIterable {
  case context
}
