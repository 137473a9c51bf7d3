// The store: opening, closing, and what its verbs share. Each verb is an extension in a file of its
// own: Store+Add, Store+Query, …

import Foundation
import Logging
package import VectorStoreText

/// An embedded vector store: documents, their chunks and the chunks' vectors in one SQLite file.
///
///     let store = try await Store(path: "notes.db", configuration: StoreConfiguration(mode: .mock))
///     try await store.add([Document(id: "sky", text: "The sky is blue.")])
///     let answer = try await store.query("what colour is the sky?")
///     print(answer.hits[0].source, answer.hits[0].score)
///
/// All verbs may be called from many tasks at once, and several processes may have the same file
/// open: readers see a snapshot and never wait, writers take turns. Every write is on the disk when
/// its verb returns. It is not a server, and it holds no index in memory that could be lost.
///
/// Verbs throw ``StoreError``, and `CancellationError` when their task is cancelled; what was
/// committed before stays.
public final class Store: Sendable {
  /// The path of the file, or the address of the store on PostgreSQL without its password.
  public let path: String
  /// What the store was opened with, and the ``mode`` it has now.
  public var configuration: StoreConfiguration {
    var configuration = opened
    configuration.mode = mode
    return configuration
  }

  /// What the store was opened with. The mode is the router's.
  private let opened: StoreConfiguration
  let file: any StoreStorage
  /// What files are called.
  package let identity: SourceIdentity
  let router: EmbeddingRouter
  let queryCache: QueryCache?
  /// What a service made of documents.
  let parses: ParsesFile
  let questionsInFlight = QuestionsInFlight()
  /// Of a store that is not kept: the folder that holds it.
  private let passing: PassingFolder?

  /// Opens the store at a path, and makes it if there is none and the configuration allows it.
  ///
  /// The path `:memory:` makes a store that is not kept, as ``temporary(configuration:)``. An address such as
  /// `postgres://user@host/database?schema=notes` opens a store on PostgreSQL, if the package was built with its
  /// trait `Postgres`; see <doc:Postgres>.
  ///
  /// - Throws: ``StoreError`` with the code `storeNotFound`, `notAStore`, `tooNew`, `damaged`,
  ///   `cannotOpen` or `readOnly`, and `invalidArgument` for a setting that is out of its range.
  public convenience init(
    path: String, configuration: StoreConfiguration = StoreConfiguration()
  ) async throws {
    try configuration.validate()
    let passing = try path == Self.memoryPath ? PassingFolder() : nil
    let path = passing.map { $0.path + "/store.db" } ?? path
    let (file, folder) = try await StorePlace(path).open(configuration)
    let identity = SourceIdentity(
      storeFolder: folder,
      workingFolder: configuration.workingFolder ?? FileManager.default.currentDirectoryPath)
    await self.init(
      file, path: file is StoreFile ? path : file.path, identity, passing, configuration)
  }

  private init(
    _ file: any StoreStorage, path: String, _ identity: SourceIdentity, _ passing: PassingFolder?,
    _ configuration: StoreConfiguration
  ) async {
    (self.file, self.path, self.identity, self.passing) = (file, path, identity, passing)
    opened = configuration
    router = configuration.makeRouter()
    await configuration.recallServers()
    parses = ParsesFile(besideLedger: configuration.budget.fileOfUser)
    queryCache = configuration.queryCachePath.map {
      QueryCache(path: $0, logger: configuration.logger)
    }
  }

  /// The same open store with other services and another budget: what it remembers may say which. How the file is
  /// opened stays as it is.
  ///
  /// - Throws: ``StoreError`` with `invalidArgument` for a setting that is out of its range.
  package func with(_ configuration: StoreConfiguration) async throws -> Store {
    try configuration.validate()
    return await Store(file, path: path, identity, passing, configuration)
  }

  /// The store's file.
  ///
  /// - Throws: ``StoreError`` with `invalidArgument` for a store on PostgreSQL.
  func storeFile(for what: String) throws -> StoreFile {
    guard let file = file as? StoreFile else { throw StoreError.onlyInFiles(what) }
    return file
  }

  /// Where vectors come from. A change takes effect with the next verb.
  public var mode: ServiceMode {
    get { router.mode }
    set { router.mode = newValue }
  }

  /// Closes the file. Verbs called afterwards throw. A store that is let go closes by itself.
  public func close() async throws {
    try await file.close()
    passing?.remove()
  }

  /// The space that a new collection gets, if its caller chose one or none.
  func newTarget(_ chosen: EmbeddingSpace?) -> EmbeddingSpace {
    mode == .mock ? MockService().space : chosen ?? opened.service?.space ?? opened.realSpace
  }

  /// Throws if a space was chosen for a collection that holds vectors of another.
  func check(_ chosen: EmbeddingSpace?, against target: EmbeddingSpace, of collection: String)
    throws
  {
    guard let chosen, mode != .mock, chosen != target else { return }
    throw StoreError(
      .spaceMismatch,
      "the collection \"\(collection)\" of \(path) holds vectors of \(target), but \(chosen) was "
        + "asked for; vectors of two spaces are never mixed: use another collection, or reembed this one"
    )
  }

  /// Refuses a model whose weights are not those that made a space's vectors, whatever it is called, and keeps
  /// which they are the first time.
  ///
  /// - Parameter keeps: whether the space's row is there and may be written.
  /// - Throws: ``StoreError`` with `spaceMismatch`.
  func checkWeights(of service: any EmbeddingService, keeps: Bool) async throws {
    guard let service = service as? any LocalService else { return }
    let (space, found) = (service.space, service.fingerprint)
    let known = try await file.read { try SpacesTable.fingerprint(of: space, $0) }
    guard let known else {
      guard keeps else { return }
      return try await file.write {
        try SpacesTable.keep(fingerprint: found, of: space, $0)
      }
    }
    guard known != found else { return }
    throw StoreError(
      .spaceMismatch,
      "the model \(space.model) on this machine has other weights (\(found.prefix(8))) than the one that made "
        + "the vectors of \(path) (\(known.prefix(8))); vectors of two models are never mixed: use the old "
        + "model, or give the new one another name")
  }

  /// The route to a target space, with an error that names both spaces where they differ.
  func route(to target: EmbeddingSpace, of collection: String) throws -> EmbeddingRouter.Route {
    do {
      return try router.route(to: target)
    } catch {
      let services = error.services.map(\.name).joined(separator: ", ")
      throw StoreError(
        .spaceMismatch,
        "the collection \"\(collection)\" of \(path) holds vectors of \(error.target), but the service "
          + "at hand makes vectors of \(services); vectors of two spaces are never mixed: use the model "
          + "the collection was made with, another collection, or embed it again with this one",
        underlying: error)
    }
  }
}
