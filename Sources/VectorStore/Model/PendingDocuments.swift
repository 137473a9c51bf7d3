// The documents that answers, figures and exports leave out since they wait for their vectors.

/// Documents that wait for their vectors. The text that they wait with is not searched yet.
public struct PendingDocuments: Sendable, Codable, Hashable {
  /// How many wait.
  public var count: Int
  /// How many documents there are, those that wait among them.
  public var documents: Int
  /// Why the last of them waits, and what helps.
  public var reason: String

  /// Creates a count of documents that wait.
  public init(count: Int, documents: Int, reason: String) {
    self.count = count
    self.documents = documents
    self.reason = reason
  }

  /// The same as a sentence: how many wait, and why.
  public var message: String {
    let documents = "\(count) of \(documents) document\(documents == 1 ? "" : "s")"
    return count == 1
      ? "\(documents) waits for its vectors and is not searched: \(reason)"
      : "\(documents) wait for their vectors and are not searched: \(reason)"
  }
}
