"""What rankings are worth, counted without the library. Prints one JSON object.

Run by the tests of the retrieval self-test. Usage: retrieval_reference.py QRELS.tsv RUN.json SCORES.json, where
RUN holds {"vector": {query: [document, …]}, "lexical": …, "fused": …}, and SCORES the scores of the first two.
"""
import json
import math
import sys

grades = {}
with open(sys.argv[1]) as file:
    next(file)
    for line in file:
        query, document, grade = line.rstrip("\n").split("\t")
        grades.setdefault(query, {})[document] = int(grade)
with open(sys.argv[2]) as file:
    runs = json.load(file)
with open(sys.argv[3]) as file:
    scores = json.load(file)


def dcg(values):
    return sum(value / math.log2(place + 2) for place, value in enumerate(values))


def measure(ranking, judged):
    relevant = {document for document, grade in judged.items() if grade > 0}
    gains = [max(0, judged.get(document, 0)) for document in ranking[:10]]
    best = sorted((max(0, grade) for grade in judged.values()), reverse=True)[:10]
    places = [place for place, document in enumerate(ranking, 1) if document in relevant]
    precisions = [index / place for index, place in enumerate(places, 1)]
    return {
        "nDCG10": dcg(gains) / dcg(best),
        "map": sum(precisions) / len(relevant),
        "recall10": len(relevant.intersection(ranking[:10])) / len(relevant),
        "recall100": len(relevant.intersection(ranking[:100])) / len(relevant),
        "mrr": 1 / places[0] if places else 0,
    }


def confidence(values):
    compared = values[min(len(values), 10) - 1] * min(len(values), 10) / 10
    return (values[0] - compared) / values[0]


def fuse(query):
    lists = [(trust, runs[name][query], scores[name][query]) for name, trust in (("vector", 0.4), ("lexical", 0.6))]
    lists = [(trust * confidence(values), ranking, values) for trust, ranking, values in lists if values and values[0] > 0]
    fused = {}
    for weight, ranking, values in lists:
        for document, value in zip(ranking, values):
            fused[document] = fused.get(document, 0) + weight / sum(entry[0] for entry in lists) * value / values[0]
    return [document for document, _ in sorted(fused.items(), key=lambda entry: -entry[1])]


result = {}
for name, run in runs.items():
    rows = [measure(ranking, grades[query]) for query, ranking in run.items()]
    result[name] = {}
    for figure in rows[0]:
        values = [row[figure] for row in rows]
        mean = sum(values) / len(values)
        spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
        result[name][figure] = [mean, spread / math.sqrt(len(values))]
# Chunks are fused, and here documents, so nDCG of this one is near, not equal.
fused = {query: fuse(query) for query in runs["vector"]}
values = [measure(ranking, grades[query])["nDCG10"] for query, ranking in fused.items()]
result["fusedHere"] = sum(values) / len(values)
print(json.dumps(result))
