// A store served over HTTP: the guard, all routes, the log and the metrics, put together.

import Foundation
import Synchronization
import VectorStore

/// Serves one store.
final class StoreServer: Sendable {
  /// How it serves.
  struct Options: Sendable {
    var host = "127.0.0.1"
    var port = 7280
    /// Whether the store may be changed.
    var writes = false
    /// What requests have to carry; nil asks for nothing, which only this machine may reach.
    var token: HiddenText?
    var limits = HTTPLimits()
  }

  private let server: HTTPServer

  /// Serves from now on.
  ///
  /// - Parameter log: takes a line for each answer.
  /// - Throws: ``SettingsError`` if the address cannot be listened on, or is another than this machine's own and
  ///   there is no token.
  init(_ store: Store, _ options: Options, log: @escaping @Sendable (String) -> Void) throws {
    guard try options.token != nil || ListeningSocket.isLoopback(options.host) else {
      throw SettingsError(
        message:
          "\(options.host) can be reached from other machines, and STORE_TOKEN is not set; set it to a "
          + "secret of at least \(HiddenText.tokenLength) characters, such as the output of `openssl rand -hex 24`, or serve "
          + "127.0.0.1 only")
    }
    let metrics = ServeMetrics()
    let running = Running()
    let uploads = UploadedFiles(besideStore: store.path)
    let vectorStores = OpenAIVectorStores(store: store, uploads: uploads)
    var all = StoreRoutes(store: store).routes + OpenAIEmbeddings(store: store).routes
    all += OpenAIFiles(store: store, uploads: uploads).routes
    all += vectorStores.routes + vectorStores.files.routes
    all +=
      MCPOverHTTP(tools: MCPTools(maximumTokens: 6000, writes: options.writes) { store }).routes
    all +=
      Self.ownRoutes(store, metrics) { running.server?.connections ?? 0 } + [
        SearchPage.route, SearchPage.report(store),
      ]
    all.append(OpenAPIDescription.route(of: all))
    let routes = ServeRoutes(all: all, writes: options.writes)
    let guarding = RequestGuard(token: options.token) { routes.isOpen($0) }
    server = try HTTPServer(
      host: options.host, port: options.port, limits: options.limits,
      handler: HTTPServer.Handler(
        admit: { head throws(HTTPError) in try guarding.check(head) },
        answer: { await routes.answer($0) },
        log: { exchange in
          metrics.count(exchange)
          log(Self.line(exchange))
        }))
    running.server = server
  }

  /// The port that it listens on.
  var port: Int { server.port }

  /// Takes no more requests, and waits for those that are being answered.
  func stop(patience: Duration = .seconds(8)) async { await server.stop(patience: patience) }

  /// The server, once it runs.
  private final class Running: Sendable {
    private let held = Mutex<HTTPServer?>(nil)
    var server: HTTPServer? {
      get { held.withLock { $0 } }
      set { held.withLock { $0 = newValue } }
    }
  }

  private static func ownRoutes(
    _ store: Store, _ metrics: ServeMetrics, connections: @escaping @Sendable () -> Int
  ) -> [ServeRoute] {
    [
      ServeRoute(
        method: "GET", path: "/healthz",
        summary: "Whether the server answers and its store can be read.",
        gives: "Liveness", isOpen: true
      ) { _ in
        _ = try await store.count()
        return try HTTPResponse(json: ["status": "ok"])
      },
      ServeRoute(
        method: "GET", path: "/metrics", summary: "Counters and gauges in Prometheus' text form."
      ) { _ in
        HTTPResponse(
          contentType: "text/plain; version=0.0.4; charset=utf-8",
          Data(
            metrics.page(
              connections: connections(), collections: try await store.collections(),
              usage: try? await store.usage(days: 1)
            ).utf8))
      },
    ]
  }

  /// A line of the log. It has no query and no body: they are the user's.
  private static func line(_ exchange: HTTPExchange) -> String {
    let time = Format.timestamp(Date())
    return
      "\(time) \(exchange.id) \(exchange.method) \(exchange.path.prefix(300)) \(exchange.status) "
      + "\(exchange.bytes) bytes \(Format.fixed(exchange.seconds * 1000, 1)) ms"
  }
}
