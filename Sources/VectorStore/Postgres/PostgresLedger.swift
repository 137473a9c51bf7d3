// A team's ledger: the same tables in a schema of a PostgreSQL database.

#if Postgres
  import Dispatch
  import Foundation
  import Logging
  import Synchronization
  import VectorStorePostgres

  /// A ledger that all who name its address share. A reservation is one transaction under an advisory lock, so
  /// that many processes on many machines hold to one limit.
  ///
  /// A transaction whose connection was lost is run again: at worst an attempt is entered twice, and counts as
  /// possibly billed. Too little is spent then, never too much.
  final class PostgresLedger: LedgerDatabase {
    private static let connections = 4
    private static let (patience, pause) = (Duration.seconds(30), 0.25)
    /// The second number of the lock; those of a store of the same schema are others.
    private static let lock: Int64 = -3

    private let address: String
    private let queue = DispatchQueue(label: "vector-store.ledger", attributes: .concurrent)
    private let dialect = PostgresDialect()
    private let pool = Mutex<PostgresPool?>(nil)

    init(address: String) { self.address = address }

    var path: String { (try? PostgresAddress(address).description) ?? "on PostgreSQL" }

    func write<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
      try await run { connection, schema in
        if try !Self.hasTables(connection, schema) {
          try Self.makeTables(connection, schema)
        }
        try connection.send("BEGIN", [])
        try connection.send(
          "SELECT pg_advisory_xact_lock((SELECT oid::int FROM pg_namespace WHERE nspname = $1), $2::int)",
          [.text(schema), .integer(Self.lock)])
        return try self.ending(connection, body)
      }
    }

    func read<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T? {
      try await run { connection, schema in
        guard try Self.hasTables(connection, schema) else { return nil }
        try connection.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", [])
        return try self.ending(connection, body)
      }
    }

    /// Runs `body`, which a cancelled task ends, and then commits, which nothing ends.
    private func ending<T>(
      _ connection: PostgresConnection, _ body: (any SQLTransaction) throws -> T
    ) throws -> T {
      let db = PostgresTransaction(connection, dialect, Logger(label: "vector-store.ledger"))
      let result = try Cancellation.interrupting(by: { connection.cancel() }) {
        let result = try body(db)
        try connection.sync()
        return result
      }
      try connection.run("COMMIT")
      return result
    }

    private func run<T: Sendable>(
      _ body: @escaping @Sendable (PostgresConnection, _ schema: String) throws -> T
    ) async throws -> T {
      try await Cancellation.run(on: queue) { [self] in
        var deadline: ContinuousClock.Instant?
        while true {
          do {
            let address = try PostgresAddress(address)
            return try self.opened(address).withConnection(check: Cancellation.check) {
              connection in
              try body(connection, address.schema)
            }
          } catch let error as PostgresError
            where error.isConnectionLost && error.kind != .timeout
            && .now < deadline ?? .now + Self.patience
          {
            deadline = deadline ?? .now + Self.patience
            try Cancellation.check()
            Thread.sleep(forTimeInterval: Self.pause)
          } catch {
            throw StoreError.translating(postgres: error, path: "the ledger \(path)")
          }
        }
      }
    }

    private func opened(_ address: PostgresAddress) -> PostgresPool {
      pool.withLock { pool in
        if let pool { return pool }
        let new = PostgresPool(
          address.connection, timeouts: address.timeouts, limit: Self.connections,
          prepare: { try PostgresMigration.setUp($0, schema: address.schema) })
        pool = new
        return new
      }
    }

    private static func hasTables(
      _ connection: PostgresConnection, _ schema: String
    ) throws -> Bool {
      var found = false
      try connection.query(
        "SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'attempts'", [.text(schema)]
      ) { _ in
        found = true
        return true
      }
      return found
    }

    /// Makes the tables, one process at a time.
    private static func makeTables(_ connection: PostgresConnection, _ schema: String) throws {
      try connection.run(
        "SELECT pg_advisory_lock(hashtextextended('vector-store ledger ' || $1, 0))",
        [.text(schema)])
      defer {
        _ = try? connection.run(
          "SELECT pg_advisory_unlock(hashtextextended('vector-store ledger ' || $1, 0))",
          [.text(schema)])
      }
      if try hasTables(connection, schema) { return }
      try PostgresMigration.begin(connection, schema: schema)
      try connection.batch(tables)
      try connection.batch("COMMIT")
    }

    /// As in a file, see `LedgerSchema`.
    private static let tables = """
      CREATE TABLE attempts (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        account text COLLATE "C" NOT NULL,
        at bigint NOT NULL,
        model text COLLATE "C" NOT NULL,
        run_id text COLLATE "C" NOT NULL,
        request_id text COLLATE "C" NOT NULL,
        number bigint NOT NULL,
        texts bigint NOT NULL,
        host text COLLATE "C" NOT NULL,
        process_id bigint NOT NULL,
        state text COLLATE "C" NOT NULL
          CHECK (state IN ('reserved', 'billed', 'possibly_billed', 'not_billed')),
        tokens_reserved bigint NOT NULL,
        cost_reserved_nano bigint NOT NULL,
        tokens bigint NOT NULL,
        cost_nano bigint NOT NULL,
        settled_at bigint,
        error_kind text COLLATE "C",
        error_code text COLLATE "C"
      );
      CREATE INDEX attempts_by_time ON attempts (account, at, tokens);
      CREATE INDEX attempts_reserved ON attempts (account, at) WHERE state = 'reserved';
      CREATE INDEX attempts_failed ON attempts (account, at, error_kind)
        WHERE error_kind IS NOT NULL;
      CREATE TABLE days (
        account text COLLATE "C" NOT NULL,
        day bigint NOT NULL,
        model text COLLATE "C" NOT NULL,
        \(UsageTotals.columns.map { "\($0) bigint NOT NULL" }.joined(separator: ", ")),
        PRIMARY KEY (account, day, model)
      );
      CREATE TABLE accounts (
        account text COLLATE "C" PRIMARY KEY,
        state text COLLATE "C" NOT NULL
      );
      """
  }
#endif
