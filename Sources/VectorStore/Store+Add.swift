// `add`: texts, files and folders in. Calls FileBatches or DocumentReader for the documents, AddRun
// for the rest.

import Foundation
import VectorStoreText

extension Store {
  /// Documents that are looked at together.
  static let documentsAtOnce = 256

  /// Adds texts as documents: cuts, embeds and places them. A document that is there already is
  /// replaced if it changed, in one transaction; the same again changes nothing.
  ///
  /// - Throws: ``StoreError`` with `spaceMismatch`, `readOnly`, `diskFull`. What one document of several
  ///   is to blame for, as an empty text, stands in the report instead, and the others are added; the
  ///   only one's error is thrown.
  /// - Complexity: O(length of the texts). Can cost money in modes REAL and HYBRID: each text that
  ///   has no vector in the collection's target space is embedded once.
  @discardableResult
  public func add(
    _ documents: [Document], to collection: String = "default",
    options: AddOptions = AddOptions(), progress: ProgressHandler? = nil
  ) async throws -> AddReport {
    try options.check()
    let reader = DocumentReader(options: options)
    let (incoming, refused) = try await file.work {
      var incoming: [IncomingDocument] = []
      var refused: [(index: Int, error: StoreError)] = []
      for (index, document) in documents.enumerated() {
        do throws(StoreError) {
          incoming.append(try reader.read(document))
        } catch {
          // Nothing else can be lost with the only one.
          guard documents.count > 1 else { throw error }
          refused.append((index, error))
        }
      }
      return (incoming, refused)
    }
    func feed(_ taker: inout some DocumentTaker) async throws {
      for (index, error) in refused {
        let place = "document \(index + 1) of \(documents.count)"
        taker.tally.fail(
          documents[index].source, index: index, error.code, "\(place): \(error.message)")
      }
      for start in stride(from: 0, to: incoming.count, by: Self.documentsAtOnce) {
        progress?(StoreProgress(done: start, total: incoming.count, unit: "documents"))
        let end = min(start + Self.documentsAtOnce, incoming.count)
        try await taker.add(Array(incoming[start..<end]))
      }
    }
    if options.isDryRun { return try await planning(collection, options) { try await feed(&$0) } }
    return try await adding("add", to: collection, options: options) { try await feed(&$0) }
  }

  /// Adds files, and folders with all they hold: `.gitignore` is honoured, hidden and binary files
  /// are left out, a file given by its own path is always taken.
  ///
  /// A document's source is the path as given, relative to the working folder. Documents whose files
  /// are gone from a folder given are told in the report's warnings, or removed with
  /// ``AddOptions/prune``.
  ///
  /// Otherwise as ``add(_:to:options:progress:)``.
  ///
  /// - Throws: also ``StoreError/Code/pathNotFound`` where none of the paths is there.
  @discardableResult
  public func add(
    paths: [String], to collection: String = "default", options: AddOptions = AddOptions(),
    progress: ProgressHandler? = nil
  ) async throws -> AddReport {
    try options.check()
    try Self.checkAny(of: paths)
    let batches = try FileBatches(paths: paths, options: options, storePath: path)
    let total = progress == nil ? nil : try await file.work { batches.count() }
    func feed(_ taker: inout some DocumentTaker) async throws {
      var done = 0
      while let batch = try await file.work({ batches.next() }) {
        progress?(
          StoreProgress(
            done: done, total: total, unit: "files", current: batch.documents.first?.source))
        batch.warnings.forEach { taker.tally.warn($0) }
        taker.tally.skip(batch.skipped)
        batch.failures.forEach { taker.tally.fail(nil, $0.code, $0.message) }
        try await taker.add(batch.documents)
        done += batch.seen
      }
      try await taker.settle()
      progress?(StoreProgress(done: done, total: total, unit: "files"))
      try await handleGoneFiles(paths, prune: options.prune, &taker)
    }
    if options.isDryRun { return try await planning(collection, options) { try await feed(&$0) } }
    return try await adding("add", to: collection, options: options) { try await feed(&$0) }
  }

  /// Has `body` hand its documents to a plan of an adding run, which writes nothing.
  private func planning(
    _ collection: String, _ options: AddOptions, _ body: (inout AddPlan) async throws -> Void
  ) async throws -> AddReport {
    var plan = try await AddPlan.begin(store: self, collection: collection)
    try await body(&plan)
    return try await plan.end(store: self, maximumCost: options.spending.maximumCost)
  }

  /// Begins an adding run, has `body` add to it, and ends it, or gives it up on an error.
  func adding(
    _ command: String, to collection: String, options: AddOptions,
    newTarget: EmbeddingSpace? = nil, _ body: (inout AddRun) async throws -> Void
  ) async throws -> AddReport {
    var run = try await AddRun.begin(
      command, store: self, collection: collection, newTarget: newTarget,
      spending: options.spending)
    do {
      try await body(&run)
      return try await run.end()
    } catch {
      await run.abandon()
      throw error
    }
  }

  /// Throws unless at least one path is there: then nothing has been made or changed yet.
  package static func checkAny(of paths: [String]) throws {
    guard let first = paths.first else {
      throw StoreError(.empty, "no path is given; name files or folders to add")
    }
    guard !paths.contains(where: { FileManager.default.fileExists(atPath: $0) }) else { return }
    let others = paths.count > 1 ? ", nor any of the \(paths.count - 1) other paths given" : ""
    throw StoreError(
      .pathNotFound, "there is no file or folder \(first)\(others); check the path")
  }

  /// Reports documents whose files are gone from the folders given, or removes them.
  private func handleGoneFiles(
    _ paths: [String], prune: Bool, _ run: inout some DocumentTaker
  ) async throws {
    guard let collection = run.collectionID else { return }
    let gone = try await file.read { db in
      let folders = paths.filter(Self.isFolder).map(SourcePath.normalized)
      return try DocumentsTable.sources(collection: collection, onlyFiles: true, db).filter {
        source in
        folders.contains { SourcePath.liesUnder($0, source: source) } && Self.isGone(source)
      }
    }
    guard !gone.isEmpty else { return }
    if prune { return try await run.remove(sources: gone) }
    let names = gone.prefix(5).joined(separator: ", ") + (gone.count > 5 ? ", …" : "")
    run.tally.warn(
      gone.count == 1
        ? "the file of 1 document is gone: \(names); remove the document, or add the folder with pruning"
        : "the files of \(gone.count) documents are gone: \(names); remove them, or add the folder with pruning"
    )
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Whether nothing is at a path. A path that cannot be looked at is not known to be gone.
  private static func isGone(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR)
  }
}
