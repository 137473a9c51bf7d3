// `roots` and `update`: what was added is remembered, and brought in step with its files.

import Foundation
import VectorStoreText

extension Store {
  /// The roots that were added, by collection and path.
  ///
  /// - Parameter collection: only this collection's; nil takes all.
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  public func roots(in collection: String? = nil) async throws -> [Root] {
    try await file.read { [identity] db in
      let collections =
        try collection.map { [try CollectionsTable.require($0, db)] } ?? CollectionsTable.all(db)
      return try collections.flatMap { collection in
        try RootsTable.all(collection: collection.id, db).map { root in
          let path = identity.path(of: root.path)
          return Root(
            source: root.path, path: path, collection: collection.name, isFolder: root.isFolder,
            globs: root.options.globs, metadata: root.options.metadata,
            chunkTokens: root.options.chunking.maximumTokens,
            overlapTokens: root.options.chunking.overlapTokens,
            converters: root.options.converters ?? [], textField: root.options.textField,
            documents: try RootsTable.documents(root.id, db),
            isMissing: !FileManager.default.fileExists(atPath: path),
            added: try Timestamp.date(root.added),
            updated: try root.updated.map { try Timestamp.date($0) })
        }
      }
    }
  }

  /// Brings roots in step with their files: what is new is added, what changed is replaced, what was moved keeps
  /// its document. Each root keeps the options that it was added with.
  ///
  ///     for update in try await store.update() { print(update.collection, update.report.documents) }
  ///
  /// - Parameters:
  ///   - roots: only these, or those that hold these paths; empty takes all.
  ///   - collection: only this collection's; nil takes all.
  ///   - options: what to remove, and what it may cost.
  ///   - progress: called now and then with how far it is.
  /// - Returns: a report for each collection that has roots, by name.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `pathNotFound` for a path that no root holds, and what
  ///   ``add(paths:to:options:progress:)`` throws.
  /// - Complexity: reads all files of the roots. Can cost money, as `add` can.
  @discardableResult
  public func update(
    _ roots: [String] = [], in collection: String? = nil, options: UpdateOptions = UpdateOptions(),
    progress: ProgressHandler? = nil
  ) async throws -> [UpdateReport] {
    let paths = roots.map { (typed: $0, source: identity.source(of: $0)) }
    let chosen = try await file.read { [identity] db in
      let collections =
        try collection.map { [try CollectionsTable.require($0, db)] } ?? CollectionsTable.all(db)
      var found: [(collection: String, roots: [RootRecord])] = []
      var holds: Set<String> = []
      for collection in collections {
        let known = try RootsTable.all(collection: collection.id, db)
        let meant = known.filter { root in
          paths.isEmpty
            || paths.contains { path in
              guard root.path == path.source || identity.lies(path.source, in: root.path) else {
                return false
              }
              holds.insert(path.source)
              return true
            }
        }
        if !meant.isEmpty { found.append((collection.name, meant)) }
      }
      if let lost = paths.first(where: { !holds.contains($0.source) }) {
        throw StoreError(
          .pathNotFound,
          "\(lost.typed) was not added, and lies in no folder that was; add it first")
      }
      return found
    }
    var reports: [UpdateReport] = []
    for (name, meant) in chosen {
      let ids = Set(meant.map(\.id))
      let addOptions = try await permitting(options.addOptions)
      let report = try await walking("update", in: name, addOptions, progress) {
        [identity] known in
        let walked = known.filter { ids.contains($0.id) }
        return try RootPlan.updating(walked, known: known, identity: identity, addOptions)
      }
      reports.append(
        UpdateReport(collection: name, roots: meant.map(\.path), report: report))
    }
    return reports
  }

  /// Removes the documents of a root and forgets it, so that no update brings them back. Nothing happens to the
  /// files.
  ///
  /// - Returns: what was removed; the path stands in ``RemoveReport/notFound`` if it is no root.
  /// - Throws: ``StoreError`` with `collectionNotFound`.
  @discardableResult
  public func remove(
    root path: String, from collection: String = "default"
  ) async throws -> RemoveReport {
    let source = identity.source(of: path)
    let found = try await file.read { db in
      let id = try CollectionsTable.require(collection, db).id
      let root = try RootsTable.all(collection: id, db).first { $0.path == source }
      return try root.map { root in
        let documents = try DocumentsTable.all(collection: id, .files, db)
        return (root.id, documents.filter { $0.root == root.id }.map(\.id))
      }
    }
    guard let (root, documents) = found else { return RemoveReport(notFound: [path]) }
    return try await remove(documents, forgetting: [root])
  }
}

/// How roots are brought in step.
public struct UpdateOptions: Sendable {
  /// Whether documents are removed whose files are gone, or not taken any more.
  public var prunes = false
  /// Whether ``prunes`` may remove most of a root's documents, as ``AddOptions/prunesMostOfARoot``.
  public var prunesMostOfARoot = false
  /// Whether to write and spend nothing, as ``AddOptions/isDryRun``.
  public var isDryRun = false
  /// What the run may spend.
  public var spending = SpendingOptions()
  /// Commands that read files from now on, as ``AddOptions/converters``.
  public var converters: [FileConverter] = []

  /// Creates a value from its parts.
  public init(
    prunes: Bool = false, prunesMostOfARoot: Bool = false, isDryRun: Bool = false,
    spending: SpendingOptions = SpendingOptions(), converters: [FileConverter] = []
  ) {
    self.prunes = prunes
    self.prunesMostOfARoot = prunesMostOfARoot
    self.isDryRun = isDryRun
    self.spending = spending
    self.converters = converters
  }

  fileprivate var addOptions: AddOptions {
    var options = AddOptions(
      prunes: prunes, prunesMostOfARoot: prunesMostOfARoot, isDryRun: isDryRun, spending: spending)
    options.converters = converters
    return options
  }
}
