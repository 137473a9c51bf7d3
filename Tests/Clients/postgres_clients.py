"""Reads a store on PostgreSQL as LangChain, LlamaIndex and Supabase do: by the views of a space.

    python postgres_clients.py ADDRESS SCHEMA SPACE DIMENSIONS

ADDRESS is postgres://user@host:port/database, SPACE the space's number. The question's vector is a row's own,
so the nearest passage must be that row. Exits with 1 and a message if a client does not find what is there.
"""
import json
import sys
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGEngine, PGVectorStore
from llama_index.core.vector_stores.types import (
    FilterOperator, MetadataFilter, MetadataFilters, VectorStoreQuery, VectorStoreQueryMode)
from llama_index.vector_stores.postgres import PGVectorStore as LlamaIndexStore
from psycopg import sql
from sqlalchemy import URL

NO_SOURCE = "no document is called so"
MOST_ROWS = 300
# Without it, an index gives no more than 40 rows, and with a filter fewer.
SETTING = ("hnsw.iterative_scan", "strict_order")
OPTIONS = "-c {}={}".format(*SETTING)


def is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False


def fail(message):
    print(f"postgres_clients: {message}", file=sys.stderr)
    sys.exit(1)


def expect(condition, message):
    if not condition:
        fail(message)


class OneQuestion(Embeddings):
    """Every text has the same vector."""

    def __init__(self, vector):
        self.vector = vector

    def embed_query(self, text):
        return self.vector

    def embed_documents(self, texts):
        return [self.vector for _ in texts]


class Row:
    """The passage that is asked for: one with the most metadata, whose vector no other has."""

    def __init__(self, connection, schema, space, dimensions):
        view = sql.Identifier(schema, f"langchain_{space}")
        names = {"view": view, "schema": sql.Identifier(schema)}
        self.count, ids = connection.execute(sql.SQL(
            "SELECT count(*), count(DISTINCT langchain_id) FROM {view}").format(**names)).fetchone()
        expect(self.count > 0, f"langchain_{space} has no rows; add documents first")
        expect(ids == self.count, f"{self.count} rows of langchain_{space} have only {ids} ids")
        rows = connection.execute(sql.SQL("""
            SELECT langchain_id, content, embedding::text, langchain_metadata FROM {view} v
            ORDER BY length(langchain_metadata::text) DESC, langchain_id LIMIT 50
            """).format(**names)).fetchall()
        vectors = [row[2] for row in rows]
        alone = [row for row in rows if vectors.count(row[2]) == 1]
        expect(alone, f"50 rows of langchain_{space} have vectors that others have too")
        self.id, self.text, vector, self.metadata = alone[0]
        self.id = str(self.id)
        self.vector = json.loads(vector)
        expect(len(self.vector) == dimensions,
               f"the vectors have {len(self.vector)} dimensions, expected {dimensions}")
        expect(isinstance(self.metadata, dict), f"the metadata are no object: {self.metadata!r}")
        for key in ("source", "collection", "ordinal"):
            expect(key in self.metadata, f"the metadata have no {key}: {self.metadata}")

    def plain(self):
        """Metadata that a filter can be equal to. LlamaIndex takes a text that is a number for one."""
        return {key: value for key, value in self.metadata.items()
                if key.isidentifier() and (type(value) in (int, float)
                or isinstance(value, str) and "'" not in value and not is_number(value))}

    def check(self, client, found, what="the nearest passage"):
        """FOUND is (id, text, metadata)."""
        expect(found, f"{client}: nothing was found for {what}")
        id, text, metadata = found[0]
        expect(id == self.id, f"{client}: {what} is {id} ({metadata}), expected {self.id} ({self.metadata})")
        expect(text == self.text, f"{client}: its text is {text!r}, expected {self.text!r}")
        expect(metadata == self.metadata, f"{client}: its metadata are {metadata}, expected {self.metadata}")


def url_of(address, driver):
    parts = urlsplit(address)
    host = unquote(parts.hostname or "")
    query = {key: value for key, value in parse_qsl(parts.query) if key not in ("schema", "folder")}
    if driver == "asyncpg":
        query = {"ssl": query["sslmode"]} if "sslmode" in query else {}
    if host.startswith("/"):
        query["host"], host = host, None
    return URL.create(
        f"postgresql+{driver}", username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None, host=host or None, port=parts.port,
        database=unquote(parts.path.lstrip("/")) or None, query=query)


def langchain(address, schema, space, row, driver):
    client = f"LangChain by {driver}"
    arguments = {"options": OPTIONS} if driver == "psycopg" else {"server_settings": dict([SETTING])}
    engine = PGEngine.from_connection_string(url_of(address, driver), connect_args=arguments)
    store = PGVectorStore.create_sync(
        engine, OneQuestion(row.vector), f"langchain_{space}", schema_name=schema)

    def found(**options):
        return [(document.id, document.page_content, document.metadata)
                for document in store.similarity_search("question", **options)]

    row.check(client, found(k=3))
    for key, value in row.plain().items():
        hits = found(k=3, filter={key: value})
        row.check(client, hits, f"the nearest with {key} = {value!r}")
        expect(all(hit[2].get(key) == value for hit in hits),
               f"{client}: the filter {key} = {value!r} lets others pass: {hits}")
    expect(not found(filter={"source": NO_SOURCE}), f"{client}: a filter that nothing passes finds something")
    expect(found(filter={"source": {"$in": [row.metadata["source"], NO_SOURCE]}}),
           f"{client}: the filter $in finds nothing")
    row.check(client, [(d.id, d.page_content, d.metadata) for d in store.get_by_ids([row.id])], "the id")
    row.check(client, [(d.id, d.page_content, d.metadata)
                       for d in store.max_marginal_relevance_search("question", k=1, fetch_k=5)],
              "the first by MMR")
    wanted = min(row.count, MOST_ROWS)
    number = len(found(k=wanted))
    expect(number == wanted, f"{client}: {number} of the {wanted} nearest passages were found")


def llamaindex(address, schema, space, dimensions, row):
    client = "LlamaIndex"
    # The class calls its table data_NAME.
    store = LlamaIndexStore(
        connection_string=url_of(address, "psycopg2").render_as_string(hide_password=False),
        async_connection_string=url_of(address, "asyncpg").render_as_string(hide_password=False),
        table_name=f"llamaindex_{space}", schema_name=schema, embed_dim=dimensions,
        perform_setup=False)

    def found(limit=3, mode=VectorStoreQueryMode.DEFAULT, *filters):
        result = store.query(VectorStoreQuery(
            query_embedding=row.vector, similarity_top_k=limit, mode=mode,
            filters=MetadataFilters(filters=list(filters)) if filters else None))
        return [(node.node_id, node.text, node.metadata) for node in result.nodes]

    row.check(client, found())
    default = VectorStoreQueryMode.DEFAULT
    for key, value in row.plain().items():
        hits = found(3, default, MetadataFilter(key=key, value=value))
        row.check(client, hits, f"the nearest with {key} = {value!r}")
        expect(all(hit[2].get(key) == value for hit in hits),
               f"{client}: the filter {key} = {value!r} lets others pass: {hits}")
    expect(not found(3, default, MetadataFilter(key="source", value=NO_SOURCE)),
           f"{client}: a filter that nothing passes finds something")
    sources = MetadataFilter(
        key="source", value=[row.metadata["source"], NO_SOURCE], operator=FilterOperator.IN)
    expect(found(3, default, sources), f"{client}: the filter IN finds nothing")
    row.check(client, found(1, VectorStoreQueryMode.MMR), "the first by MMR")
    nodes = store.get_nodes([row.id])
    row.check(client, [(node.node_id, node.text, node.metadata) for node in nodes], "the id")
    expect(len(nodes[0].embedding) == dimensions,
           f"{client}: a node's vector has {len(nodes[0].embedding)} dimensions, expected {dimensions}")
    # Of all rows, texts that were not kept included.
    found(min(row.count, MOST_ROWS))


def supabase(connection, schema, space, row):
    """As PostgREST calls it: by names, from a search path without the store's schema."""
    client = f"match_documents_{space}"
    function = sql.Identifier(schema, client)

    def found(limit, filter):
        return connection.execute(sql.SQL("""
            SELECT id, content, metadata, similarity
            FROM {}(query_embedding => %s, match_count => %s, filter => %s::jsonb)
            """).format(function), (json.dumps(row.vector), limit, json.dumps(filter))).fetchall()

    for filter in [{}] + [{key: value} for key, value in row.plain().items()]:
        hits = found(3, filter)
        expect(hits, f"{client}: nothing was found with the filter {filter}")
        expect(hits[0][1] == row.text and hits[0][2] == row.metadata,
               f"{client}: the nearest with the filter {filter} is {hits[0]}, expected {row.metadata}")
        expect(hits[0][3] > 0.999, f"{client}: its own vector is only {hits[0][3]} similar")
        expect([hit[3] for hit in hits] == sorted((hit[3] for hit in hits), reverse=True),
               f"{client}: the hits are not in their order")
    expect(not found(3, {"source": NO_SOURCE}), f"{client}: a filter that nothing passes finds something")
    wanted = min(row.count, MOST_ROWS)
    number = len(found(wanted, {}))
    expect(number == wanted, f"{client}: {number} of the {wanted} nearest passages were found")


def main():
    if len(sys.argv) != 5:
        fail("expected ADDRESS SCHEMA SPACE DIMENSIONS")
    address, schema, space, dimensions = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    plain = url_of(address, "psycopg").render_as_string(hide_password=False)
    with psycopg.connect(plain.replace("+psycopg", "", 1), autocommit=True) as connection:
        row = Row(connection, schema, space, dimensions)
        supabase(connection, schema, space, row)
    langchain(address, schema, space, row, "psycopg")
    langchain(address, schema, space, row, "asyncpg")
    llamaindex(address, schema, space, dimensions, row)
    print(json.dumps({"passages": row.count, "source": row.metadata["source"]}))


try:
    main()
except Exception as error:
    fail(f"{type(error).__name__}: {error}")
