// Runs statements: one at a time, or pipelined.

#if Postgres
  import CLibpq
  import Foundation

  extension PostgresConnection {
    /// Unsent bytes that are worth a packet.
    private static let packet = 64 << 10
    /// Unwanted bytes of rows that are read rather than cancelled.
    private static let cheapToRead = 1 << 20
    /// Rows in one result, from libpq 17 on.
    static let rowsAtOnce: Int32 = 32

    /// Runs a statement and hands its rows to `body`, one by one: the result is never held whole.
    ///
    /// If `body` returns false or throws, the rest is dropped. Outside a transaction, a long rest of a `SELECT`
    /// is not even sent. Otherwise it is read to its end, so that the transaction goes on.
    ///
    /// - Parameters:
    ///   - keeps: whether the statement is prepared once, by its SQL, and kept. Pass false for SQL that does not
    ///     come again.
    ///   - body: gets a row that is valid during the call only, and returns whether it wants another.
    /// - Throws: ``PostgresError``, also that of a statement sent before; what `body` throws.
    /// - Complexity: O(rows sent), in the memory of some rows.
    package func query(
      _ sql: String, _ values: [PostgresValue], keeps: Bool = true,
      while body: (PostgresRow) throws -> Bool
    ) throws {
      try call { handle in
        try findVectorTypes(handle)
        _ = try perform(handle, sql, values, keeps: keeps, body)
      }
    }

    /// Runs a statement and waits for it.
    ///
    /// - Returns: how many rows it changed; for a query, how many it has.
    /// - Throws: ``PostgresError``, also that of a statement sent before.
    @discardableResult
    package func run(_ sql: String, _ values: [PostgresValue] = []) throws -> Int {
      try call { try perform($0, sql, values, keeps: true) { _ in true } }
    }

    /// Sends a statement without waiting for it. Its rows are dropped.
    ///
    /// An error surfaces at the next ``query(_:_:keeps:while:)``, ``run(_:_:)`` or ``sync()``, and what was sent
    /// after it up to there is not carried out. Without an open transaction, what came before it since the last
    /// wait is not kept either. Some may not even be on its way before the next wait.
    ///
    /// - Throws: ``PostgresError`` of kind `value`, or if the connection is lost.
    package func send(_ sql: String, _ values: [PostgresValue]) throws {
      try call { handle in
        try parameters.encode(values)
        try enqueue(handle, sql, keeps: true)
        unflushed += parameters.byteCount + 64
        guard unflushed >= Self.packet else { return }
        unflushed = 0
        try flush(handle)
        // Answers that are there are taken, so that they do not pile up.
        while !expected.isEmpty, PQisBusy(handle) == 0 { try absorbOne(handle) }
      }
    }

    /// Waits for all that was sent.
    ///
    /// - Throws: the first ``PostgresError`` among it.
    package func sync() throws {
      try call { handle in
        guard !expected.isEmpty || PQpipelineStatus(handle) != PQ_PIPELINE_OFF else {
          return try roundTrip(handle)
        }
        try sendSync(handle)
        try absorb(handle)
        try throwFirstError()
      }
    }

    /// Runs several statements without values, one after the other: for migrations. Rows are dropped. Unless
    /// the text itself opens a transaction, all of them are one.
    ///
    /// - Throws: ``PostgresError``, also that of a statement sent before.
    package func batch(_ sql: String) throws {
      try call { handle in
        try PostgresParameters.check(sql, "the SQL")
        try leavePipeline(handle)
        guard PQsendQuery(handle, sql) == 1 else { throw ended(handle) }
        _ = clibpq_stream_rows(handle, Self.rowsAtOnce)
        vectorTypes = nil
        let wasFailed = transaction == PQTRANS_INERROR
        try takeAll(handle)
        if wasFailed, !inTransaction, Self.isCommit(sql) { throw Self.rolledBack }
      }
    }

    // MARK: - One statement

    /// Runs a statement. One whose plan no longer fits, as after a migration, is prepared again.
    private func perform(
      _ handle: OpaquePointer, _ sql: String, _ values: [PostgresValue], keeps: Bool,
      _ body: (PostgresRow) throws -> Bool
    ) throws -> Int {
      let isAlone = expected.isEmpty && !inTransaction
      do {
        return try performOnce(handle, sql, values, keeps: keeps, body)
      } catch let error as PostgresError where keeps && isAlone && Self.isStale(error) {
        return try performOnce(handle, sql, values, keeps: keeps, body)
      }
    }

    /// The result of a prepared statement has changed its shape ("feature not supported"), or the statement is
    /// gone. Nothing was carried out.
    static func isStale(_ error: PostgresError) -> Bool {
      error.sqlState == "0A000" || error.sqlState == "26000"
    }

    private func performOnce(
      _ handle: OpaquePointer, _ sql: String, _ values: [PostgresValue], keeps: Bool,
      _ body: (PostgresRow) throws -> Bool
    ) throws -> Int {
      try parameters.encode(values)
      let isAlone = expected.isEmpty && firstError == nil
      let number = try enqueue(handle, sql, keeps: keeps)
      try sendSync(handle)
      while expected.nextNumber < number { try absorbOne(handle) }
      let canCancel = isAlone && !inTransaction && Self.isSelect(sql)
      let outcome = try rows(handle, canCancel: canCancel, body)
      try absorb(handle)
      if let thrown = outcome.thrown {
        firstError = nil
        throw thrown
      }
      // What went wrong with rows that no one wanted, as that the rest was cancelled.
      if outcome.wasEnded, canCancel { firstError = nil }
      try throwFirstError()
      return outcome.count
    }

    private struct Outcome {
      var count = 0
      /// The body wanted no more.
      var wasEnded = false
      var thrown: (any Error)?
    }

    /// Hands out the rows of the statement whose answer is next.
    private func rows(
      _ handle: OpaquePointer, canCancel: Bool, _ body: (PostgresRow) throws -> Bool
    ) throws -> Outcome {
      _ = clibpq_stream_rows(handle, Self.rowsAtOnce)
      var outcome = Outcome()
      var unwanted = 0
      while let result = try nextResult(handle) {
        defer { PQclear(result) }
        try note(result, handle)
        outcome.count = Self.changedRows(result) ?? outcome.count
        guard clibpq_is_row_result(PQresultStatus(result)) != 0 else { continue }
        if interruption.cancelledAt != nil, outcome.thrown == nil, PQntuples(result) > 0 {
          outcome.thrown = PostgresError.cancelled
          outcome.wasEnded = true
        }
        for row in 0..<PQntuples(result) where !outcome.wasEnded {
          do {
            let row = PostgresRow(result: result, row: row, vectorTypes: vectorTypes ?? [])
            outcome.wasEnded = try !body(row)
          } catch {
            outcome.thrown = error
            outcome.wasEnded = true
          }
        }
        if outcome.wasEnded {
          unwanted += PQresultMemorySize(result)
          if canCancel, unwanted > Self.cheapToRead { interruption.send() }
        }
      }
      finishAnswer()
      return outcome
    }

    /// How many rows a statement changed or gave. It comes with the last of its results, or from libpq 17 on with
    /// the last that has rows.
    static func changedRows(_ result: OpaquePointer) -> Int? {
      Int(String(cString: PQcmdTuples(result)))
    }

    private static func isSelect(_ sql: String) -> Bool {
      firstWord(sql) == "SELECT"
    }

    static func firstWord(_ sql: String) -> String {
      sql.drop(while: \.isWhitespace).prefix(while: \.isLetter).uppercased()
    }

    /// pgvector's type has another number in each database. Asked for when the connection is new, and
    /// again after a migration.
    func findVectorTypes(_ handle: OpaquePointer) throws {
      guard vectorTypes == nil, expected.isEmpty, transaction != PQTRANS_INERROR else { return }
      var types: Set<UInt32> = []
      _ = try perform(
        handle, "SELECT oid FROM pg_catalog.pg_type WHERE typname = 'vector'", [], keeps: true
      ) { row in
        types.insert(UInt32(truncatingIfNeeded: try row.integer(0)))
        return true
      }
      vectorTypes = types
    }
  }
#endif
