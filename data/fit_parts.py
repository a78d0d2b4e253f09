"""What every fit in ``fit_standins.py`` is made of: marginals, correlations, variance between and within groups, a
response. Each gives the plain lists and numbers that ``dropnorm/datasets/drawing.py`` draws from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
from fidelity import rank_correlation
from scipy.special import ndtri
from sklearn.linear_model import Ridge
from sklearn.neural_network import MLPRegressor

from dropnorm.datasets import drawing

Numbers = dict[str, Any]


def scores(values: pd.Series) -> pd.Series:
    """Normal scores: the rank of each value (ties share theirs) through the inverse normal distribution."""
    return pd.Series(ndtri((values.rank() - 0.5) / len(values)), index=values.index)


def marginal(values: pd.Series, points: int, decimals: int | None = None, digits: int | None = None) -> Numbers:
    """Quantiles at equal steps of probability, or the share of each value where ``decimals`` is None."""
    if decimals is None and digits is None:
        shares = values.value_counts(normalize=True).sort_index()
        return {"values": [int(v) for v in shares.index], "shares": numbers_of(shares, 4)}
    # Half way between neighbours in rank: the extremes are the column's range.
    quantiles = values.astype(float).quantile(np.linspace(0, 1, points), interpolation="nearest")
    if digits is not None:
        return {"digits": digits, "quantiles": [float(f"{q:.{digits}g}") for q in quantiles]}
    entry: Numbers = {"decimals": decimals, "quantiles": numbers_of(quantiles, decimals)}
    return entry | ({"whole": True} if values.dtype.kind == "i" else {})


def size_quantiles(sizes: pd.Series) -> list[int]:
    """How large the groups of a table are (an artist's tracks), at 201 steps of probability."""
    return [int(q) for q in sizes.quantile(np.linspace(0, 1, 201), interpolation="nearest")]


def numbers_of(values: Any, decimals: int) -> Any:
    """``values`` as (nested) lists of rounded Python numbers."""
    rounded = np.round(np.asarray(values, dtype=float), decimals)
    return (rounded + 0.0).tolist() if decimals else rounded.astype(int).tolist()


def triangle(matrix: np.ndarray) -> list[float]:
    """The lower triangle of a symmetric matrix, row after row, rounded."""
    return numbers_of(matrix[np.tril_indices(len(matrix))], 3)


def proper(matrix: np.ndarray) -> np.ndarray:
    """The nearest proper correlation matrix: eigenvalues below 0.02 are raised to it."""
    values, vectors = np.linalg.eigh(matrix)
    raised = vectors @ np.diag(np.maximum(values, 0.02)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    return raised / np.outer(scale, scale)


def latent_correlation(table: pd.DataFrame, marginals: dict[str, Numbers]) -> list[float]:
    """The correlation of normal scores that gives ``marginals`` the rank correlations of ``table``.

    Ties (many zeros, few values) weaken a rank correlation, so the latent one is corrected until the drawn one agrees.
    """
    wanted = rank_correlation(table)
    latent = proper(2 * np.sin(np.pi * wanted / 6))  # exact for normal columns without ties
    for step in range(40):
        rng = np.random.Generator(np.random.PCG64(step))
        drawn = drawing.columns(drawing.normals(rng, len(table), triangle(latent)), marginals)
        missing = wanted - rank_correlation(drawn)
        latent = latent + missing / (1 + step / 4)
        np.fill_diagonal(latent, 1)
        latent = proper(np.clip(latent, -1, 1))
    return triangle(latent)


def inputs_of(table: pd.DataFrame, log: tuple[str, ...] = (), plain: tuple[str, ...] = ()) -> Numbers:
    """How each input of a response is scaled: centre and standard deviation, by logarithm where named."""
    entries = {}
    for name in table:
        values = np.log(table[name]) if name in log else table[name]
        centre, scale = (0.0, 1.0) if name in plain else (values.mean(), values.std())
        entries[name] = {"centre": float(f"{centre:.4g}"), "scale": float(f"{scale:.4g}")}
        if name in log:
            entries[name]["log"] = True
    return entries


def response(
    table: pd.DataFrame,
    target: pd.Series,
    inputs: Numbers,
    units: int,
    decay: float,
    target_marginal: Numbers,
    group: pd.Series | None = None,
    early: bool = False,
) -> Numbers:
    """The smooth response of ``target``'s normal scores: a line, a network of ``units`` tanh units, and the noise."""
    X = drawing.scaled(table, inputs)
    y = scores(target).to_numpy()
    line = Ridge(1.0).fit(X, y)
    if early:
        network = MLPRegressor(
            hidden_layer_sizes=(units,),
            activation="tanh",
            alpha=decay,
            early_stopping=True,
            random_state=0,
            learning_rate_init=2e-3,
            max_iter=300,
            n_iter_no_change=20,
        )
    else:
        network = MLPRegressor(
            hidden_layer_sizes=(units,), activation="tanh", alpha=decay, solver="lbfgs", max_iter=20000, random_state=0
        )
    network.fit(X, y - line.predict(X))
    entry = {
        "inputs": inputs,
        "line": numbers_of(line.coef_, 3),
        "line_bias": round(float(line.intercept_), 3),
        "hidden": numbers_of(network.coefs_[0], 3),
        "hidden_bias": numbers_of(network.intercepts_[0], 3),
        "output": numbers_of(network.coefs_[1][:, 0], 3),
        "output_bias": round(float(network.intercepts_[1][0]), 3),
        "curvature": 1.0,
        "marginal": target_marginal,
    }
    residual = pd.Series(y - drawing.predict(table, entry))
    spread, shared = residual.std(), 0.0
    if group is not None:
        shared = between_share(residual, group.reset_index(drop=True))
        entry["group_sd"] = round(float(spread * np.sqrt(shared)), 4)
    predicted = drawing.predict(table, entry)
    edges = np.quantile(predicted, [0, 0.2, 0.4, 0.6, 0.8, 1])
    bins = np.clip(np.searchsorted(edges, predicted) - 1, 0, 4)
    entry["noise"] = {
        "at": numbers_of([predicted[bins == b].mean() for b in range(5)], 3),
        "sd": numbers_of([residual[bins == b].std() * np.sqrt(1 - shared) for b in range(5)], 4),
    }
    return entry


def between_share(values: pd.Series, group: pd.Series) -> float:
    """The share of the variance that lies between groups (the intraclass correlation, by analysis of variance)."""
    between, within, _ = covariances(values.to_frame(), group)
    return float(np.clip(between[0, 0] / (between[0, 0] + within[0, 0]), 0, 1))


def covariances(table: pd.DataFrame, group: pd.Series) -> tuple[np.ndarray, np.ndarray, float]:
    """Covariance between and within groups by analysis of variance, and the typical size of a group."""
    grouped = table.groupby(group.to_numpy())
    sizes = grouped.size().to_numpy()
    n, k = len(table), len(sizes)
    means = grouped.mean().to_numpy() - table.mean().to_numpy()
    inner = table.to_numpy() - grouped.transform("mean").to_numpy()
    within = inner.T @ inner / (n - k)
    size = (n - (sizes**2).sum() / n) / (k - 1)
    between = ((means * sizes[:, None]).T @ means / (k - 1) - within) / size
    return between, within, size


def beyond(values: np.ndarray, slack: float) -> np.ndarray:
    """What exceeds ``slack`` in size: small differences are left alone."""
    return np.sign(values) * np.maximum(np.abs(values) - slack, 0)


def proper_pair(between: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both covariances made positive definite, then scaled so that their sum has variance 1 in each column."""
    fixed = []
    for matrix in (between, within):
        values, vectors = np.linalg.eigh(matrix)
        fixed.append(vectors @ np.diag(np.maximum(values, 0.01)) @ vectors.T)
    scale = np.sqrt(np.diag(fixed[0]) + np.diag(fixed[1]))
    return fixed[0] / np.outer(scale, scale), fixed[1] / np.outer(scale, scale)


def count(numbers: Any) -> int:
    """How many numbers a stand-in's file holds."""
    if isinstance(numbers, dict):
        return sum(count(v) for v in numbers.values())
    if isinstance(numbers, list):
        return sum(count(v) for v in numbers)
    return int(not isinstance(numbers, bool | str))


def written(numbers: Any, indent: str = "") -> str:
    """JSON with a line for each marginal, list or row of a matrix: short files whose differences can be read."""
    inner = indent + "  "
    if isinstance(numbers, dict) and any(isinstance(v, dict) or nested(v) for v in numbers.values()):
        lines = [f"{inner}{json.dumps(k)}: {written(v, inner)}" for k, v in numbers.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if nested(numbers):
        return "[\n" + ",\n".join(f"{inner}{written(v, inner)}" for v in numbers) + f"\n{indent}]"
    return json.dumps(numbers)


def nested(numbers: Any) -> bool:
    """Whether this is a list of lists or of tables."""
    return isinstance(numbers, list) and any(isinstance(v, dict | list) for v in numbers)
