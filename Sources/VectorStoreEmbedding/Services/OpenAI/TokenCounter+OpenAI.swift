// How texts are counted for OpenAI's models: by their tokenizer where its vocabulary can be had, else
// by the upper bound. Handed to OpenAIService by those who make it; calls TokenVocabularySource.

public import Logging
public import VectorStoreText

extension TokenCounter {
  /// How long a download of the vocabulary may take, in seconds.
  private static let downloadTimeout = 20.0

  /// Counts as OpenAI's embedding models do (cl100k_base), exactly where the vocabulary is at hand.
  ///
  ///     let service = try OpenAIService(configuration: configuration) {
  ///       await .openAI(vocabularyFolders: ["/home/me/.cache/vector-store"])
  ///     }
  ///
  /// The vocabulary is a file of 1.7 MB, known by its SHA-256. It is looked for in the folders; where
  /// none has it, it is fetched once from OpenAI's public address and kept in the first folder that can
  /// be written. Where it cannot be had, this is ``upperBound`` and the log says why.
  ///
  /// - Parameters:
  ///   - vocabularyFolders: read in this order. They may be tiktoken's (`TIKTOKEN_CACHE_DIR`).
  ///   - downloads: whether it may be fetched.
  ///   - certificateFile: as ``OpenAIConfiguration/certificateFile``.
  /// - Complexity: reads 1.7 MB in about 15 ms, or one download, which costs nothing.
  public static func openAI(
    vocabularyFolders: [String], downloads: Bool = true, certificateFile: String? = nil,
    logger: Logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })
  ) async -> TokenCounter {
    let source = TokenVocabularySource(
      cacheFolders: vocabularyFolders, download: downloads ? download(certificateFile) : nil)
    do {
      let loaded = try await source.load()
      for problem in loaded.problems { logger.warning("token vocabulary: \(problem)") }
      let tokenizer = loaded.tokenizer
      return TokenCounter(isExact: true) { tokenizer.count($0) }
    } catch {
      logger.warning("tokens are bounded, not counted: \(error)")
      return .upperBound
    }
  }

  /// Fetches a vocabulary from its public address.
  private static func download(_ certificateFile: String?) -> TokenVocabularySource.Download {
    { file in
      let transport = HTTPTransport(
        .init(timeout: downloadTimeout, certificateFile: certificateFile))
      let answer = try await transport.send(
        HTTPTransport.Request(
          url: file.address, headers: [("User-Agent", "vector-store/0.1.0")],
          answerLimit: file.size + 1))
      guard answer.isSuccess else { throw DownloadRefused(status: answer.status) }
      return answer.body
    }
  }

  private struct DownloadRefused: Error, CustomStringConvertible {
    let status: Int
    var description: String { "the server answered with status \(status)" }
  }
}
