// What the server counts, in Prometheus' text form.

import Foundation
import Synchronization
import VectorStore

/// Counts requests by route, method and status, and how long they took by route.
final class ServeMetrics: Sendable {
  private struct Key: Hashable {
    let route, method: String
    let status: Int
  }

  private struct Times {
    var buckets = [Int](repeating: 0, count: ServeMetrics.bounds.count)
    var count = 0
    var sum = 0.0
  }

  private struct Counts {
    var requests: [Key: Int] = [:]
    var times: [String: Times] = [:]
  }

  /// The upper bounds of the buckets, in seconds.
  private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

  private let counts = Mutex(Counts())

  func count(_ exchange: HTTPExchange) {
    // Methods are the client's: only known ones, so that nobody can make more and more counters.
    let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    let method = known.contains(exchange.method) ? exchange.method : "other"
    counts.withLock { counts in
      let key = Key(route: exchange.route, method: method, status: exchange.status)
      counts.requests[key, default: 0] += 1
      var times = counts.times[exchange.route] ?? Times()
      times.count += 1
      times.sum += exchange.seconds
      for (index, bound) in Self.bounds.enumerated() where exchange.seconds <= bound {
        times.buckets[index] += 1
      }
      counts.times[exchange.route] = times
    }
  }

  /// The page that Prometheus reads.
  ///
  /// - Parameter connections: how many are open.
  func page(
    connections: Int, collections: [CollectionSummary], usage: UsageReport?
  ) -> String {
    var lines: [String] = []
    func metric(_ name: String, _ kind: String, _ help: String, _ values: [String]) {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) \(kind)"] + values
    }
    let counts = counts.withLock { $0 }
    metric(
      "store_http_requests_total", "counter", "Requests that were answered.",
      counts.requests.map { key, count in
        "store_http_requests_total{route=\"\(key.route)\",method=\"\(key.method)\",status=\"\(key.status)\"} \(count)"
      }.sorted())
    metric(
      "store_http_request_duration_seconds", "histogram", "How long answers took.",
      counts.times.sorted { $0.key < $1.key }.flatMap { route, times in
        let name = "store_http_request_duration_seconds"
        return zip(Self.bounds, times.buckets).map { bound, count in
          "\(name)_bucket{route=\"\(route)\",le=\"\(bound)\"} \(count)"
        } + [
          "\(name)_bucket{route=\"\(route)\",le=\"+Inf\"} \(times.count)",
          "\(name)_sum{route=\"\(route)\"} \(times.sum)",
          "\(name)_count{route=\"\(route)\"} \(times.count)",
        ]
      })
    metric(
      "store_http_connections", "gauge", "Connections that are open.",
      ["store_http_connections \(connections)"])
    func gauge(_ name: String, _ help: String, _ value: (CollectionSummary) -> Int) {
      metric(
        name, "gauge", help,
        collections.map { "\(name){collection=\"\(Self.escaped($0.name))\"} \(value($0))" })
    }
    gauge("store_documents", "Documents by collection.") { $0.documents }
    gauge("store_documents_pending", "Documents that wait for their vectors.") { $0.pending }
    gauge("store_chunks", "Chunks by collection.") { $0.chunks }
    if let usage {
      metric(
        "store_cost_today_usd", "gauge",
        "What embedding cost this UTC day, of all stores of the user.",
        ["store_cost_today_usd \(usage.today.costUSD)"])
      metric(
        "store_embedding_requests_hour", "gauge",
        "Requests to embedding services in the last hour.",
        ["store_embedding_requests_hour \(usage.lastHour.requests)"])
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func escaped(_ label: String) -> String {
    Terminal.oneLine(label).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }
}
