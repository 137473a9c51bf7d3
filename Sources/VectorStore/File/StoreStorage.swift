// What keeps a store: one SQLite file, or a schema of a PostgreSQL database.

import Foundation
import VectorStoreSearch

/// What keeps a store. The verbs speak to it in transactions of the tables.
protocol StoreStorage: Sendable {
  /// What the store is called in messages: the path of its file, or its address without a password.
  var path: String { get }
  /// Finds chunks.
  var index: any SearchIndex { get }

  /// Runs `body` in one read transaction: a snapshot that no writer changes. If the task is cancelled, SQL
  /// is interrupted and `CancellationError` thrown.
  ///
  /// - Parameter isWordSearch: whether it waits its turn among searches by words.
  func read<T: Sendable>(
    isWordSearch: Bool, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T

  /// Runs `body` in one write transaction, one at a time in all processes, and raises the generation; on an
  /// error, and if the task is cancelled, nothing is changed.
  func write<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T

  /// Runs `body` in one write transaction that changes nothing a query reads and may be lost if the machine
  /// fails: the generation stays, and nobody waits for the disk.
  func writeNote<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T

  /// Ends a bulk job.
  func checkpoint() async throws

  /// Runs blocking work of a verb that is not SQL: reading files, chunking, hashing.
  func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T

  /// Shows that a run is at work, until the value goes.
  func presence(of run: Int64) async throws -> any RunPresence

  /// Closes all connections. Verbs called afterwards throw ``StoreError/Code/closed``.
  func close() async throws
}

extension StoreStorage {
  func read<T: Sendable>(
    _ body: @escaping @Sendable (any SQLTransaction) throws -> T
  ) async throws -> T {
    try await read(isWordSearch: false, body)
  }
}

/// The sign that a run is at work, which goes however its process ends.
protocol RunPresence: Sendable {
  /// Whether a run is at work: this one, or any other of any process.
  func isAtWork(_ run: Int64) -> Bool
}

/// Finds the chunks of a collection by their vectors and their words.
protocol SearchIndex: Sendable {
  /// The best rows of each query, best first, and what it took to find them.
  func nearest(
    _ queries: [[Float]], limit: Int, in part: VectorPart, _ db: any SQLTransaction
  ) throws -> VectorScan.Found

  /// The same by the float32 vectors of all rows.
  func exactly(
    _ queries: [[Float]], limit: Int, in part: VectorPart, _ db: any SQLTransaction
  ) throws -> VectorScan.Found

  /// Some rows of a space in a collection, by which cosines of chance are known.
  func sample(
    of space: SpaceRecord, collection: Int64, _ db: any SQLTransaction
  ) throws -> ChanceSample

  /// What is known of a question's words.
  ///
  /// - Parameters:
  ///   - selection: what may answer; nil for the whole collection. It may be left out of account.
  ///   - depth: how many of the best chunks are looked for.
  func words(
    of question: LexicalQuery, in collection: Int64, _ selection: FilterSelection?, depth: Int,
    _ db: any SQLTransaction
  ) throws -> any WordPostings

  /// The chunks that hold what a question leaves out.
  func excluded(
    _ question: LexicalQuery, in collection: Int64, _ db: any SQLTransaction
  ) throws -> Set<Int64>
}

/// The vectors that take part in a search.
struct VectorPart {
  let space: SpaceRecord
  let collection: Int64
  /// Nil where all rows of the collection take part.
  var filter: FilterSelection?
  /// How many standard deviations the bounds of codes are wide.
  let deviations: Double
}

/// In which chunks words stand, and how long the chunks are.
protocol WordPostings {
  /// How many chunks are indexed.
  var rows: Int { get }
  /// The mean number of words of a chunk's text.
  var meanLength: Double { get }
  /// The term of a folded word: its stem.
  func term(of word: String) throws -> String
  /// How many words the text of a chunk has; nil if it is not indexed.
  func length(of row: Int64) throws -> Int?
  /// The chunks in which a term stands, or any term that begins so, and its places in them.
  ///
  /// - Parameter hasPlaces: whether the places are kept, which phrases need.
  func postings(of term: String, isPrefix: Bool, hasPlaces: Bool) throws -> Postings
}
