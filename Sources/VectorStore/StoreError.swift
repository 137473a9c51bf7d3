// The library's one public error. Thrown by every verb; made from SQLite's errors in
// File/StoreError+SQLite.swift.

public import Foundation
package import VectorStoreText

/// What went wrong in a store, with a stable code and a message for people.
///
/// The message says what failed, what was found, what was expected, and the next step. Decide by
/// ``code``, never by the message.
public struct StoreError: Error, Sendable {
  /// The kinds of errors. New ones may be added, so switch with a default.
  public struct Code: RawRepresentable, Hashable, Sendable, Codable, ExpressibleByStringLiteral,
    CustomStringConvertible
  {
    /// The code as text, as it stands in reports printed as JSON.
    public let rawValue: String

    /// Creates a code from its text.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Creates a code from its text.
    public init(stringLiteral rawValue: String) { self.rawValue = rawValue }

    /// The code as text.
    public var description: String { rawValue }

    /// There is no store at the path.
    public static let storeNotFound = Code(rawValue: "store_not_found")
    /// The file is not a store: no SQLite file, or one of another program.
    public static let notAStore = Code(rawValue: "not_a_store")
    /// The file was written by a newer version of the program.
    public static let tooNew = Code(rawValue: "too_new")
    /// The file is damaged: SQLite found pages or tables that cannot be right.
    public static let damaged = Code(rawValue: "damaged")
    /// The file's tables, triggers or views are not those that this program makes; nothing of it was run.
    public static let foreignSchema = Code(rawValue: "foreign_schema")
    /// The write-ahead log beside the file belongs to another file, as after a backup was copied over it.
    public static let foreignLog = Code(rawValue: "foreign_log")
    /// The file or its log was replaced or deleted by another program while it was open.
    public static let fileReplaced = Code(rawValue: "file_replaced")
    /// The file or its folder cannot be written; queries still work.
    public static let readOnly = Code(rawValue: "read_only")
    /// The file cannot be opened or read at all.
    public static let cannotOpen = Code(rawValue: "cannot_open")
    /// Another process held the store's lock for longer than the timeout.
    public static let locked = Code(rawValue: "locked")
    /// There is no room on the disk; what was committed before is safe.
    public static let diskFull = Code(rawValue: "disk_full")
    /// Reading or writing a file failed.
    public static let inputOutput = Code(rawValue: "input_output")
    /// No collection of that name.
    public static let collectionNotFound = Code(rawValue: "collection_not_found")
    /// No document or chunk of that name.
    public static let documentNotFound = Code(rawValue: "document_not_found")
    /// No statistics were saved under that name.
    public static let statisticsNotFound = Code(rawValue: "statistics_not_found")
    /// A file or folder that was named, to be added, imported or read, does not exist or cannot be read.
    public static let pathNotFound = Code(rawValue: "path_not_found")
    /// A text, a query or an identifier is empty.
    public static let empty = Code(rawValue: "empty")
    /// An argument is out of its range.
    public static let invalidArgument = Code(rawValue: "invalid_argument")
    /// A filter cannot be read, compares what cannot be compared, or is too large.
    public static let invalidFilter = Code(rawValue: "invalid_filter")
    /// A vector has the wrong number of dimensions, is zero, or holds NaN or infinity.
    public static let badVector = Code(rawValue: "bad_vector")
    /// A vector belongs to another space than the collection's.
    public static let spaceMismatch = Code(rawValue: "space_mismatch")
    /// The embedding service is needed and not available: none is configured, it cannot be reached,
    /// or it fails.
    public static let serviceUnavailable = Code(rawValue: "service_unavailable")
    /// The embedding service refuses the key, the address or the model.
    public static let authenticationFailed = Code(rawValue: "authentication_failed")
    /// The account at the embedding service has no money left.
    public static let quotaExhausted = Code(rawValue: "quota_exhausted")
    /// The embedding service takes no more requests for now.
    public static let rateLimited = Code(rawValue: "rate_limited")
    /// The embedding service refuses a text.
    public static let inputRefused = Code(rawValue: "input_refused")
    /// A limit of the budget, or the run's own, is reached.
    public static let budgetExceeded = Code(rawValue: "budget_exceeded")
    /// An input file of `import` is malformed.
    public static let malformedInput = Code(rawValue: "malformed_input")
    /// A file that was named holds no text: it is binary, or in an encoding that is not known.
    public static let notText = Code(rawValue: "not_text")
    /// A command that is to read a file was not run: the user has not allowed it, or it comes from an added folder.
    public static let commandNotRun = Code(rawValue: "command_not_run")
    /// A text is longer than the embedding model takes.
    public static let textTooLong = Code(rawValue: "text_too_long")
    /// The store was closed before the call.
    public static let closed = Code(rawValue: "closed")
    /// An error of SQLite that has no code of its own here.
    public static let database = Code(rawValue: "database")
  }

  /// What kind of error this is.
  public let code: Code
  /// What failed, what was found, what was expected, and the next step, in one or two sentences.
  public let message: String
  /// The error this one was made from.
  public let underlying: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.underlying = underlying
  }
}

extension StoreError: LocalizedError {
  /// The message.
  public var errorDescription: String? { message }
}

extension StoreError: CustomStringConvertible {
  /// The message.
  public var description: String { message }
}

extension StoreError {
  /// The store's error for one of a file that was read or written.
  package init(_ error: InterchangeError) {
    let code: Code =
      switch error.code {
      case .cannotOpen: .pathNotFound
      case .cannotRead, .cannotWrite: .inputOutput
      default: .malformedInput
      }
    self.init(code, "\(error)", underlying: error)
  }
}
