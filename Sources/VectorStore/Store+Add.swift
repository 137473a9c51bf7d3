// `add`: documents at hand, files and folders in.

import Foundation
import VectorStoreSearch
import VectorStoreText

extension Store {
  /// Documents that are looked at together.
  static let documentsAtOnce = 256

  /// Adds documents: texts are cut and embedded; vectors and chunks that a document brings are taken as
  /// they are. A document that is there already is replaced if it changed, in one transaction; the same
  /// again changes nothing.
  ///
  /// What keeps documents from being added whole stands in the report: ``AddReport/requireComplete()``
  /// throws it.
  ///
  /// - Throws: ``StoreError`` with `spaceMismatch`, `readOnly`, `diskFull`. What one document of several
  ///   is to blame for, as an empty text or a bad vector, stands in the report instead, and the others
  ///   are added; the only one's error is thrown.
  /// - Complexity: O(length of the texts). Can cost money in modes REAL and HYBRID: each text that
  ///   has no vector in the collection's target space is embedded once.
  @discardableResult
  public func add(
    _ documents: [Document], to collection: String = "default",
    options: AddOptions = AddOptions(), progress: ProgressHandler? = nil
  ) async throws -> AddReport {
    try options.check()
    let space = try await targetSpace(of: collection, chosen: options.space)
    let (read, refused) = try await file.work {
      try Self.read(documents, DocumentReader(options: options), space)
    }
    return try await adding("add", to: collection, options: options) { run in
      guard run.target.space == space || !read.contains(where: \.bringsVectors) else {
        throw StoreError(
          .spaceMismatch,
          "another process gave the collection \"\(collection)\" the space \(run.target.space) while "
            + "vectors of \(space) were being added to it; check the vectors and add them again")
      }
      for (index, error) in refused {
        let message = "document \(index + 1) of \(documents.count): \(error.message)"
        if let vector = error.underlying as? VectorError {
          run.tally.failChunk(
            documents[index].source, index: index, error.code, message, reason: vector.reason)
        } else {
          run.tally.fail(documents[index].source, index: index, error.code, message)
        }
      }
      for start in stride(from: 0, to: read.count, by: Self.documentsAtOnce) {
        progress?(StoreProgress(done: start, total: read.count, unit: "documents"))
        try await run.add(Array(read[start..<min(start + Self.documentsAtOnce, read.count)]))
      }
    }
  }

  /// The documents that can be added, and why others cannot. Throws what the only one is to blame for:
  /// nothing else can be lost with it.
  private static func read(
    _ documents: [Document], _ reader: DocumentReader, _ space: EmbeddingSpace
  ) throws(StoreError) -> (read: [CutDocument], refused: [(index: Int, error: StoreError)]) {
    var read: [CutDocument] = []
    var refused: [(index: Int, error: StoreError)] = []
    for (index, document) in documents.enumerated() {
      do throws(StoreError) {
        read.append(try reader.read(document, space: space))
      } catch {
        guard documents.count > 1 else { throw error }
        refused.append((index, error))
      }
    }
    return (read, refused)
  }

  /// Adds files, and folders with all they hold: `.gitignore` is honoured, hidden and binary files
  /// are left out, a file given by its own path is always taken.
  ///
  /// A document's source does not depend on how its path was typed: a file below the store's folder is called
  /// by its path from there, any other by its absolute path. A file that was moved or renamed keeps its
  /// document, with its vectors.
  ///
  /// Each path is remembered as a root with its options; ``update(_:in:options:progress:)`` brings roots in
  /// step. Options that are left open stay as they are remembered, and the report's warnings say what others
  /// change. Documents whose files are gone, or not taken any more, stand in ``AddReport/gone``, or are removed
  /// with ``AddOptions/prunes``.
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
    try Self.checkAny(of: paths, in: identity.workingFolder)
    let options = try await permitting(options, adding: paths)
    return try await walking("add", in: collection, options, progress) { [identity] known in
      try RootPlan.adding(paths, known: known, identity: identity, options)
    }
  }

  /// Begins an adding run, has `body` add to it, and ends it, or gives it up on an error.
  func adding(
    _ command: String, to collection: String, options: AddOptions,
    newTarget: EmbeddingSpace? = nil, answers: AnsweredQueue? = nil,
    _ body: (inout AddRun) async throws -> Void
  ) async throws -> AddReport {
    if options.spending.usesBatches {
      try await requireBatches(for: collection, chosen: options.space)
    }
    var run = try await AddRun.begin(
      command, store: self, collection: collection,
      newTarget: newTarget ?? self.newTarget(options.space), options: options, answers: answers)
    do {
      try check(options.space, against: run.collection.target.space, of: collection)
      if options.spending.usesBatches, !run.collection.keepsText {
        throw StoreError(
          .invalidArgument,
          "the collection \"\(collection)\" keeps no texts, and those of a batch wait in the store; embed without "
            + "batches")
      }
      try await body(&run)
      let report = try await run.end()
      // An address is worth remembering once something was embedded there.
      if let service = run.service, !report.isDryRun,
        report.chunks.embedded > 0 || report.batched != nil
      {
        try await remember(service, of: run.collection.id)
      }
      return report
    } catch {
      await run.abandon()
      throw error
    }
  }

  /// The space that vectors of a collection are in, or will be in once it has documents.
  func targetSpace(
    of collection: String, chosen: EmbeddingSpace?
  ) async throws -> EmbeddingSpace {
    let new = newTarget(chosen)
    return try await file.read { db in
      guard let found = try CollectionsTable.find(collection, db),
        try !CollectionsTable.takesTarget(found.id, db)
      else { return new }
      return found.target.space
    }
  }

  /// Throws unless at least one path is there: then nothing has been made or changed yet.
  package static func checkAny(
    of paths: [String], in folder: String = FileManager.default.currentDirectoryPath
  ) throws {
    guard let first = paths.first else {
      throw StoreError(.empty, "no path is given; name files or folders to add")
    }
    let isAny = paths.contains {
      !$0.isEmpty
        && FileManager.default.fileExists(atPath: $0.hasPrefix("/") ? $0 : folder + "/" + $0)
    }
    guard !isAny else { return }
    let others = paths.count > 1 ? ", nor any of the \(paths.count - 1) other paths given" : ""
    throw StoreError(
      .pathNotFound, "there is no file or folder \(first)\(others); check the path")
  }
}
