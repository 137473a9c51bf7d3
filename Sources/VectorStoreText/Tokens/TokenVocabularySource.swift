// Where a tokenizer comes from: its vocabulary out of a cache folder, else by one download.

import Dispatch

/// Loads a vocabulary once and makes its tokenizer.
///
/// The cache folders may be tiktoken's: the file lies in them under the same name, so that one
/// download serves both. A file is used only if its SHA-256 is right; a download replaces a wrong one.
package actor TokenVocabularySource {
  /// Fetches the bytes at the file's address, which are checked after that.
  package typealias Download = @Sendable (TokenVocabularyFile) async throws -> [UInt8]

  /// A tokenizer, and how it came about.
  package struct Loaded: Sendable {
    package let tokenizer: BytePairTokenizer
    /// Whether it took a download.
    package let isDownloaded: Bool
    /// What went wrong all the same: a wrong file in a folder, a folder that takes no file.
    package let problems: [TokenVocabularyProblem]
  }

  private let cache: TokenVocabularyCache
  private let download: Download?
  private let queue = DispatchQueue(label: "vector-store.vocabulary")
  private var loading: Task<Loaded, any Error>?

  /// Creates a source; nothing is read before ``load()``.
  ///
  /// - Parameters:
  ///   - file: the vocabulary to load.
  ///   - cacheFolders: read in this order; a download is kept in the first one that can be written,
  ///     which is made if it is not there. An empty name is no folder.
  ///   - download: fetches the file; nil fetches nothing.
  package init(
    file: TokenVocabularyFile = .cl100k, cacheFolders: [String], download: Download? = nil
  ) {
    cache = TokenVocabularyCache(file: file, folders: cacheFolders)
    self.download = download
  }

  /// The tokenizer. Whoever asks while it loads, or later, gets the same answer, a failure included:
  /// nothing is fetched twice.
  ///
  /// - Throws: ``TokenVocabularyUnavailable``; ``TokenVocabularyError`` for a file that has the right
  ///   SHA-256 and is no vocabulary; `CancellationError`, while the loading goes on for the others.
  /// - Complexity: reads 1.7 MB off Swift's pool in about 15 ms; where no folder has it, one download.
  package func load() async throws -> Loaded {
    let loading = loading ?? Task { try await self.fetch() }
    self.loading = loading
    let (answers, continuation) = AsyncThrowingStream<Loaded, any Error>.makeStream()
    Task {
      continuation.yield(with: await loading.result)
      continuation.finish()
    }
    for try await answer in answers { return answer }
    throw CancellationError()
  }

  private func fetch() async throws -> Loaded {
    let cache = cache
    let address = cache.file.address
    var (bytes, problems) = await offPool { cache.read() }
    let isDownloaded = bytes == nil
    if bytes == nil, let download {
      do {
        let answer = try await download(cache.file)
        if let problem = await offPool({ cache.file.problem(with: answer, from: address) }) {
          problems.append(problem)
        } else {
          problems += await offPool { cache.write(answer) }
          bytes = answer
        }
      } catch {
        problems.append(.unreadable(place: address, reason: "\(error)"))
      }
    }
    guard let bytes else { throw TokenVocabularyUnavailable(cache: cache, problems: problems) }
    let tokenizer = await offPool {
      Result { try BytePairTokenizer(vocabulary: TokenVocabulary(parsing: bytes)) }
    }
    return Loaded(
      tokenizer: try tokenizer.get(), isDownloaded: isDownloaded, problems: problems)
  }

  /// Does blocking work on a thread that may block.
  private func offPool<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
  }
}
