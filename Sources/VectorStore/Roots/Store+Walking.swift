// The run that brings roots in step with their files: `add` of paths and `update`.

import Foundation
import VectorStoreText

extension Store {
  /// Walks roots of a collection and adds, changes, moves and removes documents as their files are.
  ///
  /// - Parameter plan: which roots to walk of those that are remembered, and which to remember.
  func walking(
    _ command: String, in collection: String, _ options: AddOptions, _ progress: ProgressHandler?,
    plan: @escaping @Sendable ([RootRecord]) throws -> (RootPlan, new: [RootPlan.NewRoot])
  ) async throws -> AddReport {
    var options = options
    options.spending.purse = RunPurse()
    return try await adding(command, to: collection, options: options) { [options] run in
      let id = run.collection.id
      let known = try await file.read { try RootsTable.all(collection: id, $0) }
      try await requireOneFolder(in: id)
      var (plan, new) = try await file.work { try plan(known) }
      try await remember(new, in: &plan, &run)
      try await adoptEarlierSources(&run)
      plan.changes.forEach { run.tally.warn($0) }
      for path in plan.missing {
        run.tally.fail(nil, .pathNotFound, "\(path): no such file or folder")
      }
      for walk in plan.walks where walk.isFolder == nil && walk.wasFolder {
        run.tally.warn("\(identity.shown(walk.path)), which was added before, is not there")
      }
      run.progress = progress
      let (target, hasService) = (run.target.id, run.canImprove)
      let read = try await file.read {
        try DocumentsTable.readFiles(
          collection: id, target: target, hasService: hasService, $0)
      }
      let batches = try FileBatches(plan: plan, storePath: path, known: read)
      let parsing = parsing(runID: run.correlationID, options.spending)
      try await add(batches, parsing, progress, &run)
      run.tally.enter(parsing, correlationID: run.correlationID)
      try await handleGoneFiles(plan, batches.outcome, options, &run)
      try await settleRoots(plan, known, new, options, &run)
    }
  }

  /// Throws if the files of a store without a folder of its own are called otherwise than its address says now:
  /// each would become another document.
  private func requireOneFolder(in collection: Int64) async throws {
    guard StorePlace(path).isPostgres else { return }
    let start = identity.hasFolder ? identity.storeFolder + "/" : "/"
    let other = try await file.read { [identity] db in
      try String.fetchOne(
        db,
        sql: """
          SELECT source FROM documents WHERE collection_id = ? AND origin = 'file'
            AND (substr(source, 1, ?) = ?) = ? LIMIT 1
          """,
        arguments: [collection, start.unicodeScalars.count, start, identity.hasFolder])
    }
    guard let other else { return }
    throw StoreError(
      .invalidArgument,
      identity.hasFolder
        ? "the store calls files by their absolute paths, as \(other), and its address names a folder that holds "
          + "them; leave folder out of the address"
        : "the store calls files by their paths from a folder, as \(other), and its address does not name it; "
          + "add folder=PATH to the address")
  }

  /// Options with what reads files in this store, and with what the commands among it may do: one of the call is
  /// the user's own word, one that is only remembered has to be allowed, and none comes from what is added.
  ///
  /// - Throws: ``StoreError`` with `invalidArgument` for a command of the call that comes from there.
  func permitting(_ options: AddOptions, adding paths: [String] = []) async throws -> AddOptions {
    var options = options
    options.parsers = configuration.parsers
    options.filesForService = await filesForService()
    options.allowedConverters = configuration.allowedConverters.union(options.converters)
    let known = try await file.read { db in
      try CollectionsTable.all(db).flatMap { try RootsTable.all(collection: $0.id, db).map(\.path) }
    }
    options.addedPaths = known.map(identity.path(of:)) + paths.map(identity.absolute)
    for converter in options.converters where !converter.command.isEmpty {
      do {
        try CommandParser(converter, addedPaths: options.addedPaths).checkedProgram()
      } catch .notRun(let why) {
        throw StoreError(.invalidArgument, why)
      } catch {
        // Told of each file, since the program may be there the next time.
      }
    }
    return options
  }

  private func add(
    _ batches: FileBatches, _ parsing: DocumentParsing, _ progress: ProgressHandler?,
    _ run: inout AddRun
  ) async throws {
    var (done, total): (Int, Int?) = (0, nil)
    while var batch = try await file.work({ batches.next() }) {
      if let first = batch.forService.first {
        progress?(
          StoreProgress(done: done, total: batch.total, unit: "files", current: first.file.source))
        let outcomes = try await parsed(batch.forService, by: parsing)
        batches.take(outcomes, of: batch.forService.map { ($0.file, $0.root) }, into: &batch)
      }
      total = batch.total
      progress?(
        StoreProgress(
          done: done, total: total, unit: "files", current: batch.documents.first?.source))
      batch.warnings.forEach { run.tally.warn($0) }
      run.tally.leaveOut(batch.leftOut)
      batch.failures.forEach { run.tally.fail(nil, $0.code, $0.message) }
      try await run.keep(batch.unchanged)
      try await run.add(batch.documents)
      done += batch.seen
    }
    try await run.settle()
    progress?(StoreProgress(done: done, total: done, unit: "files"))
  }

  /// Remembers new roots, and others with their new options. A dry run remembers none.
  private func remember(
    _ new: [RootPlan.NewRoot], in plan: inout RootPlan, _ run: inout AddRun
  ) async throws {
    guard let now = run.placedAt, !new.isEmpty else { return }
    let collection = run.collection.id
    let ids = try await file.write { db in
      try new.map {
        try RootsTable.save(
          collection: collection, path: $0.source, isFolder: $0.isFolder, $0.options, now: now, db)
      }
    }
    for (root, id) in zip(new, ids) { plan.walks[root.walk].id = id }
  }

  /// Finds the files of documents that a version before format 9 added, which called them as their paths were
  /// typed: from the working folder then, or by another spelling.
  private func adoptEarlierSources(_ run: inout AddRun) async throws {
    let collection = run.collection.id
    let renamed = try await file.read { [identity] db in
      var renamed: [(id: Int64, source: String)] = []
      for document in try DocumentsTable.all(collection: collection, .filesWithoutRoot, db) {
        let old = document.key.source
        var status = stat()
        let isThere = lstat(identity.path(of: old), &status) == 0
        guard !isThere || old.hasPrefix("/") || old.contains("..") else { continue }
        let source = identity.source(of: old)
        let key = DocumentKey(source: source, isFile: true)
        if !source.utf8.elementsEqual(old.utf8), lstat(identity.path(of: source), &status) == 0,
          try DocumentsTable.id(collection: collection, key, db) == nil
        {
          renamed.append((document.id, source))
        }
      }
      return renamed
    }
    guard run.placedAt != nil, !renamed.isEmpty else { return }
    try await file.write { db in
      for (id, source) in renamed {
        let key = DocumentKey(source: source, isFile: true)
        // Two of them may be the same file.
        guard try DocumentsTable.id(collection: collection, key, db) == nil else { continue }
        try DocumentsTable.rename(id, to: source, db)
      }
    }
  }

  /// Reports documents whose files are gone or not taken any more, or removes them. Those that stay do not
  /// answer, unless nothing at all is at their paths.
  private func handleGoneFiles(
    _ plan: RootPlan, _ outcome: FileBatches.Outcome, _ options: AddOptions, _ run: inout AddRun
  ) async throws {
    let collection = run.collection.id
    // A dry run has moved none of them.
    let moved = Set(run.tally.report.moved.map(\.from))
    let documents = try await file.read { db in
      // Files alone answer for nothing but themselves.
      guard plan.walks.contains(where: { $0.isFolder != false }) else {
        return try plan.walks.compactMap {
          try DocumentsTable.file($0.source, collection: collection, db)
        }
      }
      return try DocumentsTable.all(collection: collection, .files, db)
    }.filter { !moved.contains($0.key.source) }
    let found = try await file.work {
      GoneFiles(plan: plan, outcome: outcome).find(among: documents)
    }
    for root in found where !root.gone.isEmpty {
      let isHeldBack = options.prunes && root.isSuspicious && !options.prunesMostOfARoot
      run.tally.list(
        gone: root.gone.map(\.gone), areRemoved: options.prunes && !isHeldBack, identity)
      if isHeldBack {
        run.tally.holdBack(root, identity)
      } else if options.prunes {
        try await run.remove(root.gone.map(\.id))
        continue
      }
      try await run.leaveOut(
        Dictionary(
          uniqueKeysWithValues: root.gone.lazy.filter { $0.gone.reason != .missing }
            .map { ($0.id, $0.gone.reason) }))
    }
    let emptied = Set(run.tally.emptied)
    guard options.prunes, !emptied.isEmpty else { return }
    let empty = documents.filter { emptied.contains($0.key.source) }
    run.tally.list(
      gone: empty.map { AddReport.Gone(source: $0.key.source, reason: .empty) }, areRemoved: true,
      identity)
    try await run.remove(empty.map(\.id))
  }

  /// Says which roots are in step now, and forgets those of which nothing is left: files that are no documents,
  /// and folders that were moved away, or are missing and pruned on purpose.
  private func settleRoots(
    _ plan: RootPlan, _ known: [RootRecord], _ new: [RootPlan.NewRoot], _ options: AddOptions,
    _ run: inout AddRun
  ) async throws {
    guard let now = run.placedAt else { return }
    let inStep =
      run.tally.report.stopped == nil
      ? plan.walks.filter { $0.isFolder != nil && !$0.isPart }.compactMap(\.id) : []
    let forgetsMissing =
      !run.tally.report.moved.isEmpty || options.prunes && options.prunesMostOfARoot
    let roots =
      known.map { (id: $0.id, source: $0.path, isFolder: $0.isFolder) }
      + new.compactMap { root in
        plan.walks[root.walk].id.map { (id: $0, source: root.source, isFolder: root.isFolder) }
      }
    let candidates = roots.filter { root in
      var status = stat()
      if root.isFolder {
        return forgetsMissing && stat(identity.path(of: root.source), &status) != 0
      }
      return true
    }
    try await run.changeRoots { db in
      try RootsTable.setUpdated(inStep, now: now, db)
      for root in candidates where try RootsTable.documents(root.id, db) == 0 {
        try RootsTable.delete(root.id, db)
      }
    }
  }
}
