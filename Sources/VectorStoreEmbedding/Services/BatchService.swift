// What a service does that takes texts in batches, at half the price, and answers within a day.

/// A service with a Batch API: a file of requests is uploaded, a batch of it created, and the answers
/// come as a file within 24 hours, for half the price.
///
/// No call here embeds anything but ``createBatch(ofFile:name:)``; all others cost nothing and may be
/// made again.
package protocol BatchService: EmbeddingService {
  /// Why it takes no batches, as part of a sentence; nil if it may.
  var batchObstacle: String? { get }

  /// The server, by one name, so that a batch is asked for where it is.
  var batchServer: String { get }

  /// The most texts of a batch, so that its file and its answers are not too large.
  var textsPerBatch: Int { get }

  /// Uploads a file with a request for each text.
  ///
  /// - Parameter texts: with a name for each, by which its answer is known.
  /// - Returns: the file's name.
  /// - Throws: ``ServiceError``; its code is `no_batch_api` if the server knows no batches.
  func uploadBatch(_ texts: [(name: String, text: String)], as role: EmbeddingRole) async throws
    -> String

  /// Has a file answered. This is what costs money.
  ///
  /// - Throws: ``ServiceError``. Unless ``ServiceError/isCertain``, there may be a batch all the same:
  ///   ``findBatch(ofFile:)`` tells.
  func createBatch(ofFile file: String, name: String) async throws -> ServiceBatch

  /// The batch of a file, if there is one.
  func findBatch(ofFile file: String) async throws -> ServiceBatch?

  /// How a batch is; nil if the server does not know it any more.
  func batch(_ id: String) async throws -> ServiceBatch?

  /// Gives a batch up. What is answered by then is kept, and billed.
  func cancelBatch(_ id: String) async throws

  /// Reads a file of answers, of so many texts at most; nil if the server does not have it any more.
  func answers(inFile file: String, texts: Int) async throws -> BatchAnswers?

  /// Deletes a file.
  func deleteFile(_ file: String) async throws
}

/// A batch as its service describes it.
package struct ServiceBatch: Sendable, Equatable {
  package var id = ""
  /// `validating`, `in_progress`, `finalizing`, `completed`, `failed`, `expired`, `cancelling`,
  /// `cancelled`.
  package var status = ""
  package var inputFile = ""
  /// The answers, if there are any.
  package var outputFile: String?
  /// The refusals, if there are any.
  package var errorFile: String?
  /// Texts answered so far.
  package var completed = 0
  /// Why it failed, in the server's words.
  package var problem: String?

  package init() {}

  /// Whether nothing more comes of it.
  package var hasEnded: Bool { ["completed", "failed", "expired", "cancelled"].contains(status) }
}

/// What became of a text of a batch.
package enum BatchAnswer: Sendable {
  /// Its vector, and the tokens that the server counted.
  case vector([Float], tokens: Int)
  /// Its vector came and cannot be used; it is billed.
  case unusable(ServiceError, tokens: Int)
  /// It is refused, or was not embedded in time.
  case refused(ServiceError)
}

/// A file of answers, read line by line.
package struct BatchAnswers: Sequence, Sendable {
  let lines: [UInt8]
  let read: @Sendable (UnsafeBufferPointer<UInt8>) -> (name: String, answer: BatchAnswer)?

  /// One answer a line, with the name of its text. Lines that are none are passed over.
  package func makeIterator() -> AnyIterator<(name: String, answer: BatchAnswer)> {
    var rest = lines[...]
    return AnyIterator {
      while !rest.isEmpty {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        rest = rest[line.endIndex...].dropFirst()
        let found = line.withUnsafeBufferPointer { read($0) }
        if let found { return found }
      }
      return nil
    }
  }
}

extension ServiceError {
  /// Whether the server said itself that it does not do what it was asked to.
  package var isCertain: Bool {
    billing == .notSent
      || status.map { (400...499).contains($0) && $0 != 408 && $0 != 409 } ?? false
  }
}
