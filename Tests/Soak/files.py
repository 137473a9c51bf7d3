# Files in the way: special files and links at the store's path, outputs over inputs, files replaced under a writer, full disks, modes.

import hashlib
import os
import random
import resource
import shutil
import socket
import sqlite3
import stat
import subprocess
import tempfile
import time

from harness import Report, Run, Store, copy_store, documents, judge_end, must, unit_vectors, write_npy, write_rows
from loopback import Loopback


def campaign(options):
    report = Report("files", options)
    with tempfile.TemporaryDirectory(prefix="soak-files-") as folder:
        files = Files(options, report, folder)
        for part in (files.special_files, files.links_beside, files.outputs, files.replaced, files.restored, files.full_disk,
                     files.modes, files.without_bound):
            part()
        if report.faults:
            report.keep(min(str(seed) for _, seed in report.faulty_cases), folder)
    return report.finish()


def picture(path):
    """What is at a path, so that any change to it shows."""
    try:
        seen = os.lstat(path)
    except FileNotFoundError:
        return None
    content = link = None
    if stat.S_ISREG(seen.st_mode):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    elif stat.S_ISLNK(seen.st_mode):
        link = os.readlink(path)
    return stat.S_IFMT(seen.st_mode), seen.st_rdev, seen.st_ino, content, link


class Files:
    """The cases, part by part. Each has a folder of its own."""

    def __init__(self, options, report, folder):
        self.options, self.report, self.folder = options, report, folder
        self.command = Store(options, folder)
        self.store = os.path.join(folder, "sound.db")
        self.npy = os.path.join(folder, "rows.npy")
        self.big = os.path.join(folder, "big.npy")
        self.texts = os.path.join(folder, "texts.jsonl")
        generator = random.Random(7)
        write_npy(self.npy, unit_vectors(generator, 300))
        write_npy(self.big, unit_vectors(generator, 20000))
        write_rows(self.texts, 9000, generator, words=40)
        must(self.command.run("import", self.npy, "-c", "rows", "--space", "made/gauss/64", "-q", "--store", self.store))
        must(self.command.run("add", "--text", "copper violin", "--id", "first", "-q", "--store", self.store))
        self.kind = None

    def new_folder(self, name):
        path = os.path.join(self.folder, name.replace(" ", "-").replace("/", "-"))
        os.makedirs(path)
        return path

    def case(self, kind):
        self.kind = kind
        self.report.case(kind)

    def run(self, *arguments, command=None, timeout=None, **more):
        run = (command or self.command).run(*arguments, timeout=timeout, **more)
        judge_end(self.report, self.kind, run.name, run)
        return run

    def fault(self, fault, case, detail=""):
        self.report.fault(self.kind, fault, case, f"{case}: {detail}"[:300])

    # Special files at the store's path

    def special_files(self):
        makers = {"FIFO": os.mkfifo, "socket": make_socket, "dangling link": lambda path: os.symlink("nowhere/x.db", path),
                  "dangling link here": lambda path: os.symlink("nowhere.db", path), "folder": os.mkdir,
                  "link to a folder": lambda path: os.symlink("/", path), "link to itself": lambda path: os.symlink("s.db", path)}
        if os.geteuid() == 0:
            makers["device"] = lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            makers["device that gives zeros"] = lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        verbs = [["add", "--text", "x"], ["import", self.npy, "-c", "rows", "--space", "made/gauss/64"], ["query", "x"], ["list"],
                 ["doctor"], ["doctor", "--repair"], ["compact"], ["stats", "--save", "x"], ["remove", "first"], ["export", "-"]]
        for name, make in makers.items():
            folder = self.new_folder(f"special {name}")
            path = os.path.join(folder, "s.db")
            make(path)
            before = picture(path)
            for verb in verbs:
                self.case("special file at --store")
                run = self.run(*verb, "--store", path)
                what = f"{verb[0]} over a {name}"
                if picture(path) != before:
                    self.fault("a special file is replaced", what, f"exit {run.code}")
                    remove(path)
                    make(path)
                    before = picture(path)
                elif run.code == 0:
                    self.fault("a special file is taken for a store", what, run.tail)
                left = {*os.listdir(folder)} - {"s.db", "s.db-lock", "s.db-runs", "s.db-shm", "s.db-wal"}
                if left:
                    self.fault("something is made elsewhere", what, str(left))
                    for entry in left:
                        remove(os.path.join(folder, entry))

    # Links beside the store

    def links_beside(self):
        for ending in ("-new", "-lock", "-wal", "-shm", "-journal"):
            for target in ("absent", "present"):
                for new in (True, False):
                    self.case("link beside the store")
                    what = f"{ending} links to a file that is {target}, {'new' if new else 'old'} store"
                    folder = self.new_folder(what)
                    path, elsewhere = os.path.join(folder, "s.db"), os.path.join(folder, "elsewhere")
                    if not new:
                        copy_store(self.store, path)
                    if target == "present":
                        with open(elsewhere, "w") as file:
                            file.write("mine\n" * 100)
                    os.symlink("elsewhere", path + ending)
                    before = picture(elsewhere)
                    run = self.run("add", "--text", "x", "--store", path)
                    if picture(elsewhere) != before:
                        self.fault("a link beside the store is followed", what, f"exit {run.code}")
                    if os.path.islink(path):
                        self.fault("the store has become a link", what)
                    if run.code == 0 and self.run("get", "first" if not new else "x", "--store", path).code == 0 and new:
                        self.fault("a document that nobody added", what)

    # Outputs over inputs

    def outputs(self):
        settings = {"STORE_LEDGER": "ledger.db"}
        makers = {"stats --html": ["stats", "-c", "rows", "--html", "OUT"], "export JSONL": ["export", "OUT"],
                  "export .npy": ["export", "OUT", "-c", "rows"], "export --texts": ["export", "x.npy", "-c", "rows", "--texts", "OUT"],
                  "stats --html, judged": ["stats", "--qrels", "qrels.tsv", "--queries", "queries.jsonl", "--html", "OUT"]}
        for name, verb in makers.items():
            for target in ("s.db", "./s.db", "sub/../s.db", "s.db-wal", "s.db-shm", "s.db-lock", "link.db", "hard.db", "ledger.db",
                           "qrels.tsv", "queries.jsonl", "sub"):
                if target in ("qrels.tsv", "queries.jsonl") and "judged" not in name:
                    continue
                if name == "export .npy" and not target.endswith((".npy", ".db")):
                    continue
                self.case("output over an input")
                folder = self.new_folder(f"{name} over {target}")
                path = os.path.join(folder, "s.db")
                self.fill(folder, path)
                server = Loopback(0)
                command = Store(self.options, folder, server.settings(SERVICE_MODE="MOCK", **settings))
                must(Store(self.options, folder, server.settings(**settings)).run(
                    "add", "--text", "paid", "-c", "paid", "-q", "--store", "s.db"))
                must(Store(self.options, folder, server.settings(**settings)).run("query", "paid", "-c", "paid", "--store", "s.db"))
                for ending in ("-wal", "-shm"):
                    if not os.path.exists(path + ending):
                        open(path + ending, "w").close()
                names = ["s.db", "ledger.db", "qrels.tsv", "queries.jsonl", "link.db"]
                before = {each: picture(os.path.join(folder, each)) for each in names}
                run = self.run(*[target if word == "OUT" else word for word in verb], "--store", "s.db", command=command)
                changed = [each for each in names if picture(os.path.join(folder, each)) != before[each]]
                what = f"{name} over {target}"
                if changed:
                    self.fault("an output overwrites an input", what, f"exit {run.code}, changed: {', '.join(changed)}")
                elif run.code == 0 and target != "hard.db":
                    self.fault("an output over an input is acknowledged", what, run.tail)
                server.stop()

    def fill(self, folder, path):
        copy_store(self.store, path)
        os.symlink("s.db", os.path.join(folder, "link.db"))
        os.link(path, os.path.join(folder, "hard.db"))
        os.mkdir(os.path.join(folder, "sub"))
        for name, content in (("qrels.tsv", "1 0 first 1\n"), ("queries.jsonl", '{"_id": "1", "text": "copper"}\n')):
            with open(os.path.join(folder, name), "w") as file:
                file.write(content)

    # The file replaced or deleted under a writer

    def replaced(self):
        verbs = {"import .npy": ["import", self.big, "-c", "big", "--space", "made/gauss/64"], "import texts": ["import", self.texts]}
        for name, verb in verbs.items():
            for how in ("replaced", "deleted", "moved away", "replaced by a link"):
                for moment in (0.1, 0.5):
                    self.case("file replaced under a writer")
                    what = f"{name}, {how}, {moment} s after its first write"
                    folder = self.new_folder(what)
                    path, backup = os.path.join(folder, "s.db"), os.path.join(folder, "backup.db")
                    copy_store(self.store, path)
                    copy_store(self.store, backup)
                    self.replace(verb, path, backup, how, moment, what)

    def replace(self, verb, path, backup, how, moment, what):
        process = self.command.start([*verb, "--store", path])
        began = time.monotonic()
        while process.poll() is None and time.monotonic() - began < 30:
            if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 0:
                break
            time.sleep(0.002)
        time.sleep(moment)
        in_time = process.poll() is None
        if how == "replaced":
            os.replace(backup, path)
        elif how == "deleted":
            os.remove(path)
        elif how == "moved away":
            os.rename(path, path + ".away")
        else:
            os.remove(path)
            os.symlink(backup, path)
        run = Run([*verb])
        try:
            run.out, run.err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            run.out, run.err = process.communicate()
            run.hung = True
        run.code = process.returncode
        judge_end(self.report, self.kind, what, run)
        if not in_time:
            self.report.note("writers that were done before their file was replaced")
        elif run.code == 0:
            self.fault("a lost import is acknowledged", what, run.tail)

    # A backup restored over a killed store

    def restored(self):
        for number in range(6):
            self.case("backup over a killed store")
            folder = self.new_folder(f"restored {number}")
            path, backup = os.path.join(folder, "s.db"), os.path.join(folder, "backup.db")
            copy_store(self.store, path)
            if number % 2 == 0:
                must(self.command.run("add", "--text", "after the backup was made", "-q", "--store", path))
            copy_store(self.store if number < 4 else path, backup)
            verb = ["import", self.texts] if number % 2 else ["import", self.big, "-c", "big", "--space", "made/gauss/64"]
            killed = self.run(*verb, "--store", path, after=0.02 + 0.08 * number, timeout=60,
                              ready=lambda: os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 300000)
            if not killed.killed or not os.path.exists(path + "-wal") or os.path.getsize(path + "-wal") == 0:
                self.report.note("killed stores without a log")
                continue
            shutil.copyfile(backup, path)
            wanted = documents(backup)
            doctor = self.run("doctor", "--store", path)
            listed = self.run("list", "--store", path)
            added = self.run("add", "--text", "after restoring", "--id", "after", "-q", "--store", path)
            try:
                found = {name: value for name, value in documents(path).items() if name != "default/after"}
            except sqlite3.DatabaseError:
                found = None
            if found != wanted and doctor.code == 0 and listed.code == 0:
                self.fault("an old log is played over a backup, doctor says well", f"try {number}", f"add exits {added.code}")
            elif found != wanted and added.code == 0:
                self.fault("an old log is played over a backup, add succeeds", f"try {number}", doctor.tail)

    # A full disk

    def full_disk(self):
        if os.geteuid() != 0:
            self.report.note("left out: a full disk needs root")
            return
        disk = self.new_folder("disk")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "soak", disk], stderr=subprocess.DEVNULL).returncode != 0:
            self.report.note("left out: no file system can be mounted here")
            return
        try:
            self.on_full_disk(disk)
        finally:
            subprocess.run(["umount", disk], check=True)

    def on_full_disk(self, disk):
        path = os.path.join(disk, "s.db")
        copy_store(self.store, path)
        command = Store(self.options, self.new_folder("beside the disk"))
        reads = [["query", "copper"], ["query", "copper", "--lexical"], ["list"], ["get", "first"], ["export", "-"], ["collections"],
                 ["doctor"], ["stats", "-c", "rows"]]
        # The disk is named by doctor, and times differ: those two are judged by their exit only.
        right = {tuple(verb): self.run(*verb, "--store", path, command=command) for verb in reads}
        for with_index in (False, True):
            for ending in ("-shm", "-wal"):
                if not with_index and os.path.exists(path + ending):
                    os.remove(path + ending)
            fill = fill_up(disk)
            for verb in reads:
                self.case("full disk")
                run = self.run(*verb, "--store", path, command=command)
                good = right[tuple(verb)]
                if run.code != good.code or (verb[0] not in ("doctor", "stats") and run.out != good.out):
                    self.fault("a full disk cannot be read", " ".join(verb), f"exit {run.code} {run.tail}")
            for verb in (["add", "--text", "x" * 50000], ["import", self.texts], ["remove", "first"], ["compact"]):
                self.case("full disk")
                run = self.run(*verb, "--store", path, command=command, timeout=60)
                # What fits into the log's free space may well be written.
                if verb[0] == "import" and run.code == 0:
                    self.fault("a full disk takes an import", verb[0], run.tail)
            self.case("full disk")
            self.run("add", "--text", "x", "--store", os.path.join(disk, "new.db"), command=command)
            left = [name for name in os.listdir(disk) if name.startswith("new.db") and name != "new.db-lock"]
            if left:
                self.fault("files are left by a failed creation", "add", ", ".join(left))
            os.remove(fill)
            doctor = self.run("doctor", "--store", path, command=command)
            if doctor.code != 0:
                self.fault("a store is damaged by a full disk", "doctor", doctor.tail)
            copy_store(self.store, path)

    # Modes

    def modes(self):
        self.case("modes")
        folder = self.new_folder("modes")
        server = Loopback(0)
        command = Store(self.options, folder, server.settings())
        old = os.umask(0o022)
        try:
            path = os.path.join(folder, "s.db")
            must(command.run("add", "--text", "copper", "-q", "--store", path))
            must(command.run("query", "copper", "--store", path))
            must(command.run("export", "out.jsonl", "--store", path))
            must(command.run("export", "out.npy", "--texts", "texts.jsonl", "--store", path))
            must(command.run("stats", "--html", "report.html", "--store", path))
            reader = sqlite3.connect(path, isolation_level=None)
            reader.execute("begin")
            reader.execute("select count(*) from documents").fetchone()
            must(command.run("add", "--text", "violin", "-q", "--store", path))
            self.check_modes(folder)
            reader.close()
            must(command.run("compact", "--store", path))
            self.check_modes(folder)
        finally:
            os.umask(old)
            server.stop()

    def check_modes(self, folder):
        for parent, _, names in os.walk(folder):
            for name in names:
                mode = stat.S_IMODE(os.lstat(os.path.join(parent, name)).st_mode)
                if mode & 0o077 and name != "s.db-lock":
                    self.fault("others can read a file", name, f"mode {mode:o}")

    # Reads that have no end

    def without_bound(self):
        folder = self.new_folder("without bound")
        command = Store(self.options, folder)
        for name in ("one", "two"):
            os.makedirs(os.path.join(folder, name))
            with open(os.path.join(folder, name, "a.txt"), "w") as file:
                file.write("copper violin\n")
        os.symlink("/dev/zero", os.path.join(folder, "one", ".git"))
        os.symlink("/dev/zero", os.path.join(folder, "two", ".gitignore"))
        os.mkfifo(os.path.join(folder, "two", "pipe.txt"))
        with open(os.path.join(folder, "front.md"), "w") as file:
            file.write("---\n" + "".join(f"k{number}: {number}\n" for number in range(6600)) + "---\ntext\n")
        # `import` of a pipe waits for whoever writes to it, as `cat` does.
        for arguments in (["add", "one"], ["add", "two"], ["add", "/dev/zero"], ["add", "/proc/kmsg"], ["add", "two/pipe.txt"],
                          ["add", "front.md"], ["import", "/dev/zero"], ["query", "x", "--vector", "/dev/zero"],
                          ["stats", "--qrels", "/dev/zero", "--queries", "/dev/zero"], ["import", self.npy, "--texts", "/dev/zero"]):
            self.case("reads without an end")
            self.run(*arguments, "--store", "s.db", command=command)
        self.case("reads without an end")
        began = time.monotonic()
        with open("/dev/zero", "rb") as zeros:
            process = command.start(["add", "--stdin", "--store", "s.db"], stdin=zeros)
            try:
                process.communicate(timeout=self.options.timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                self.fault("--stdin reads without an end", "add --stdin", f"still reading after {time.monotonic() - began:.0f} s")
        for limit in (5, 6, 7, 8, 10, 12, 16, 20):
            self.case("few open files")
            for verb in (["add", "--text", "x"], ["query", "copper"], ["doctor"]):
                process = subprocess.Popen(
                    [self.options.binary, *verb, "--store", self.store], env=command.environment, cwd=folder,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
                run = Run([*verb, f"with {limit} open files"])
                run.out, run.err = process.communicate(timeout=60)
                run.code = process.returncode
                judge_end(self.report, self.kind, run.name, run)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        # The path of a socket may be short only.
        before = os.getcwd()
        os.chdir(os.path.dirname(path))
        made.bind(os.path.basename(path))
        os.chdir(before)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)


def fill_up(disk):
    """Writes a file until not a byte is free."""
    path = os.path.join(disk, "fill")
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    return path
