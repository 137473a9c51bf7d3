// What SearchBenchmark measures in an open store.

import Foundation
import VectorStore

/// Queries of an open store, asked one by one, together, filtered, and by many tasks.
struct SearchFigures {
  let store: Store
  let data: SearchData

  private var limit: Int { SearchBenchmark.limit }

  /// - Parameter memoryBefore: the process's private memory before the store was opened, in megabytes.
  func measure(_ figures: inout Figures, memoryBefore: Double) async throws {
    let first = try await time { _ = try await query([data.queries[0]]) }
    figures.set("first_ms", 1e3 * first, "ms for the first query of an open store")
    // Twice through, so that what a long-lived store keeps in memory is there.
    for _ in 0..<2 { for vector in data.queries { _ = try await query([vector]) } }
    let found = try await measureWarm(&figures)
    figures.set(
      "private_kb_per_row",
      (ProcessMemory.privateMegabytes() - memoryBefore) * 1e3 / Double(data.rows),
      "KB of private memory a row, of the warm store")
    try await measureExact(found, &figures)
    try await measureBatch(&figures)
    try await measureFiltered(&figures)
    try await measureConcurrent(&figures)
  }

  private func query(
    _ vectors: [[Float]], exact: Bool = false, filter: String? = nil
  ) async throws -> [QueryResult] {
    var options = QueryOptions(limit: limit)
    options.isExact = exact
    options.filter = try filter.map { try Filter(parsing: $0) }
    return try await store.query(vectors: vectors, options: options)
  }

  private func measureWarm(_ figures: inout Figures) async throws -> [[Int64]] {
    var times: [Double] = []
    var found: [[Int64]] = []
    var effort = SearchEffort()
    for vector in data.queries {
      let started = ContinuousClock.now
      let answer = try await query([vector])[0]
      times.append((ContinuousClock.now - started).seconds)
      guard answer.hits.allSatisfy({ $0.text != nil }) else { throw CocoaError(.coderInvalidValue) }
      found.append(answer.hits.map(\.id))
      effort = answer.effort
    }
    let timing = Timing(seconds: times.sorted())
    figures.set("warm_ms", 1e3 * timing.median, "ms a warm query, hits with their texts")
    figures.set("warm_p99_ms", 1e3 * timing.quantile(0.99), "ms, its 99th percentile")
    figures.set("refined", Double(effort.refined), "rows looked at by 4-bit codes, last query")
    figures.set("scored", Double(effort.scored), "float32 rows read, last query")
    let bytes = effort.scanned * 192 + effort.refined * 768 + effort.scored * 6144
    figures.set("read_mb", Double(bytes) / 1e6, "MB read for it")
    return found
  }

  private func measureExact(_ found: [[Int64]], _ figures: inout Figures) async throws {
    let truth = try await query(data.queries, exact: true).map { Set($0.hits.map(\.id)) }
    let right = zip(found, truth).reduce(0) { $0 + $1.1.intersection($1.0).count }
    figures.set(
      "recall", Double(right) / Double(truth.reduce(0) { $0 + $1.count }),
      "recall@\(limit) against exact search, mean over \(data.queries.count) queries", digits: 5)
    let exact = try await Timing.of(5) { _ = try await query([data.queries[0]], exact: true) }
    figures.set("exact_ms", 1e3 * exact.median, "ms a warm query with --exact")
  }

  private func measureBatch(_ figures: inout Figures) async throws {
    let batch = Array(data.queries.prefix(100))
    let timing = try await Timing.of(7) { _ = try await query(batch) }
    figures.set(
      "batch_ms", 1e3 * timing.median / Double(batch.count),
      "ms a query in a batch of \(batch.count), hits with their texts")
  }

  /// A filter that keeps one row in a thousand, another one each time: nothing of it is known before.
  private func measureFiltered(_ figures: inout Figures) async throws {
    var times: [Double] = []
    var (right, all) = (0, 0)
    for (index, vector) in data.queries.enumerated() {
      let filter = "topic = \(index * 13 % 1000)"
      let started = ContinuousClock.now
      let hits = try await query([vector], filter: filter)[0].hits
      times.append((ContinuousClock.now - started).seconds)
      let truth = try await query([vector], exact: true, filter: filter)[0].hits
      right += Set(hits.map(\.id)).intersection(truth.map(\.id)).count
      all += truth.count
    }
    figures.set(
      "filtered_ms", 1e3 * Timing(seconds: times.sorted()).median,
      "ms a warm query with a new filter that keeps one row in a thousand")
    figures.set(
      "filtered_recall", Double(right) / Double(max(all, 1)), "its recall@\(limit)", digits: 5)
  }

  private func measureConcurrent(_ figures: inout Figures) async throws {
    for tasks in [1, 2, 8] {
      let each = 400 / tasks
      let seconds = try await time {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for task in 0..<tasks {
            group.addTask {
              for index in 0..<each {
                _ = try await query([data.queries[(task * 31 + index) % data.queries.count]])
              }
            }
          }
          try await group.waitForAll()
        }
      }
      figures.set(
        "concurrent_\(tasks)_qps", Double(each * tasks) / seconds, "queries/s by \(tasks) tasks")
    }
  }

  private func time(_ body: () async throws -> Void) async throws -> Double {
    let started = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - started).seconds
  }
}

/// Figures by name, printed as they come.
struct Figures {
  private var values: [(name: String, value: Double)] = []

  init(rows: Int, queries: Int) {
    set("rows", Double(rows), "rows")
    set("queries", Double(queries), "queries")
  }

  mutating func set(_ name: String, _ value: Double, _ meaning: String, digits: Int = 3) {
    values.append((name, value))
    let number =
      value >= 1000 ? String(format: "%.0f", value) : String(format: "%.\(digits)f", value)
    let padded = name.padding(toLength: 26, withPad: " ", startingAt: 0)
    print(
      "\(padded) \(String(repeating: " ", count: max(0, 12 - number.count)))\(number)  \(meaning)")
  }

  func json() throws -> Data {
    try JSONSerialization.data(
      withJSONObject: Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) }),
      options: [.prettyPrinted, .sortedKeys])
  }
}
