#!/usr/bin/env python3
"""Writes the table of one run of `compare` as Markdown: table.py FOLDER... > FILE.md

Each folder holds import.json and search.json of the benchmarks, and peers.json of the peers' script, all of
the same vectors and one run.
"""
import datetime, json, os, platform, sys


def load(folder, name):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


def number(value, digits=2):
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.{digits}f}"


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def section(folder):
    ours = load(folder, "import.json") | load(folder, "search.json")
    peers = load(folder, "peers.json")["engines"]
    name = os.path.basename(folder).rsplit("-", 1)[0]
    lines = [f"## {ours['rows']:,.0f} rows grown from {name}", ""]
    lines.append(row("engine", "warm query, ms", "times ours", "recall@10", "batch, ms a query",
                     "process, ms", "rows/s in", "MB on disk", "note"))
    lines.append(row(*["---"] * 9))
    lines.append(row("**store**", number(ours["warm_ms"], 3), "1", f"{ours['recall']:.5f}",
                     number(ours["batch_ms"], 3), number(ours["process_ms"], 1),
                     number(ours["import_rows_per_s"]), number(ours["disk_mb"], 0),
                     "hits with their texts"))
    lines.append(row("store --exact", number(ours["exact_ms"]), number(ours["exact_ms"] / ours["warm_ms"], 1),
                     "1", "", "", "", "", "every float32 row"))
    for peer, figures in peers.items():
        ms = figures.get("query_ms")
        rate = figures.get("vectors_per_s") or (
            ours["rows"] / figures["build_s"] if figures.get("build_s") else None)
        lines.append(row(peer, number(ms, 3), number(ms / ours["warm_ms"], 1) if ms else "",
                         f"{figures['recall']:.4f}" if "recall" in figures else "",
                         number(figures.get("batch_query_ms"), 3), number(figures.get("process_ms"), 0),
                         number(rate), number(figures.get("disk_mb"), 0), figures.get("note", "")))
    lines += ["", "| store | figure |", "| --- | --- |"]
    names = {
        "warm_p99_ms": "warm query, 99th percentile, ms", "first_ms": "first query of an open store, ms",
        "filtered_ms": "warm query with a new filter that keeps one row in a thousand, ms",
        "filtered_recall": "its recall@10", "read_mb": "MB looked at for a query",
        "refined": "rows refined by 4-bit codes", "scored": "float32 rows read",
        "concurrent_1_qps": "queries/s, 1 task", "concurrent_2_qps": "queries/s, 2 tasks",
        "concurrent_8_qps": "queries/s, 8 tasks", "private_kb_per_row": "private memory of the warm store, KB a row",
        "process_private_mb": "private memory of `store query`, MB",
        "disk_ratio": "size on disk, times the float32 bytes",
        "import_texts_rows_per_s": "rows/s in with texts and metadata",
    }
    for key, meaning in names.items():
        if key in ours:
            lines.append(row(meaning, number(ours[key], 5 if "recall" in key else 2)))
    return lines + [""]


def main():
    print(f"# Search, {datetime.date.today()}\n")
    print(f"{processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}. All engines in one run on "
          "the same vectors (make_vectors.py); medians. Peers return ids, the store returns hits with their texts. "
          "Repeat with `Benchmarks/Scripts/compare`.\n")
    for folder in sys.argv[1:]:
        print("\n".join(section(folder)))


if __name__ == "__main__":
    main()
