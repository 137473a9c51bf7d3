// How often something is tried whose connection to PostgreSQL was lost.

#if Postgres
  import Foundation
  import VectorStorePostgres

  enum PostgresPatience {
    /// How long a server may be away before a verb gives up, and how long it waits between, in seconds.
    private static let (patience, pause) = (Duration.seconds(30), 0.25)

    /// Tries again, as long as there is patience, what a lost connection ended.
    ///
    /// - Parameter place: what the other side is called in errors.
    /// - Throws: ``StoreError``, or what `body` throws that is not PostgreSQL's.
    static func persisting<T>(with place: String, _ body: () throws -> T) throws -> T {
      var deadline: ContinuousClock.Instant?
      while true {
        do {
          return try body()
        } catch let error as PostgresError
          where isPassing(error) && .now < deadline ?? .now + patience
        {
          deadline = deadline ?? .now + patience
          try Cancellation.check()
          Thread.sleep(forTimeInterval: pause)
        } catch {
          throw StoreError.translating(postgres: error, path: place)
        }
      }
    }

    /// Whether another try may succeed: the connection was lost, or the server starts or stops. One that does not
    /// answer has been waited for.
    private static func isPassing(_ error: PostgresError) -> Bool {
      if error.kind == .timeout || error.kind == .closed { return false }
      return error.isConnectionLost || error.kind == .connection
        || ["40001", "40P01"].contains(error.sqlState ?? "")
    }
  }
#endif
