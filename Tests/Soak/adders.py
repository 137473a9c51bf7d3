# Several processes add the same folder at the same time: each text is paid for once, whoever adds it.

import json
import os
import random
import signal
import subprocess
import tempfile
import time

from harness import Report, Run, Store, judge_end, printable
from loopback import Loopback

TEXTS = 800


def campaign(options):
    report = Report("adders", options)
    cases = [(2, False), (4, False), (8, False), (2, True), (4, True), (8, True), (3, False), (6, True)]
    # One case at a time: they measure what processes do at the same moment.
    for number in range(options.amount):
        seed = options.seed + number
        processes, kills = cases[(seed - 1) % len(cases)]
        with tempfile.TemporaryDirectory(prefix="soak-adders-") as folder:
            try_case(options, report, folder, seed, processes, kills)
            report.keep(seed, folder)
    return report.finish()


def try_case(options, report, folder, seed, processes, kills):
    generator = random.Random(seed)
    kind = f"{processes} processes" + (", one is killed" if kills else "")
    report.case(kind)
    notes = os.path.join(folder, "texts")
    os.makedirs(notes)
    for number in range(TEXTS):
        with open(os.path.join(notes, f"{number}.txt"), "w") as file:
            file.write(f"text number {number} of {TEXTS}, seed {seed}\n")
    server = Loopback(delay=0.15)
    store = Store(options, folder, server.settings())
    path = os.path.join(folder, "s.db")
    arguments = ["add", "texts", "--json", "--store", path]
    began = time.monotonic()
    started = [store.start(arguments) for _ in range(processes)]
    allowed = TEXTS
    if kills:
        # In the middle of the work, measured by what the server was sent and not by the clock.
        target = generator.randint(30, TEXTS - 100)
        while sum(server.texts.values()) < target and time.monotonic() - began < 60:
            time.sleep(0.005)
        started[0].send_signal(signal.SIGKILL)
        # Eight batches of it are in work: four in flight, four that are entered in the ledger or written to the store.
        allowed += 8 * 16
    for place, process in enumerate(started):
        run = Run(arguments)
        try:
            run.out, run.err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            run.out, run.err = process.communicate()
            report.fault(kind, "hang", seed, "add: still running after 120 s")
        run.code, run.killed = process.returncode, kills and place == 0
        judge_end(report, kind, seed, run)
        if run.code != 0 and not run.killed:
            report.fault(kind, "add failed", seed, str(run))
    seconds = time.monotonic() - began
    check(report, kind, seed, server, store, path, allowed)
    report.note(f"{kind}: {sum(server.texts.values()):,} texts sent for {TEXTS} in {seconds:.1f} s, {server.requests} requests, seed {seed}")
    server.stop()


def check(report, kind, seed, server, store, path, allowed):
    sent = sum(server.texts.values())
    repeated = sum(count - 1 for count in server.texts.values())
    if sent > allowed:
        report.fault(kind, "texts paid for twice", seed, f"{sent} texts sent, {repeated} of them again; at most {allowed} may be")
    if len(server.texts) != TEXTS:
        report.fault(kind, "texts not sent", seed, f"{len(server.texts)} of {TEXTS} texts were sent")
    sent_before = sent
    again = store.run("add", "texts", "--json", "--store", path)
    judge_end(report, kind, seed, again)
    if again.code != 0:
        report.fault(kind, "adding again failed", seed, str(again))
    elif sum(server.texts.values()) != sent_before:
        report.fault(kind, "adding again sent texts", seed, f"{sum(server.texts.values()) - sent_before}")
    listed = store.run("list", "--json", "--store", path)
    states = [document["state"] for document in json.loads(listed.out or "{}").get("documents", [])]
    if states != ["complete"] * TEXTS:
        report.fault(kind, "documents are missing", seed, f"{states.count('complete')} of {TEXTS} complete")
    doctor = store.run("doctor", "--store", path)
    if doctor.code != 0:
        report.fault(kind, "doctor finds problems", seed, str(doctor))
    usage = store.run("usage", "--json")
    try:
        today = json.loads(usage.out)["today"]
        entered = today["texts"]
        # A killed process may have entered requests that it had no time to send, at most as many as it works on.
        unsent = today["requests"] - server.requests
        if not 0 <= unsent <= (8 if allowed > TEXTS else 0) or entered > sent:
            report.fault(kind, "the ledger is wrong", seed,
                         f"{today['requests']} requests and {entered} texts entered, {server.requests} and {sent} sent")
    except (ValueError, KeyError) as error:
        report.fault(kind, "the ledger cannot be read", seed, printable(f"{usage} {error}"))
