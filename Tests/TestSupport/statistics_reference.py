"""What store stats must come out at, by numpy in float64. Prints one JSON object.

Run by the tests of statistics; needs numpy. Usage: statistics_reference.py FILE.npy THRESHOLD
"""
import json
import sys

import numpy as np

rows = np.load(sys.argv[1]).astype(np.float64)
threshold = float(sys.argv[2])
rows /= np.linalg.norm(rows, axis=1, keepdims=True)
n, d = rows.shape
mean = rows.mean(axis=0)
cosines = rows @ rows.T
pairs = cosines[np.triu_indices(n, 1)]

eigenvalues = np.linalg.eigvalsh(np.cov(rows, rowvar=False))[::-1].clip(min=0)
shares = eigenvalues[eigenvalues > 0] / eigenvalues.sum()
held = np.cumsum(eigenvalues) / eigenvalues.sum()
second = np.linalg.eigvalsh(rows.T @ rows / n)
length = np.linalg.norm(mean)

# Nearest first, equal cosines by rising place.
others = cosines.copy()
np.fill_diagonal(others, -np.inf)
k = min(10, n - 1)
places = np.array([np.lexsort((np.arange(n), -np.round(row, 13)))[:k] for row in others])
nearest = others[np.arange(n), places[:, 0]]
counts = np.bincount(places.ravel(), minlength=n).astype(float)
centred = counts - counts.mean()

ratios = []
for row in range(n):
    distances = np.sqrt(np.maximum(0, 2 - 2 * others[row, places[row]]))
    same = distances <= 1e-6
    if (places[row][same] < row).any():
        continue
    apart = distances[~same]
    if len(apart) > 1:
        ratios.append(apart[1] / apart[0])
x = np.log(np.sort(ratios))
y = -np.log1p(-np.arange(1, len(x) + 1) / len(x), where=np.arange(1, len(x) + 1) < len(x), out=np.zeros(len(x)))
kept = int(len(x) * 0.9)
x, y = x[:kept], y[:kept]

parents = list(range(n))


def root(place):
    while parents[place] != place:
        place = parents[place]
    return place


for one, other in zip(*np.nonzero(np.triu(cosines >= threshold, 1))):
    parents[max(root(one), root(other))] = min(root(one), root(other))
sizes = np.bincount([root(place) for place in range(n)], minlength=n)

print(json.dumps({
    "meanCosine": pairs.mean(),
    "cosineSpread": pairs.std(),
    "isotropy": (1 - length + max(0, second[0]) / 2) / (1 + length + second[-1] / 2),
    "totalVariance": eigenvalues.sum(),
    "participationRatio": eigenvalues.sum() ** 2 / (eigenvalues ** 2).sum(),
    "effectiveRank": np.exp(-(shares * np.log(shares)).sum()),
    "components": [int(np.searchsorted(held, share) + 1) for share in (0.5, 0.9, 0.99)],
    "eigenvalues": eigenvalues[:20].tolist(),
    "intrinsicDimension": (x * y).sum() / (x * x).sum(),
    "nearest": np.percentile(nearest, [1, 5, 50, 95]).tolist(),
    "nearestMean": nearest.mean(),
    "random": np.percentile(pairs, [1, 5, 50, 95, 99]).tolist(),
    "hubness": (centred ** 3).mean() / (centred ** 2).mean() ** 1.5,
    "mostOccurrences": int(counts.max()),
    "groups": int((sizes > 1).sum()),
    "largestGroup": int(sizes.max()),
}))
