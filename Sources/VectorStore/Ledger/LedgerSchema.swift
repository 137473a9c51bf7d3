// The ledger's tables and the numbers that tell a ledger from any other file. Used by SQLiteLedger
// when it names its file.

enum LedgerSchema {
  /// `application_id` of a ledger: "VLgr" in ASCII.
  static let applicationID: Int32 = 0x564C_6772

  /// What a ledger is. In TRUNCATE mode with `synchronous = FULL` a committed transaction survives
  /// the loss of power; in DELETE mode the last one may be rolled back by it.
  static let form = UserDatabase.Form(
    label: "vector-store.ledger", applicationID: applicationID, migrations: [attempts],
    settings: """
      PRAGMA journal_mode = TRUNCATE;
      PRAGMA synchronous = FULL;
      """,
    patience: 30_000)

  // Times are milliseconds since 1970, days are days since then, money is nano-dollars.
  // `attempts` has one row an attempt and is forgotten by and by; `days` has the totals, for good.
  private static let attempts = """
    CREATE TABLE attempts (
      id INTEGER PRIMARY KEY,
      account TEXT NOT NULL,
      at INTEGER NOT NULL,
      model TEXT NOT NULL,
      run_id TEXT NOT NULL,
      request_id TEXT NOT NULL,
      number INTEGER NOT NULL,
      texts INTEGER NOT NULL,
      host TEXT NOT NULL,
      process_id INTEGER NOT NULL,
      state TEXT NOT NULL
        CHECK (state IN ('reserved', 'billed', 'possibly_billed', 'not_billed')),
      tokens_reserved INTEGER NOT NULL,
      cost_reserved_nano INTEGER NOT NULL,
      -- What counts: what was reserved, until it is known better.
      tokens INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL,
      settled_at INTEGER,
      error_kind TEXT,
      error_code TEXT
    ) STRICT;
    CREATE INDEX attempts_by_time ON attempts(account, at, tokens);
    CREATE INDEX attempts_reserved ON attempts(account, at) WHERE state = 'reserved';
    CREATE INDEX attempts_failed ON attempts(account, at, error_kind)
      WHERE error_kind IS NOT NULL;

    CREATE TABLE days (
      account TEXT NOT NULL,
      day INTEGER NOT NULL,
      model TEXT NOT NULL,
      requests INTEGER NOT NULL,
      answered INTEGER NOT NULL,
      failed INTEGER NOT NULL,
      texts INTEGER NOT NULL,
      tokens INTEGER NOT NULL,
      cost_nano INTEGER NOT NULL,
      possible INTEGER NOT NULL,
      possible_nano INTEGER NOT NULL,
      reserved INTEGER NOT NULL,
      reserved_nano INTEGER NOT NULL,
      PRIMARY KEY (account, day, model)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE accounts (
      account TEXT PRIMARY KEY,
      state TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
}
