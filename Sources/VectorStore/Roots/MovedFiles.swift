// Finds the document that a new file was before it was moved or renamed.

import Foundation
import VectorStoreText

/// Matches new files with documents of the same content whose own files are gone.
struct MovedFiles: Sendable {
  let identity: SourceIdentity

  /// The document that a file was, if there is one: of those of its content whose files are gone, the one of
  /// the same name, else the oldest.
  ///
  /// - Parameter besides: row ids of documents that are taken already.
  func find(
    _ file: CutDocument, in collection: Int64, besides taken: Set<Int64>, _ db: any SQLTransaction
  ) throws -> (id: Int64, source: String)? {
    let gone = try DocumentsTable.files(
      collection: collection, contentHash: file.contentHash, db
    ).filter { !taken.contains($0.id) && isGone($0.source) }
    let name = Self.name(file.source)
    return gone.first { Self.name($0.source) == name } ?? gone.first
  }

  /// Whether nothing is at the path of a source. A path that cannot be looked at is not known to be gone.
  private func isGone(_ source: String) -> Bool {
    var status = stat()
    return lstat(identity.path(of: source), &status) != 0 && (errno == ENOENT || errno == ENOTDIR)
  }

  private static func name(_ source: String) -> Substring {
    source.lastIndex(of: "/").map { source[source.index(after: $0)...] } ?? source[...]
  }
}
