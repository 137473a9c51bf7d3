// A collection of a store: its verbs without naming it each time.

extension Store {
  /// A collection of this store by name. Nothing is read or made: it comes with its first document.
  ///
  ///     let notes = store.collection("notes", space: .openAI3Small)
  ///     try await notes.add([Document(id: "sky", text: "The sky is blue.")])
  ///     let hits = try await notes.query("what colour?", limit: 5, filter: .equals("year", 2020)).hits
  ///
  /// - Parameters:
  ///   - name: the collection's name.
  ///   - space: the space of its vectors, chosen when its first document comes: any of the services of
  ///     the store's configuration may serve it. Nil takes the store's, or what the collection has. Verbs
  ///     throw ``StoreError/Code/spaceMismatch`` if the collection holds vectors of another space.
  public func collection(_ name: String = "default", space: EmbeddingSpace? = nil) -> Collection {
    Collection(store: self, name: name, space: space)
  }

  /// A named set of documents with vectors of one space.
  ///
  /// Verbs throw as the store's own, and also ``StoreError/Code/spaceMismatch`` if the collection holds vectors
  /// of another space than ``space``. Only ``reembed(to:isDryRun:spending:progress:)`` with a space brings such a
  /// collection to it. In mode ``ServiceMode/mock`` ``space`` is not looked at.
  public struct Collection: Sendable {
    /// The store.
    public let store: Store
    /// The collection's name.
    public let name: String
    /// The space that was asked for.
    public let space: EmbeddingSpace?

    /// Adds texts as documents, as ``Store/add(_:to:options:progress:)``.
    @discardableResult
    public func add(
      _ documents: [Document], options: AddOptions = AddOptions(), progress: ProgressHandler? = nil
    ) async throws -> AddReport {
      try await store.add(documents, to: name, options: chosen(options), progress: progress)
    }

    /// Adds files and folders, as ``Store/add(paths:to:options:progress:)``.
    @discardableResult
    public func add(
      paths: [String], options: AddOptions = AddOptions(), progress: ProgressHandler? = nil
    ) async throws -> AddReport {
      try await store.add(paths: paths, to: name, options: chosen(options), progress: progress)
    }

    /// The chunks that answer a question, best first: at most `limit`, of documents that pass `filter`.
    public func query(
      _ text: String, limit: Int = 10, filter: Filter? = nil
    ) async throws -> QueryResult {
      try await query(text, options: QueryOptions(limit: limit, filter: filter))
    }

    /// The chunks that answer a question, best first.
    public func query(_ text: String, options: QueryOptions) async throws -> QueryResult {
      try await checked.query(text, in: name, options: options)
    }

    /// The answers to many questions, in their order, for one scan of the vectors.
    public func query(
      _ texts: [String], options: QueryOptions = QueryOptions()
    ) async throws -> [QueryResult] {
      try await checked.query(texts, in: name, options: options)
    }

    /// The chunks that answer several texts together and are like some documents, best first.
    public func query(
      combining parts: [QueryPart], options: QueryOptions = QueryOptions()
    ) async throws -> QueryResult {
      try await checked.query(combining: parts, in: name, options: options)
    }

    /// The chunks nearest to a vector of the collection's space: at most `limit`, of documents that pass
    /// `filter`.
    public func query(
      vector: [Float], limit: Int = 10, filter: Filter? = nil
    ) async throws -> QueryResult {
      try await query(vector: vector, options: QueryOptions(limit: limit, filter: filter))
    }

    /// The chunks nearest to a vector of the collection's space, best first.
    public func query(vector: [Float], options: QueryOptions) async throws -> QueryResult {
      try await checked.query(vector: vector, in: name, options: options)
    }

    /// The document of a source; nil if there is none.
    public func get(_ source: String) async throws -> StoredDocument? {
      try await checked.get(source, in: name)
    }

    /// The documents of these sources, in this order, without those that are not there.
    public func get(_ sources: [String]) async throws -> [StoredDocument] {
      try await checked.get(sources, in: name)
    }

    /// Whether there is a document of a source.
    public func contains(_ source: String) async throws -> Bool {
      try await checked.contains(source, in: name)
    }

    /// How many documents there are, or how many of them pass a filter.
    public func count(filter: Filter? = nil) async throws -> Int {
      try await checked.count(in: name, filter: filter)
    }

    /// A page of documents by source: those after one, the last of the page before, at most `limit`.
    public func list(
      after last: DocumentSummary? = nil, limit: Int = 1000, filter: Filter? = nil
    ) async throws -> [DocumentSummary] {
      try await checked.list(in: name, filter: filter, after: last, limit: limit)
    }

    /// All documents by source, read a page at a time. A collection that is not there has none.
    public var documents: Documents { Documents(collection: self) }

    /// The vectors of documents, by chunk.
    public func vectors(of sources: [String]) async throws -> [ChunkVector] {
      try await checked.vectors(of: sources, in: name)
    }

    /// The vectors of chunks, as ``Hit/id`` names them.
    public func vectors(of chunks: [Int64]) async throws -> [ChunkVector] {
      try await checked.vectors(of: chunks, in: name)
    }

    /// Gives a document other metadata. Nothing is embedded. Returns whether there is that document.
    @discardableResult
    public func updateMetadata(
      of source: String, to metadata: [String: MetadataValue]
    ) async throws -> Bool {
      try await checked.updateMetadata(of: source, to: metadata, in: name)
    }

    /// Sets and removes keys of documents' metadata; the other keys stay. Nothing is embedded. Sources that
    /// name none stand in the report.
    @discardableResult
    public func updateMetadata(
      of sources: [String], setting: [String: MetadataValue], removing: Set<String> = []
    ) async throws -> MetadataReport {
      try await checked.updateMetadata(
        of: sources, setting: setting, removing: removing, in: name)
    }

    /// Removes documents. Sources that name none stand in the report.
    @discardableResult
    public func remove(_ sources: [String]) async throws -> RemoveReport {
      try await checked.remove(sources, from: name)
    }

    /// Removes the documents that pass a filter.
    @discardableResult
    public func remove(where filter: Filter) async throws -> RemoveReport {
      try await checked.remove(where: filter, from: name)
    }

    /// Embeds what the collection lacks of its space, as ``Store/reembed(_:to:isDryRun:spending:progress:)``.
    @discardableResult
    public func reembed(
      to space: EmbeddingSpace? = nil, isDryRun: Bool = false,
      spending: SpendingOptions = SpendingOptions(), progress: ProgressHandler? = nil
    ) async throws -> ReembedReport {
      let store = try await space == nil ? checked : self.store
      return try await store.reembed(
        name, to: space, isDryRun: isDryRun, spending: spending, progress: progress)
    }

    /// The store, if the collection holds no vectors of another space than the one that was asked for.
    private var checked: Store {
      get async throws {
        guard let space else { return store }
        let target = try await store.targetSpace(of: name, chosen: space)
        try store.check(space, against: target, of: name)
        return store
      }
    }

    private func chosen(_ options: AddOptions) -> AddOptions {
      var options = options
      options.space = options.space ?? space
      return options
    }
  }
}

extension Store.Collection {
  /// The documents of a collection, by source, each once.
  ///
  /// A page is read when it is reached: what is added or removed meanwhile may or may not be among them.
  public struct Documents: AsyncSequence, Sendable {
    let collection: Store.Collection

    /// Reads the documents.
    public struct Iterator: AsyncIteratorProtocol {
      let collection: Store.Collection
      private var page: ArraySlice<DocumentSummary> = []
      private var last: DocumentSummary?
      private var isAtEnd = false

      init(collection: Store.Collection) { self.collection = collection }

      /// The next document; nil after the last.
      public mutating func next() async throws -> DocumentSummary? {
        if page.isEmpty, !isAtEnd {
          do {
            page = try await collection.list(after: last)[...]
          } catch let error as StoreError where error.code == .collectionNotFound {}
          isAtEnd = page.isEmpty
        }
        guard let document = page.popFirst() else { return nil }
        last = document
        return document
      }
    }

    /// Begins with the first document.
    public func makeAsyncIterator() -> Iterator { Iterator(collection: collection) }
  }
}
