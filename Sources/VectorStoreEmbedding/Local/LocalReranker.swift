// A reranker that runs a cross-encoder out of a folder, in this process.

import Foundation
public import VectorStoreText

/// A cross-encoder that runs here: it reads a question and a passage as one text, and gives a score
/// (Nogueira and Cho, "Passage Re-ranking with BERT", 2019). No server, no key, no cost.
///
///     var configuration = StoreConfiguration()
///     configuration.reranker = try LocalReranker(folder: "/home/ada/models/ms-marco-MiniLM-L-6-v2")
///
/// The folder is in Hugging Face's form: `BertForSequenceClassification` (ms-marco-MiniLM) or
/// `XLMRobertaForSequenceClassification` (bge-reranker) with one label. It needs the files that ``LocalModel``
/// needs. Anything else is refused with the reason.
///
/// The score is a probability from 0 to 1, as sentence-transformers gives it, unless `config.json` names the
/// activation `Identity`: then it is the logit. What is longer than the model reads is cut at its end, the
/// longer of question and passage first.
public final class LocalReranker: Reranker {
  /// `local`.
  public let provider = "local"
  /// The model's name.
  public let model: String
  /// A hash of parts of the weights, as 64 hexadecimal digits.
  public let fingerprint: String
  /// The most tokens of a question and a passage with those around them.
  public let maximumTokens: Int
  /// Requests that take about a second on a small machine.
  public let terms: ServiceTerms

  private let files: ModelFolder.EncoderFiles
  private let head: ClassificationHead

  /// Opens a model.
  ///
  /// - Parameters:
  ///   - folder: the folder's path.
  ///   - name: the model's name; nil is the folder's own.
  /// - Throws: ``LocalModelError`` if the folder is no reranker that runs here.
  /// - Complexity: as ``LocalModel``'s.
  public init(folder path: String, name: String? = nil) throws {
    let folder = ModelFolder(path: path)
    guard let settings = try folder.object("config.json") else {
      throw LocalModelError(.missing, "\(path) has no config.json; expected the folder of a model")
    }
    guard ModelFolder.reranker(settings) != nil else {
      let found = settings["architectures"]?[0]?.string ?? "no architecture"
      throw LocalModelError(
        .unsupported,
        "\(folder.path("config.json")) describes \(found.prefix(60)); a reranker is "
          + "BertForSequenceClassification or XLMRobertaForSequenceClassification")
    }
    files = try folder.encoder(
      settings,
      memory: LocalModel.share(ofMemory: Int(clamping: ProcessInfo.processInfo.physicalMemory)))
    guard !files.tokenizer.after.isEmpty else {
      throw LocalModelError(
        .unsupported,
        "the tokenizer of \(path) has no token to put between question and passage; a reranker needs one"
      )
    }
    head = try ClassificationHead(settings, files)
    maximumTokens = files.mostTokens
    fingerprint = files.file.fingerprint
    model = name ?? URL(filePath: folder.path).standardizedFileURL.lastPathComponent
    var terms = LocalModel.terms(maximumTokens: maximumTokens)
    // What is too long is cut here, token by token.
    terms.tokensPerText = terms.tokensPerRequest
    self.terms = terms
  }

  /// Whether a folder holds a reranker, by its `config.json`.
  ///
  /// - Throws: ``LocalModelError`` if that file is damaged.
  public static func isReranker(folder path: String) throws -> Bool {
    try ModelFolder(path: path).object("config.json").flatMap(ModelFolder.reranker) != nil
  }

  /// Counts by the model's own tokenizer.
  public func tokenCounter() async -> TokenCounter {
    let tokenizer = files.tokenizer
    return TokenCounter(isExact: true) { tokenizer.tokens(of: $0).count }
  }

  /// Scores passages, one score a passage, in their order. `tokens` is 0.
  ///
  /// - Throws: `CancellationError` soon after the task is cancelled.
  /// - Complexity: that of ``LocalModel`` for texts of question and passage, on all cores.
  public func scores(of passages: [String], for question: String) async throws -> RerankScores {
    let (files, head) = (files, head)
    let scores = try await CancellationMark.watched { isCancelled in
      let asked = files.tokenizer.tokens(of: question)
      let pairs = Parallel.map(Array(passages.indices)) {
        Pair($0, asked, files.tokenizer.tokens(of: passages[$0]), files)
      }
      let passes = EncoderModel.passes(pairs) { $0.tokens.count }
      let results = Parallel.map(passes) { pass in
        Result { try Self.scores(of: pass, files.encoder, head) { isCancelled.isSet } }
      }
      var scores = [Float](repeating: 0, count: passages.count)
      for (pass, result) in zip(passes, results) {
        for (pair, score) in zip(pass, try result.get()) { scores[pair.passage] = score }
      }
      return scores
    }
    return RerankScores(scores: scores)
  }

  private static func scores(
    of pass: [Pair], _ encoder: BertEncoder, _ head: ClassificationHead,
    isCancelled: () -> Bool
  ) throws -> [Float] {
    try encoder.withStates(
      of: pass.map(\.tokens), segments: pass.map(\.second), isCancelled: isCancelled
    ) { states in
      var first = 0
      return pass.map { pair in
        defer { first += pair.tokens.count * encoder.shape.hidden }
        return head.score(states + first)
      }
    }
  }
}

/// A question and a passage as one text of tokens: `[CLS] a [SEP] b [SEP]`, or `<s> a </s></s> b </s>`.
struct Pair: Sendable {
  /// The passage's place among all.
  var passage: Int
  var tokens: [Int32]
  /// Where the second segment begins.
  var second: Int

  init(_ passage: Int, _ a: [Int32], _ b: [Int32], _ files: ModelFolder.EncoderFiles) {
    let (before, after) = (files.tokenizer.before, files.tokenizer.after)
    let joinsTwice = files.encoder.shape.joinsTwice
    let between = joinsTwice ? after + after : after
    let room = files.mostTokens - before.count - between.count - after.count
    let (first, last) = Self.lengths(a.count, b.count, most: max(2, room))
    let question = before + a.prefix(first) + between
    self.passage = passage
    tokens = question + b.prefix(last) + after
    let hasSegments = !joinsTwice && files.encoder.shape.segments > 1
    second = hasSegments ? question.count : tokens.count
  }

  /// How much of two texts is kept: token by token the longer one is cut, as Hugging Face's tokenizers do
  /// (`longest_first`).
  static func lengths(_ a: Int, _ b: Int, most: Int) -> (Int, Int) {
    var (short, long) = (min(a, b), max(a, b))
    guard short + long > most else { return (a, b) }
    long = max(short, most - short)
    if short + long > most { (short, long) = (most / 2, most - most / 2) }
    return a > b ? (long, short) : (short, long)
  }
}
