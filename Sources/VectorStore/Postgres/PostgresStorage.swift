// A store in a schema of a PostgreSQL database: its connections, its transactions, and what keeps them apart.

#if Postgres
  import Dispatch
  import Foundation
  import Logging
  import Synchronization
  import VectorStorePostgres

  /// One open store on PostgreSQL.
  ///
  /// Writers take turns by an advisory lock, in all processes, as those of a file do: what a verb looks up and
  /// then writes is one step. Readers see one snapshot and never wait. A transaction whose connection was lost is
  /// run again on another: before its end it has changed nothing, and whether it has come to its end is told by
  /// the store's generation.
  final class PostgresStorage: StoreStorage {
    /// How long a server may be away before a verb gives up, and how long it waits between.
    private static let (patience, pause) = (30.0, 0.25)

    let address: PostgresAddress
    let index: any SearchIndex
    private let configuration: StoreConfiguration
    private let pool: PostgresPool
    private let dialect = PostgresDialect()
    private let queue = DispatchQueue(label: "vector-store.postgres", attributes: .concurrent)
    /// The number of the store's schema, by which its advisory locks are told from those of others.
    private let lockSpace: Int64

    var path: String { address.description }

    /// Connects, and makes or upgrades the schema where the configuration says so.
    ///
    /// - Throws: ``StoreError`` with `cannotOpen`, `storeNotFound`, `tooNew`, `readOnly`, `invalidArgument`.
    static func open(
      address: String, configuration: StoreConfiguration
    ) async throws -> PostgresStorage {
      try await Cancellation.run(on: DispatchQueue(label: "vector-store.open")) {
        do {
          return try PostgresStorage(try PostgresAddress(address), configuration)
        } catch {
          throw StoreError.translating(postgres: error, path: StorePlace(address).shown)
        }
      }
    }

    private init(_ address: PostgresAddress, _ configuration: StoreConfiguration) throws {
      self.address = address
      self.configuration = configuration
      let timeouts = address.timeouts
      try PostgresMigration(address, configuration, timeouts).run()
      pool = PostgresPool(
        address.connection, timeouts: timeouts,
        limit: configuration.maximumReaders + 2,
        prepare: { connection in try PostgresMigration.setUp(connection, schema: address.schema) })
      lockSpace = try pool.withConnection { connection in
        var number: Int64 = 0
        try connection.query(
          "SELECT oid::bigint FROM pg_namespace WHERE nspname = $1", [.text(address.schema)]
        ) {
          // An advisory lock's first number is signed.
          number = Int64(Int32(truncatingIfNeeded: try $0.integer(0)))
          return true
        }
        return number
      }
      index = PostgresIndex()
    }

    func close() async throws { pool.close() }

    func work<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
      try await Cancellation.run(on: queue, body)
    }

    // MARK: - Transactions

    func read<T: Sendable>(
      isWordSearch: Bool, _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
      try await run { connection, _ in
        try connection.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", [])
        let result = try body(
          PostgresTransaction(connection, self.dialect, self.configuration.logger))
        try connection.run("COMMIT")
        return result
      }
    }

    func write<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
      try requireWriting()
      return try await run { connection, attempt in
        let db = try self.begin(connection)
        // An attempt whose end was lost with its connection may have come to it.
        if let (generation, result) = attempt.ended,
          try StoreStateTable.generation(db) == generation
        {
          try connection.run("COMMIT")
          return result
        }
        let result = try body(db)
        try StoreStateTable.raiseGeneration(db)
        attempt.ended = (try StoreStateTable.generation(db), result)
        try connection.run("COMMIT")
        return result
      }
    }

    func writeNote<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
      try requireWriting()
      return try await run { connection, _ in
        let db = try self.begin(connection)
        try connection.send("SET LOCAL synchronous_commit = off", [])
        let result = try body(db)
        try connection.run("COMMIT")
        return result
      }
    }

    private func begin(_ connection: PostgresConnection) throws -> PostgresTransaction {
      try connection.send("BEGIN", [])
      let wait = configuration.lockTimeout.map { max(1, Int($0.inSeconds * 1000)) } ?? 0
      try connection.send("SELECT set_config('lock_timeout', $1, true)", [.text("\(wait)ms")])
      try connection.send(
        "SELECT pg_advisory_xact_lock($1::int, $2::int)",
        [.integer(lockSpace), .integer(Int64(PostgresSchema.Lock.writing.rawValue))])
      return PostgresTransaction(connection, dialect, configuration.logger)
    }

    private func requireWriting() throws {
      guard configuration.access == .readWrite else {
        throw StoreError(
          .readOnly,
          "\(path) was opened for reading only; open it for reading and writing to change it")
      }
    }

    /// What is known of the attempts of one transaction.
    private final class Attempt<T> {
      /// The generation that an attempt was about to write, and what it came to.
      var ended: (generation: Int64, result: T)?
    }

    private func run<T: Sendable>(
      _ body: @escaping @Sendable (PostgresConnection, Attempt<T>) throws -> T
    ) async throws -> T {
      try await Cancellation.run(on: queue) { [pool, path] in
        let attempt = Attempt<T>()
        let deadline = Date().addingTimeInterval(Self.patience)
        while true {
          do {
            return try pool.withConnection(check: Cancellation.check) { connection in
              do {
                return try Cancellation.interrupting(by: { connection.cancel() }) {
                  try body(connection, attempt)
                }
              } catch let error as PostgresError where !error.isConnectionLost {
                throw error
              }
            }
          } catch let error as PostgresError
            where Self.isPassing(error) && Date() < deadline
          {
            try Cancellation.check()
            Thread.sleep(forTimeInterval: Self.pause)
          } catch {
            throw StoreError.translating(postgres: error, path: path)
          }
        }
      }
    }

    /// Whether another try may succeed: the connection was lost, or the server starts or stops. One that does not
    /// answer has been waited for.
    private static func isPassing(_ error: PostgresError) -> Bool {
      if error.kind == .timeout { return false }
      return error.isConnectionLost || error.kind == .connection
        || ["40001", "40P01"].contains(error.sqlState ?? "")
    }

    // MARK: - Runs and indexes

    func presence(of run: Int64) async throws -> any RunPresence {
      try await Cancellation.run(on: queue) { [address, lockSpace, path] in
        do {
          return try PostgresPresence(address, lockSpace: lockSpace, run: run)
        } catch {
          throw StoreError.translating(postgres: error, path: path)
        }
      }
    }

    /// Makes the indexes that are worth it by now, beside other writers.
    func checkpoint() async throws {
      guard configuration.access == .readWrite else { return }
      try await run { connection, _ in
        try PostgresIndexes(connection: connection, lockSpace: self.lockSpace)
          .make(self.dialect, self.configuration.logger)
      }
    }
  }

  /// The sign that a run is at work: an advisory lock that the server takes back with its connection.
  private final class PostgresPresence: RunPresence {
    private let address: PostgresAddress
    private let lockSpace: Int64
    private let run: Int64
    private let connection: Mutex<PostgresConnection>

    init(_ address: PostgresAddress, lockSpace: Int64, run: Int64) throws {
      (self.address, self.lockSpace, self.run) = (address, lockSpace, run)
      connection = Mutex(try Self.connect(address, lockSpace, run))
    }

    deinit { connection.withLock { $0.close() } }

    private static func connect(
      _ address: PostgresAddress, _ lockSpace: Int64, _ run: Int64
    ) throws -> PostgresConnection {
      let connection = try PostgresConnection(address.connection, timeouts: address.timeouts)
      try connection.run(
        "SELECT pg_advisory_lock_shared($1::int, $2::int)", [.integer(lockSpace), .integer(run)])
      return connection
    }

    func isAtWork(_ other: Int64) -> Bool {
      guard other != run else { return true }
      return connection.withLock { connection in
        for _ in 0..<2 {
          if connection.isBroken, let new = try? Self.connect(address, lockSpace, run) {
            connection = new
          }
          var isHeld: Bool?
          try? connection.query(
            """
            SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
              AND classid::bigint = $1::bigint AND objid::bigint = $2::bigint AND objsubid = 2)
            """, [.integer(lockSpace & 0xFFFF_FFFF), .integer(other)]
          ) {
            isHeld = try $0.integer(0) != 0
            return true
          }
          if let isHeld { return isHeld }
        }
        // Who cannot be asked may be at work: its claim is heeded for ten minutes.
        return true
      }
    }
  }
#endif
