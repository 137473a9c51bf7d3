// What changes in a store while it is open, whoever writes it.

extension Store {
  /// The changes of the store from now on, by this process or another, until the task that reads them ends.
  ///
  ///     for try await change in try await store.changes {
  ///       print(change.generation, change.collections)
  ///     }
  ///
  /// What is there is read before this returns, so that no later write is missed. Changes that follow each
  /// other closely come as one. Nothing is read while nobody asks.
  ///
  /// - Complexity: one read of a number every 200 ms, and a scan of the documents' rows at the start and
  ///   after a change.
  public var changes: Changes {
    get async throws { Changes(file: file, start: try await file.read(StoreContents.init)) }
  }

  /// What one or more writes in a row changed.
  public struct Change: Sendable, Hashable, Codable {
    /// The number of the store's state. Each write raises it.
    public var generation: Int64
    /// The collections that are new or gone, or whose documents or target space changed, by name. Empty
    /// after a write that changed none of these, such as more vectors of chunks that answered by words.
    public var collections: [String]

    /// Creates a change, for tests of what reads it.
    public init(generation: Int64, collections: [String]) {
      self.generation = generation
      self.collections = collections
    }
  }

  /// The changes of a store, in order. Throws what a read throws: ``StoreError/Code/closed`` after
  /// ``Store/close()``, and `CancellationError` when its task is cancelled.
  public struct Changes: AsyncSequence, Sendable {
    let file: any StoreStorage
    fileprivate let start: StoreContents

    /// Begins with what changed after ``Store/changes`` returned.
    public func makeAsyncIterator() -> Iterator { Iterator(file: file, seen: start) }

    /// Waits for changes.
    public struct Iterator: AsyncIteratorProtocol {
      private static let interval = Duration.milliseconds(200)
      fileprivate let file: any StoreStorage
      fileprivate var seen: StoreContents

      /// The next change. Waits without end if there is none.
      public mutating func next() async throws -> Change? {
        while true {
          if try await file.read(StoreStateTable.generation) != seen.generation {
            let before = seen
            seen = try await file.read(StoreContents.init)
            return seen.change(since: before)
          }
          try await Task.sleep(for: Self.interval)
        }
      }
    }
  }
}

/// The collections of a store at one generation, each with what tells its documents from those before.
private struct StoreContents: Sendable {
  let generation: Int64
  private let collections: [String: String]

  init(_ db: any SQLTransaction) throws {
    generation = try StoreStateTable.generation(db)
    let rows = try db.rows(
      bulk: """
        SELECT c.name, c.id || ' ' || c.target_space_id || ' ' || count(d.id) || ' '
          || coalesce(max(d.id), 0) || ' ' || coalesce(max(d.updated_at), '')
        FROM collections c LEFT JOIN documents d ON d.collection_id = c.id GROUP BY c.id
        """
    ) { (try $0.text(0), try $0.text(1)) }
    collections = Dictionary(rows) { first, _ in first }
  }

  func change(since earlier: StoreContents) -> Store.Change {
    let names = Set(collections.keys).union(earlier.collections.keys)
    return Store.Change(
      generation: generation,
      collections: names.filter { collections[$0] != earlier.collections[$0] }.sorted())
  }
}
