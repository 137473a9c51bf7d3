// The file's tables, in append-only migrations, and the numbers that tell a store from any other
// file. The columns are explained in Documentation.docc/FileFormat.md.

import GRDB

enum Schema {
  /// `application_id` of a store: "VStr" in ASCII.
  static let applicationID: Int32 = 0x5653_7472

  /// `user_version` of the newest file this program reads; each migration raises it by one.
  static let version: Int32 = 12

  /// What a file of this version declares, as ``DeclaredSchema/fingerprint``. It only saves time: a file
  /// that differs is compared with what ``migrator`` makes. A test says when it is out of date.
  static let fingerprint = "a19329e2c60e1b4ac30131403c879d3eaec2eaa9c311a423f340a3c621900f40"

  /// The page size of a store: five rows of 1536 dimensions a page.
  static let pageSize = 32768

  /// All migrations, oldest first. Released ones are never changed.
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 documents, chunks, vectors") { db in
      try db.execute(sql: tables)
      try db.execute(sql: searchTable)
      try db.execute(sql: "INSERT INTO store_state(id, generation) VALUES (1, 0)")
      try db.execute(sql: "PRAGMA user_version = 1")
    }
    migrator.registerMigration("2 segments") { db in
      try db.execute(sql: SegmentsTable.schema)
      try db.execute(sql: "PRAGMA user_version = 2")
    }
    migrator.registerMigration("3 metadata fields", migrate: addDocumentFields)
    migrator.registerMigration("4 statistics") { db in
      try db.execute(sql: StatisticsTable.schema)
      try db.execute(sql: "PRAGMA user_version = 4")
    }
    migrator.registerMigration("5 codes in tiles") { db in
      // Segments of the first format are rebuilt by whoever writes next, as those of a new file are.
      try db.execute(sql: "DELETE FROM segments")
      try db.execute(sql: "PRAGMA user_version = 5")
    }
    migrator.registerMigration("6 claims") { db in
      try db.execute(sql: ClaimsTable.schema)
      try db.execute(sql: "PRAGMA user_version = 6")
    }
    migrator.registerMigration("7 checksums and runs") { db in
      try db.execute(sql: checksumsAndRuns)
      try db.execute(sql: "PRAGMA user_version = 7")
    }
    migrator.registerMigration("8 chunks of pending documents") { db in
      try db.execute(sql: "ALTER TABLE pending_documents ADD COLUMN chunks TEXT")
      try db.execute(sql: "PRAGMA user_version = 8")
    }
    migrator.registerMigration("9 roots, files, given metadata, words") { db in
      try db.execute(sql: RootsTable.schema)
      try db.execute(sql: documentsOfRoots)
      try db.execute(sql: givenMetadataAndDates)
      try db.execute(sql: servicesAndRoles)
      try DocumentFieldsTable.fillDates(db)
      try addColumnsOfWords(db)
      // Which weights make a space's vectors, if a model on this machine does.
      try db.execute(sql: "ALTER TABLE spaces ADD COLUMN fingerprint TEXT")
      try db.execute(sql: "PRAGMA user_version = 9")
    }
    migrator.registerMigration("10 files that are not taken any more") { db in
      try db.execute(sql: filesLeftOut)
      try db.execute(sql: "PRAGMA user_version = 10")
    }
    migrator.registerMigration("11 batches") { db in
      try db.execute(sql: BatchesTable.schema)
      try db.execute(sql: "PRAGMA user_version = 11")
    }
    migrator.registerMigration("12 files that are not read again, collections without texts") {
      db in
      // By the hash of the bytes and of what read them.
      try db.execute(sql: "ALTER TABLE documents ADD COLUMN read_hash BLOB")
      try db.execute(
        sql: "ALTER TABLE collections ADD COLUMN keeps_text INTEGER NOT NULL DEFAULT 1")
      try db.execute(sql: "PRAGMA user_version = 12")
    }
    return migrator
  }

  // SQLite cannot change what is unique in a table, so the table is made again: a text may have the id that
  // is some file's source. No id is used again.
  private static let documentsOfRoots = """
    CREATE TABLE documents_9 (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      collection_id INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
      source TEXT NOT NULL,
      origin TEXT NOT NULL CHECK (origin IN ('file', 'text', 'import')),
      format TEXT NOT NULL CHECK (format IN ('text', 'markdown', 'code')),
      content_hash BLOB,
      metadata TEXT NOT NULL,
      chunk_tokens INTEGER,
      overlap_tokens INTEGER,
      added_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      run_id INTEGER,
      root_id INTEGER REFERENCES roots(id) ON DELETE SET NULL,
      file_bytes INTEGER
    ) STRICT;
    INSERT INTO documents_9(id, collection_id, source, origin, format, content_hash, metadata,
        chunk_tokens, overlap_tokens, added_at, updated_at, run_id)
      SELECT id, collection_id, source, origin, format, content_hash, metadata,
        chunk_tokens, overlap_tokens, added_at, updated_at, run_id FROM documents;
    UPDATE sqlite_sequence SET seq = MAX(seq, COALESCE(
      (SELECT seq FROM sqlite_sequence WHERE name = 'documents'), 0)) WHERE name = 'documents_9';
    DROP TABLE documents;
    ALTER TABLE documents_9 RENAME TO documents;
    CREATE UNIQUE INDEX documents_by_source
      ON documents(collection_id, source, origin = 'file');
    CREATE INDEX documents_by_root ON documents(root_id) WHERE root_id IS NOT NULL;
    CREATE INDEX documents_by_content ON documents(collection_id, content_hash)
      WHERE origin = 'file';
    CREATE INDEX pending_documents_by_content ON pending_documents(content_hash)
      WHERE origin = 'file';
    """

  /// Headings of chunks, and a word index with a column for each kind of word, filled from the texts.
  private static func addColumnsOfWords(_ db: Database) throws {
    try db.execute(sql: "ALTER TABLE chunks ADD COLUMN headings TEXT")
    try ChunksTable.fillHeadings(db)
    try db.execute(sql: "DROP TABLE chunk_search")
    try db.execute(
      sql: "CREATE VIRTUAL TABLE chunk_search USING fts5(\(IndexedText.declaration))")
    try IndexedChunk.forEach(nil, db) { try $0.insert(db) }
  }

  private static func addDocumentFields(_ db: Database) throws {
    try db.execute(sql: DocumentFieldsTable.schema)
    try DocumentFieldsTable.fill(db)
    try db.execute(sql: "PRAGMA user_version = 3")
  }

  // What earlier versions kept of replaced documents until the end of a run is of no use after it.
  private static let checksumsAndRuns = """
    DELETE FROM staged WHERE created_at LIKE 'replaced %';
    ALTER TABLE vectors ADD COLUMN checksum INTEGER;
    ALTER TABLE staged ADD COLUMN checksum INTEGER;
    ALTER TABLE staged ADD COLUMN run_id INTEGER;
    ALTER TABLE documents ADD COLUMN run_id INTEGER;
    ALTER TABLE collections ADD COLUMN target_chosen INTEGER NOT NULL DEFAULT 0;
    """

  private static let givenMetadataAndDates = """
    ALTER TABLE documents ADD COLUMN given_metadata TEXT;
    ALTER TABLE documents ADD COLUMN modified_at TEXT;
    ALTER TABLE documents ADD COLUMN dated_at TEXT;
    ALTER TABLE documents ADD COLUMN title TEXT;
    """

  // The index makes it free to ask whether a collection has any.
  private static let filesLeftOut = """
    ALTER TABLE documents ADD COLUMN left_out TEXT;
    CREATE INDEX documents_left_out ON documents(collection_id) WHERE left_out IS NOT NULL;
    """

  // Earlier versions embedded questions and documents alike.
  private static let servicesAndRoles = """
    ALTER TABLE spaces ADD COLUMN roles TEXT;
    ALTER TABLE collections ADD COLUMN service TEXT;
    UPDATE spaces SET roles = '{}' WHERE id IN (SELECT space_id FROM vectors)
      OR id IN (SELECT space_id FROM staged);
    """

  private static let tables = """
    CREATE TABLE spaces (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      provider TEXT NOT NULL,
      model TEXT NOT NULL,
      dimensions INTEGER NOT NULL CHECK (dimensions BETWEEN 64 AND 4096),
      kind TEXT NOT NULL CHECK (kind IN ('real', 'mock'))
    ) STRICT;

    CREATE TABLE collections (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      target_space_id INTEGER NOT NULL REFERENCES spaces(id),
      created_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE documents (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      collection_id INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
      source TEXT NOT NULL,
      origin TEXT NOT NULL CHECK (origin IN ('file', 'text', 'import')),
      format TEXT NOT NULL CHECK (format IN ('text', 'markdown', 'code')),
      content_hash BLOB,
      metadata TEXT NOT NULL,
      chunk_tokens INTEGER,
      overlap_tokens INTEGER,
      added_at TEXT NOT NULL,
      updated_at TEXT NOT NULL,
      UNIQUE (collection_id, source)
    ) STRICT;

    CREATE TABLE pending_documents (
      document_id INTEGER PRIMARY KEY REFERENCES documents(id) ON DELETE CASCADE,
      origin TEXT NOT NULL,
      format TEXT NOT NULL,
      content_hash BLOB NOT NULL,
      text TEXT NOT NULL,
      metadata TEXT NOT NULL,
      chunk_tokens INTEGER,
      overlap_tokens INTEGER,
      reason TEXT NOT NULL,
      since TEXT NOT NULL
    ) STRICT;

    CREATE TABLE chunks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      document_id INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
      ordinal INTEGER NOT NULL,
      text TEXT,
      text_hash BLOB,
      start_scalar INTEGER,
      end_scalar INTEGER,
      line INTEGER,
      failure_code TEXT,
      failure_message TEXT,
      UNIQUE (document_id, ordinal)
    ) STRICT;
    CREATE INDEX chunks_by_text_hash ON chunks(text_hash) WHERE text_hash IS NOT NULL;

    CREATE TABLE vectors (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      chunk_id INTEGER NOT NULL REFERENCES chunks(id) ON DELETE CASCADE,
      space_id INTEGER NOT NULL REFERENCES spaces(id),
      data BLOB NOT NULL,
      norm REAL NOT NULL,
      UNIQUE (chunk_id, space_id)
    ) STRICT;
    CREATE INDEX vectors_by_space ON vectors(space_id);

    CREATE TABLE staged (
      space_id INTEGER NOT NULL REFERENCES spaces(id),
      text_hash BLOB NOT NULL,
      data BLOB NOT NULL,
      norm REAL NOT NULL,
      created_at TEXT NOT NULL,
      UNIQUE (text_hash, space_id)
    ) STRICT;

    CREATE TABLE runs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      correlation_id TEXT NOT NULL UNIQUE,
      command TEXT NOT NULL,
      mode TEXT NOT NULL,
      started_at TEXT NOT NULL,
      finished_at TEXT,
      report TEXT
    ) STRICT;

    CREATE TABLE store_state (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      generation INTEGER NOT NULL
    ) STRICT;
    """

  /// The word index of formats before 9.
  private static let searchTable = """
    CREATE VIRTUAL TABLE chunk_search USING fts5(text, tokenize="porter unicode61 remove_diacritics 2 \
    categories 'L* N* Co Mn Mc'")
    """
}
