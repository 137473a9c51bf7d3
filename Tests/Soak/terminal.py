# Terminals: no escape sequence or bidirectional control of a text, a name or a server's message reaches one raw.

import os
import pty
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

from harness import Report, Run, Store, judge_end, must, printable
from loopback import Loopback

# What a hostile text holds. The program's own colours and line erasing are other sequences than these.
EVIL = {
    "CSI": b"\x1b[38;2;1;2;3m", "OSC": b"\x1b]0;taken\x07", "OSC 52": b"\x1b]52;c;dGFrZW4=\x07", "DCS": b"\x1bPq\x1b\\",
    "C1 CSI": "\u009b31m".encode(), "C1 OSC": "\u009d0;taken\u009c".encode(), "U+202E": "\u202egpj.exe".encode(),
    "U+2066": "\u2066iso".encode(), "backspace": b"b\x08\x08", "carriage return": b"shown\rhidden", "BEL": b"\x07", "DEL": b"\x7f",
}
RAW = re.compile(rb"\x1b(?!\[[0-9;]*[mKAGJ])|\x1b\[38;2;1;2;3m|[\x00-\x06\x07\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"
                 rb"|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae\x8e\x8f]|\xe2\x81[\xa6-\xa9]|\xd8\x9c")
# `get` and `--plain` print a text as it is where a pipe reads it; a carriage return is a line's end of the terminal's own.
LINK = re.compile(rb"\x1b\]8;;(file:///[A-Za-z0-9%._~/-]*)?\x1b\\")
LONE_RETURN = re.compile(rb"shown\rhidden")


def campaign(options):
    report = Report("terminal", options)
    with tempfile.TemporaryDirectory(prefix="soak-terminal-") as folder:
        Terminal(options, report, folder).run()
        if report.faults:
            report.keep(min(name for _, name in report.faulty_cases), folder)
    return report.finish()


class Terminal:
    """Every verb on a pseudo-terminal, with evil names, texts and messages."""

    def __init__(self, options, report, folder):
        self.options, self.report, self.folder = options, report, folder
        self.path = os.path.join(folder, "s.db")
        self.evil = b" ".join(EVIL.values()).decode()
        # In a command's arguments and file names a NUL cannot be, all else can.
        self.name = "n" + self.evil.replace("/", "") + "z"
        self.command = Store(options, folder)

    def run(self):
        notes = os.path.join(self.folder, "notes")
        os.makedirs(notes)
        with open(os.path.join(notes, self.name[:100] + ".txt"), "w") as file:
            file.write(f"copper violin {self.evil} end\n")
        questions = os.path.join(self.folder, "questions.txt")
        with open(questions, "w") as file:
            file.write("copper\n")
        # Names that a version refuses are no fault; the texts and the metadata are then still there.
        for arguments in (
            ["add", "--text", f"copper violin text {self.evil} end", "--id", "plain", "--metadata", f"key=v{self.evil}"],
            ["add", "--text", f"copper violin named {self.evil}", "--id", self.name],
            ["add", "--text", f"copper violin collected {self.evil}", "--id", self.name, "-c", self.name],
            ["add", "notes"],
        ):
            run = self.command.run(*arguments, "-q", "--store", self.path)
            judge_end(self.report, "verbs on a terminal", "made", run)
        must(self.command.run("get", "plain", "--store", self.path))
        missing = os.path.join(self.folder, "no" + self.name[:60] + ".db")
        strange = self.strange_store()
        verbs = {
            "query": ["query", "copper violin"], "query --plain": ["query", "copper violin", "--plain"],
            "query --lexical": ["query", "copper", "--lexical"], "query --explain": ["query", "copper", "--explain"],
            "query --json": ["query", "copper", "--json"], "query --hybrid": ["query", "copper", "--hybrid"],
            "query -c": ["query", "copper", "-c", self.name],
            "get": ["get", "plain"], "get --chunks": ["get", "plain", "--chunks"], "get --json": ["get", "plain", "--json"],
            "get of a name": ["get", self.name], "get of no such name": ["get", "none" + self.name],
            "list": ["list"], "list --json": ["list", "--json"], "list -c": ["list", "-c", "none" + self.name],
            "collections": ["collections"], "collections --json": ["collections", "--json"],
            "stats": ["stats"], "stats --json": ["stats", "--json"],
            "doctor": ["doctor"], "doctor --json": ["doctor", "--json"], "doctor --repair": ["doctor", "--repair"],
            "export -": ["export", "-"], "export to no folder": ["export", "/none" + self.name.replace("/", "") + "/x"],
            "add": ["add", "notes", "-v"], "add --dry-run": ["add", "notes", "--dry-run"],
            "add of no such file": ["add", "none" + self.name], "add --json": ["add", "notes", "--json"],
            "import of no such file": ["import", "none" + self.name], "import of evil lines": ["import", self.evil_lines()],
            "filter": ["query", "copper", "--filter", "lang = '" + self.name], "list --filter": ["list", "--filter", self.name],
            "remove of no such name": ["remove", "none" + self.name], "stats --compare": ["stats", "--compare", "none" + self.name],
            "space": ["export", "-", "--space", "a/b" + self.name + "/64"], "mode": ["query", "x", "--mode", self.name],
            "reembed": ["reembed", "--to", "a/" + self.name + "/64"], "compact": ["compact"],
            "unknown option": ["list", "--none" + self.name], "unknown verb": ["verb" + self.name],
        }
        for name, arguments in verbs.items():
            self.on_terminal(name, [*arguments, "--store", self.path])
        for name in ("query", "list", "doctor", "add"):
            more = {"query": ["x"], "add": ["--text", "x"]}.get(name, [])
            if name != "add":
                self.on_terminal(f"{name} of no such store", [name, *more, "--store", missing])
            self.on_terminal(f"{name} of a stranger's store", [name, *more, "--store", strange])
        self.on_terminal("remove of a stranger's store", ["remove", "plain", "--store", strange])
        self.with_settings()
        self.with_server()
        self.on_terminal("remove", ["remove", self.name, "--store", self.path])
        self.on_terminal("remove --all", ["remove", "--all", "-c", self.name, "--store", self.path])

    def strange_store(self):
        """A store of a stranger whose trigger says what the terminal shall do."""
        path = os.path.join(self.folder, "strange.db")
        shutil.copyfile(self.path, path)
        database = sqlite3.connect(path)
        message = (b"stop " + EVIL["OSC"] + EVIL["CSI"]).decode()
        for event in ("insert", "delete"):
            database.execute(f"create trigger ev{event} before {event} on documents begin select raise(abort, '{message}'); end")
        database.commit()
        database.execute("pragma wal_checkpoint(truncate)")
        database.close()
        return path

    def evil_lines(self):
        path = os.path.join(self.folder, "evil.jsonl")
        with open(path, "wb") as file:
            file.write(b'{"id": "a\\u001b[38;2;1;2;3m\\u009b31m\\u202e", "text": 5}\n{"id": ' + EVIL["OSC"] + b'}\n')
            file.write(b'{"id": "b\\u001b]0;taken\\u0007", "text": "x", "key\\u001b[38;2;1;2;3m": 1, "vector": ["\\u001b"]}\n')
        return path

    def with_settings(self):
        """Settings that cannot be used are named in errors with their values."""
        for setting in ("OPENAI_API_URL", "OPENAI_MODEL", "OPENAI_DIMENSIONS", "SERVICE_MODE", "DAILY_COST_LIMIT_OPENAI", "STORE_PATH"):
            command = Store(self.options, self.folder, {setting: self.name, "OPENAI_API_KEY": "sk-soak"})
            self.on_terminal(f"{setting}", ["health"], command)
            self.on_terminal(f"{setting}, query", ["query", "x"], command)

    def with_server(self):
        """A server's error message is text of a stranger too."""
        evil = self.evil

        class Hostile(Loopback):
            def answer(self, body):
                return {"status": 400, "error": {"message": f"refused {evil}", "type": f"t{evil}", "code": f"c{evil}"}}

        server = Hostile(0)
        for mode in ("REAL", "HYBRID"):
            command = Store(self.options, self.folder, server.settings(SERVICE_MODE=mode, OPENAI_MAX_RETRIES="0"))
            self.on_terminal(f"add, server refuses, {mode}", ["add", "--text", "one", "--store", self.path + mode], command)
            self.on_terminal(f"query, server refuses, {mode}", ["query", "one", "--store", self.path + mode], command)
        command = Store(self.options, self.folder, server.settings())
        self.on_terminal("health, server refuses", ["health"], command)
        self.on_terminal("usage", ["usage"], command)
        server.stop()

    def on_terminal(self, name, arguments, command=None):
        command = command or self.command
        self.report.case("verbs on a terminal")
        run = Run(arguments)
        arguments = [argument.replace("\0", "") for argument in arguments]
        run.out = on_pty([self.options.binary, *arguments], command, run)
        judge_end(self.report, name, name, run)
        # The program's own links open files and end.
        run.out = LINK.sub(b"", run.out)
        found = RAW.search(run.out.replace(b"\r\n", b"\n")) or LONE_RETURN.search(run.out)
        if found:
            around = run.out.replace(b"\r\n", b"\n")[max(0, found.start() - 40):found.end() + 20]
            kinds = ", ".join(kind for kind, sequence in EVIL.items() if sequence in run.out) or "another control"
            self.report.fault("verbs on a terminal", f"raw on a terminal, {name}", name,
                              f"{kinds}: {printable(around.decode('utf-8', 'replace'))}")


def on_pty(arguments, command, run, timeout=60):
    """Runs with a pseudo-terminal as all three streams; gives all that came out."""
    master, slave = pty.openpty()
    began = time.monotonic()
    process = subprocess.Popen(arguments, stdin=slave, stdout=slave, stderr=slave, cwd=command.cwd,
                               env={**command.environment, "TERM": "xterm-256color"}, start_new_session=True)
    os.close(slave)
    out = b""
    while True:
        if not select.select([master], [], [], 1)[0]:
            if time.monotonic() - began > timeout:
                run.hung = True
                process.send_signal(signal.SIGKILL)
                break
            if process.poll() is not None:
                break
            continue
        try:
            data = os.read(master, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
        # A question is answered no.
        if out.rstrip().endswith(b"]") and b"[y" in out[-40:]:
            os.write(master, b"n\n")
    run.code = process.wait()
    run.seconds = time.monotonic() - began
    run.interrupt_seconds = 0
    os.close(master)
    return out
