#!/usr/bin/env python3
"""Measures rankings on retrieval sets, as Markdown: measure.py STORE [--model FOLDER] [--rerank FOLDER] SET...

STORE is the command, each SET a folder of corpus.jsonl, queries.jsonl and qrels.tsv. Vectors are made of words (mode
mock), with --model by the model in that folder. --rerank has the first 30 hits by both rankings read again by the
reranker in its folder; what is below them counts as not found. Standard error tells how both rankings compare with the better.
"""
import argparse, json, math, os, subprocess, sys, tempfile

NAMES = {"vector": "vectors", "lexical": "words", "fused": "both"}
FIGURES = ("nDCG10", "mrr", "recall100")
DEPTH = 30


class Command:
    def __init__(self, store, folder, mode):
        self.store, self.folder = os.path.abspath(store), folder
        home = os.path.join(folder, "home")
        self.environment = {"PATH": os.environ["PATH"], "HOME": home, "SERVICE_MODE": mode,
                            "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}

    def __call__(self, *arguments, text=None):
        done = subprocess.run([self.store, *arguments], cwd=self.folder, env=self.environment, input=text,
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"store {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout


def cell(figure):
    return f"{figure['mean']:.3f} ± {figure.get('standardError') or 0:.3f}"


def reranked(run, corpus):
    """The figures of both rankings after a reranker, by the hits that the command prints."""
    with open(os.path.join(corpus, "queries.jsonl"), encoding="utf-8") as file:
        questions = [json.loads(line) for line in file]
    relevant = {}
    with open(os.path.join(corpus, "qrels.tsv"), encoding="utf-8") as file:
        for fields in (line.split("\t") for line in file):
            if len(fields) == 3 and fields[2].strip().isdigit() and int(fields[2]) > 0:
                relevant.setdefault(fields[0], {})[fields[1]] = int(fields[2])
    questions = [question for question in questions if question["_id"] in relevant]
    lines = run("query", "--stdin", "--json", "--copies", "--rerank", "--limit", str(DEPTH), "--per-document", "1",
                text="\n".join(" ".join(question["text"].split()) for question in questions)).splitlines()
    found = [[] for _ in questions]
    for line in lines:
        hit = json.loads(line)
        if "source" in hit:
            found[hit["query"]].append(hit["source"])
    figures = {"nDCG10": [], "mrr": []}
    for question, sources in zip(questions, found):
        grades = relevant[question["_id"]]
        gain = sum((2 ** grades.get(source, 0) - 1) / math.log2(rank + 2) for rank, source in enumerate(sources[:10]))
        best = sum((2 ** grade - 1) / math.log2(rank + 2)
                   for rank, grade in enumerate(sorted(grades.values(), reverse=True)[:10]))
        figures["nDCG10"].append(gain / best)
        figures["mrr"].append(next((1 / (rank + 1) for rank, source in enumerate(sources) if source in grades), 0))
    return {name: {"mean": sum(values) / len(values), "standardError": deviation(values) / math.sqrt(len(values))}
            for name, values in figures.items()}


def deviation(values):
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1))


def measure(corpus, options):
    with tempfile.TemporaryDirectory() as folder:
        run = Command(options.store, folder, "hybrid" if options.model else "mock")
        if options.model:
            run("model", "add", os.path.abspath(options.model))
        if options.rerank:
            run("model", "add", os.path.abspath(options.rerank))
        run("import", os.path.join(corpus, "corpus.jsonl"))
        report = json.loads(run("stats", "--json", "--qrels", os.path.join(corpus, "qrels.tsv"), "--queries",
                                os.path.join(corpus, "queries.jsonl")))["retrieval"]
        again = reranked(run, corpus) if options.rerank else None
    rankings = {ranking["ranking"]: ranking for ranking in report["rankings"]}
    name = os.path.basename(os.path.normpath(corpus))
    for ranking in ("vector", "lexical", "fused"):
        cells = [cell(rankings[ranking][figure]) for figure in FIGURES]
        print(f"| {name} | {options.label} | {NAMES[ranking]} | {' | '.join(cells)} |")
    if again:
        print(f"| {name} | {options.label} | both, reranked | {cell(again['nDCG10'])} | {cell(again['mrr'])} | |")
    better = max(("vector", "lexical"), key=lambda half: rankings[half]["nDCG10"]["mean"])
    over = next(one for one in report["comparisons"] if one["ranking"] == "fused" and one["baseline"] == better)
    print(f"{name}, {options.label}: both over {NAMES[better]} {over['difference']:+.4f}, 95 % between "
          f"{over['low']:+.4f} and {over['high']:+.4f}; {report['queries']} questions", file=sys.stderr)
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store")
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--model")
    parser.add_argument("--rerank")
    parser.add_argument("--label", help="what the table calls the vectors")
    options = parser.parse_args()
    if options.rerank and not options.model:
        parser.error("--rerank needs --model: in mode mock nothing is read again")
    options.sets = [os.path.abspath(one) for one in options.sets]
    options.label = options.label or (os.path.basename(options.model) if options.model else "hashed words")
    print("| set | vectors | ranking | nDCG@10 | MRR | recall@100 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for corpus in options.sets:
        measure(corpus, options)


if __name__ == "__main__":
    main()
