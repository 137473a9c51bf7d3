// Moves many rows at once with COPY, in its binary format.

#if Postgres
  import CLibpq
  import Foundation

  extension PostgresConnection {
    /// Writes rows with `COPY table (columns) FROM STDIN (FORMAT binary)`.
    ///
    /// If `write` throws, no row is kept; a transaction that is open has then failed.
    ///
    /// - Returns: how many rows were written.
    /// - Throws: ``PostgresError``, also that of a statement sent before; what `write` throws.
    /// - Complexity: O(bytes), in the memory of a packet.
    @discardableResult
    package func copyIn(_ sql: String, _ write: (PostgresCopyWriter) throws -> Void) throws -> Int {
      try call { handle in
        try start(handle, sql, PGRES_COPY_IN, "copyIn is for COPY … FROM STDIN (FORMAT binary)")
        do {
          let writer = PostgresCopyWriter { try self.put($0, handle) }
          try write(writer)
          try writer.finish()
        } catch {
          guard loss == nil else { throw error }
          try endCopy(handle, "the client gave up")
          // The server's word that the COPY was ended is no news.
          do { try takeAll(handle) } catch let said as PostgresError where said.isConnectionLost {
            throw said
          } catch {}
          throw error
        }
        try endCopy(handle, nil)
        return try takeAll(handle)
      }
    }

    /// Reads rows with `COPY (query) TO STDOUT (FORMAT binary)`.
    ///
    /// If `row` throws, the COPY is cancelled; a transaction that is open has then failed.
    ///
    /// - Throws: ``PostgresError``, also that of a statement sent before; what `row` throws.
    /// - Complexity: O(bytes), in the memory of some rows.
    package func copyOut(_ sql: String, _ row: (PostgresCopyRow) throws -> Void) throws {
      try call { handle in
        try start(handle, sql, PGRES_COPY_OUT, "copyOut is for COPY … TO STDOUT (FORMAT binary)")
        var reader = PostgresCopyReader()
        var thrown: (any Error)?
        try takeCopy(handle) { message in
          if thrown == nil, interruption.cancelledAt != nil { thrown = PostgresError.cancelled }
          if thrown == nil {
            do { try reader.take(message, row) } catch { thrown = error }
          }
          if thrown != nil { interruption.send() }
        }
        do { try takeAll(handle) } catch {
          guard let thrown, loss == nil else { throw error }
          throw thrown
        }
        if let thrown { throw thrown }
      }
    }

    /// Reads COPY's messages and drops them.
    func dropCopy(_ handle: OpaquePointer) throws {
      try takeCopy(handle) { _ in }
    }

    // MARK: - The parts

    private func start(
      _ handle: OpaquePointer, _ sql: String, _ wanted: ExecStatusType, _ use: String
    ) throws {
      try PostgresParameters.check(sql, "the SQL")
      try leavePipeline(handle)
      guard PQsendQuery(handle, sql) == 1 else { throw ended(handle) }
      try flush(handle)
      guard let result = try nextResult(handle) else { throw ended(handle) }
      defer { PQclear(result) }
      let status = PQresultStatus(result)
      if status == wanted, PQbinaryTuples(result) == 1 { return }
      if let error = error(of: result) {
        if error.isConnectionLost { lose(error) } else { _ = try takeAll(handle) }
        throw error
      }
      let error = PostgresError(.statement, "the statement is not what the call is for: \(use)")
      do {
        try refuseCopy(result, handle)
        try takeAll(handle)
      } catch let said as PostgresError where !said.isConnectionLost {}
      throw error
    }

    private func put(_ bytes: UnsafeRawBufferPointer, _ handle: OpaquePointer) throws {
      if interruption.cancelledAt != nil { throw PostgresError.cancelled }
      let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
      var state = PQputCopyData(handle, base, Int32(bytes.count))
      while state == 0 {
        try flush(handle)
        state = PQputCopyData(handle, base, Int32(bytes.count))
      }
      guard state == 1 else { throw ended(handle) }
      try flush(handle)
    }

    private func endCopy(_ handle: OpaquePointer, _ reason: String?) throws {
      var state = PQputCopyEnd(handle, reason)
      while state == 0 {
        try flush(handle)
        state = PQputCopyEnd(handle, reason)
      }
      guard state == 1 else { throw ended(handle) }
      try flush(handle)
    }

    private func takeCopy(
      _ handle: OpaquePointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws {
      var wait = Wait(self)
      while true {
        var message: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(handle, &message, 1)
        switch count {
        case 1...:
          body(UnsafeRawBufferPointer(start: message, count: Int(count)))
          PQfreemem(message)
          wait.restart()
        case 0: try take(handle, &wait, writes: PQflush(handle))
        default: return
        }
      }
    }
  }
#endif
