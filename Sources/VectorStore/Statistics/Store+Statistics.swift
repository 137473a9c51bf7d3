// The verb `statistics`: how good the vectors of each space are.

import Foundation

extension Store {
  /// How good the vectors of each space are: moments, spectrum, neighbours, hubs, near-duplicates,
  /// outliers, and a verdict in plain words.
  ///
  /// It costs nothing, sends nothing, and reads one snapshot; other processes may write meanwhile, but
  /// the log cannot be emptied until it is done. Only ``StatisticsOptions/save`` writes.
  ///
  /// - Parameters:
  ///   - collection: The collection to look at; nil is all of them together.
  ///   - space: The space to look at; nil is all that have vectors.
  ///   - options: What to compute, compare and save.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `spaceMismatch` where the collection has no
  ///   vector of the space, `statisticsNotFound` for a name to compare with, `invalidArgument`, `damaged`,
  ///   `readOnly` where a summary is to be saved; and `CancellationError`.
  /// - Complexity: reads every vector three times. 100,000 rows of 1536 dimensions take about ten seconds
  ///   on two cores, and about 200 MB.
  public func statistics(
    of collection: String? = nil, space: EmbeddingSpace? = nil,
    options: StatisticsOptions = StatisticsOptions()
  ) async throws -> StatisticsReport {
    try options.check()
    let started = ContinuousClock.now
    let (report, summaries) = try await file.read { db in
      try Self.measure(collection, space, options, db)
    }
    if !summaries.isEmpty {
      try await file.write { db in
        for (space, summary) in summaries {
          try StatisticsTable.save(summary, space: space, db)
        }
      }
      try await file.checkpoint()
    }
    var timed = report
    timed.duration = ContinuousClock.now - started
    return timed
  }

  /// The report, and what is to be saved by the row id of its space.
  private static func measure(
    _ collection: String?, _ space: EmbeddingSpace?, _ options: StatisticsOptions,
    _ db: any SQLTransaction
  ) throws -> (StatisticsReport, [(Int64, SavedSummary)]) {
    let record = try collection.map { try CollectionsTable.require($0, db) }
    var report = StatisticsReport(at: Date(), collection: collection)
    report.refused = try StatisticsTable.refusals(db)
    report.chunksWithoutVector = try StatisticsTable.chunksWithoutVector(
      collection: record?.id, db)
    report.pending = try DocumentsTable.pending(collection: record?.id, db)
    let found = try spaces(of: record, space, db)
    try requireSaved(options.compare, scope: collection ?? "", in: found.map(\.space), db)
    var summaries: [(Int64, SavedSummary)] = []
    for (space, collections) in found {
      let analysis = SpaceAnalysis(
        db: db, space: space, collections: collections, scope: collection, options: options)
      let (figures, summary) = try analysis.measure()
      report.spaces.append(figures)
      if let summary { summaries.append((space.id, summary)) }
    }
    report.spaces.sort { $0.rows != $1.rows ? $0.rows > $1.rows : $0.space.name < $1.space.name }
    return (report, summaries)
  }

  /// The spaces that have vectors, each with the collections that hold them.
  private static func spaces(
    of collection: CollectionRecord?, _ space: EmbeddingSpace?, _ db: any SQLTransaction
  ) throws -> [(space: SpaceRecord, collections: [CollectionRecord])] {
    var holders: [EmbeddingSpace: [CollectionRecord]] = [:]
    for summary in try CollectionsTable.summaries(db)
    where collection == nil || summary.name == collection?.name {
      for held in summary.vectors.keys where space == nil || held == space {
        let record = try CollectionsTable.require(summary.name, db)
        holders[held, default: []].append(record)
      }
    }
    if let space, holders.isEmpty {
      throw StoreError(
        .spaceMismatch,
        (collection.map { "the collection \"\($0.name)\"" } ?? "the store")
          + " has no vector of \(space); look at the collections for the spaces there are")
    }
    return try holders.sorted { $0.key.name < $1.key.name }.compactMap { space, collections in
      try SpacesTable.find(space, db).map { ($0, collections) }
    }
  }

  /// Throws unless some of the spaces have statistics saved under the name.
  private static func requireSaved(
    _ name: String?, scope: String, in spaces: [SpaceRecord], _ db: any SQLTransaction
  ) throws {
    guard let name,
      try !spaces.contains(where: {
        try StatisticsTable.find(name, space: $0, collection: scope, db) != nil
      })
    else { return }
    let names = try StatisticsTable.names(collection: scope, db)
    let place = scope.isEmpty ? "all collections" : "the collection \"\(scope)\""
    throw StoreError(
      .statisticsNotFound,
      "no statistics of \(place) are saved as \"\(name)\": "
        + (names.isEmpty
          ? "save statistics under that name first"
          : "there are \(names.prefix(20).joined(separator: ", "))"))
  }
}
