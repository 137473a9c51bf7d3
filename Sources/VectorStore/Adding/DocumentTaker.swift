// What the sources of documents hand them to: a run that adds them, or a plan that only counts. Called
// by Store+Add.

/// Takes documents, batch by batch.
protocol DocumentTaker {
  /// The report in the making.
  var tally: AddTally { get set }
  /// The collection's row, nil where it is yet to be made.
  var collectionID: Int64? { get }

  /// Takes a batch of documents.
  mutating func add(_ batch: [IncomingDocument]) async throws
  /// Deals with all documents that it has taken.
  mutating func settle() async throws
  /// Takes away documents whose files are gone.
  mutating func remove(sources: [String]) async throws
}
