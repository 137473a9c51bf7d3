#!/usr/bin/env python3
"""Makes retrieval sets of what Debian packages: make_sets.py FOLDER [SET...]

help-XX  The pages of GNOME Help in a language. The question is the sentence that lists of pages show (`desc`); the
         page without it answers.
man-XX   Manual pages in a language. The question is what the section NAME says after the name; the page without that
         section answers. Pages that say the same are all relevant.

Each set is a folder of corpus.jsonl, queries.jsonl and qrels.tsv, as BEIR's are. Needs apt-get (a machine with Debian's
sources) and dpkg; nothing is installed. Other versions of the packages make other sets: the script warns of them.
"""
import glob, gzip, json, os, re, subprocess, sys, tempfile
from xml.etree import ElementTree

VERSIONS = {
    "gnome-user-docs": "43.0-2", "manpages-dev": "6.03-2", "manpages-de": "4.18.1-1",
    "manpages-fr": "4.18.1-1", "manpages-ja": "0.5.0.0.20221215+dfsg-1",
}
# Languages into which every page of GNOME Help is translated, or nearly.
HELP = {"en": "C", "de": "de", "es": "es", "fr": "fr", "ko": "ko", "pl": "pl", "ru": "ru"}
# The package, the folder of the language and the sections of 300 to 2,000 pages.
MANUALS = {
    "en": ("manpages-dev", "", ("2",)), "de": ("manpages-de", "de/", ("1", "8")),
    "fr": ("manpages-fr", "fr/", ("1", "5", "7", "8")), "ja": ("manpages-ja", "ja/", ("1", "8")),
}
LEAST_LETTERS = 100


def unpack(package, folder):
    """Fetches a package and unpacks its files; nothing of it runs."""
    target = os.path.join(folder, package)
    os.makedirs(target)
    subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", package],
                   cwd=target, check=True)
    [file] = glob.glob(os.path.join(target, "*.deb"))
    version = subprocess.run(["dpkg-deb", "-f", file, "Version"], check=True, capture_output=True,
                             text=True).stdout.strip()
    if version != VERSIONS[package]:
        print(f"{package} is version {version}, the results are of {VERSIONS[package]}", file=sys.stderr)
    subprocess.run(["dpkg-deb", "-x", file, target], check=True)
    return target


def joined(text):
    return re.sub(r"\s+", " ", text or "").strip()


# ---- GNOME Help

def name(element):
    return element.tag.rsplit("}", 1)[-1]


def paragraphs(element):
    """The texts of a page's blocks, without what is said about it."""
    if name(element) in ("info", "media"):
        return
    if name(element) in ("p", "title", "screen"):
        yield joined("".join(element.itertext()))
        return
    for part in element:
        yield from paragraphs(part)


def help_pages(folder, language):
    pages = os.path.join(folder, "usr/share/help", HELP[language], "gnome-help", "*.page")
    for path in sorted(glob.glob(pages)):
        root = ElementTree.parse(path).getroot()
        found = [part for info in root if name(info) == "info" for part in info if name(part) == "desc"]
        titles = [part for part in root if name(part) == "title"]
        if not found or not titles:
            continue
        title = joined("".join(titles[0].itertext()))
        body = [text for part in root if part is not titles[0] for text in paragraphs(part) if text]
        yield os.path.basename(path)[:-5], title, "\n\n".join(body), joined("".join(found[0].itertext()))


# ---- Manual pages

def plain(line):
    """A line of roff without its escapes."""
    line = re.sub(r'\\".*', "", line)
    line = re.sub(r"\\\*\[?(lq|rq|dq)\]?|\\\((lq|rq|dq)", '"', line)
    line = re.sub(r"\\\((aq|oq|cq)|\\\[(aq|oq|cq)\]", "'", line)
    line = re.sub(r"\\\((en|em|hy)|\\\[(en|em|hy)\]", "-", line)
    line = re.sub(r"\\\((bu|\(co|tm|rg)", "", line)
    line = re.sub(r"\\f(\[[^]]*\]|\(..|.)", "", line)
    line = re.sub(r"\\s[-+]?\d+|\\[mMFn](\[[^]]*\]|.)|\\[hvw]'[^']*'|\\\*?\[[^]]*\]", "", line)
    line = re.sub(r"\\(-)", "-", line).replace("\\e", "\\\\").replace("\\(rs", "\\\\")
    return re.sub(r"\\[&/,:|^%c]", "", re.sub(r"\\[ ~0]", " ", line))


# Macros whose arguments are text. Of all others the arguments are left out.
SPOKEN = set("B I R BR RB IR RI BI IB SM SB TP IP P SS Sh Ss Nm Fl Ar Op Cm Pa Ev Dv Er Fn Ft Fa Xr Em Sy Ql Dq Sq Li "
             "It Nd Va Vt Ic Ad Tn URL UR MT Pq Bq Ns No Qq".split())
CALLABLE = re.compile(r"(?<!\S)(Fl|Ar|Op|Cm|Pa|Ev|Dv|Er|Fn|Ft|Fa|Xr|Em|Sy|Ql|Dq|Sq|Li|Ns|Pq|Bq|Qq|Va|Ic|No|Nm)(?!\S)")


def manual_sections(source):
    """The sections of a page, each a heading and the lines of its text."""
    sections = []
    for line in source.split("\n"):
        if re.match(r"""[.'][ \t]*(\\"|\\\})""", line):
            continue
        macro = re.match(r"[.'][ \t]*([A-Za-z0-9]+)[ \t]*(.*)", line)
        if not macro:
            if sections and not line.startswith("."):
                sections[-1][1].append(plain(line))
            continue
        kind, rest = macro[1], macro[2]
        if kind in ("SH", "Sh"):
            sections.append((plain(rest).strip(' "'), []))
        elif sections and kind in ("PP", "P", "LP", "Pp", "TP", "IP", "SS", "Ss", "It", "sp"):
            sections[-1][1].append("")
        if sections and kind in SPOKEN and kind not in ("SH", "Sh") and rest:
            quoted = re.findall(r'"([^"]*)"|(\S+)', plain(rest))
            words = [first or second for first, second in quoted]
            if kind in ("IP", "TP") and words and re.fullmatch(r"[-+]?[\d.]+[a-z]?", words[-1]):
                words = words[:-1]
            text = ("" if kind in ("BR", "RB", "IR", "RI", "BI", "IB") else " ").join(words)
            if kind[0].isupper() and kind[-1].islower():
                text = ("-" if kind == "Fl" else "") + CALLABLE.sub("", text)
            sections[-1][1].append((" - " if kind == "Nd" else "") + text)
    return sections


def manual_pages(folder, language):
    _, place, numbers = MANUALS[language]
    for number in numbers:
        for path in sorted(glob.glob(os.path.join(folder, f"usr/share/man/{place}man{number}/*.gz"))):
            if os.path.islink(path):
                continue
            with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
                sections = manual_sections(file.read())
            if not sections:
                continue
            first = joined(" ".join(sections[0][1]))
            parts = re.split(r" +[-–—]+ +", first, maxsplit=1)
            if len(parts) < 2 or not parts[1]:
                continue
            text = "\n\n".join(
                heading + "\n" + re.sub(r"\n{3,}", "\n\n", "\n".join(joined(line) for line in lines)).strip()
                for heading, lines in sections[1:])
            page = os.path.basename(path)[:-3]
            yield page, page.rsplit(".", 1)[0], text, joined(parts[1])


def write(folder, pages):
    """Writes a set, and returns how many documents and questions it has."""
    os.makedirs(folder, exist_ok=True)
    documents, questions = [], {}
    for page, title, text, question in pages:
        if sum(letter.isalpha() for letter in text) < LEAST_LETTERS or len(question) < 5:
            continue
        documents.append({"_id": page, "title": title, "text": text})
        questions.setdefault(question, []).append(page)
    with open(os.path.join(folder, "corpus.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(document, ensure_ascii=False) + "\n" for document in documents)
    with open(os.path.join(folder, "queries.jsonl"), "w", encoding="utf-8") as queries, \
            open(os.path.join(folder, "qrels.tsv"), "w", encoding="utf-8") as qrels:
        qrels.write("query-id\tcorpus-id\tscore\n")
        for number, (question, relevant) in enumerate(questions.items(), 1):
            queries.write(json.dumps({"_id": str(number), "text": question}, ensure_ascii=False) + "\n")
            qrels.writelines(f"{number}\t{page}\t1\n" for page in relevant)
    return len(documents), len(questions)


def main(target, wanted):
    known = [f"help-{language}" for language in HELP] + [f"man-{language}" for language in MANUALS]
    unknown = [one for one in wanted if one not in known]
    if unknown:
        sys.exit(f"no set is called {unknown[0]}; there are {', '.join(known)}")
    with tempfile.TemporaryDirectory() as folder:
        unpacked = {}
        for one in wanted or known:
            kind, language = one.split("-")
            package = "gnome-user-docs" if kind == "help" else MANUALS[language][0]
            if package not in unpacked:
                unpacked[package] = unpack(package, folder)
            pages = help_pages if kind == "help" else manual_pages
            documents, questions = write(os.path.join(target, one), pages(unpacked[package], language))
            print(f"{one}: {documents} documents, {questions} questions, {package} {VERSIONS[package]}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
