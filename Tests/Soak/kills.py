# Kills at random moments of every writing verb: the file opens whole, what was acknowledged is there, the same command goes on.

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import tempfile
import threading
import time

from harness import (Report, Store, copy_store, documents, each, judge_end, must, printable, text_of, unit_vectors,
                     write_notes, write_npy, write_rows)
from loopback import Loopback

SIDE_FILES = {"s.db", "s.db-wal", "s.db-shm", "s.db-lock", "s.db-runs"}


class Scenario:
    """A verb to be killed, and the store that it begins with."""

    def __init__(self, name, template, arguments, paid=False, keeps_text=False, reads=False, repairs=False, output=None, folder=None,
                 dimensions=64):
        self.name, self.template, self.arguments = name, template, arguments
        # It sends texts to the server.
        self.paid = paid
        # Its vectors change and its texts do not, so that documents are compared by their texts.
        self.keeps_text = keeps_text
        # It writes nothing into the store; another process writes meanwhile.
        self.reads = reads
        # The store it begins with is damaged on purpose.
        self.repairs = repairs
        # The file that it writes beside the store.
        self.output = output
        # The folder it runs in, if not the campaign's.
        self.folder = folder
        self.dimensions = dimensions
        self.seconds = None
        self.after = None
        self.first = threading.Lock()


class Kills:
    """The stores that verbs begin with, made once."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        generator = random.Random(3)
        write_notes(os.path.join(folder, "one", "notes"), 1500, generator)
        write_notes(os.path.join(folder, "two", "notes"), 1500, generator)
        self.big = os.path.join(folder, "big.npy")
        self.rows = os.path.join(folder, "rows.npy")
        write_npy(self.big, unit_vectors(generator, 25000))
        write_npy(self.rows, unit_vectors(generator, 9000))
        self.texts = os.path.join(folder, "rows.jsonl")
        write_rows(self.texts, 9000, generator)
        self.lines = os.path.join(folder, "lines.jsonl")
        with open(self.lines, "w") as file:
            for number, row in enumerate(unit_vectors(generator, 9000)):
                file.write(json.dumps({"id": f"line-{number}", "text": f"{text_of(generator, 6)} {number}", "vector": row.tolist()}) + "\n")
        self.plain = os.path.join(folder, "plain.jsonl")
        write_rows(self.plain, 3000, generator, words=30)
        self.paid_texts = os.path.join(folder, "paid.jsonl")
        write_rows(self.paid_texts, 700, generator, words=8)
        with open(os.path.join(folder, "question.txt"), "w") as file:
            file.write("harbour lantern\n" * 400)
        write_notes(os.path.join(folder, "one", "bills"), 600, generator, words=12)
        self.command = Store(options, folder, cwd=os.path.join(folder, "one"))
        self.make_templates()
        self.scenarios = self.all_scenarios()

    def made(self, name, *commands, source=None):
        path = os.path.join(self.folder, name + ".db")
        if source:
            copy_store(source, path)
        for arguments in commands:
            must(self.command.run(*arguments, "-q", "--store", path, timeout=300))
        return path

    def make_templates(self):
        self.small = self.made("small", ["add", "--text", "acknowledged before", "--id", "first"])
        self.noted = self.made("noted", ["add", "notes"], source=self.small)
        rows = ["import", self.rows, "--texts", self.texts, "-c", "rows", "--space", "made/gauss/64"]
        self.full = self.made("full", rows, source=self.small)
        self.holey = self.made("holey", ["add", "notes"], ["remove", "--filter", "year >= 2004", "-c", "rows"],
                               ["remove", "--filter", "year >= 2012"], source=self.full)
        self.broken = self.made("broken", source=self.full)
        database = sqlite3.connect(self.broken, isolation_level=None)
        for statement in ("delete from segment_codes", "delete from document_fields", "update segment_heads set data = x'00'",
                          "delete from chunk_search_docsize where id % 2 = 0"):
            with contextlib.suppress(sqlite3.OperationalError):
                database.execute(statement)
        database.execute("pragma wal_checkpoint(truncate)")
        database.close()
        self.stood_in = os.path.join(self.folder, "stood_in.db")
        copy_store(self.small, self.stood_in)
        hybrid = Store(self.options, self.folder, {"SERVICE_MODE": "HYBRID", "OPENAI_DIMENSIONS": "64", "OPENAI_PROVIDER": "soak",
                                                   "OPENAI_MODEL": "made", "OPENAI_API_URL": "http://127.0.0.1:9",
                                                   "OPENAI_MAX_RETRIES": "0", "OPENAI_PRICE_PER_MILLION_TOKENS": "0.02"})
        must(hybrid.run("import", self.paid_texts, "-c", "paid", "-q", "--store", self.stood_in, timeout=120))

    def all_scenarios(self):
        two = os.path.join(self.folder, "two")
        paid = ["import", self.paid_texts, "-c", "paid"]
        return [
            Scenario("add", self.small, ["add", "notes"]),
            Scenario("replace", self.noted, ["add", "notes"], folder=two),
            Scenario("paid import", self.small, paid, paid=True),
            Scenario("import .npy", self.small, ["import", self.big, "-c", "big", "--space", "made/gauss/64"]),
            Scenario("import JSONL", self.small, ["import", self.lines, "-c", "lines", "--space", "made/gauss/64"]),
            Scenario("remove", self.full, ["remove", "--filter", "not exists nothing", "-c", "rows"]),
            Scenario("paid reembed", self.stood_in, ["reembed", "--yes", "-c", "paid"], paid=True, keeps_text=True),
            Scenario("compact", self.holey, ["compact"]),
            Scenario("doctor --repair", self.broken, ["doctor", "--repair"], repairs=True),
            Scenario("creation", None, ["add", "notes"]),
            Scenario("import texts", self.small, ["import", self.plain]),
            Scenario("remove --all", self.full, ["remove", "--all", "-c", "rows"]),
            Scenario("paid reembed --to", self.stood_in, ["reembed", "--to", "soak/made/128", "--yes", "-c", "paid"], paid=True,
                     keeps_text=True, dimensions=128),
            Scenario("paid add", self.small, ["add", "bills", "-c", "paid"], paid=True),
            Scenario("add --prune", self.noted, ["add", "notes", "--prune", "--glob", "1*.md"]),
            Scenario("stats --save", self.full, ["stats", "--save", "kept", "-c", "rows"], reads=True),
            Scenario("query", self.full, ["query", "--vector", self.rows, "-c", "rows", "--json"], reads=True),
            Scenario("export", self.full, ["export", "OUT.npy", "--texts", "OUT.jsonl", "-c", "rows"], reads=True, output="out"),
            Scenario("creation by import", None, ["import", self.big, "-c", "big", "--space", "made/gauss/64"]),
        ]


def campaign(options):
    # On a disk: in memory the moments between two writes, at which a kill matters, are too short.
    with tempfile.TemporaryDirectory(prefix="soak-kills-") as folder:
        kills = Kills(options, folder)
        report = Report("kills", options)
        each(options, range(options.seed, options.seed + options.amount), lambda seed: try_kill(kills, report, seed))
        return report.finish()


def try_kill(kills, report, seed):
    scenario = kills.scenarios[seed % len(kills.scenarios)]
    with scenario.first:
        if scenario.seconds is None:
            learn(kills, scenario)
    place = os.path.join(kills.folder, f"kill-{seed}")
    os.makedirs(place)
    report.case(scenario.name)
    Trial(kills, report, scenario, seed, place).run()
    report.keep(seed, place)
    shutil.rmtree(place)


def learn(kills, scenario):
    """One run to the end: how long it takes, and what the store holds then."""
    place = os.path.join(kills.folder, f"whole-{kills.scenarios.index(scenario)}")
    os.makedirs(place)
    server = Loopback(0.1, scenario.dimensions) if scenario.paid else None
    path, command = prepare(kills, scenario, place, server)
    run = command.run(*arguments_for(scenario, place), "-q", "--store", path, timeout=300)
    must(run)
    scenario.seconds = run.seconds
    scenario.after = signatures(path, scenario)
    if server:
        server.stop()
    shutil.rmtree(place)


def prepare(kills, scenario, place, server):
    path = os.path.join(place, "s.db")
    if scenario.template:
        copy_store(scenario.template, path)
    settings = server.settings() if server else {}
    return path, Store(kills.options, place, settings, cwd=scenario.folder or os.path.join(kills.folder, "one"))


def arguments_for(scenario, place):
    return [word.replace("OUT", os.path.join(place, "out")) for word in scenario.arguments]


def signatures(path, scenario):
    found = documents(path)
    if scenario.keeps_text:
        return dict.fromkeys(found, "")
    return found


class Trial:
    """One kill, and all that has to hold after it."""

    def __init__(self, kills, report, scenario, seed, place):
        self.kills, self.report, self.scenario, self.seed, self.place = kills, report, scenario, seed, place
        self.generator = random.Random(seed)
        self.server = Loopback(0.1, scenario.dimensions) if scenario.paid else None
        self.path, self.command = prepare(kills, scenario, place, self.server)
        self.arguments = [*arguments_for(scenario, place), "-q", "--store", self.path]
        self.before = signatures(self.path, scenario) if scenario.template else {}
        self.acknowledged = {}

    def run(self):
        by_hand = self.seed % 5 == 4
        beside = self.scenario.reads or (self.seed % 3 == 0 and self.scenario.template and not self.scenario.repairs)
        stop = threading.Event()
        writer = threading.Thread(target=self.write_beside, args=(stop,)) if beside else None
        if writer:
            writer.start()
        moment = self.generator.uniform(0.02, 1.05) * self.scenario.seconds * (1.3 if writer else 1)
        killed = self.command.run(*self.arguments, after=moment, timeout=120,
                                  signal_number=signal.SIGINT if by_hand else signal.SIGKILL)
        # Eight batches are in work: four in flight, four that are entered in the ledger or written to the store.
        in_flight = min(8 * 16, self.server.in_flight(within=1)) if self.server else 0
        stop.set()
        if writer:
            writer.join()
        self.judge_killed(killed, by_hand)
        if self.scenario.template or os.path.exists(self.path):
            self.check_whole()
        self.check_again(killed, in_flight)
        if self.server:
            self.server.stop()

    def write_beside(self, stop):
        """Another process that adds documents, one a run, while the verb works. What it acknowledges has to stay."""
        number = 0
        other = Store(self.kills.options, self.place, cwd=self.place)
        while not stop.is_set() and number < 40:
            text = f"beside number {number} of seed {self.seed}"
            run = other.run("add", "--text", text, "--id", f"beside-{number}", "-c", "beside", "-q", "--store", self.path, timeout=60)
            judge_end(self.report, self.scenario.name, self.seed, run)
            if run.code == 0:
                self.acknowledged[f"beside/beside-{number}"] = text
            else:
                self.fault("another writer failed", str(run))
            number += 1

    def judge_killed(self, run, by_hand):
        if run.killed:
            self.report.note("ended by a kill" if not by_hand else "ended by Ctrl-C")
            if by_hand:
                if run.interrupt_seconds is not None and run.interrupt_seconds > 2:
                    self.fault("Ctrl-C ignored", f"{run.interrupt_seconds:.1f} s")
                elif run.code < 0 and run.code not in (-signal.SIGINT, -signal.SIGKILL):
                    self.fault("trap", str(run))
        else:
            self.report.note("ended before its kill")
            judge_end(self.report, self.scenario.name, self.seed, run)
            if run.code != 0:
                self.fault("failed before its kill", str(run))
        self.report.ran(run)

    def check_whole(self):
        # Doctor first: nothing else has opened the file since, so a log or a journal may be left.
        doctor = self.verb("doctor")
        if doctor.code != 0 and not self.scenario.repairs:
            self.fault("doctor finds problems after a kill", f"{doctor}: {problems(doctor)}")
        if self.server:
            self.check_ledger()
        try:
            found = signatures(self.path, self.scenario)
        except sqlite3.DatabaseError as error:
            self.fault("the file is damaged", str(error))
            return
        for name in {*self.before, *self.scenario.after}:
            if found.get(name) not in (self.before.get(name), self.scenario.after.get(name)):
                kind = "a document is lost" if name not in found else "a document is neither as before nor as after"
                self.fault(kind, name)
                break
        self.check_acknowledged(found)

    def check_acknowledged(self, found):
        lost = [name for name in self.acknowledged if name not in found]
        if lost:
            self.fault("an acknowledged document is lost", f"{len(lost)} of {len(self.acknowledged)}, as {lost[0]}")
        self.report.note("acknowledged documents that were checked", len(self.acknowledged))

    def check_again(self, killed, in_flight):
        """The same command goes on and ends as if nothing had been."""
        before = dict(self.server.texts) if self.server else {}
        again = self.verb(*self.arguments, timeout=300)
        # Killed between its commit and its end, it has removed the collection; there is none to remove then.
        is_done = "--all" in self.arguments and b'no collection named "rows"' in again.err
        if again.code != 0 and not is_done:
            self.fault("the same command fails after a kill", str(again))
            return
        try:
            found = signatures(self.path, self.scenario)
        except sqlite3.DatabaseError as error:
            self.fault("the file is damaged", str(error))
            return
        rest = {name: signature for name, signature in found.items() if not name.startswith("beside/")}
        if rest != self.scenario.after:
            differing = [name for name in {*rest, *self.scenario.after} if rest.get(name) != self.scenario.after.get(name)]
            self.fault("the same command ends otherwise after a kill", f"{len(differing)} documents, as {differing[0]}")
        self.check_acknowledged(found)
        doctor = self.verb("doctor")
        if doctor.code != 0:
            self.fault("doctor finds problems at the end", f"{doctor}: {problems(doctor)}")
        extra = {name for name in os.listdir(self.place) if name.startswith(("s.db", ".s.db"))} - SIDE_FILES
        if extra:
            self.fault("files are left behind", ", ".join(sorted(extra)))
        if self.scenario.output:
            left = [name for name in os.listdir(self.place) if name.startswith(f".{self.scenario.output}")]
            self.report.note("partial files that killed exports left", len(left))
        if self.server:
            repeated = sum(count - 1 for count in self.server.texts.values())
            self.report.note("texts paid for again", repeated)
            if repeated > in_flight:
                self.fault("more paid again than was in flight", f"{repeated} texts, at most {in_flight} may be")
            self.check_ledger()

    def check_ledger(self):
        """All that was sent is entered; what was entered and not sent is what the killed run was about to send."""
        usage = self.verb("usage", "--json")
        try:
            requests = json.loads(usage.out)["today"]["requests"]
        except (ValueError, KeyError) as error:
            self.fault("the ledger cannot be read", printable(f"{usage} {error}"))
            return
        if not 0 <= requests - self.server.requests <= 8:
            self.fault("the ledger is wrong", f"{requests} requests are entered, {self.server.requests} were sent")

    def verb(self, *arguments, timeout=60):
        store = [] if arguments[0] == "usage" or "--store" in arguments else ["--store", self.path]
        run = self.command.run(*arguments, *store, timeout=timeout)
        judge_end(self.report, self.scenario.name, self.seed, run)
        return run

    def fault(self, fault, detail):
        self.report.fault(self.scenario.name, fault, self.seed, detail[:300])


def problems(run):
    """What doctor marks as a problem."""
    lines = run.out.decode("utf-8", "replace").splitlines()
    return printable(" ".join(line.strip() for line in lines if line.startswith("✗")))[:200]
