// `query --explain`: what scores mean in a collection. Calls VectorScan and the statistics of rows.

import Foundation
import GRDB
import VectorStoreSearch

extension Store {
  /// What scores mean in a space of a collection: how near random pairs and nearest neighbours are.
  ///
  /// Nothing is kept: a seeded sample of 256 rows is read and each of them searched for, so that the figures
  /// are those of the rows there are now. Percentiles are then right within some 3 points;
  /// ``statistics(of:space:options:)`` has them exactly.
  ///
  /// - Parameter space: the space; nil is the collection's target.
  /// - Throws: ``StoreError`` with `collectionNotFound`, `spaceMismatch`, `damaged`.
  /// - Complexity: O(rows) for the ids of rows, and 256 searches in one scan: 0.1 s for 100,000 rows.
  public func scoreCalibration(
    of collection: String = "default", space: EmbeddingSpace? = nil
  ) async throws -> ScoreCalibration {
    let deviations = ErrorBound.deviations(
      failureProbability: configuration.searchFailureProbability)
    return try await file.read { [file] db in
      let record = try CollectionsTable.require(collection, db)
      let checked = try VectorsTable.checked(space, of: record, db)
      var calibration = ScoreCalibration(
        space: checked.name, collection: collection, rows: 0, sampleRows: 0)
      guard let found = try SpacesTable.find(checked, db) else { return calibration }
      let scan = VectorScan(
        db: db, cache: file.index, space: found, collection: record.id, selection: nil,
        deviations: deviations)
      do {
        try CalibrationSample(scan: scan).measure(into: &calibration)
      } catch let error as SearchError {
        throw StoreError(
          .damaged, "\(error) (in the space \(checked)); restore the store from a backup",
          underlying: error)
      }
      return calibration
    }
  }
}
