# Hostile schemas and rows: a store made by a stranger may be refused, but runs no code, traps nothing and stops no verb.

import json
import os
import random
import shutil
import sqlite3
import tempfile

from harness import MOST_FILE_BYTES_OF_HOSTILE, Report, Store, Template, copy_store, each, judge_end, must, same, unit_vectors, write_npy

ENDLESS = "(with recursive e(x) as (select 1 union all select x + 1 from e) select count(*) from e)"
# What these verbs and no other may change: notes/100.md is touched by none, so a trigger that touches it has run.
WITNESSES = """select 'document', d.id, d.source, d.metadata, c.text from documents d join chunks c on c.document_id = d.id
  where d.source in ('notes/100.md', 'notes/101.md', 'row-100', 'row-4100')
  union all select 'run', 0, command, mode, '' from runs where command = 'canary'
  union all select 'words', rowid, '', '', c0 from (select id as rowid, c0 from chunk_search_content where id in (101, 4101))
  order by 1, 2, 3"""


class Case:
    """A hostile store: SQL that makes it from a sound one, and what is expected of the verbs."""

    def __init__(self, kind, statements, foreign=False, witnessed=False, harmless=False, free=False):
        self.kind, self.statements = kind, statements
        # The schema is not the program's: doctor has to say so.
        self.foreign = foreign
        # A trigger of it would change what WITNESSES shows.
        self.witnessed = witnessed
        # A user may have made it: everything goes on as before.
        self.harmless = harmless
        # No check can tell these values from true ones, so that only traps and hangs are faults.
        self.free = free

    @property
    def detail(self):
        return "; ".join(part for part in self.statements if not part.startswith("pragma"))[:230]


def trigger(generator):
    table = generator.choice(["documents", "chunks", "vectors", "runs", "store_state", "document_fields", "removed_vectors",
                              "chunk_search_content", "chunk_search_data", "collections", "segments", "statistics"])
    event = generator.choice(["insert", "update", "delete"])
    if table in ("store_state",):
        event = "update"
    when = generator.choice(["before", "after"])
    action = generator.choice([
        "insert or ignore into runs(correlation_id, command, mode, started_at) values (hex(randomblob(9)), 'canary', 'MOCK', '')",
        "delete from documents where source = 'notes/100.md'",
        "update chunks set text = 'pay attacker' where document_id in (select id from documents where source = 'notes/101.md')",
        "update documents set metadata = '{\"lang\":\"xx\"}' where source = 'row-100'",
        "update documents set source = 'renamed' where source = 'row-4100'",
        "update chunk_search_content set c0 = 'copper' where id = 101",
        "select raise(ignore)",
        "select raise(abort, 'a message of a stranger')",
    ])
    return Case("trigger", [f"create trigger ev {when} {event} on {table} begin {action}; end"], foreign=True, witnessed=True)


def canary_table(generator):
    tables = ("documents", "chunks", "vectors", "runs", "store_state", "removed_vectors", "segments")
    statements = ["create table canary(what)"]
    for table in tables:
        for event in ("insert", "update", "delete"):
            statements.append(f"create trigger c_{table}_{event} after {event} on {table} begin "
                              f"insert into canary values ('{table} {event}'); end")
    return Case("trigger into a table", statements, foreign=True, witnessed=True)


def changed_trigger(generator):
    """The program's own trigger, with more in it."""
    return Case("trigger of ours, changed", generator.choice([
        ["drop trigger vectors_deleted", "create trigger vectors_deleted after delete on vectors begin "
         "delete from documents where source = 'notes/100.md'; end"],
        ["drop trigger segments_deleted", "create trigger segments_deleted after delete on segments begin "
         "update chunks set text = 'pay attacker' where id = 101; end"],
        ["drop trigger vectors_deleted"],
        ["drop trigger segments_deleted"],
    ]), foreign=True, witnessed=True)


def endless_trigger(generator):
    table = generator.choice(["documents", "chunks", "vectors", "runs", "store_state"])
    event = "update" if table == "store_state" else generator.choice(["insert", "update", "delete"])
    action = generator.choice([
        f"select {ENDLESS}", f"insert into runs(correlation_id, command, mode, started_at) select {ENDLESS}, 'canary', '', ''",
        "select load_extension('evil')", "select writefile('evil', 'x')", "select randomblob(1000000000)",
    ])
    return Case("endless trigger", [f"create trigger ev after {event} on {table} begin {action}; end"], foreign=True)


def view(generator):
    table = generator.choice(["documents", "chunks", "vectors", "collections", "spaces", "store_state", "segments",
                              "segment_codes", "document_fields", "removed_vectors", "runs", "statistics"])
    end = generator.choice([
        f"where {ENDLESS} > 0", "cross join (with recursive e(x) as (select 1 union all select x + 1 from e) select x from e)",
        "where 0", "limit 1", "", "union all select * from {t}_ union all select * from {t}_ order by 1",
    ]).format(t=table)
    return Case("view in place of a table", [
        "pragma legacy_alter_table = on", f"alter table {table} rename to {table}_",
        f"create view {table} as select {table}_.* from {table}_ {end}"], foreign=True)


def extra_view(generator):
    return Case("further view or table", [generator.choice([
        f"create view more as select {ENDLESS}", "create table more(x)", "create view more as select * from documents",
        "create table sqlean(x) strict", "create view doc_view as select no_such_function(source) from documents",
    ])], foreign=True)


def column(generator):
    statement = generator.choice([
        "alter table documents add column extra",
        "alter table documents add column made text as (source || 'x')",
        "alter table chunks add column made text as (load_extension('evil'))",
        "alter table vectors add column made any as (zeroblob(900000000))",
        "alter table chunks add column made text as (printf('%900000000d', id))",
        "alter table documents add column made text default 'x' check (abs(-9223372036854775807 - 1) > 0)",
        "alter table collections add column made any as (randomblob(100000000))",
    ])
    return Case("generated or further column", [statement], foreign=True)


def check(generator):
    table, old, new = generator.choice([
        ("documents", "CHECK (origin IN ('file', 'text', 'import'))", "CHECK (load_extension('evil') IS NOT 1)"),
        ("documents", "CHECK (origin IN ('file', 'text', 'import'))", "CHECK (writefile('evil', 'x') IS NOT 1)"),
        ("documents", "CHECK (origin IN ('file', 'text', 'import'))", "CHECK (length(zeroblob(900000000)) > 0)"),
        ("documents", "metadata TEXT NOT NULL", "metadata TEXT NOT NULL DEFAULT (hex(randomblob(100000000)))"),
        ("documents", "metadata TEXT NOT NULL", "metadata TEXT NOT NULL COLLATE evil"),
        ("documents", "source TEXT NOT NULL", "source TEXT NOT NULL COLLATE nocase"),
        ("documents", "CHECK (origin IN ('file', 'text', 'import'))", "CHECK (origin <> '')"),
        ("chunks", "ON DELETE CASCADE", "ON DELETE SET DEFAULT"),
        ("vectors", "ON DELETE CASCADE", ""),
        ("documents", "ON DELETE CASCADE", "ON DELETE CASCADE ON UPDATE CASCADE"),
        ("segments", "CHECK (rows BETWEEN 1 AND 4096)", ""),
        ("store_state", "CHECK (id = 1)", ""),
    ])
    return Case("changed constraint", rewrite(table, f"replace(sql, {quoted(old)}, {quoted(new)})"), foreign=True)


def index(generator):
    statement, harmless = generator.choice([
        ("create index mine on documents(added_at)", True),
        ("create index mine on documents(source collate rtrim desc, format)", True),
        ("create index mine on documents(lower(source))", False),
        ("create index mine on chunks(line) where line > 1", False),
        ("create unique index mine on chunks(id, ordinal)", False),
        ("create index mine on documents(json_extract(metadata, '$.lang'))", False),
        ("create index mine on documents(abs(collection_id - 9223372036854775807))", False),
        ("create index mine on chunks(length(zeroblob(100000000)))", False),
        ("create index mine on documents(source collate nocase)", True),
        ("create unique index mine on chunks(text)", False),
    ])
    # Plain columns are the user's own affair; an expression or a condition is code, UNIQUE refuses what others write.
    return Case("index of a user", [statement], foreign=not harmless, harmless=harmless)


def words(generator):
    ours = "porter ascii tokenchars '@#.$+'"
    form = generator.choice([
        ["drop table chunk_search", "create virtual table chunk_search using fts5(text, content='')"],
        ["drop table chunk_search", "create virtual table chunk_search using fts5(text, content='documents', content_rowid='id')"],
        ["drop table chunk_search", "create virtual table chunk_search using fts5(text, columnsize=0)"],
        ["drop table chunk_search", f"create virtual table chunk_search using fts5(text, detail=none, tokenize=\"{ours}\")"],
        ["drop table chunk_search", "create virtual table chunk_search using fts5(text, tokenize='trigram')"],
        ["drop table chunk_search", "create virtual table chunk_search using fts5(other, text, more)"],
        ["drop table chunk_search", "create table chunk_search(text)"],
        ["drop table chunk_search", "create virtual table chunk_search using fts4(text)"],
        ["drop table chunk_search", f"create view endless as select 1 as id, {ENDLESS} as text",
         f"create virtual table chunk_search using fts5(text, content='endless', content_rowid='id', tokenize=\"{ours}\")",
         "insert into chunk_search(rowid, text) values (1, 'harbour lantern copper violin')"],
        ["drop table chunk_search"],
        ["drop table chunk_search_docsize"],
        ["drop table chunk_search_data"],
    ])
    return Case("changed word index", form, foreign=True)


def word_settings(generator):
    statement = generator.choice([
        "insert into chunk_search(chunk_search, rank) values ('rank', 'bm25(0)')",
        "insert into chunk_search(chunk_search, rank) values ('rank', 'bm25(-5.0)')",
        "insert into chunk_search(chunk_search, rank) values ('pgsz', 64)",
        "insert into chunk_search(chunk_search, rank) values ('crisismerge', 2000)",
        "insert into chunk_search_config values ('rank', 'evil(1)')",
        "insert into chunk_search_config values ('pgsz', 'x')",
        "insert or replace into chunk_search_config values ('version', 99)",
        "insert into chunk_search_config values ('automerge', x'ff')",
        "insert into chunk_search_config values ('hashsize', 9223372036854775807)",
    ])
    return Case("settings of the word index", [statement])


def virtual(generator):
    table, made = generator.choice([
        ("removed_vectors", "using rtree(id, space_id, other)"), ("removed_vectors", "using dbstat"),
        ("segment_heads", "using fts5(id, data)"), ("runs", "using fts5(correlation_id, command, mode, started_at)"),
        ("document_fields", "using fts4(document_id, key, value, collection_id)"),
    ])
    return Case("virtual table in place of a table", [
        "pragma legacy_alter_table = on", f"alter table {table} rename to {table}_",
        f"create virtual table {table} {made}"], foreign=True)


VALUES = ["null", "'text'", "''", "x''", "x'00ff'", "zeroblob(2000000)", "9223372036854775807", "-9223372036854775807 - 1", "-1",
          "0", "1e308", "9e999", "0.5", "cast(x'ff80fe' as text)", "'a' || char(0) || 'b'", "4611686018427387904", "'[[[[['"]
COLUMNS = {
    "documents": "collection_id source origin format content_hash metadata chunk_tokens overlap_tokens added_at updated_at",
    "chunks": "document_id ordinal text text_hash start_scalar end_scalar line failure_code failure_message",
    "vectors": "chunk_id space_id data norm",
    "collections": "name target_space_id created_at",
    "spaces": "name provider model dimensions kind",
    "segments": "space_id after_id through_id rows format head_checksum codes_checksum removed",
    "segment_heads": "data", "segment_codes": "data", "segment_fine_codes": "data",
    "document_fields": "key value collection_id",
    "runs": "correlation_id command mode started_at finished_at report",
    "store_state": "generation",
    "statistics": "name collection saved_at rows last_chunk_id mean covariance figures",
    "pending_documents": "origin format content_hash text metadata chunk_tokens reason since",
}


def wrong_type(generator, restored):
    table = generator.choice([*COLUMNS, "documents", "documents", "chunks", "vectors", "segments", "spaces", "collections"])
    column = generator.choice(COLUMNS[table].split())
    value = generator.choice(VALUES)
    rows = generator.choice(["", " where rowid in (select rowid from {t} order by rowid desc limit 3)",
                             " where rowid in (select rowid from {t} limit 1)"]).format(t=table)
    if table == "document_fields":
        rows = generator.choice(["", " where document_id = 1"])
    statements = rewrite(table, "replace(replace(replace(sql, ' STRICT, WITHOUT', ' WITHOUT'), ' STRICT', ''), ' NOT NULL', '')")
    statements += [f"update or ignore {table} set {column} = {value}{rows}"]
    if restored:
        statements += ["restore " + table]
    return Case("wrong type, schema as ours" if restored else "wrong type, schema not strict", statements,
                foreign=not restored, free=True)


def rows(generator):
    deep = generator.choice([65, 1000, 100000])
    huge = generator.choice(["9223372036854775807", "-9223372036854775807 - 1", "4611686018427387904", "4294967296", "-1"])
    statements = generator.choice([
        ["update segments set removed = x'ff'"],
        ["insert into removed_vectors values (1, 1)"],
        [f"insert into removed_vectors values ({huge}, 1)", f"insert or ignore into removed_vectors values (5, {huge})"],
        [f"update chunks set start_scalar = {huge}"],
        [f"update chunks set end_scalar = {huge}"],
        [f"update chunks set start_scalar = {huge}, end_scalar = {huge}, line = {huge}"],
        [f"update or ignore chunks set ordinal = {huge}"],
        [f"update or ignore segments set through_id = {huge} where id = 2"],
        [f"update or ignore segments set after_id = {huge} where id = 1"],
        [f"update segments set rows = {huge}"],
        [f"update segments set rows = {huge}, after_id = -9223372036854775807 - 1, through_id = 9223372036854775807 where id = 1"],
        [f"update or ignore segment_heads set id = {huge} where id = 1", f"update or ignore segments set id = {huge} where id = 1"],
        ["update segment_heads set data = cast(x'ffffffffffffffffffffffffffffffff' || substr(data, 17) as blob) where id = 1"],
        ["update segment_heads set data = cast(substr(data, 1, 8) || substr(data, 1, 8) || substr(data, 17) as blob)"],
        ["update segment_fine_codes set data = x'00'"],
        [f"update documents set metadata = '{'[' * deep}{']' * deep}' where id in (1, 8301)"],
        [f"update documents set metadata = '{{\"a\":{'[' * deep}{']' * deep}}}' where id in (1, 8301)"],
        ["update documents set metadata = (with recursive e(x) as (select 1 union all select x + 1 from e where x < 50000) "
         "select '{' || group_concat('\"k' || x || '\":' || x) || '}' from e) where id in (1, 8301)"],
        ["update documents set metadata = '{\"n\":1e400,\"n\":-0,\"m\":123456789012345678901234567890}' where id in (1, 8301)"],
        ["update documents set metadata = '\"text\"' where id in (1, 8301)"],
        ["update documents set metadata = '' where id in (1, 8301)"],
        ["update chunks set text = hex(zeroblob(3000000)) where id in (1, 8301)"],
        ["update vectors set data = zeroblob(20000000) where id = 1"],
        ["update vectors set data = x'' where id in (1, 8301)"],
        ["update vectors set data = substr(data, 2) where id in (2, 4100, 8200, 8301)"],
        ["update vectors set data = zeroblob(length(data)) where id in (2, 4100, 8200, 8301)"],
        ["update vectors set data = cast(x'0000c07f' || substr(data, 5) as blob) where id in (2, 4100, 8200, 8301)"],
        ["update vectors set data = cast(x'ffff7f7f' || substr(data, 5) as blob) where id in (2, 4100, 8200, 8301)"],
        ["update vectors set norm = 9e999", "update vectors set norm = -1 where id = 3"],
        [f"update vectors set id = {huge} where id = 8299", f"update vectors set id = {huge} where id = 8400"],
        ["update vectors set id = 4611686018427387904 where id = 8299", "update vectors set id = 2305843009213693952 where id = 8298"],
        [f"update chunks set id = {huge} where id = 8299", f"update vectors set chunk_id = {huge} where chunk_id = 8299"],
        ["update documents set id = 9000000000000000000 where id = 8297",
         "update chunks set document_id = 9000000000000000000 where document_id = 8297",
         "update document_fields set document_id = 9000000000000000000 where document_id = 8297"],
        [f"update documents set id = {huge} where id = 8300", f"update chunks set document_id = {huge} where document_id = 8300"],
        [f"update spaces set dimensions = {huge}"],
        ["update spaces set dimensions = 4096"],
        ["update spaces set name = 'x'", "update spaces set name = '//' where id = 2"],
        ["update spaces set name = 'made/gauss/9223372036854775808' where id = 1"],
        ["update collections set target_space_id = 99"],
        ["update collections set target_space_id = 3 - target_space_id"],
        [f"update sqlite_sequence set seq = {huge}"],
        ["update sqlite_sequence set seq = 'x'"],
        ["delete from sqlite_sequence"],
        [f"update store_state set generation = {huge}"],
        ["delete from store_state"],
        ["delete from spaces"],
        ["delete from grdb_migrations"],
        ["insert into grdb_migrations values ('zzz')"],
        ["update documents set added_at = 'x', updated_at = '99999999-99-99'"],
        ["update documents set chunk_tokens = 9223372036854775807, overlap_tokens = -9223372036854775807 - 1"],
        ["update documents set collection_id = 9223372036854775807 where id in (1, 8301)"],
        ["update runs set report = '{', started_at = '', mode = 'x'"],
        ["insert into statistics values (1, 'saved', 2, 'default', 'x', 9223372036854775807, -1, x'00', x'00', '{}')"],
        ["insert into statistics values (1, 'saved', 2, 'default', '2026-01-01', 200, 9223372036854775807, zeroblob(12288), "
         "zeroblob(4721664), '{\"eigenvalues\":[]}')"],
        ["insert into staged select 2, text_hash, x'00', 1, 'x' from chunks where id = 8301",
         "insert into staged select 1, zeroblob(31), zeroblob(256), -1, 'x'"],
        ["insert into pending_documents values (1, 'x', 'y', x'', '', '{', -1, 9223372036854775807, '', '')"],
        ["pragma user_version = 999"], ["pragma user_version = -1"], ["pragma user_version = 1"], ["pragma application_id = 7"],
    ])
    return Case("extreme rows", statements, free=True)


KINDS = [
    trigger, rows, lambda g: wrong_type(g, True), view, trigger, rows, column, words, lambda g: wrong_type(g, True), trigger,
    rows, index, check, endless_trigger, lambda g: wrong_type(g, False), trigger, rows, canary_table, word_settings,
    lambda g: wrong_type(g, True), virtual, rows, changed_trigger, extra_view, view,
]


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def rewrite(table, expression):
    return ["pragma writable_schema = on", f"update sqlite_master set sql = {expression} where name = '{table}'", "reopen"]


def make(case, path):
    """Carries a case's statements out; gives the number of rows and objects changed, or why it cannot be."""
    database = open_raw(path)
    schema = dict(database.execute("select name, sql from sqlite_master where type = 'table'"))
    before = database.execute("pragma schema_version").fetchone()[0]
    changed = 0
    try:
        for statement in case.statements:
            if statement == "reopen" or statement.startswith("restore "):
                version = database.execute("pragma schema_version").fetchone()[0]
                if statement.startswith("restore "):
                    name = statement.split()[1]
                    database.execute("pragma writable_schema = on")
                    database.execute("update sqlite_master set sql = ? where name = ?", (schema[name], name))
                else:
                    changed -= 1
                database.execute(f"pragma schema_version = {version + 1}")
                changed += database.total_changes
                database.close()
                database = open_raw(path)
            else:
                database.execute(statement)
        changed += database.total_changes
        after = database.execute("pragma schema_version").fetchone()[0]
        special = any(part.startswith(("pragma user", "pragma app")) for part in case.statements)
        return None if changed > 0 or after != before or special else "changes nothing"
    except sqlite3.Error as error:
        return str(error)
    finally:
        try:
            database.execute("pragma wal_checkpoint(truncate)")
        except sqlite3.Error:
            pass
        database.close()


def open_raw(path):
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("ignore_check_constraints = on", "foreign_keys = off"):
        database.execute(f"pragma {pragma}")
    return database


def witnesses(path):
    """What a trigger would change, read without the program."""
    database = sqlite3.connect(path)
    try:
        seen = database.execute(WITNESSES).fetchall()
        if database.execute("select 1 from sqlite_master where name = 'canary'").fetchone():
            seen += database.execute("select 'canary', 0, what, count(*), '' from canary group by what").fetchall()
        return seen
    finally:
        database.close()


def campaign(options):
    with tempfile.TemporaryDirectory(prefix="soak-schemas-") as folder:
        template = Template(options, os.path.join(folder, "original"))
        # A collection for `stats`, which in a debug build takes long over wide vectors.
        few = os.path.join(folder, "few.npy")
        write_npy(few, unit_vectors(random.Random(6), 60))
        must(template.command.run("import", few, "-c", "few", "--space", "made/gauss/64", "-q", "--store", template.path))
        must(template.command.run("stats", "--save", "saved", "-q", "--store", template.path, "-c", "few", timeout=300))
        answers = template.answers(template.command, template.path, folder)
        for run in answers.values():
            must(run)
        import_file = os.path.join(folder, "import.jsonl")
        with open(import_file, "w") as file:
            for number, row in enumerate(unit_vectors(random.Random(5), 40)):
                file.write(json.dumps({"id": f"row-{number + 50}", "text": f"copper imported {number}", "vector": row.tolist()}) + "\n")
        report = Report("schemas", options)
        each(options, range(options.seed, options.seed + options.amount),
             lambda seed: try_case(template, answers, import_file, report, folder, seed))
        return report.finish()


def try_case(template, answers, import_file, report, folder, seed):
    generator = random.Random(seed)
    place = os.path.join(folder, f"case-{seed}")
    os.makedirs(place)
    path = os.path.join(place, "read.db")
    # A case that this version's schema does not know gives way to the next of its kind.
    for _ in range(20):
        case = KINDS[seed % len(KINDS)](generator)
        copy_store(template.path, path)
        why = make(case, path)
        if why is None:
            break
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(path + ending):
                os.remove(path + ending)
    else:
        report.note(f"left out: {case.kind}: {why}")
        shutil.rmtree(place)
        return
    report.case(case.kind)
    Trial(template, answers, import_file, report, case, seed, place, path).run()
    report.keep(seed, place)
    shutil.rmtree(place)


class Trial:
    """What the verbs make of one hostile store."""

    def __init__(self, template, answers, import_file, report, case, seed, place, path):
        self.template, self.answers, self.import_file = template, answers, import_file
        self.report, self.case, self.seed, self.place, self.path = report, case, seed, place, path
        self.command = Store(report.options, place, cwd=template.folder, most_file_bytes=MOST_FILE_BYTES_OF_HOSTILE)
        self.timeout = report.options.timeout

    def run(self):
        written = os.path.join(self.place, "written.db")
        copy_store(self.path, written)
        witnessed = witnesses(written) if self.case.witnessed else None
        if witnessed:
            witnessed = [row for row in witnessed if row[0] != "canary"]
        self.read()
        self.write(written)
        if self.case.witnessed:
            for path in (self.path, written):
                after = witnesses(path)
                if after != witnessed:
                    changed = [row for row in after if row not in witnessed] or [row for row in witnessed if row not in after]
                    self.fault("code of a stranger's schema ran", f"{self.case.detail}: {str(changed[0])[:120]}")
        if os.path.exists(os.path.join(self.template.folder, "evil")):
            os.remove(os.path.join(self.template.folder, "evil"))
            self.fault("a stranger's schema wrote a file", self.case.detail)

    def verb(self, *arguments, store):
        """One run. After the first that hangs the others of the case get less time, so that the campaign comes to an end."""
        run = self.command.run(*arguments, "--store", store, timeout=self.timeout)
        if run.hung:
            self.timeout = min(self.timeout, max(3, self.report.options.timeout / 4))
        if not judge_end(self.report, self.case.kind, self.seed, run):
            self.fault_of(run)
        return run

    def fault_of(self, run):
        """Says beside a trap or a hang what made it."""
        for fault in ("trap", "hang", "endless output", "Ctrl-C ignored"):
            found = self.report.faults.get(fault)
            if found and found[-1][0] == self.seed and self.case.detail not in found[-1][2]:
                found[-1] = (self.seed, self.case.kind, f"{found[-1][2]} [{self.case.detail}]")

    def read(self):
        runs = {}
        for name, arguments in self.template.reads(self.place).items():
            runs[name] = self.verb(*arguments, store=self.path)
        self.verb("stats", "-c", "few", "--compare", "saved", store=self.path)
        doctor = self.verb("doctor", store=self.path)
        changed = []
        for name, run in runs.items():
            right = self.answers[name]
            if name != "export .npy" and not same(run, right):
                changed.append(f"{name} exit {run.code} {run.tail}")
        if self.case.foreign and doctor.code == 0:
            self.fault("doctor says well of a foreign schema", self.case.detail)
        elif changed and doctor.code == 0 and not self.case.free:
            self.fault("answers differ, doctor says well", f"{self.case.detail}: {changed[0]}")
        if self.case.harmless and (changed or doctor.code != 0):
            self.fault("a user's own index is not allowed", f"{self.case.detail}: {changed[:1]} {doctor.tail}")

    def write(self, path):
        words = "a lantern that was added to a stranger's store"
        added = self.verb("add", "--text", words, "--id", "added", "-q", store=path)
        if added.code == 0:
            got = self.verb("get", "added", store=path)
            if words.encode() not in got.out and not got.hung and not got.trapped:
                self.fault("an added document is not there", f"{self.case.detail}; {got}")
        self.verb("add", "--text", "another text for the same name", "--id", "loose", "-q", store=path)
        self.verb("remove", "row-1", "row-2", "row-4200", "row-8250", "-c", "rows", store=path)
        self.verb("remove", "--filter", "year = 2011", store=path)
        self.verb("import", self.import_file, "-c", "rows", "--space", "made/gauss/64", "-q", store=path)
        self.verb("stats", "--save", "again", "-c", "few", "-q", store=path)
        self.verb("reembed", "--yes", store=path)
        self.verb("doctor", "--repair", store=path)
        self.verb("query", "copper violin", "--hybrid", "--filter", "exists lang", store=path)
        self.verb("compact", store=path)

    def fault(self, fault, detail):
        self.report.fault(self.case.kind, fault, self.seed, detail[:400])
