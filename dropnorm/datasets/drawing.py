"""The parts that every stand-in is drawn with: marginals, correlated normal scores, a non-linear response.

Everything is drawn by ranks: a column's k-th smallest latent value becomes the column's k-th quantile. So a marginal
comes out as fitted, whatever the draw, and nothing depends on the last digit of a floating-point result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Marginal = dict[str, Any]


def normals(rng: np.random.Generator, count: int, correlation: list[float]) -> np.ndarray:
    """``count`` rows of normal scores, (count, columns), whose sample correlation is ``correlation`` itself."""
    factor = root(correlation)
    drawn = rng.standard_normal((count, len(factor)))
    drawn -= drawn.mean(axis=0)
    drawn = np.linalg.solve(np.linalg.cholesky(np.cov(drawn.T, bias=True)), drawn.T).T
    return drawn @ factor.T


def symmetric(triangle: list[float]) -> np.ndarray:
    """The symmetric matrix that is given by its lower triangle, row after row."""
    size = round((np.sqrt(8 * len(triangle) + 1) - 1) / 2)
    matrix = np.zeros((size, size))
    matrix[np.tril_indices(size)] = triangle
    return matrix + np.tril(matrix, -1).T


def root(triangle: list[float]) -> np.ndarray:
    """The lower-triangular root of a covariance matrix that is given by its lower triangle."""
    return np.linalg.cholesky(symmetric(triangle))


def ranks(latent: np.ndarray) -> np.ndarray:
    """For each value the share of values below it, half of itself included: evenly spread over (0, 1)."""
    order = np.argsort(latent, kind="stable")
    position = np.empty(len(latent))
    position[order] = np.arange(len(latent)) + 0.5
    return position / len(latent)


def columns(latent: np.ndarray, marginals: dict[str, Marginal]) -> pd.DataFrame:
    """A table with one column for each marginal, ordered as the columns of ``latent`` are."""
    return pd.DataFrame({name: at(ranks(latent[:, j]), m) for j, (name, m) in enumerate(marginals.items())})


def at(probability: np.ndarray, marginal: Marginal) -> np.ndarray:
    """The values of ``marginal`` at probabilities in (0, 1).

    A marginal is a list of quantiles at equal steps of probability, between which it is linear, rounded to ``decimals``
    or to ``digits`` that count; or a list of values with the share of each.
    """
    if "shares" in marginal:
        steps = np.cumsum(marginal["shares"])
        return np.array(marginal["values"])[np.searchsorted(steps / steps[-1], probability)]
    quantiles = np.array(marginal["quantiles"], dtype=float)
    values = np.interp(probability, np.linspace(0, 1, len(quantiles)), quantiles)
    if "digits" in marginal:
        return _to_digits(values, marginal["digits"])
    values = np.round(values, marginal["decimals"])
    return values.astype("int64") if marginal["decimals"] == 0 and marginal.get("whole") else values


def respond(table: pd.DataFrame, response: dict[str, Any], rng: np.random.Generator, group: Any = None) -> np.ndarray:
    """The target of each row: a smooth function of its inputs, an effect of its group, noise; then by rank."""
    score = predict(table, response)
    noise = np.interp(score, response["noise"]["at"], response["noise"]["sd"])
    score = score + noise * rng.standard_normal(len(table))
    if group is not None:
        codes, names = pd.factorize(group)
        score += response["group_sd"] * rng.standard_normal(len(names))[codes]
    return at(ranks(score), response["marginal"])


def predict(table: pd.DataFrame, response: dict[str, Any]) -> np.ndarray:
    """The smooth part of the response, (rows,): a line, and ``curvature`` times a small network that bends it."""
    inputs = scaled(table, response["inputs"])
    line = inputs @ np.array(response["line"]) + response["line_bias"]
    layer = np.tanh(inputs @ np.array(response["hidden"]) + response["hidden_bias"])
    bend = layer @ np.array(response["output"]) + response["output_bias"]
    return line + response["curvature"] * bend


def scaled(table: pd.DataFrame, inputs: dict[str, dict[str, Any]]) -> np.ndarray:
    """The columns named in ``inputs``, some by logarithm, less their centre, by their scale, cut at 4."""
    values = [
        (np.log(table[name]) if entry.get("log") else table[name]).to_numpy(dtype=float)
        for name, entry in inputs.items()
    ]
    centre = [entry["centre"] for entry in inputs.values()]
    scale = [entry["scale"] for entry in inputs.values()]
    return np.clip((np.column_stack(values) - centre) / scale, -4, 4)


def choose(rng: np.random.Generator, shares: list[float], count: int) -> np.ndarray:
    """``count`` indices, each with probability in proportion to its share."""
    steps = np.cumsum(shares)
    return np.searchsorted(steps / steps[-1], rng.random(count))


def apportion(rng: np.random.Generator, count: int, options: list[dict[str, Any]]) -> list[list[int]]:
    """``count`` options in random order, each as often as its share says, to the nearest whole number."""
    steps = np.cumsum([option["share"] for option in options])
    evenly = (np.arange(count) + 0.5) / count
    return [options[i]["days"] for i in rng.permutation(np.searchsorted(steps / steps[-1], evenly))]


def lookup(values: np.ndarray, table: dict[str, list[float]]) -> np.ndarray:
    """The entry of ``share`` for each value, by the upper bounds in ``up_to`` (the last entry has none)."""
    return np.array(table["share"])[np.searchsorted(table["up_to"], values)]


def _to_digits(values: np.ndarray, digits: int) -> np.ndarray:
    """Rounded to ``digits`` significant digits, as upstream writes them (2.33e-05)."""
    powers = np.array([float(f"1e{k}") for k in range(20)])
    size = np.floor(np.log10(np.maximum(np.abs(values), 1e-12))).astype(int)
    power = powers[np.clip(digits - 1 - size, 0, len(powers) - 1)]
    return np.round(values * power) / power
