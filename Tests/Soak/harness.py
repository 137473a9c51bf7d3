# What all campaigns share: running `store` under a watch, judging how a run ended, making stores to try, and the report.

import array
import collections
import contextlib
import hashlib
import json
import math
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

# No run may fill the disk or the memory of the machine that tries it: it is stopped at these. A damaged or hostile store is small.
MOST_FILE_BYTES = 256 << 20
MOST_FILE_BYTES_OF_HOSTILE = 64 << 20
MOST_MEMORY_BYTES = 2 << 30

# Exit codes by which a shell names a process that a signal ended: illegal instruction, trap, abort, bus, fpe, kill, segv.
TRAP_CODES = {128 + number for number in (4, 5, 6, 7, 8, 9, 11)}


class Options:
    """What the command line said, and what follows from it for every campaign."""

    def __init__(self, binary, seed, amount, keep, timeout, workers):
        self.binary, self.seed, self.amount, self.keep = binary, seed, amount, keep
        self.timeout, self.workers = timeout, workers


class Run:
    """How one run of `store` ended."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.code = None
        self.out = self.err = b""
        self.seconds = 0.0
        self.peak_kb = 0
        self.hung = False
        self.killed = False
        self.too_large = False
        # Seconds from SIGINT to the end; None if none was sent, infinite if it was ignored.
        self.interrupt_seconds = None

    @property
    def name(self):
        words = [word if word.startswith(("/dev/", "/proc/")) else re.sub(r"^/.*/", "", word) for word in self.arguments]
        return printable(" ".join(words))[:90]

    @property
    def trapped(self):
        if self.killed:
            return False
        if self.code is None or self.code < 0 or self.code in TRAP_CODES:
            return True
        return b"Fatal error" in self.err

    @property
    def said(self):
        """Standard error without what differs from run to run."""
        return re.sub(rb" in [0-9.,]+ m?s\b", b"", self.err).strip()

    @property
    def tail(self):
        """The line of what it said that tells most, for a report."""
        lines = (self.err or self.out).decode("utf-8", "replace").strip().splitlines()
        chosen = [line for line in lines if "Fatal error" in line] or lines[-1:]
        return printable(chosen[0])[-200:] if chosen else ""

    def __str__(self):
        return f"{self.name}: exit {self.code} {self.tail}"


def printable(text):
    return "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in text)


class Store:
    """The command, in a folder of its own: home, state and cache lie in it, so that no run sees another's."""

    def __init__(self, options, folder, settings=None, cwd=None, most_file_bytes=MOST_FILE_BYTES):
        self.options, self.folder = options, folder
        self.cwd = cwd or folder
        self.most_file_bytes = most_file_bytes
        home = os.path.join(folder, "home")
        os.makedirs(home, exist_ok=True)
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": home, "TZ": "UTC",
            "LANG": "C.UTF-8", "XDG_STATE_HOME": os.path.join(home, "state"),
            "XDG_CACHE_HOME": os.path.join(home, "cache"), "SERVICE_MODE": "MOCK",
            "SWIFT_BACKTRACE": "enable=no",
        }
        for name in ("LD_LIBRARY_PATH", "OPENBLAS_CORETYPE", "VECTOR_STORE_KERNELS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.environment.update(settings or {})

    def start(self, arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=None):
        return subprocess.Popen(
            [self.options.binary, *arguments], stdin=stdin, stdout=stdout,
            stderr=subprocess.PIPE, cwd=cwd or self.cwd, env=self.environment,
            start_new_session=True)

    def run(self, *arguments, timeout=None, after=None, signal_number=signal.SIGKILL, cwd=None, ready=None):
        """Runs to the end, or sends a signal `after` so many seconds. A run past `timeout` gets Ctrl-C, then is killed.

        With `ready`, the seconds count from the moment at which that function is true.
        """
        run = Run(list(arguments))
        limit = timeout or self.options.timeout
        with tempfile.TemporaryFile(dir=self.folder) as out, tempfile.TemporaryFile(dir=self.folder) as err:
            began = time.monotonic()
            process = subprocess.Popen(
                [self.options.binary, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                cwd=cwd or self.cwd, env=self.environment, start_new_session=True)
            if hasattr(resource, "prlimit"):
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (self.most_file_bytes, self.most_file_bytes))
            done = threading.Event()
            watcher = threading.Thread(
                target=watch, args=(process.pid, run, done, limit, after, signal_number, ready), daemon=True)
            watcher.start()
            _, status, usage = os.wait4(process.pid, 0)
            done.set()
            watcher.join()
            process.returncode = run.code = os.waitstatus_to_exitcode(status)
            run.seconds = time.monotonic() - began
            run.peak_kb = usage.ru_maxrss
            run.out, run.err = content(out), content(err)
        return run


def watch(pid, run, done, limit, after, signal_number, ready):
    """Ends a run that is to be killed or that hangs. The process is reaped only after `done`, so its number is still its own."""
    if after is not None:
        began = time.monotonic()
        while ready and not ready() and not done.is_set() and time.monotonic() - began < limit:
            time.sleep(0.002)
        if done.wait(after):
            return
        run.killed = True
        send(pid, signal_number)
        if signal_number == signal.SIGKILL:
            return
        limit = 0
    sent = time.monotonic()
    while not done.wait(min(0.1, max(0, sent + limit - time.monotonic()))):
        if memory_of(pid) > MOST_MEMORY_BYTES:
            run.too_large = run.killed = True
            send(pid, signal.SIGKILL)
            return
        if time.monotonic() >= sent + limit:
            break
    else:
        return
    if after is None:
        run.hung = True
        sent = time.monotonic()
        send(pid, signal.SIGINT)
    if done.wait(4):
        run.interrupt_seconds = time.monotonic() - sent
        return
    run.interrupt_seconds = math.inf
    run.killed = True
    send(pid, signal.SIGKILL)


def memory_of(pid):
    """The bytes of memory that a process holds now; 0 where that cannot be read."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return 0


def send(pid, signal_number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def content(file):
    """What a run wrote, up to 64 MB of it."""
    file.seek(0)
    return file.read(64 << 20)


class Report:
    """Counts what was tried, by kind, and the faults that were found. Safe to use from several threads."""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.began = time.monotonic()
        self.lock = threading.Lock()
        self.tried = collections.Counter()
        self.faulty = collections.Counter()
        self.notes = collections.Counter()
        self.faults = collections.defaultdict(list)
        self.runs = 0
        self.peak_kb = 0
        self.faulty_cases = set()

    def case(self, kind):
        with self.lock:
            self.tried[kind] += 1

    def note(self, what, amount=1):
        with self.lock:
            self.notes[what] += amount

    def ran(self, run):
        with self.lock:
            self.runs += 1
            self.peak_kb = max(self.peak_kb, run.peak_kb)

    def fault(self, kind, fault, seed, detail):
        with self.lock:
            if (kind, seed) not in self.faulty_cases:
                self.faulty_cases.add((kind, seed))
                self.faulty[kind] += 1
            self.faults[fault].append((seed, kind, detail))

    def keep(self, seed, folder):
        """Copies the folder of a case to where --keep says, if the case is faulty."""
        with self.lock:
            faulty = any(number == seed for _, number in self.faulty_cases)
        if not faulty or not self.options.keep:
            return
        target = os.path.join(self.options.keep, f"{self.name}-{seed}")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder, target, symlinks=True, ignore=ignore_special)
        with open(os.path.join(target, "faults.txt"), "w") as file:
            for fault, found in self.faults.items():
                for number, kind, detail in found:
                    if number == seed:
                        file.write(f"{fault} ({kind}): {detail}\n")

    def finish(self):
        """Prints the table; true if there was no fault."""
        seconds = time.monotonic() - self.began
        print(f"\n{self.name}: {sum(self.tried.values()):,} cases, {self.runs:,} runs, {seconds:.0f} s, "
              f"at most {self.peak_kb / 1024:.0f} MB in memory")
        width = max((len(kind) for kind in self.tried), default=4)
        print(f"  {'kind':{width}}  tried  faulty")
        for kind, amount in self.tried.items():
            print(f"  {kind:{width}}  {amount:5}  {self.faulty[kind] or '-':>6}")
        for what, amount in sorted(self.notes.items()):
            print(f"  {what}: {amount:,}")
        for fault, found in sorted(self.faults.items(), key=lambda item: -len(item[1])):
            print(f"  FAULT {fault}: {len(found)}")
            by_kind = collections.defaultdict(list)
            for seed, kind, detail in sorted(found, key=lambda item: str(item[0]).zfill(9)):
                by_kind[kind].append((seed, detail))
            for kind, cases in by_kind.items():
                seeds = ", ".join(dict.fromkeys(str(seed) for seed, _ in cases[:40]))
                print(f"    {kind} (seed {seeds}): {cases[0][1]}")
        print(f"  {'no fault' if not self.faults else str(len(self.faulty_cases)) + ' faulty cases'}", flush=True)
        return not self.faults


def ignore_special(folder, names):
    """What is not kept: devices, pipes and sockets, large files, and the copies that verbs wrote to."""
    def is_kept(name):
        path = os.path.join(folder, name)
        if os.path.islink(path) or os.path.isdir(path):
            return True
        return os.path.isfile(path) and os.path.getsize(path) < 32 << 20 and not name.startswith(("written.db", "repaired.db"))
    return [name for name in names if not is_kept(name)]


def judge_end(report, kind, seed, run, most_kb=1_500_000):
    """Every run, whatever it was given, may fail but not trap, hang, ignore Ctrl-C or fill the memory."""
    report.ran(run)
    if run.hung:
        report.fault(kind, "hang", seed, f"{run.name}: still running after {run.seconds:.0f} s")
        if run.interrupt_seconds > 2:
            report.fault(kind, "Ctrl-C ignored", seed, f"{run.name}: {run.interrupt_seconds:.1f} s")
    elif run.code == -signal.SIGXFSZ:
        report.fault(kind, "endless output", seed, f"{run.name}: stopped by the limit of a file's size")
        return False
    elif run.trapped:
        report.fault(kind, "trap", seed, str(run))
    if run.too_large or run.peak_kb > most_kb:
        report.fault(kind, "memory", seed, f"{run.name}: {run.peak_kb / 1024:.0f} MB")
    return not (run.hung or run.trapped)


def each(options, seeds, work):
    """Calls `work(seed)` for all seeds on a few threads; an error of the script itself ends the campaign."""
    waiting = collections.deque(seeds)
    errors = []

    def worker():
        while not errors:
            try:
                seed = waiting.popleft()
            except IndexError:
                return
            try:
                work(seed)
            except BaseException as error:
                error.add_note(f"in the case of seed {seed}")
                errors.append(error)

    threads = [threading.Thread(target=worker) for _ in range(options.workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        try:
            thread.join()
        except KeyboardInterrupt:
            # The cases at hand are finished, and what was found is reported.
            waiting.clear()
            thread.join()
    if errors:
        raise errors[0]


def fast_folder():
    """Where small stores are copied by the thousand: memory if there is a file system in it, else the usual place."""
    if os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 2 << 30:
        return "/dev/shm"
    return None


# Stores to try


WORDS = ("harbour lantern river engine orchard copper violin glacier saddle pepper canvas thunder meadow anchor "
         "falcon marble cinder willow turbine compass ember quarry saffron beacon timber lagoon").split()


def text_of(generator, words):
    return " ".join(generator.choice(WORDS) for _ in range(words))


def unit_vectors(generator, count, dimensions=64):
    for _ in range(count):
        row = [generator.gauss(0, 1) for _ in range(dimensions)]
        length = math.sqrt(sum(x * x for x in row))
        yield array.array("f", [x / length for x in row])


def write_npy(path, rows, dimensions=64):
    rows = list(rows)
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), dimensions)
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            file.write(row.tobytes())


def write_rows(path, count, generator, first=0, words=5):
    """Texts and metadata for rows of vectors, or for an import without any."""
    with open(path, "w") as file:
        for number in range(first, first + count):
            line = {"id": f"row-{number}", "text": f"{text_of(generator, words)} {number}"}
            if number % 4 == 0:
                line["metadata"] = {"lang": generator.choice(["de", "en", "fr"]), "year": 2000 + number % 25}
            file.write(json.dumps(line) + "\n")


def write_notes(folder, count, generator, words=40):
    os.makedirs(folder, exist_ok=True)
    for number in range(count):
        head = f"---\nlang: {generator.choice(['de', 'en'])}\nyear: {2000 + number % 25}\n---\n" if number % 3 == 0 else ""
        length = words * 25 if number % 50 == 7 else words
        with open(os.path.join(folder, f"{number}.md"), "w") as file:
            file.write(f"{head}Note {number}. {text_of(generator, length)}\n")


def cleaned(out):
    """An answer without where its files are and whether they are there: the copies of a store lie in another folder."""
    return re.sub(rb'"(fileState|path)":"[^"]*",|(\.\./)+[\w-]+/(?=notes/)', b"", out)


def same(run, right):
    """Whether two stores answer alike, wherever they lie."""
    return run.code == right.code and cleaned(run.out) == cleaned(right.out)


class Template:
    """A store of real shape: notes with mock vectors, and 8,300 imported rows of 64 dimensions in two sealed segments."""

    rows = 8300
    notes = 220

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        os.makedirs(folder, exist_ok=True)
        generator = random.Random(11)
        write_notes(os.path.join(folder, "notes"), self.notes, generator)
        self.vectors = os.path.join(folder, "rows.npy")
        self.texts = os.path.join(folder, "rows.jsonl")
        self.questions = os.path.join(folder, "questions.npy")
        write_npy(self.vectors, unit_vectors(generator, self.rows))
        write_rows(self.texts, self.rows, generator)
        write_npy(self.questions, unit_vectors(generator, 6))
        self.path = os.path.join(folder, "template.db")
        self.command = Store(options, folder)
        for arguments in (
            ["import", self.vectors, "--texts", self.texts, "-c", "rows", "--space", "made/gauss/64"],
            ["add", "notes"],
            ["add", "--text", "a note that no file holds", "--id", "loose"],
        ):
            must(self.command.run(*arguments, "-q", "--store", self.path, timeout=120))

    def reads(self, output):
        """The reading verbs, by name. What is written to files goes into the folder `output`."""
        vector = ["query", "--vector", self.questions, "-c", "rows", "--json", "-n", "5"]
        return {
            "query": [*vector],
            "query --exact": [*vector, "--exact"],
            "query --filter": [*vector, "--filter", "lang = 'de' and year >= 2010"],
            "query --lexical": ["query", "copper violin", "--lexical", "-c", "rows", "--json"],
            "query --hybrid": ["query", "harbour lantern", "--hybrid", "--json"],
            "list": ["list", "--json"],
            "get": ["get", "notes/7.md", "--chunks"],
            "collections": ["collections", "--json"],
            "export": ["export", "-"],
            "export .npy": ["export", f"{output}/out.npy", "--texts", f"{output}/out.jsonl", "-c", "rows"],
        }

    def answers(self, command, store, output):
        """Runs the reading verbs; gives each verb's run, with what it wrote to files added to its output."""
        runs = {}
        for name, arguments in self.reads(output).items():
            for file in ("out.npy", "out.jsonl"):
                if os.path.exists(f"{output}/{file}"):
                    os.remove(f"{output}/{file}")
            run = command.run(*arguments, "--store", store)
            if name == "export .npy" and run.code == 0:
                # What it says holds the time it took; the files tell.
                run.out = b""
                for file in ("out.npy", "out.jsonl"):
                    with open(f"{output}/{file}", "rb") as written:
                        run.out += hashlib.sha256(written.read()).digest()
            runs[name] = run
        return runs


def must(run):
    """A run that the campaign builds on. If it fails there is nothing to try."""
    if run.code != 0:
        raise SystemExit(f"the campaign cannot begin: {run}\n{run.err.decode('utf-8', 'replace')}")
    return run


def copy_store(source, target):
    """Copies a store and its log."""
    for ending in ("", "-wal"):
        if os.path.exists(source + ending):
            shutil.copyfile(source + ending, target + ending)
            os.chmod(target + ending, 0o644)


def documents(path):
    """Each document's signature: its text and, of its vectors, those in the collection's target space. Reads a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.db")
        copy_store(path, copy)
        database = sqlite3.connect(copy)
        try:
            check = database.execute("pragma integrity_check").fetchone()[0]
            if check != "ok":
                raise sqlite3.DatabaseError(check)
            rows = database.execute(
                """select k.name || '/' || d.source, d.metadata, c.ordinal, c.text, s.name, v.data
                from documents d join collections k on k.id = d.collection_id
                left join chunks c on c.document_id = d.id
                left join vectors v on v.chunk_id = c.id
                left join spaces s on s.id = v.space_id
                order by d.id, c.ordinal, s.name""")
            signatures = {}
            for name, *rest in rows:
                signatures.setdefault(name, hashlib.sha256()).update(repr(rest).encode())
            return {name: digest.hexdigest() for name, digest in signatures.items()}
        finally:
            database.close()
