// The retrieval self-test: the fast search against exact search on the store's own vectors, and how
// well documents hold together.

import Foundation
import GRDB

/// Measures by a seeded sample of each collection's vectors, in each of its spaces.
struct RecallCheck {
  private static let limit = 10
  /// The sample is the same for the same ids.
  private static let seed: UInt64 = 0x646F_6374_6F72

  let store: Store
  let sampleSize: Int

  /// A collection in one space, and vectors of it with what they belong to.
  private struct Sample: Sendable {
    let collection: String
    let space: EmbeddingSpace
    var rows: [(chunk: Int64, source: String, vector: [Float])] = []
  }

  /// What queries came to, summed over all samples.
  private struct Sums {
    var (queries, found, wanted) = (0, 0, 0)
    var (judged, near) = (0, 0)
    var worse = Findings()
  }

  func run() async throws -> [DoctorReport.Check] {
    var sums = Sums()
    do {
      for target in try await targets() {
        try Task.checkCancellation()
        let sample = try await sample(target, ofDocuments: false)
        try await measureRecall(sample, &sums)
        try await measureConsistency(try await self.sample(target, ofDocuments: true), &sums)
      }
    } catch let error as StoreError {
      var check = DoctorReport.Check(.recall, .problem, "cannot be measured: \(error.message)")
      check.count = 1
      return [check]
    }
    return [Self.recall(sums), Self.consistency(sums)]
  }

  private static func recall(_ sums: Sums) -> DoctorReport.Check {
    guard sums.wanted > 0 else {
      return DoctorReport.Check(.recall, .ok, "there is nothing to find")
    }
    let recall = Double(sums.found) / Double(sums.wanted)
    var check = sums.worse.check(
      .recall,
      well: "recall@\(limit) of \(sums.queries) of the store's own vectors is \(recall)",
      recall < 0.99 ? .problem : .warning,
      found:
        "of \(sums.queries) queries miss rows that exact search finds: recall@\(limit) \(recall)",
      advice:
        "a repair builds the segments again; exact queries do not use them")
    check.figures = ["recall": recall, "queries": Double(sums.queries)]
    return check
  }

  private static func consistency(_ sums: Sums) -> DoctorReport.Check {
    guard sums.judged > 0 else {
      return DoctorReport.Check(.consistency, .ok, "no document has several chunks")
    }
    let share = Double(sums.near) / Double(sums.judged)
    var check = DoctorReport.Check(
      .consistency, .ok,
      "of \(sums.judged) chunks of documents of several, \(sums.near) have their nearest other chunk in "
        + "their own document")
    check.figures = ["consistency": share, "chunks": Double(sums.judged)]
    return check
  }

  // MARK: - Samples

  /// Every collection in every space that it has vectors in.
  private func targets() async throws -> [Sample] {
    try await store.collections().flatMap { collection in
      collection.vectors.keys.sorted { $0.name < $1.name }
        .map { Sample(collection: collection.name, space: $0) }
    }
  }

  /// Vectors whose ids come first in a seeded order, of all chunks or of those of documents of several.
  private func sample(_ target: Sample, ofDocuments: Bool) async throws -> Sample {
    let count = sampleSize
    return try await store.file.read { db in
      var sample = target
      guard let space = try SpacesTable.find(target.space, db) else { return sample }
      let several =
        ofDocuments
        ? "AND EXISTS (SELECT 1 FROM chunks o WHERE o.document_id = d.id AND o.id <> c.id)" : ""
      var ids: [(order: UInt64, id: Int64)] = []
      try db.forEachRawRow(
        bulk: """
          SELECT v.id FROM collections k CROSS JOIN documents d ON d.collection_id = k.id
          CROSS JOIN chunks c ON c.document_id = d.id
          CROSS JOIN vectors v ON v.chunk_id = c.id AND v.space_id = ?
          WHERE k.name = ? \(several)
          """, .integer(space.id), .text(target.collection)
      ) { row in
        ids.append((Self.order(row.integer(0)), row.integer(0)))
        if ids.count >= 2 * count + 1000 { ids = Array(ids.sorted { $0 < $1 }.prefix(count)) }
      }
      for (_, id) in ids.sorted(by: { $0 < $1 }).prefix(count) {
        try db.forEachRow(
          bulk: """
            SELECT v.chunk_id, d.source, \(VectorsTable.data(in: target.space, db)) FROM vectors v JOIN chunks c ON c.id = v.chunk_id
            JOIN documents d ON d.id = c.document_id WHERE v.id = ?
            """, .integer(id)
        ) { row in
          let bytes = try row.blob(2, count: 4 * target.space.dimensions)
          sample.rows.append(
            (try row.integer(0), try row.text(1), StoredVector.components(bytes)))
        }
      }
      return sample
    }
  }

  /// A place in a random order that ids always have (the mixing function of SplitMix64).
  private static func order(_ id: Int64) -> UInt64 {
    var z = UInt64(bitPattern: id) &+ seed
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  // MARK: - Measuring

  private func answers(
    _ sample: Sample, limit: Int, exact: Bool
  ) async throws -> [QueryResult] {
    var options = QueryOptions(limit: limit)
    options.isExact = exact
    return try await store.query(
      vectors: sample.rows.map(\.vector), space: sample.space, in: sample.collection,
      options: options)
  }

  private func measureRecall(_ sample: Sample, _ sums: inout Sums) async throws {
    guard !sample.rows.isEmpty else { return }
    let fast = try await answers(sample, limit: Self.limit, exact: false)
    let exact = try await answers(sample, limit: Self.limit, exact: true)
    for (index, (fast, exact)) in zip(fast, exact).enumerated() {
      let wanted = Set(exact.hits.map(\.id))
      let found = wanted.intersection(fast.hits.map(\.id)).count
      sums.queries += 1
      sums.found += found
      sums.wanted += wanted.count
      guard found < wanted.count else { continue }
      sums.worse.add(
        "\(sample.rows[index].source) (collection \"\(sample.collection)\"): \(found) of \(wanted.count)"
      )
    }
  }

  /// Leaves each vector out of its own answer.
  private func measureConsistency(_ sample: Sample, _ sums: inout Sums) async throws {
    guard !sample.rows.isEmpty else { return }
    for (row, answer) in zip(sample.rows, try await answers(sample, limit: 2, exact: false)) {
      guard let other = answer.hits.first(where: { $0.id != row.chunk }) else { continue }
      sums.judged += 1
      if other.source == row.source { sums.near += 1 }
    }
  }
}
