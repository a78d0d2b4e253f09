"""Fits the numbers in ``data/standins/`` from the official files (first, rough version)."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from scipy.stats import norm

from dropnorm import datasets, places


def fit(name: str) -> dict:
    table = pd.read_csv(datasets.dataset(name).path)
    numeric = table.select_dtypes("number")
    ranks = norm.ppf((numeric.rank(method="average") - 0.5) / len(table))
    columns = {}
    for c in numeric:
        columns[c] = {
            "integer": bool(numeric[c].dtype.kind == "i"),
            "decimals": 0 if numeric[c].dtype.kind == "i" else 4,
            "quantiles": [float(f"{q:.5g}") for q in numeric[c].quantile(np.linspace(0, 1, 101))],
        }
    out = {"rows": len(table), "columns": columns, "correlation": np.corrcoef(ranks.T).round(3).tolist()}
    if "playlist_genre" in table:
        out["genres"] = (table.playlist_genre.value_counts() / len(table)).round(4).to_dict()
        out["genres"]["edm"] += 1 - sum(out["genres"].values())
    return out


for name in datasets.NAMES:
    (places.STANDINS / f"{name}.json").write_text(json.dumps(fit(name)) + "\n")
