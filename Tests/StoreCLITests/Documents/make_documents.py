#!/usr/bin/env python3
"""Makes the files of this folder anew, each by the program that makes such files: see README.md.

    python3 make_documents.py OUT

Needs LibreOffice (Writer, Calc, Impress, python3-uno), pandoc, Chromium, mutt, qpdf, ffmpeg, pdftoppm, SQLite,
PostgreSQL, git, and from PyPI nbconvert, ipykernel and msoffcrypto-tool. The texts are those of texts.md and of this file. Writes the
files that are read to OUT/read, those that cannot be to OUT/left, and what is asked of each to
OUT/questions.json.
"""
import csv, json, os, pathlib, re, shutil, socket, subprocess, sys, tempfile, time, zipfile

HERE = pathlib.Path(__file__).resolve().parent
OUT = pathlib.Path(sys.argv[1]).resolve()
READ, LEFT = OUT / "read", OUT / "left"
WORK = pathlib.Path(tempfile.mkdtemp())
questions = []


def run(*line, **more):
    environment = {**os.environ, "HOME": str(WORK), "LC_ALL": "C.UTF-8", "TZ": "UTC", **more.pop("env", {})}
    return subprocess.run([str(part) for part in line], check=True, env=environment, **more)


def output(*line, **more):
    return run(*line, stdout=subprocess.PIPE, **more).stdout


class Text:
    """A document of texts.md: its parts, and the sentence from its middle that is asked."""

    def __init__(self, block):
        title, _, rest = block.partition("\n")
        self.title, self.language = re.fullmatch(r"(.*) \{lang=(\w+)\}", title).groups()
        self.parts = [(part.split("\n", 1)[0], part.split("\n", 1)[1].split("\n"))
                      for part in rest.strip().removeprefix("## ").split("\n## ")]
        self.middle = self.parts[1][1][1]
        self.markdown = f"# {self.title}\n\n" + "".join(
            f"## {heading}\n\n" + "\n".join(lines) + "\n\n" for heading, lines in self.parts)


texts = {t.title: t for t in map(Text, ("\n" + (HERE / "texts.md").read_text()).split("\n# ")[1:])}


def text(start):
    return next(t for title, t in texts.items() if title.startswith(start))


def ask(name, question, place=None):
    questions.append({"file": name, "question": question, **({"place": place} if place else {})})


def pandoc(t, *options, source=None, name="-", form="markdown"):
    return output("pandoc", "--from", form, "--standalone", f"--metadata=lang:{t.language}", *options,
                  "--output", name, input=(source or t.markdown).encode())


def page(t, style=""):
    """A plain page of a text, as the source of other forms."""
    path = WORK / f"{len(list(WORK.iterdir()))}.html"
    body = pandoc(t, "--to=html", f"--metadata=pagetitle:{t.title}", "--template", template(style))
    path.write_bytes(body)
    return path


def template(style):
    path = WORK / "template.html"
    path.write_text("<!DOCTYPE html><html lang='$lang$'><head><meta charset='utf-8'><title>$pagetitle$</title>"
                    f"<style>{style}</style></head><body>$body$</body></html>")
    return path


def office(source, kind, name, reads="HTML (StarWriter)"):
    """Has LibreOffice turn a file into another kind."""
    folder = WORK / "office"
    options = [f"--infilter={reads}"] if reads else []
    run("soffice", "--headless", *options, "--convert-to", kind, "--outdir", folder, source,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ending = kind.split(":")[0]
    shutil.move(folder / f"{pathlib.Path(source).stem}.{ending}", name)


def chromium(*options):
    return output("chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={WORK}/chromium",
                  *options, stderr=subprocess.DEVNULL)


# Each part on a page of its own.
PAGES = "h2 { page-break-before: always } h1 + h2 { page-break-before: avoid }"


def office_files():
    for name, title, kind in [("bread.docx", "Bread", "docx"), ("kraeuter.odt", "Ein Kr", "odt"),
                              ("velo.rtf", "Réparer", "rtf"), ("souk.docx", "سوق", "docx"),
                              ("pool.html", "Pool", "html:HTML (StarWriter)")]:
        office(page(text(title)), kind, READ / name)
        ask(name, text(title).middle)
    walk = text("Una cam")
    office(page(walk, PAGES), "pdf:writer_pdf_Export", READ / "caminata.pdf")
    # The title stands alone on the first page.
    ask("caminata.pdf", walk.middle, "page 3")
    # A presentation, which nothing here reads, and what Impress exports of it.
    library = text("The village")
    slides = LEFT / "library.pptx"
    pandoc(library, "--to=pptx", "--slide-level=2", f"--metadata=title:{library.title}", name=slides,
           source=library.markdown.split("\n", 1)[1])
    office(slides, "pdf:impress_pdf_Export", READ / "library.pdf", reads=None)
    ask("library.pdf", library.middle, "page 3")
    # A spreadsheet, and what Calc exports of it.
    rows = WORK / "prezzi.csv"
    with open(rows, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["prodotto", "mercato", "prezzo", "nota"])
        # The same market days over again, so that the table is longer than a passage.
        table.writerows([f"{p} {day}", m, e, n if day == 6 else "come al solito"]
                        for day in range(1, 13) for p, m, e, n in PRICES)
    office(rows, "xlsx", LEFT / "prezzi.xlsx", reads=None)
    office(LEFT / "prezzi.xlsx", "csv:Text - txt - csv (StarCalc):59,34,76", READ / "prezzi.csv", reads=None)
    ask("prezzi.csv", PRICES[4][3], 2 + 5 * len(PRICES) + 4)


PRICES = [("limoni", "Piazza Vecchia", 2.4, "cassetta da tre chili"), ("olive", "Piazza Vecchia", 7.9, "in salamoia"),
          ("finocchi", "Porta Nuova", 1.8, "solo fino a marzo"), ("ricotta", "Porta Nuova", 6.5, "di pecora"),
          ("cardi", "Sant'Anna", 3.1, "il contadino li lega con rafia verde, \"come una volta\""),
          ("acciughe", "Sant'Anna", 9.9, "sotto sale"), ("noci", "Porta Nuova", 5.2, "con il guscio")]


def pandoc_files():
    port, fox = text("O farol"), text("Сказка")
    pandoc(port, "--to=epub3", f"--metadata=title:{port.title}", name=READ / "porto.epub",
           source=port.markdown.split("\n", 1)[1].replace("## ", "# "))
    ask("porto.epub", port.middle, "chapter 2")
    (READ / "skazka.fb2").write_bytes(
        pandoc(fox, "--to=fb2", f"--metadata=title:{fox.title}", source=fox.markdown.split("\n", 1)[1].replace("## ", "# ")))
    ask("skazka.fb2", fox.middle, "chapter 2")
    for name, title, kind in [("bees.tex", "Keeping", "latex"), ("verhuizing.org", "Verhuizen", "org"),
                              ("tea.rst", "Brewing", "rst"), ("szachy.mediawiki", "Klub", "mediawiki"),
                              ("kor.opml", "Kören", "opml"), ("soil.docx", "Soil", "docx"), ("sampo.html", "雨の", "html"),
                              ("sauna.txt", "Talvinen", "plain"), ("ski.md", "Ski", "gfm"),
                              ("floh.adoc", "Pünktlich", "asciidoc"), ("havn.xml", "En havn", "docbook5"),
                              ("zhong.txt", "修理", "plain"), ("lettera.odt", "La lettera", "odt")]:
        t = text(title)
        table = "\n| plot | potash |\n| --- | --- |\n| 8 | 12 |\n| 9 | 48 |\n" if kind == "docx" else ""
        options = [f"--metadata=title:{t.title}"] if kind == "html" else []
        pandoc(t, f"--to={kind}", *options, name=READ / name, source=t.markdown + table)
        ask(name, t.middle)
    ferry = text("ferry")
    pandoc(ferry, "--to=man", "--metadata=title:ferry(1)", name=READ / "ferry.1",
           source="".join(f"# {h.upper()}\n\n" + "\n".join(l) + "\n\n" for h, l in ferry.parts))
    ask("ferry.1", ferry.middle)


def browser_files():
    train, soup = text("Noční"), text("Mercimek")
    chromium("--no-pdf-header-footer", f"--print-to-pdf={READ}/vlak.pdf", f"file://{page(train, PAGES)}")
    ask("vlak.pdf", train.middle, "page 2")
    script = page(soup, "body { color: brown }")
    script.write_text(script.read_text().replace(
        "</body>", "<nav>Ana sayfa</nav><script>document.body.append('Tarayıcı yazdı.')</script></body>"))
    (READ / "corba.html").write_bytes(chromium("--dump-dom", f"file://{script}"))
    ask("corba.html", soup.middle)


LETTERS = [
    ("Irma <irma@library.example>", "The stove", "Dear all,\n\nthe stove smokes again. Please bring dry birch.\n", []),
    ("Jürgen Groß <juergen@garten.example>", "Grüße aus dem Garten",
     "Liebe Irma,\n\ndie Quitten sind reif. Der Igel wohnt jetzt unter der umgedrehten Zinkbadewanne neben dem Kompost. "
     "Schöne Grüße an alle, die im Frühling beim Umgraben geholfen haben!\n\nJürgen\n", []),
    ("Ada <ada@mill.example>", "Minutes of the meeting",
     "Hello,\n\nattached are the minutes.\n\nFrom now on the key of the boathouse hangs inside the grandfather clock.\n\nAda\n",
     ["minutes.txt"]),
    ("Bob <bob@ferry.example>", "Re: The stove", "I have two sacks of birch in the barn.\n\nBob\n", []),
]


def mail_files():
    box, seen = READ / "inbox.mbox", WORK / "message.eml"
    keep = WORK / "keep.sh"
    keep.write_text(f"#!/bin/sh\ncat > {seen}\n")
    keep.chmod(0o755)
    html = WORK / "html.sh"
    html.write_text("#!/bin/sh\nprintf 'text/html\\n\\n'\npandoc --from=markdown --to=html\n")
    html.chmod(0o755)
    common = ["-F", "/dev/null"]
    settings = {"realname": "", "use_from": "yes", "copy": "yes", "sendmail": str(keep), "send_charset": "us-ascii:iso-8859-1:utf-8",
                "allow_8bit": "no", "hostname": "example", "confirmappend": "no"}

    def send(sender, subject, body, attached, to, **extra):
        options = []
        for name, value in {**settings, "from": sender, **extra}.items():
            options += ["-e", f"set {name}='{value}'"]
        files = ["-a", *attached, "--"] if attached else ["--"]
        run("mutt", *common, *options, "-s", subject, *files, to, input=body.encode(), cwd=WORK,
            stderr=subprocess.DEVNULL)

    (WORK / "minutes.txt").write_text("1. The roof. 2. The boathouse. 3. Any other business.\n")
    for sender, subject, body, attached in LETTERS:
        send(sender, subject, body, attached, "all@village.example", record=str(box))
    ask("inbox.mbox", "Der Igel wohnt jetzt unter der umgedrehten Zinkbadewanne neben dem Kompost.", "message 2")
    ask("inbox.mbox", "From now on the key of the boathouse hangs inside the grandfather clock.", "message 3")
    # One message in base64, with a version in HTML and an attachment.
    (WORK / "plan.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
    send("Hélène <helene@atelier.example>", "L'atelier déménage",
         "Bonjour,\n\nl'atelier déménage en juin. Le tour du potier reste caché derrière les sacs de plâtre bleu. À bientôt, **Hélène**\n",
         ["plan.pdf"], "irma@library.example", send_multipart_alternative="yes",
         send_multipart_alternative_filter=str(html))
    shutil.copy(seen, READ / "atelier.eml")
    ask("atelier.eml", "Le tour du potier reste caché derrière les sacs de plâtre bleu.")
    # What git mails: three changes of a list. And what it says of three others.
    git = changes(PATCHES)
    (READ / "patches.mbox").write_bytes(output(*git, "format-patch", "--stdout", "--root", "HEAD"))
    ask("patches.mbox", PATCHES[1][1], "message 2")
    git = changes(ERRANDS)
    (READ / "errands.diff").write_bytes(output(*git, "diff", "HEAD~2", "HEAD~1"))
    ask("errands.diff", ERRANDS[1][0])
    (READ / "errands.log").write_bytes(output(*git, "log", "--stat"))
    ask("errands.log", ERRANDS[1][1])


def changes(patches):
    """A repository of changes of one file, as the beginning of a command."""
    repository = WORK / f"repository-{len(patches[0][0])}"
    repository.mkdir()
    git = ["git", "-C", repository, "-c", "user.name=Ada", "-c", "user.email=ada@mill.example"]
    run(*git, "init", "-q")
    at = 1748940000
    for number, (subject, why) in enumerate(patches):
        (repository / "list.txt").write_text("".join(f"{line}\n" for line, _ in patches[: number + 1]))
        run(*git, "add", ".")
        dates = {"GIT_AUTHOR_DATE": f"{at + number * 3600} +0000", "GIT_COMMITTER_DATE": f"{at + number * 3600} +0000"}
        # Of the message the words of the subject that the list has too are left out.
        run(*git, "commit", "-q", "-m", f"Change {number + 1}\n\n{why}", env=dates)
    return git


PATCHES = [("Lend the long ladder", "It has been mended."),
           ("Lend the cherry pitter with the wobbly crank", "Its crank wobbles because the pear harvest was so heavy last year."),
           ("Lend the second sledge", "Snow is forecast for Sunday.")]
ERRANDS = [("Fetch the lamp oil", "It was on the shelf behind the door."),
           ("Fetch the parcel for the lighthouse cat from the post office", "The parcel rattled, so nobody dared to shake it twice."),
           ("Fetch new wicks", "The old ones were chewed.")]


def notebook():
    import nbformat
    from nbconvert.preprocessors import ExecutePreprocessor
    cells = [("markdown", "# Tides at the old pier\n\nThe water is measured with a painted stick."),
             ("code", "heights = [1.2, 2.9, 0.8, 3.1]\nprint('mean height', round(sum(heights) / len(heights), 2))"),
             ("markdown", "## What the stick shows\n\nThe third reading is low because a seal was leaning against the painted stick."),
             ("code", "def spring_tide(moon_days):\n    '''Whether the moon pulls together with the sun.'''\n"
                      "    return moon_days % 15 < 2\n\nprint('spring tide expected on the day of the regatta:', spring_tide(31))"),
             ("code", "1 / 0"),
             ("markdown", "## Next year\n\nA second stick is to stand beside the slipway.")]
    book = nbformat.v4.new_notebook()
    for kind, source in cells:
        cell = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
        book.cells.append(cell)
    ExecutePreprocessor(timeout=60, allow_errors=True).preprocess(book, {"metadata": {"path": str(WORK)}})
    nbformat.write(book, READ / "tides.ipynb")
    ask("tides.ipynb", "The third reading is low because a seal was leaning against the painted stick.", "cell 3")
    ask("tides.ipynb", "spring tide expected on the day of the regatta: True", "cell 4")


def subtitles():
    lines = WORK / "kite.srt"
    said = ["Today we build a kite from an old umbrella.", "First we take out the eight ribs.",
            "Tie the two longest ribs together with the waxed thread of a shoemaker.",
            "The tail is cut from a striped shirt.", "Now we wait for wind."]
    lines.write_text("".join(
        f"{n + 1}\n00:{n:02}:05,000 --> 00:{n:02}:09,500\n{'<i>' + s + '</i>' if n % 2 else s}\n\n" for n, s in enumerate(said)))
    for name in ["kite.vtt", "drachen.srt"]:
        source = lines
        if name.endswith("srt"):
            source = WORK / "drachen.srt"
            source.write_text("".join(f"{n + 1}\n01:{n:02}:05,000 --> 01:{n:02}:09,500\n{s}\n\n" for n, s in enumerate(DRAGON)))
        run("ffmpeg", "-v", "error", "-i", source, "-bitexact", READ / name)
    ask("kite.vtt", said[2], "[0:02:05]")
    ask("drachen.srt", DRAGON[2], "[1:02:05]")


DRAGON = ["Guten Abend aus der Burgküche.", "Heute backen wir einen Kuchen für den Drachen.",
          "Der Teig ruht dreizehn Stunden in der verbeulten Rüstung des Kochs.", "Dann kommt der Zuckerguss darauf.",
          "Guten Appetit!"]


# Rows that say nothing, before and after, so that a table is longer than a passage.
PLAIN = [(f"{bird} {n}", "meadow", f"was counted on walk {n}") for n in range(40) for bird in ["lark", "finch"]]
BIRDS = [("tern", "pier", "carries sand eels one by one"), ("wren", "wood pile", "sings louder than the blacksmith"),
         ("dipper", "weir", "walks under water below the broken sluice gate"), ("heron", "pond", "stands on one leg in frost"),
         ("swift", "church tower", "sleeps on the wing")]
BOATS = [("Möwe", "keel is painted with pine tar from Tornio"), ("Otter", "leaks a bucket an hour since the collision with the swan"),
         ("Linde", "anchor was traded for three sheep"), ("Paula", "sails are patched with flour sacks")]


def databases():
    db = LEFT / "birds.sqlite"
    run("sqlite3", db, "create table birds(name text, place text, habit text);" + "".join(
        f"insert into birds values('{a}', '{b}', '{c}');" for a, b, c in PLAIN[:40] + BIRDS + PLAIN[40:]))
    (READ / "birds.csv").write_bytes(output("sqlite3", "-csv", "-header", db, "select * from birds order by rowid"))
    ask("birds.csv", "dipper weir walks under water below the broken sluice gate", 2 + 40 + 2)
    (READ / "nests.jsonl").write_bytes(output(
        "sqlite3", db, "select json_object('nest', rowid, 'built', 'the ' || name || ' lined it with wool number ' || (rowid * 17)) from birds"))
    ask("nests.jsonl", "the heron lined it with wool number 748", 44)
    (READ / "census.json").write_bytes(output(
        "sqlite3", "-json", db, "select place, count(*) as inhabitants, 'the ' || place || ' was mapped by a retired admiral' as remark "
        "from birds group by place order by place"))
    ask("census.json", "the weir was mapped by a retired admiral")
    # PostgreSQL: its own server, its exports and its log.
    binaries = pathlib.Path(output("pg_config", "--bindir").decode().strip())
    cluster, log = WORK / "cluster", READ / "postgres.log"
    WORK.chmod(0o755)
    cluster.mkdir()
    (WORK / "socket").mkdir()
    if os.getuid() == 0:
        for folder in [cluster, WORK / "socket"]:
            shutil.chown(folder, "postgres")
    as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    run(*as_user, binaries / "initdb", "-D", cluster, "--auth=trust", "-U", "postgres", stdout=subprocess.DEVNULL, cwd="/")
    with open(WORK / "log", "wb") as file:
        server = subprocess.Popen([*as_user, binaries / "postgres", "-D", cluster, "-k", WORK / "socket", "-c", "listen_addresses=",
                                   "-c", "log_statement=mod", "-c", "timezone=UTC", "-c", "log_timezone=UTC"], stderr=file, cwd="/")
        psql = ["psql", "-h", WORK / "socket", "-U", "postgres", "-q", "-v", "ON_ERROR_STOP=1"]
        for _ in range(100):
            if subprocess.run([*psql, "-c", "select 1"], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        run(*psql, "-c", "create table boats(name text primary key, note text)")
        for name, note in BOATS:
            run(*psql, "-c", f"insert into boats values('{name}', '{note}')")
        (READ / "boats.tsv").write_bytes(output(*psql, "-c", "copy (select name, note as remark from boats) to stdout with (format csv, header, delimiter E'\\t')"))
        ask("boats.tsv", "name: Linde, remark: anchor was traded for three sheep", 4)
        run(*psql, "-c", "create table lights(colour text, seen text)", "-c", "insert into lights values "
            "('green', 'at the end of the mole on foggy mornings'), ('white', 'every nine seconds above the cooper''s chimney'), "
            "('red', 'only when the ferryman is ill')")
        (READ / "lights.html").write_bytes(output(*psql, "-H", "-c", "select * from lights"))
        ask("lights.html", "white every nine seconds above the cooper's chimney")
        run(*psql, "-c", "create table rope(metres int, use text)", "-c", "insert into rope values (12, 'to moor the raft of the "
            "travelling puppet theatre'), (30, 'for the bell')")
        (READ / "rope.sql").write_bytes(output("pg_dump", "-h", WORK / "socket", "-U", "postgres", "--inserts", "-t", "rope"))
        ask("rope.sql", "INSERT INTO public.rope VALUES (12, 'to moor the raft of the travelling puppet theatre');")
        for number in range(40):
            subprocess.run([*psql, "-c", f"select 'buoy {number}'::integer"], capture_output=True)
        subprocess.run([*psql, "-c", "select 'the harbour master lost his spectacles in the herring barrel'::integer"],
                       capture_output=True)
        for number in range(40, 60):
            subprocess.run([*psql, "-c", f"select 'buoy {number}'::integer"], capture_output=True)
        run(*as_user, binaries / "pg_ctl", "-D", cluster, "-m", "fast", "stop", stdout=subprocess.DEVNULL, cwd="/")
        server.wait()
    lines = [l for l in (WORK / "log").read_text().split("\n") if "rope" not in l and "lights" not in l and "boats" not in l]
    log.write_text("\n".join(lines))
    ask("postgres.log", "the harbour master lost his spectacles in the herring barrel",
        1 + next(n for n, l in enumerate(lines) if "ERROR" in l and "herring" in l))


def web_log():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = WORK / "site"
    folder.mkdir()
    (folder / "index.html").write_text("hello")
    with open(READ / "access.log", "wb") as log:
        server = subprocess.Popen([sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"],
                                  cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
        time.sleep(1)
        visits = [f"/weather/{day}" for day in range(60)]
        for path in ["/", *visits[:30], "/opening-hours", "/lost-and-found/one-green-mitten-with-a-pewter-button", "/robots.txt", *visits[30:]]:
            subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}{path}"])
        server.terminate()
        server.wait()
    ask("access.log", "GET /lost-and-found/one-green-mitten-with-a-pewter-button",
        1 + next(n for n, l in enumerate((READ / "access.log").read_text().split("\n")) if "mitten" in l))


def source_code():
    for name, (code, question, line) in CODE.items():
        (READ / name).write_text(code)
        ask(name, question, line)


CODE = {
    "Orchard.swift": ("""// An orchard: its trees, and when they are pruned.

struct Tree {
  var kind: String
  var age: Int
}

extension Tree {
  /// Old quince trees are pruned only while the moon is waning.
  func mayBePruned(moonIsWaning: Bool) -> Bool {
    kind != "quince" || age < 40 || moonIsWaning
  }
}

func basketsNeeded(trees: [Tree]) -> Int { trees.count * 3 }
""", "func mayBePruned(moonIsWaning: Bool) Old quince trees are pruned only while the moon is waning.", None),
    "well.c": ("""/* The bucket of a well. */
#include <stdio.h>

static int depth = 14;

/* Each turn of the windlass lifts the bucket by the girth of an oak beam. */
int lift_bucket(int turns) {
  int lifted = turns * 2;
  return lifted > depth ? depth : lifted;
}

int main(void) {
  printf("%d\\n", lift_bucket(3));
}
""", "int lift_bucket(int turns): Each turn of the windlass lifts the bucket by the girth of an oak beam.", None),
}


def left_out():
    office_text = WORK / "secret.html"
    office_text.write_text("<p>The treasure lies below the sundial.</p>")
    lock_with_office(office_text)
    import msoffcrypto
    from msoffcrypto.format.ooxml import OOXMLFile
    with open(READ / "bread.docx", "rb") as plain, open(LEFT / "locked.docx", "wb") as locked:
        OOXMLFile(plain).encrypt("open", locked)
    run("qpdf", "--encrypt", "open", "owner", "256", "--", READ / "caminata.pdf", LEFT / "locked.pdf")
    # A scan: the picture of a page, and a page that holds the picture.
    run("pdftoppm", "-r", "40", "-f", "1", "-l", "1", "-gray", "-png", READ / "vlak.pdf", WORK / "page")
    picture = next(WORK.glob("page*.png"))
    shutil.copy(picture, LEFT / "picture.png")
    scan = WORK / "scan.html"
    scan.write_text(f"<img src='{picture}'>")
    chromium("--no-pdf-header-footer", f"--print-to-pdf={LEFT}/scan.pdf", f"file://{scan}")
    (LEFT / "blank.csv").write_bytes(output("sqlite3", "-csv", LEFT / "birds.sqlite", "select '' from birds limit 3"))
    for name in ["bread.docx", "caminata.pdf", "porto.epub", "kraeuter.odt", "tides.ipynb"]:
        whole = (READ / name).read_bytes()
        (LEFT / f"cut-{name}").write_bytes(whole[: len(whole) * 2 // 5])
    (LEFT / "empty.txt").write_bytes(b"")
    empty = WORK / "empty.html"
    empty.write_text("<html><body></body></html>")
    office(empty, "docx", LEFT / "empty.docx")
    office(empty, "pdf:writer_pdf_Export", LEFT / "empty.pdf")
    run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=size=16x16:duration=1:rate=1", "-bitexact", LEFT / "talk.mkv")
    with zipfile.ZipFile(LEFT / "all.zip", "w") as archive:
        archive.writestr("bread.txt", "bread")


def lock_with_office(source):
    """Has a running LibreOffice save a document with a password."""
    script = WORK / "lock.py"
    script.write_text(f"""
import uno, time
from com.sun.star.beans import PropertyValue
def value(name, what):
    p = PropertyValue(); p.Name = name; p.Value = what; return p
local = uno.getComponentContext()
resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
for _ in range(100):
    try:
        context = resolver.resolve("uno:pipe,name=lock;urp;StarOffice.ComponentContext"); break
    except Exception:
        time.sleep(0.3)
desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
document = desktop.loadComponentFromURL("file://{source}", "_blank", 0,
    (value("Hidden", True), value("FilterName", "HTML (StarWriter)")))
document.storeToURL("file://{LEFT}/locked.odt", (value("FilterName", "writer8"), value("Password", "open")))
document.close(True)
desktop.terminate()
""")
    server = subprocess.Popen(["soffice", "--headless", "--accept=pipe,name=lock;urp;", "--norestore"],
                              env={**os.environ, "HOME": str(WORK)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("/usr/bin/python3", script)
    server.wait()


for folder in [READ, LEFT]:
    folder.mkdir(parents=True)
try:
    for step in [office_files, pandoc_files, browser_files, mail_files, notebook, subtitles, databases, web_log,
                 source_code, left_out]:
        print(step.__name__)
        step()
finally:
    shutil.rmtree(WORK, ignore_errors=True)
(OUT / "questions.json").write_text(json.dumps(questions, ensure_ascii=False, indent=1) + "\n")
