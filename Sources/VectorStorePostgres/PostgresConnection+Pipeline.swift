// Queues statements and takes their answers, in order.

#if Postgres
  import CLibpq
  import Foundation

  extension PostgresConnection {
    /// Queues a statement with the values in `parameters`. Returns the number of its answer.
    @discardableResult
    func enqueue(_ handle: OpaquePointer, _ sql: String, keeps: Bool) throws -> Int {
      try PostgresParameters.check(sql, "the SQL")
      if PQpipelineStatus(handle) == PQ_PIPELINE_OFF {
        guard PQenterPipelineMode(handle) == 1 else { throw ended(handle) }
      }
      if expected.isEmpty { try closeStatements(handle) }
      guard keeps else {
        let sent = parameters.withPointers { count, values, lengths, formats in
          PQsendQueryParams(handle, sql, count, nil, values, lengths, formats, 1)
        }
        guard sent == 1 else { throw ended(handle) }
        return expected.append(.done(sql))
      }
      let (name, isNew) = statements.name(of: sql)
      if isNew {
        guard PQsendPrepare(handle, name, sql, 0, nil) == 1 else { throw ended(handle) }
        expected.append(.prepared(sql))
      }
      let sent = parameters.withPointers { count, values, lengths, formats in
        PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1)
      }
      guard sent == 1 else { throw ended(handle) }
      return expected.append(.done(sql))
    }

    /// Closes statements that no one will use again, in a transaction of their own.
    private func closeStatements(_ handle: OpaquePointer) throws {
      guard !statements.closing.isEmpty, transaction != PQTRANS_INERROR else { return }
      for name in statements.takeClosing() {
        guard PQsendQueryParams(handle, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 0) == 1 else {
          throw ended(handle)
        }
        expected.append(.closed(name))
      }
      try sendSync(handle)
    }

    func sendSync(_ handle: OpaquePointer) throws {
      guard PQpipelineSync(handle) == 1 else { throw ended(handle) }
      expected.append(.synced)
      unflushed = 0
    }

    /// Takes all answers that are to come. The first error is kept.
    func absorb(_ handle: OpaquePointer) throws {
      while !expected.isEmpty { try absorbOne(handle) }
    }

    /// Takes one part of the next answer.
    func absorbOne(_ handle: OpaquePointer) throws {
      if !expected.hasBegun, case .done = expected.next {
        _ = clibpq_stream_rows(handle, Self.rowsAtOnce)
      }
      guard let result = try nextResult(handle) else {
        guard expected.hasBegun else { throw ended(handle) }
        return finishAnswer()
      }
      defer { PQclear(result) }
      try note(result, handle)
    }

    func finishAnswer() {
      guard !expected.isEmpty else { return }
      expected.removeFirst()
    }

    /// Notes what a result says of the next answer.
    func note(_ result: OpaquePointer, _ handle: OpaquePointer) throws {
      expected.hasBegun = true
      let status = PQresultStatus(result)
      switch (status, expected.next) {
      case (PGRES_PIPELINE_SYNC, _):
        expected.removeFirst()
        transaction = PQtransactionStatus(handle)
      case (PGRES_PIPELINE_ABORTED, .prepared(let sql)): statements.forget(sql)
      case (PGRES_PIPELINE_ABORTED, .closed(let name)): statements.closeLater(name)
      case (PGRES_FATAL_ERROR, let answer): try noteError(result, answer)
      case (PGRES_COPY_IN, _), (PGRES_COPY_OUT, _), (PGRES_COPY_BOTH, _):
        let error = PostgresError(
          .statement, "a COPY cannot be run here; the connection was given up")
        lose(error)
        throw error
      case (PGRES_COMMAND_OK, .done(let sql)): try noteCommand(result, sql)
      default: break
      }
    }

    private func noteError(_ result: OpaquePointer, _ answer: PostgresPipeline.Answer?) throws {
      guard let error = error(of: result) else { return }
      if error.isConnectionLost {
        // The words of the server, or libpq's.
        var error = error
        error.message = lossError(error.message).message
        lose(error)
        throw error
      }
      switch answer {
      case .closed: return
      case .prepared(let sql): statements.forget(sql)
      case .done(let sql) where Self.isStale(error): statements.close(sql)
      default: break
      }
      firstError = firstError ?? error
    }

    /// The server answers the COMMIT of a failed transaction with success and a ROLLBACK.
    private func noteCommand(_ result: OpaquePointer, _ sql: String) throws {
      let tag = String(cString: PQcmdStatus(result))
      if tag.hasSuffix("EXTENSION") { vectorTypes = nil }
      if tag == "ROLLBACK", Self.isCommit(sql) { firstError = firstError ?? Self.rolledBack }
    }

    static func isCommit(_ sql: String) -> Bool {
      ["COMMIT", "END"].contains(firstWord(sql))
    }

    static var rolledBack: PostgresError {
      var error = PostgresError(
        .server,
        "the transaction was rolled back instead of committed, since one of its statements had failed; run it again"
      )
      error.sqlState = "25P02"
      return error
    }

    func throwFirstError() throws {
      guard let error = firstError else { return }
      firstError = nil
      throw error
    }

    /// Waits for all that was sent, for what cannot run in a pipeline.
    func leavePipeline(_ handle: OpaquePointer) throws {
      guard PQpipelineStatus(handle) != PQ_PIPELINE_OFF else { return }
      if !expected.isEmpty {
        try sendSync(handle)
        try absorb(handle)
      }
      let wasLeft = PQexitPipelineMode(handle) == 1
      try throwFirstError()
      guard wasLeft else { throw ended(handle) }
    }
  }

  /// The answers that are to come, in the order in which they come.
  struct PostgresPipeline {
    enum Answer {
      /// A statement was prepared; its SQL.
      case prepared(String)
      /// A statement was carried out; its SQL.
      case done(String)
      /// A prepared statement was closed; its name.
      case closed(String)
      /// All that was sent before is answered.
      case synced
    }

    private var answers: [Answer] = []
    private var start = 0
    /// The number of the answer that comes next; each has one, in order.
    private(set) var nextNumber = 0
    /// Whether the next answer, which may have several parts, has begun.
    var hasBegun = false

    var isEmpty: Bool { start == answers.count }
    var next: Answer? { isEmpty ? nil : answers[start] }

    /// Returns the number of the answer.
    @discardableResult
    mutating func append(_ answer: Answer) -> Int {
      answers.append(answer)
      return nextNumber + answers.count - start - 1
    }

    /// The next answer is complete.
    mutating func removeFirst() {
      start += 1
      nextNumber += 1
      hasBegun = false
      guard start == answers.count || start > 4096 else { return }
      answers.removeFirst(start)
      start = 0
    }

    mutating func removeAll() {
      nextNumber += answers.count - start
      answers = []
      start = 0
      hasBegun = false
    }
  }
#endif
