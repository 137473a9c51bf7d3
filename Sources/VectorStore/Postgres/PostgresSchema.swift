// The tables of a store on PostgreSQL, and the views by which other programs read them.

#if Postgres
  import VectorStorePostgres

  /// A store's schema. Its tables are those of a file (see the article on the file format), with what is
  /// customary on PostgreSQL:
  ///
  /// - `vectors` has a partition a space, with `embedding vector`, so that each has an index of its own.
  /// - `chunk_words` has the words of a chunk as `tsvector`, `word_counts` in how many chunks a word stands.
  /// - Keys begin with `collection_id`, by which the tables may be distributed.
  enum PostgresSchema {
    /// What `store_meta` says of the newest schema that this program reads.
    static let version = 1

    /// What the numbers of a store's advisory locks stand for; runs have their own, from 1.
    enum Lock: Int {
      case writing = 0
      case indexing = -2
    }

    /// The lock that programs of LangChain take when they make the extension.
    static let extensionLock: Int64 = 1_573_678_846_307_946_496

    /// All migrations, oldest first. Released ones are never changed.
    static let migrations = [tables + functions + views]

    /// The partition of a space's vectors, and the views by which other programs read them.
    ///
    /// Those for LangChain and LlamaIndex have the vectors as float16, as the index has: it would not be used else.
    static func table(of space: SpaceRecord) -> String {
      let dimensions = space.space.dimensions
      return """
        CREATE TABLE IF NOT EXISTS vectors_\(space.id) PARTITION OF vectors (
          CHECK (vector_dims(embedding) = \(dimensions))
        ) FOR VALUES IN (\(space.id));
        ALTER TABLE vectors_\(space.id) ALTER COLUMN embedding SET STORAGE \(storage(of: space));
        CREATE OR REPLACE VIEW passages_\(space.id) AS
          SELECT c.id, c.collection_id, k.name AS collection, d.source, c.ordinal,
            c.text AS content, metadata_json(d.metadata) AS metadata,
            v.embedding::vector(\(dimensions)) AS embedding
          \(passages(of: space));
        CREATE OR REPLACE VIEW langchain_\(space.id) AS
          SELECT passage_id(k.name, d.source, d.origin = 'file', c.ordinal) AS langchain_id,
            COALESCE(c.text, '') AS content, v.embedding::halfvec(\(dimensions)) AS embedding,
            \(metadata)::json AS langchain_metadata
          \(passages(of: space));
        CREATE OR REPLACE VIEW data_llamaindex_\(space.id) AS
          SELECT c.id, COALESCE(c.text, '') AS text, \(metadata)::json AS metadata_,
            passage_id(k.name, d.source, d.origin = 'file', c.ordinal)::text AS node_id,
            v.embedding::halfvec(\(dimensions)) AS embedding
          \(passages(of: space));
        CREATE OR REPLACE FUNCTION match_documents_\(space.id)(
          query_embedding vector(\(dimensions)), match_count int DEFAULT 10,
          filter jsonb DEFAULT '{}')
        RETURNS TABLE (id bigint, content text, metadata jsonb, similarity double precision)
        LANGUAGE sql STABLE
        BEGIN ATOMIC
          SELECT set_config('hnsw.ef_search', '200', true),
            set_config('hnsw.iterative_scan', 'strict_order', true);
          WITH nearest AS MATERIALIZED (
            (\(candidates(of: space, "filter = '{}'")))
            UNION ALL (\(candidates(of: space, "filter <> '{}' AND \(metadata) @> filter"))))
          SELECT n.id, n.content, n.metadata, 1 - n.distance FROM nearest n
          ORDER BY n.distance LIMIT match_count;
        END;
        """
    }

    /// What `match_documents` ranks. With a filter the server has its own idea of how many rows pass, and may not
    /// use the index; without one it always does.
    private static func candidates(of space: SpaceRecord, _ condition: String) -> String {
      let type = "halfvec(\(space.space.dimensions))"
      return """
        SELECT c.id, COALESCE(c.text, '') AS content, \(metadata) AS metadata,
          v.embedding <=> query_embedding AS distance
        \(passages(of: space)) AND \(condition)
        ORDER BY v.embedding::\(type) <=> query_embedding::\(type) LIMIT match_count + 40
        """
    }

    /// The passages that have vectors in a space and answer questions.
    private static func passages(of space: SpaceRecord) -> String {
      """
      FROM vectors_\(space.id) v
      JOIN chunks c ON c.id = v.chunk_id AND c.collection_id = v.collection_id
      JOIN documents d ON d.id = c.document_id AND d.collection_id = c.collection_id
      JOIN collections k ON k.id = d.collection_id
      WHERE d.left_out IS NULL
      """
    }

    /// A passage's metadata as other programs see them.
    private static let metadata = """
      (metadata_json(d.metadata) || jsonb_build_object('source', d.source, 'collection', k.name,
        'ordinal', c.ordinal))
      """

    /// A vector stands in its row where it fills a page of 8 KiB alone or with another, so that reading it is one
    /// read.
    private static func storage(of space: SpaceRecord) -> String {
      let dimensions = space.space.dimensions
      return dimensions <= 980 || (1400...1900).contains(dimensions) ? "PLAIN" : "EXTERNAL"
    }

    /// The index of a space's vectors; spaces of more dimensions have none.
    static func index(of space: SpaceRecord) -> String {
      """
      CREATE INDEX CONCURRENTLY IF NOT EXISTS \(indexName(of: space)) ON vectors_\(space.id)
        USING hnsw ((embedding::halfvec(\(space.space.dimensions))) halfvec_cosine_ops)
      """
    }

    static func indexName(of space: SpaceRecord) -> String { "vectors_\(space.id)_nearest" }

    private static let tables = """
      CREATE TABLE store_meta (name text PRIMARY KEY, value text NOT NULL);
      CREATE TABLE spaces (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        name text COLLATE "C" NOT NULL UNIQUE,
        provider text COLLATE "C" NOT NULL,
        model text COLLATE "C" NOT NULL,
        dimensions bigint NOT NULL CHECK (dimensions BETWEEN 64 AND 4096),
        kind text COLLATE "C" NOT NULL CHECK (kind IN ('real', 'mock')),
        roles text COLLATE "C",
        fingerprint text COLLATE "C"
      );
      CREATE TABLE collections (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        name text COLLATE "C" NOT NULL UNIQUE,
        target_space_id bigint NOT NULL REFERENCES spaces(id),
        created_at text COLLATE "C" NOT NULL,
        target_chosen bigint NOT NULL DEFAULT 0,
        service text COLLATE "C",
        keeps_text bigint NOT NULL DEFAULT 1
      );
      CREATE TABLE roots (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        collection_id bigint NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        path text COLLATE "C" NOT NULL,
        is_folder bigint NOT NULL CHECK (is_folder IN (0, 1)),
        options text COLLATE "C" NOT NULL,
        added_at text COLLATE "C" NOT NULL,
        updated_at text COLLATE "C",
        UNIQUE (collection_id, path)
      );
      CREATE TABLE documents (
        id bigint GENERATED BY DEFAULT AS IDENTITY,
        collection_id bigint NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        source text COLLATE "C" NOT NULL,
        origin text COLLATE "C" NOT NULL CHECK (origin IN ('file', 'text', 'import')),
        format text COLLATE "C" NOT NULL CHECK (format IN ('text', 'markdown', 'code')),
        content_hash bytea,
        metadata text COLLATE "C" NOT NULL,
        chunk_tokens bigint,
        overlap_tokens bigint,
        added_at text COLLATE "C" NOT NULL,
        updated_at text COLLATE "C" NOT NULL,
        run_id bigint,
        root_id bigint REFERENCES roots(id) ON DELETE SET NULL,
        file_bytes bigint,
        given_metadata text COLLATE "C",
        modified_at text COLLATE "C",
        dated_at text COLLATE "C",
        title text COLLATE "C",
        left_out text COLLATE "C",
        read_hash bytea,
        PRIMARY KEY (collection_id, id)
      );
      CREATE UNIQUE INDEX documents_by_source
        ON documents (collection_id, source, (origin = 'file'));
      CREATE INDEX documents_by_id ON documents (id);
      CREATE INDEX documents_by_root ON documents (root_id) WHERE root_id IS NOT NULL;
      CREATE INDEX documents_by_content ON documents (collection_id, content_hash)
        WHERE origin = 'file';
      CREATE INDEX documents_left_out ON documents (collection_id) WHERE left_out IS NOT NULL;
      CREATE TABLE pending_documents (
        document_id bigint NOT NULL,
        collection_id bigint NOT NULL,
        origin text COLLATE "C" NOT NULL,
        format text COLLATE "C" NOT NULL,
        content_hash bytea NOT NULL,
        text text COLLATE "C" NOT NULL,
        metadata text COLLATE "C" NOT NULL,
        chunk_tokens bigint,
        overlap_tokens bigint,
        reason text COLLATE "C" NOT NULL,
        since text COLLATE "C" NOT NULL,
        chunks text COLLATE "C",
        PRIMARY KEY (collection_id, document_id),
        FOREIGN KEY (collection_id, document_id) REFERENCES documents(collection_id, id)
          ON DELETE CASCADE
      );
      CREATE INDEX pending_documents_by_document ON pending_documents (document_id);
      CREATE TABLE document_fields (
        document_id bigint NOT NULL,
        key text COLLATE "C" NOT NULL,
        value bytea NOT NULL,
        collection_id bigint NOT NULL,
        long_text text COLLATE "C",
        PRIMARY KEY (collection_id, document_id, key, value),
        FOREIGN KEY (collection_id, document_id) REFERENCES documents(collection_id, id)
          ON DELETE CASCADE
      );
      CREATE INDEX document_fields_by_value
        ON document_fields (collection_id, key, value, document_id);
      CREATE INDEX document_fields_by_document ON document_fields (document_id);
      CREATE TABLE chunks (
        id bigint GENERATED BY DEFAULT AS IDENTITY,
        collection_id bigint NOT NULL,
        document_id bigint NOT NULL,
        ordinal bigint NOT NULL,
        text text COLLATE "C",
        text_hash bytea,
        start_scalar bigint,
        end_scalar bigint,
        line bigint,
        headings text COLLATE "C",
        failure_code text COLLATE "C",
        failure_message text COLLATE "C",
        PRIMARY KEY (collection_id, id),
        UNIQUE (collection_id, document_id, ordinal),
        FOREIGN KEY (collection_id, document_id) REFERENCES documents(collection_id, id)
          ON DELETE CASCADE
      );
      CREATE INDEX chunks_by_id ON chunks (id);
      CREATE INDEX chunks_by_document ON chunks (document_id, ordinal);
      CREATE INDEX chunks_by_text_hash ON chunks (text_hash) WHERE text_hash IS NOT NULL;
      CREATE TABLE vectors (
        id bigint GENERATED BY DEFAULT AS IDENTITY,
        collection_id bigint NOT NULL,
        chunk_id bigint NOT NULL,
        space_id bigint NOT NULL,
        embedding vector NOT NULL,
        norm double precision NOT NULL,
        checksum bigint,
        PRIMARY KEY (space_id, collection_id, chunk_id),
        FOREIGN KEY (collection_id, chunk_id) REFERENCES chunks(collection_id, id)
          ON DELETE CASCADE
      ) PARTITION BY LIST (space_id);
      CREATE INDEX vectors_by_id ON vectors (id);
      CREATE INDEX vectors_by_chunk ON vectors (chunk_id);
      CREATE TABLE staged (
        rowid bigint GENERATED BY DEFAULT AS IDENTITY,
        space_id bigint NOT NULL REFERENCES spaces(id),
        text_hash bytea NOT NULL,
        embedding vector NOT NULL,
        norm double precision NOT NULL,
        created_at text COLLATE "C" NOT NULL,
        checksum bigint,
        run_id bigint,
        PRIMARY KEY (text_hash, space_id)
      );
      CREATE TABLE runs (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        correlation_id text COLLATE "C" NOT NULL UNIQUE,
        command text COLLATE "C" NOT NULL,
        mode text COLLATE "C" NOT NULL,
        started_at text COLLATE "C" NOT NULL,
        finished_at text COLLATE "C",
        report text COLLATE "C"
      );
      CREATE TABLE claims (
        text_hash bytea NOT NULL,
        space_id bigint NOT NULL,
        run_id bigint NOT NULL,
        claimed_at text COLLATE "C" NOT NULL,
        PRIMARY KEY (text_hash, space_id)
      );
      CREATE TABLE batches (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        space_id bigint NOT NULL REFERENCES spaces(id),
        collection_id bigint NOT NULL,
        target_space_id bigint NOT NULL,
        run_id bigint NOT NULL,
        server text COLLATE "C" NOT NULL,
        name text COLLATE "C" NOT NULL UNIQUE,
        file text COLLATE "C",
        batch text COLLATE "C",
        texts bigint NOT NULL,
        tokens bigint NOT NULL,
        cost_nano bigint NOT NULL,
        created_at text COLLATE "C" NOT NULL
      );
      CREATE TABLE batch_texts (
        text_hash bytea NOT NULL,
        space_id bigint NOT NULL,
        batch_id bigint NOT NULL REFERENCES batches(id) ON DELETE CASCADE,
        PRIMARY KEY (text_hash, space_id)
      );
      CREATE INDEX batch_texts_by_batch ON batch_texts (batch_id);
      CREATE TABLE statistics (
        name text COLLATE "C" NOT NULL,
        space_id bigint NOT NULL REFERENCES spaces(id),
        collection text COLLATE "C" NOT NULL,
        saved_at text COLLATE "C" NOT NULL,
        rows bigint NOT NULL,
        last_chunk_id bigint NOT NULL,
        mean bytea NOT NULL,
        covariance bytea NOT NULL,
        figures text COLLATE "C" NOT NULL,
        UNIQUE (name, space_id, collection)
      );
      CREATE TABLE store_state (
        id bigint PRIMARY KEY CHECK (id = 1),
        generation bigint NOT NULL
      );
      INSERT INTO store_state(id, generation) VALUES (1, 0);
      CREATE TABLE commits (
        mark bigint PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE chunk_words (
        chunk_id bigint NOT NULL,
        collection_id bigint NOT NULL,
        words tsvector NOT NULL,
        length bigint NOT NULL,
        PRIMARY KEY (collection_id, chunk_id),
        -- No cascade: words are counted when they go, which is after their chunks.
        FOREIGN KEY (collection_id, chunk_id) REFERENCES chunks(collection_id, id)
          DEFERRABLE INITIALLY DEFERRED
      );
      CREATE INDEX chunk_words_by_chunk ON chunk_words (chunk_id);
      CREATE INDEX chunk_words_by_word ON chunk_words USING gin (words);
      CREATE TABLE word_counts (
        word text COLLATE "C" PRIMARY KEY,
        chunks bigint NOT NULL
      );
      CREATE TABLE word_totals (
        id bigint PRIMARY KEY CHECK (id = 1),
        chunks bigint NOT NULL,
        length bigint NOT NULL
      );
      INSERT INTO word_totals(id, chunks, length) VALUES (1, 0, 0);

      """

    // Functions of SQLite's that the tables' SQL uses, and those of the views. `jsonb` takes no U+0000. What an id
    // is made of begins with the first name's length, so that no two passages have the same.
    private static let functions = #"""
      CREATE FUNCTION hex(bytes bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $f$ SELECT upper(encode(bytes, 'hex')) $f$;
      CREATE FUNCTION length(embedding vector) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
        AS $f$ SELECT vector_dims(embedding) $f$;
      CREATE FUNCTION field_text(value bytea, long_text text) RETURNS text
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
          SELECT CASE WHEN long_text IS NOT NULL THEN long_text
            WHEN get_byte(value, 0) = 2 THEN convert_from(substr(value, 2), 'UTF8') END
        $f$;
      CREATE FUNCTION metadata_json(metadata text) RETURNS jsonb
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
          SELECT CASE WHEN strpos(metadata, '\u0000') = 0 THEN metadata::jsonb
            ELSE regexp_replace(metadata, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::jsonb END
        $f$;
      CREATE FUNCTION passage_id(
        collection text, source text, is_file boolean, ordinal bigint) RETURNS uuid
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
          SELECT encode(substr(sha256(convert_to(length(collection) || ' ' || collection
            || CASE WHEN is_file THEN ' f ' ELSE ' t ' END || ordinal || ' ' || source, 'UTF8')),
            1, 16), 'hex')::uuid
        $f$;

      """#

    private static let views = """
      CREATE VIEW passages AS
        SELECT c.id, c.collection_id, k.name AS collection, c.document_id, d.source, c.ordinal,
          c.text AS content, metadata_json(d.metadata) AS metadata, c.headings, c.line,
          d.added_at::timestamptz AS added_at, d.updated_at::timestamptz AS updated_at
        FROM chunks c
        JOIN documents d ON d.id = c.document_id AND d.collection_id = c.collection_id
        JOIN collections k ON k.id = d.collection_id
        WHERE d.left_out IS NULL;

      """
  }
#endif
