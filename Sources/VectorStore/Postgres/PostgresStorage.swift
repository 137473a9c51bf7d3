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
  /// run again on another. Before its COMMIT it has changed nothing. Whether the COMMIT was carried out, the next
  /// attempt sees by a mark in `commits`. The server's own transaction numbers cannot tell: after a crash it uses
  /// numbers again that were not yet on its disk.
  final class PostgresStorage: StoreStorage {
    /// One in so many transactions forgets the marks of old ones.
    private static let marksForgottenAfter: Int64 = 64

    let address: PostgresAddress
    let index: any SearchIndex
    private let configuration: StoreConfiguration
    private let pool: PostgresPool
    private let dialect = PostgresDialect()
    private let queue = DispatchQueue(label: "vector-store.postgres", attributes: .concurrent)
    /// One at a time: those that wait for their turn among other processes would else hold every connection.
    private let writeQueue = DispatchQueue(label: "vector-store.postgres.write")
    /// The number of the store's schema. All its advisory locks begin with it, so that no other store has the same.
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
      try await run(on: queue) { connection, _ in
        try connection.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", [])
        return try self.committing(connection, body)
      }
    }

    func write<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
      try requireWriting()
      return try await run(on: writeQueue) { connection, attempt in
        try self.begin(connection)
        // An attempt whose end was lost with its connection may have come to it.
        if let (mark, result) = attempt.ended, try Self.isCommitted(mark, connection) {
          try connection.run("COMMIT")
          return result
        }
        return try self.committing(connection) { db in
          let result = try body(db)
          try StoreStateTable.raiseGeneration(db)
          let mark = Int64.random(in: 1...(.max))
          try db.run(bulk: "INSERT INTO commits(mark) VALUES (?)", .integer(mark))
          if mark % Self.marksForgottenAfter == 0 {
            try db.run(bulk: "DELETE FROM commits WHERE at < now() - interval '1 hour'")
          }
          attempt.ended = (mark, result)
          return result
        }
      }
    }

    func writeNote<T: Sendable>(
      _ body: @escaping @Sendable (any SQLTransaction) throws -> T
    ) async throws -> T {
      try requireWriting()
      return try await run(on: writeQueue) { connection, _ in
        try self.begin(connection)
        // On the disk, unlike that of a file: the server may fail while the run that claims its texts goes on.
        return try self.committing(connection, body)
      }
    }

    private func committing<T>(
      _ connection: PostgresConnection, _ body: (any SQLTransaction) throws -> T
    ) throws -> T {
      try PostgresTransaction(connection, dialect, configuration.logger).committing(body)
    }

    /// Begins a transaction that writes, in its turn.
    private func begin(_ connection: PostgresConnection) throws {
      try connection.send("BEGIN", [])
      let wait = configuration.lockTimeout.map { max(1, Int($0.inSeconds * 1000)) } ?? 0
      try connection.send("SELECT set_config('lock_timeout', $1, true)", [.text("\(wait)ms")])
      // Who waits for its turn hears nothing from the server.
      let timeouts = connection.timeouts
      connection.timeouts.answer = configuration.lockTimeout.map { $0 + .seconds(5) }
      defer { connection.timeouts = timeouts }
      try Cancellation.interrupting(by: { connection.cancel() }) {
        _ = try connection.run(
          "SELECT pg_advisory_xact_lock($1::int, $2::int)",
          [.integer(lockSpace), .integer(Int64(PostgresSchema.Lock.writing.rawValue))])
      }
    }

    private static func isCommitted(_ mark: Int64, _ connection: PostgresConnection) throws -> Bool
    {
      var isCommitted = false
      try connection.query("SELECT 1 FROM commits WHERE mark = $1", [.integer(mark)]) { _ in
        isCommitted = true
        return true
      }
      return isCommitted
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
      /// What an attempt that was about to commit wrote into `commits`, and what it came to.
      var ended: (mark: Int64, result: T)?
    }

    private func run<T: Sendable>(
      on queue: DispatchQueue,
      _ body: @escaping @Sendable (PostgresConnection, Attempt<T>) throws -> T
    ) async throws -> T {
      try await Cancellation.run(on: queue) { [self] in
        let attempt = Attempt<T>()
        return try PostgresPatience.persisting(with: path) {
          try pool.withConnection(check: Cancellation.check) { try body($0, attempt) }
        }
      }
    }

    // MARK: - Runs and indexes

    func presence(of run: Int64) async throws -> any RunPresence {
      try await Cancellation.run(on: queue) { [self] in
        try PostgresPatience.persisting(with: path) {
          try PostgresPresence(address, lockSpace: lockSpace, run: run)
        }
      }
    }

    /// Makes the indexes that are worth it by now, beside other writers. What was added is there without.
    func checkpoint() async throws {
      guard configuration.access == .readWrite else { return }
      try await Cancellation.run(on: queue) { [self] in
        do {
          // Locks and settings go with the connection.
          let connection = try PostgresConnection(address.connection, timeouts: address.timeouts)
          defer { connection.close() }
          try PostgresMigration.setUp(connection, schema: address.schema)
          try Cancellation.interrupting(by: { connection.cancel() }) {
            try PostgresIndexes(connection: connection, lockSpace: lockSpace)
              .make(dialect, configuration.logger)
          }
        } catch let error as PostgresError {
          configuration.logger.warning("no index of vectors was made: \(error)")
        }
      }
    }
  }

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
