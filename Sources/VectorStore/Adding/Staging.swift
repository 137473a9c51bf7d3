// Vectors on their way into the file, before their documents are placed.

import Foundation

extension Store {
  /// How a run's queue sends texts, and keeps other runs from sending them too.
  func staging(
    _ run: Run, requests: ServiceRequests, target: SpaceRecord
  ) async throws -> EmbeddingQueue.Run {
    EmbeddingQueue.Run(
      requests: requests, claims: try await Claims(of: run, in: target, file: file))
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
