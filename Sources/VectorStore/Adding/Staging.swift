// Answers of a service on the way into the file: committed to `staged` as they come. Called by
// AddRun and Store+Reembed.

import Foundation

extension Store {
  /// How an adding run's queue finds what is missing and keeps what comes.
  func staging(requests: ServiceRequests, target: SpaceRecord) -> EmbeddingQueue.Run {
    EmbeddingQueue.Run(
      requests: requests,
      stillMissing: { [file] hashes in
        try await file.read { db in
          try Set(
            hashes.filter { try !VectorsTable.knows(textHash: $0, space: target.id, db) })
        }
      },
      commit: { try await self.stage($0, in: target) })
  }

  /// Keeps vectors until their documents are placed.
  func stage(_ vectors: [Data: StoredVector], in space: SpaceRecord) async throws {
    guard !vectors.isEmpty else { return }
    try await file.write { db in
      let now = Timestamp.now()
      for (hash, vector) in vectors {
        try VectorsTable.stage(vector, textHash: hash, space: space.id, now: now, db)
      }
    }
  }
}
