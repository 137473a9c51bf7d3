// roots: the folders and files that were added and are kept in step.

import GRDB

enum RootsTable {
  static let schema = """
    CREATE TABLE roots (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      collection_id INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      is_folder INTEGER NOT NULL CHECK (is_folder IN (0, 1)),
      options TEXT NOT NULL,
      added_at TEXT NOT NULL,
      updated_at TEXT,
      UNIQUE (collection_id, path)
    ) STRICT;
    """
}
