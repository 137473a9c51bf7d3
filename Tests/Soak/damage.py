# Damaged files: no trap, no hang, no wrong answer that nobody tells of, and a repair that claims success has made all well.

import collections
import os
import random
import re
import shutil
import sqlite3
import struct
import tempfile

from harness import MOST_FILE_BYTES_OF_HOSTILE, Report, Store, Template, cleaned, copy_store, each, fast_folder, judge_end, must, printable, same

PAGE = 32768
WORDS = ("chunk_search_data", "chunk_search_idx", "chunk_search_content", "chunk_search_docsize", "chunk_search_config")
FIELDS = ("document_fields", "document_fields_by_value")
CODES = ("segment_heads", "segment_codes", "segment_fine_codes", "segments", "sqlite_autoindex_segments_1", "removed_vectors")
INDEXES = ("chunks_by_text_hash", "vectors_by_space", "sqlite_autoindex_chunks_1", "sqlite_autoindex_documents_1",
           "sqlite_autoindex_vectors_1")
DERIVED = {*WORDS, *FIELDS, *CODES, *INDEXES}
SOURCES = ("vectors", "chunks", "documents")
REST = ("collections", "spaces", "runs", "store_state", "sqlite_schema", "grdb_migrations", "sqlite_sequence", "staged",
        "pending_documents", "sqlite_autoindex_collections_1", "sqlite_autoindex_spaces_1")


class Original:
    """The undamaged store: its bytes, which page belongs to which table, and its answers."""

    def __init__(self, options, folder):
        self.template = Template(options, os.path.join(folder, "original"))
        self.path = self.template.path
        with open(self.path, "rb") as file:
            self.bytes = file.read()
        self.pages = collections.defaultdict(list)
        database = sqlite3.connect(self.path)
        for name, number in database.execute("select name, pageno from dbstat"):
            self.pages[name].append(number - 1)
        database.close()
        self.owner = {page: name for name, pages in self.pages.items() for page in pages}
        self.answers = self.answers_of(self.path)
        for run in self.answers.values():
            must(run)
        must(self.template.command.run("doctor", "--store", self.path))
        self.make_log(os.path.join(folder, "log"))

    def answers_of(self, path):
        return self.template.answers(self.template.command, path, os.path.dirname(path))

    def make_log(self, folder):
        """A store with a log: what is answered after each of its commits is right, and nothing else."""
        os.makedirs(folder)
        path = os.path.join(folder, "s.db")
        copy_store(self.path, path)
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("begin")
        reader.execute("select count(*) from documents").fetchone()
        command = self.template.command
        must(command.run("add", "--text", "violin and copper in the log", "--id", "logged", "-q", "--store", path))
        must(command.run("remove", "row-5", "row-4100", "-c", "rows", "-q", "--store", path))
        must(command.run("add", "--text", "copper violin copper violin", "--id", "row-5", "-c", "rows2", "-q", "--store", path))
        self.logged = os.path.join(folder, "logged.db")
        copy_store(path, self.logged)
        reader.close()
        with open(self.logged + "-wal", "rb") as file:
            self.log = file.read()
        ends = [32]
        for start in range(32, len(self.log), 24 + PAGE):
            if struct.unpack(">I", self.log[start + 4:start + 8])[0]:
                ends.append(start + 24 + PAGE)
        self.states = []
        for end in ends:
            copy_store(self.logged, path)
            with open(path + "-wal", "r+b") as file:
                file.truncate(end)
            if os.path.exists(path + "-shm"):
                os.remove(path + "-shm")
            self.states.append(self.answers_of(path))


def told(run, right):
    """It failed, or said more on standard error than the undamaged store does."""
    return run.code not in (0, right.code) or bool(run.said and run.said != right.said)


def difference(run, right):
    """Where an answer first differs from the right one, in few words."""
    if run.code != right.code:
        return f"exit {run.code}, {run.tail}"
    outs = [cleaned(run.out), cleaned(right.out)]
    place = next((i for i, (a, b) in enumerate(zip(*outs)) if a != b), min(map(len, outs)))
    texts = [printable(out[max(0, place - 20):place + 40].decode("utf-8", "replace")) for out in outs]
    return f"“{texts[0]}” in place of “{texts[1]}”"


class Variant:
    """One damaged store, made from its seed."""

    def __init__(self, original, seed):
        self.original, self.seed = original, seed
        self.generator = random.Random(seed)
        self.kind, self.make = KINDS[seed % len(KINDS)]
        self.bytes = bytearray(original.bytes)
        self.log = None
        self.touched = set()
        self.detail = ""
        self.statement = None
        self.make(self)

    def write(self, path):
        """Writes the damaged store; false if its statement means nothing in this version's schema."""
        with open(path, "wb") as file:
            file.write(self.bytes)
        if self.log is not None:
            with open(path + "-wal", "wb") as file:
                file.write(self.log)
        if self.statement is None:
            return True
        database = sqlite3.connect(path, isolation_level=None)
        try:
            database.execute("pragma ignore_check_constraints = on")
            database.execute("pragma foreign_keys = off")
            database.create_function("flip", 2, flip)
            for statement in self.statement:
                database.execute(statement)
            if database.total_changes == 0:
                return False
        except sqlite3.Error as error:
            self.detail += f" ({error})"
            return False
        finally:
            database.execute("pragma wal_checkpoint(truncate)")
            database.close()
        for ending in ("-wal", "-shm"):
            if os.path.exists(path + ending):
                os.remove(path + ending)
        return True

    @property
    def is_derived(self):
        """Whether all that was damaged can be made again from what was not."""
        return bool(self.touched) and self.touched <= DERIVED

    # Damage to bytes. Each notes the tables that it touched and says in words what it did.

    def touch(self, page):
        self.touched.add(self.original.owner.get(page, f"page {page + 1}"))

    def place(self, page):
        """A byte of a page that is in use: of its head or of its cells."""
        start = page * PAGE
        head = start + (100 if page == 0 else 0)
        kind, _, cells, first = struct.unpack(">BHHH", self.original.bytes[head:head + 7])
        if kind not in (2, 5, 10, 13):
            return start + self.generator.randrange(PAGE)
        if self.generator.random() < 0.2:
            return head + self.generator.randrange(12 + 2 * cells)
        return start + self.generator.randrange(min(first or 65536, PAGE - 1), PAGE)

    def flip_bits(self, places):
        for place in places:
            self.bytes[place] ^= 1 << self.generator.randrange(8)
            self.touch(place // PAGE)
        self.detail = f"bits flipped at {places[:4]}"

    def overwrite(self, place, length):
        self.bytes[place:place + length] = self.generator.randbytes(len(self.bytes[place:place + length]))
        for page in range(place // PAGE, (place + length - 1) // PAGE + 1):
            self.touch(page)
        self.detail = f"{length} bytes overwritten at {place}"

    def aim(self, names):
        """Damage to a page of one of these tables: a bit, some bits, a run of bytes, nothing but zeros, or another page of them."""
        pages = [page for name in names for page in self.original.pages.get(name, ())]
        # Each table as often as the other, be it large or small.
        page = self.generator.choice(self.original.pages[self.generator.choice([n for n in names if n in self.original.pages])])
        how = self.generator.randrange(5)
        if how == 0:
            self.flip_bits([self.place(page)])
        elif how == 1:
            self.flip_bits([self.place(page) for _ in range(12)])
        elif how == 2:
            place = self.place(page)
            self.overwrite(place, min(self.generator.randint(1, 400), (page + 1) * PAGE - place))
        elif how == 3:
            self.bytes[page * PAGE:(page + 1) * PAGE] = bytes(PAGE)
            self.touch(page)
            self.detail = f"page {page + 1} zeroed"
        else:
            self.swap(page, self.generator.choice(pages))
        self.detail += f" ({', '.join(sorted(self.touched))})"

    def swap(self, one, other):
        first, second = one * PAGE, other * PAGE
        source = self.original.bytes
        self.bytes[first:first + PAGE] = source[second:second + PAGE]
        self.bytes[second:second + PAGE] = source[first:first + PAGE]
        self.touch(one)
        self.touch(other)
        self.detail = f"pages {one + 1} and {other + 1} swapped"


def flip(blob, place):
    """For SQL: the blob with one bit changed."""
    if not blob:
        return blob
    changed = bytearray(blob)
    changed[place % len(changed)] ^= 1 << (place % 8)
    return bytes(changed)


def one_bit(variant):
    variant.flip_bits([variant.generator.randrange(len(variant.bytes))])


def some_bits(variant):
    count = variant.generator.randint(2, 40)
    variant.flip_bits([variant.generator.randrange(len(variant.bytes)) for _ in range(count)])


def run_of_bytes(variant):
    variant.overwrite(variant.generator.randrange(len(variant.bytes) - 1), variant.generator.choice([1, 16, 512, 5000, 70000]))


def zeroed_pages(variant):
    pages = [variant.generator.randrange(len(variant.bytes) // PAGE) for _ in range(variant.generator.randint(1, 3))]
    for page in pages:
        variant.bytes[page * PAGE:(page + 1) * PAGE] = bytes(PAGE)
        variant.touch(page)
    variant.detail = f"pages {[page + 1 for page in pages]} zeroed"


def truncated(variant):
    length = variant.generator.randrange(len(variant.bytes))
    if variant.generator.random() < 0.5:
        length = length // PAGE * PAGE
    if variant.generator.random() < 0.3:
        length = len(variant.bytes) - PAGE * variant.generator.randint(1, 3)
    del variant.bytes[length:]
    variant.touched.add("the end of the file")
    variant.detail = f"truncated to {length} bytes"


def swapped(variant):
    count = len(variant.bytes) // PAGE
    variant.swap(variant.generator.randrange(count), variant.generator.randrange(count))


def lengthened(variant):
    more = variant.generator.choice([1, 100, PAGE, 3 * PAGE, PAGE + 7])
    variant.bytes += bytes(more) if variant.generator.random() < 0.5 else variant.generator.randbytes(more)
    variant.touched.add("the end of the file")
    variant.detail = f"lengthened by {more} bytes"


def head(variant):
    place = variant.generator.randrange(100)
    variant.bytes[place] = variant.generator.choice([0, 1, 255, variant.generator.randrange(256)])
    variant.touched.add("the file's head")
    variant.detail = f"byte {place} of the file's head is {variant.bytes[place]}"


def log(variant):
    generator = variant.generator
    with open(variant.original.logged, "rb") as file:
        variant.bytes = bytearray(file.read())
    variant.log = bytearray(variant.original.log)
    how = generator.randrange(4)
    if how == 0:
        place = generator.randrange(len(variant.log))
        variant.log[place] ^= 1 << generator.randrange(8)
        variant.detail = f"bit flipped at {place} of the log"
    elif how == 1:
        place = generator.choice([generator.randrange(32), 32 + generator.randrange(24), generator.randrange(len(variant.log))])
        variant.log[place:place + 64] = generator.randbytes(len(variant.log[place:place + 64]))
        variant.detail = f"bytes overwritten at {place} of the log"
    elif how == 2:
        length = generator.randrange(len(variant.log))
        del variant.log[length:]
        variant.detail = f"log truncated to {length} bytes"
    else:
        variant.log += generator.randbytes(generator.choice([5, 24 + PAGE, 2 * (24 + PAGE)]))
        variant.detail = "log lengthened"
    variant.touched.add("the log")


def aimed(names):
    return lambda variant: variant.aim(names)


def statement(touched, forms):
    """Damage that SQLite cannot see: a row of a derived table that says something else."""
    def make(variant):
        generator = variant.generator
        form = generator.choice(forms)
        if isinstance(form, str):
            form = [form]
        values = {
            "n": generator.randrange(1 << 20), "vector": generator.randint(1, 8300), "chunk": generator.randint(1, 8300),
            "document": generator.randint(1, 8300) // 4 * 4 + 1, "segment": generator.randint(1, 2),
            "space": generator.choice([1, 1, 2, 9]), "one": generator.choice([-1, 1, 7]), "bit": 1 << generator.randrange(8),
            "byte": generator.randrange(512), "huge": generator.choice([2**63 - 1, -2**63, 2**62, -1, 2**32, 0]),
        }
        variant.statement = [part.format(**values) for part in form]
        variant.touched = {touched}
        variant.detail = "; ".join(variant.statement)
    return make


MARKS = [
    "insert into removed_vectors values ({vector}, {space})",
    "insert into removed_vectors select id, space_id from vectors where id % 97 = {vector} % 97",
    "update segments set removed = x'ff' where id = {segment}",
    "update segments set removed = x'' where id = {segment}",
    "update segments set removed = zeroblob(511) where id = {segment}",
    "update segments set removed = flip(zeroblob(512), {byte}) where id = {segment}",
    "update segments set removed = cast(zeroblob({byte}) || x'ffff' || zeroblob(510 - {byte}) as blob) where id = {segment}",
]
SEGMENTS = [
    "update segments set rows = rows + {one} where id = {segment}",
    "update segments set rows = {huge} where id = {segment}",
    "update segments set through_id = through_id + {one} where id = {segment}",
    "update segments set through_id = {huge} where id = {segment}",
    "update segments set after_id = after_id + {one} where id = {segment}",
    "update segments set after_id = {huge} where id = {segment}",
    "update segments set space_id = 2 where id = {segment}",
    "update segments set format = {n} where id = {segment}",
    "update segments set codes_checksum = codes_checksum + 1 where id = {segment}",
    "update segments set head_checksum = {huge} where id = {segment}",
    "update segments set id = {n} where id = {segment}",
    "delete from segments where id = {segment}",
    "delete from segments",
    "insert into segments(space_id, after_id, through_id, rows, format, head_checksum, codes_checksum) values (1, 8192, 8300, 108, 2, 1, 1)",
]
CODE_ROWS = [
    f"{what} where id = {{segment}}" for table in ("segment_heads", "segment_codes") for what in (
        f"update {table} set data = flip(data, {{n}})", f"update {table} set data = substr(data, 2)",
        f"update {table} set data = x''", f"update {table} set data = cast(data || x'00' as blob)",
        f"update {table} set data = zeroblob(length(data))", f"delete from {table}", f"update {table} set id = {{n}} + 10",
        f"update {table} set data = cast(x'ffffffffffffffffffffffffffffffff' || substr(data, 17) as blob)",
        f"update {table} set data = (select data from {table} where id = 3 - {{segment}})",
    )] + [
    "update segment_fine_codes set data = flip(data, {n}) where id = {segment} * 4096",
    "update segment_fine_codes set data = x'00' where id = {segment} * 4096 + 1",
    "delete from segment_fine_codes where id = {segment} * 4096 + {n} % 5",
    "delete from segment_fine_codes",
    "update segment_fine_codes set data = (select data from segment_fine_codes where id = 8192) where id = 4096",
    "insert into segment_fine_codes values ({n} + 999999, x'00')",
]
FIELD_ROWS = [
    "delete from document_fields where document_id = {document}",
    "delete from document_fields where key = 'lang' and document_id % 8 = 1",
    "delete from document_fields",
    "update document_fields set value = 'xx' where key = 'lang' and document_id % 100 = 1",
    "update document_fields set value = 2020 where key = 'year'",
    "update document_fields set collection_id = 2 where document_id % 8 = 1",
    "update document_fields set collection_id = {huge} where document_id = {document}",
    "insert into document_fields values ({document} + 1, 'lang', 'de', 1)",
    "insert into document_fields select document_id + 1, key, value, collection_id from document_fields where document_id % 8 = 1",
    "insert into document_fields values ({huge}, 'lang', 'de', 1)",
]
WORD_ROWS = [
    "delete from chunk_search where rowid = {chunk}",
    "delete from chunk_search where rowid % 7 = 3",
    "insert into chunk_search(rowid, text) values ({n} + 900000, 'copper violin copper violin')",
    "update chunk_search set text = 'copper violin' where rowid = {chunk}",
    "update chunk_search_content set c0 = 'copper violin' where id = {chunk}",
    "delete from chunk_search_content where id = {chunk}",
    "delete from chunk_search_docsize where id = {chunk}",
    "update chunk_search_docsize set sz = x'7f' where id % 10 = 1",
    "update chunk_search_docsize set sz = x'ffffffffffffffffff' where id = {chunk}",
    "update chunk_search_data set block = flip(block, {n}) where id > 10",
    "update chunk_search_data set block = zeroblob(length(block)) where id > 10",
    "update chunk_search_data set block = flip(block, {n}) where id = 1",
    "update chunk_search_data set block = flip(block, {n}) where id = 10",
    "delete from chunk_search_data where id > 10",
    "delete from chunk_search_data where id = 10",
    "delete from chunk_search_idx",
    "update chunk_search_config set v = {n} where k = 'version'",
    "insert into chunk_search(chunk_search) values ('delete-all')",
]
SOURCE_ROWS = [
    "update vectors set data = flip(data, {n}) where id = {vector}",
    "update vectors set data = flip(flip(flip(data, {n}), {n} + 70), {n} + 140) where id = {vector}",
    "update vectors set data = (select data from vectors where id = {vector} + 1) where id = {vector}",
    "update vectors set data = substr(data, 5) where id = {vector}",
    "update vectors set norm = {huge} where id = {vector}",
    "update vectors set chunk_id = {n} + 90000 where id = {vector}",
    "update vectors set space_id = {n} + 9 where id = {vector}",
    "update chunks set text = text || ' copper' where id = {chunk}",
    "update chunks set text_hash = flip(text_hash, {n}) where id = {chunk}",
    "update chunks set start_scalar = {huge} where document_id = (select id from documents where source = 'notes/7.md')",
    "update chunks set end_scalar = {huge}, line = {huge} where document_id = (select id from documents where source = 'notes/7.md')",
    "update chunks set ordinal = {huge} where id = {chunk}",
    "update chunks set document_id = {huge} where id = {chunk}",
    "update documents set metadata = '{{' where id = {document}",
    "update documents set metadata = '{{\"lang\":\"zz\"}}' where id = {document}",
    "update documents set content_hash = flip(content_hash, {n}) where id = {document}",
    "update documents set collection_id = 99 where id = {document}",
    "update collections set target_space_id = 2 where id = 1",
    "update spaces set dimensions = 128 where id = 1",
    "update store_state set generation = {huge}",
]

KINDS = [
    ("a bit", one_bit),
    ("page of the words", aimed(WORDS)),
    ("row of the words", statement("chunk_search_data", WORD_ROWS)),
    ("bits", some_bits),
    ("page of the fields", aimed(FIELDS)),
    ("row of the fields", statement("document_fields", FIELD_ROWS)),
    ("bytes", run_of_bytes),
    ("page of the codes", aimed(CODES)),
    ("row of the codes", statement("segment_codes", CODE_ROWS)),
    ("zeroed pages", zeroed_pages),
    ("row of the segments", statement("segments", SEGMENTS)),
    ("row of removal marks", statement("removed_vectors", MARKS)),
    ("truncated", truncated),
    ("page of an index", aimed(INDEXES)),
    ("swapped pages", swapped),
    ("page of vectors or texts", aimed(SOURCES)),
    ("lengthened", lengthened),
    ("row of vectors or texts", statement("chunks", SOURCE_ROWS)),
    ("head of the file", head),
    ("page of another table", aimed(REST)),
    ("log", log),
]


def campaign(options):
    with tempfile.TemporaryDirectory(prefix="soak-damage-", dir=fast_folder()) as folder:
        original = Original(options, folder)
        report = Report("damage", options)
        each(options, range(options.seed, options.seed + options.amount), lambda seed: try_variant(original, report, folder, seed))
        return report.finish()


def try_variant(original, report, folder, seed):
    place = os.path.join(folder, f"variant-{seed}")
    os.makedirs(place)
    variant = Variant(original, seed)
    path = os.path.join(place, "damaged.db")
    if not variant.write(path):
        report.note(f"left out, means nothing in this schema: {variant.detail[:110]}")
        shutil.rmtree(place)
        return
    report.case(variant.kind)
    Trial(original, report, variant, place, path).run()
    report.keep(seed, place)
    shutil.rmtree(place)


class Trial:
    """What the verbs make of one damaged store."""

    def __init__(self, original, report, variant, place, path):
        self.original, self.report, self.variant, self.path = original, report, variant, path
        self.place = place
        self.command = Store(report.options, place, cwd=original.template.folder,
                             most_file_bytes=MOST_FILE_BYTES_OF_HOSTILE)

    def run(self):
        variant = self.variant
        copies = [os.path.join(self.place, name) for name in ("written.db", "repaired.db")]
        for copy in copies:
            copy_store(self.path, copy)
        runs = self.original.template.answers(self.command, self.path, self.place)
        for run in runs.values():
            self.judge(run)
        doctor = self.judge(self.command.run("doctor", "--store", self.path))
        right = self.right_answers(runs)
        changed = [name for name in runs if not same(runs[name], right[name])]
        self.report.note("variants that change an answer" if changed else "variants that change no answer")
        if doctor.code == 0:
            for name in changed:
                silent = not told(runs[name], right[name])
                fault = "wrong answer, nothing tells of it" if silent else "a verb fails, doctor says well"
                part = "derived" if variant.is_derived else "source"
                self.fault(f"{fault} ({part})", f"{name}: {difference(runs[name], right[name])}; {variant.detail}")
        else:
            silent = [name for name in changed if not told(runs[name], right[name])]
            if silent:
                self.report.note("variants with a wrong answer of which only doctor tells")
        self.write(copies[0])
        if doctor.code != 0:
            self.repair(copies[1], right)

    def right_answers(self, runs):
        """The undamaged answers; with a damaged log, those after the commit that most of the verbs answer from."""
        if self.variant.log is None:
            return self.original.answers
        return max(self.original.states, key=lambda state: sum(same(runs[name], state[name]) for name in runs))

    def write(self, path):
        """Removing and adding: what is acknowledged is there, or the damage that keeps it from being read is told."""
        words = "a lantern that was added to a damaged store"
        self.judge(self.command.run("remove", "row-10", "row-11", "row-4200", "-c", "rows", "--store", path))
        if self.judge(self.command.run("add", "--text", words, "--id", "added", "-q", "--store", path)).code == 0:
            got = self.judge(self.command.run("get", "added", "--store", path))
            if words.encode() not in got.out and b"damaged" not in got.said:
                self.fault("an added document is not there", f"{got}, {self.variant.detail}")

    def repair(self, path, right):
        repair = self.judge(self.command.run("doctor", "--repair", "--store", path))
        if repair.code == 0:
            self.report.note("repairs that claim success")
            runs = self.original.template.answers(self.command, path, self.place)
            if self.variant.log is not None:
                right = self.right_answers(runs)
            for name, run in runs.items():
                self.judge(run)
                if not same(run, right[name]):
                    part = "derived" if self.variant.is_derived else "source"
                    self.fault(f"wrong after a repair that claims success ({part})", f"{name}: {difference(run, right[name])}; {self.variant.detail}")
        elif self.variant.is_derived:
            table = "an index" if self.variant.touched & set(INDEXES) else "derived data"
            self.fault(f"not repaired, though only {table} is damaged", f"{self.variant.detail}; {repair.tail}")
        else:
            self.report.note("repairs that give up on sources")

    def judge(self, run):
        judge_end(self.report, self.variant.kind, self.variant.seed, run)
        return run

    def fault(self, fault, detail):
        self.report.fault(self.variant.kind, fault, self.variant.seed, detail[:300])
