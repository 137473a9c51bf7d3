// `doctor` for a store on PostgreSQL: what the server itself does not look after.

#if Postgres
  import Foundation

  /// Looks at a store on PostgreSQL. Pages, references and locks are the server's to check.
  struct PostgresDoctor {
    /// pgvector from which a filter still gives all hits that were asked for.
    private static let leastVersion = (0, 8)
    /// Dead rows against living ones, from where on a table wants a VACUUM.
    private static let mostDead = 0.5

    let store: Store
    let options: DoctorOptions

    func examine() async throws -> [DoctorReport.Check] {
      if options.repairs {
        try await store.file.checkpoint()
        try await store.file.write { try PostgresWords.countAgain($0) }
      }
      var checks = try await store.file.read { db in
        [
          try server(db), try index(db), try words(db), try unembedded(db), try pending(db),
          try refused(db), try bloat(db),
        ]
      }
      if options.measuresRecall {
        checks += try await RecallCheck(store: store, sampleSize: options.sampleSize).run()
      }
      return checks
    }

    private func server(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      let (server, vector) =
        try db.firstRow(
          bulk: """
            SELECT current_setting('server_version'),
              (SELECT extversion FROM pg_extension WHERE extname = 'vector')
            """
        ) { (try $0.text(0), try $0.text(orNil: 1) ?? "0") } ?? ("", "0")
      let parts = vector.split(separator: ".").compactMap { Int($0) } + [0, 0]
      var check = DoctorReport.Check(.server, "PostgreSQL \(server) with pgvector \(vector)")
      if (parts[0], parts[1]) < Self.leastVersion {
        check.state = .warning
        check.message += ": before 0.8 a query with a filter may find fewer passages than there are"
        check.advice = "install pgvector 0.8 or newer and run ALTER EXTENSION vector UPDATE"
      }
      return check
    }

    private func index(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      var missing: [String] = []
      for space in try SpacesTable.all(db) where try PostgresIndexes.isMissing(space, db) {
        missing.append(space.space.name)
      }
      guard !missing.isEmpty else {
        return DoctorReport.Check(.index, "the vectors have the indexes that are worth it")
      }
      var check = DoctorReport.Check(
        .index, .warning,
        "no index of the vectors of \(missing.joined(separator: ", ")): each query reads all")
      (check.count, check.examples) = (missing.count, missing)
      check.advice = "let the next add finish, or doctor repair: either makes it"
      return check
    }

    private func words(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      let count =
        try Int.fetchOne(
          db,
          sql: """
            SELECT COUNT(*) FROM chunks c WHERE c.text IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM chunk_words w WHERE w.chunk_id = c.id)
            """) ?? 0
      guard count > 0 else {
        return DoctorReport.Check(.words, "all texts are found by their words")
      }
      var check = DoctorReport.Check(
        .words, .problem, "\(count) passages are not found by their words")
      check.count = count
      check.advice = "add their documents again"
      return check
    }

    private func unembedded(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      let count = try StatisticsTable.chunksWithoutVector(collection: nil, db)
      guard count > 0 else { return DoctorReport.Check(.unembedded, "all passages have vectors") }
      var check = DoctorReport.Check(.unembedded, .warning, "\(count) passages have no vector")
      check.count = count
      check.advice = "reembed their collection"
      return check
    }

    private func pending(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      guard let pending = try DocumentsTable.pending(collection: nil, db) else {
        return DoctorReport.Check(.pending, "no document waits for its vectors")
      }
      var check = DoctorReport.Check(.pending, .warning, pending.message)
      check.count = pending.count
      return check
    }

    private func refused(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      let count =
        try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM chunks WHERE failure_code IS NOT NULL") ?? 0
      guard count > 0 else { return DoctorReport.Check(.refused, "no passage was refused") }
      var check = DoctorReport.Check(
        .refused, .warning, "\(count) passages were refused by the service")
      check.count = count
      return check
    }

    private func bloat(_ db: any SQLTransaction) throws -> DoctorReport.Check {
      let tables = try db.rows(
        bulk: """
          SELECT relname::text, n_dead_tup, n_live_tup FROM pg_stat_user_tables
          WHERE schemaname = current_schema() AND n_dead_tup > 10000
            AND n_dead_tup > n_live_tup * ?::float8 ORDER BY n_dead_tup DESC
          """, .real(Self.mostDead)
      ) { try $0.text(0) }
      guard !tables.isEmpty else { return DoctorReport.Check(.bloat, "few rows are dead") }
      var check = DoctorReport.Check(
        .bloat, .warning, "many rows of \(tables.joined(separator: ", ")) are dead")
      (check.count, check.examples) = (tables.count, tables)
      check.advice = "run VACUUM on them, and let autovacuum run"
      return check
    }
  }

  extension DoctorReport.Check {
    fileprivate init(_ name: DoctorReport.Name, _ message: String) {
      self.init(name, .ok, message)
    }
  }
#endif
