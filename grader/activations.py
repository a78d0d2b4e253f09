"""Functions recognised by their values: activations, scalings, and whatever stands between two layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import keras
import numpy as np

from grader.spec_rules import FUNCTIONS

# Around zero where the functions differ, and far out where they saturate or are cut off.
GRID = np.concatenate([np.linspace(-4.0, 4.0, 33), [-30.0, -7.5, -1e-3, 1e-3, 5.5, 6.5, 30.0]]).astype(np.float32)[None]
# How far equal values may lie apart, relative to their size: half precision keeps three digits or two.
TOLERANCES = {"float16": 2e-3, "bfloat16": 2e-2}
Recognised = tuple[str, dict[str, Any]]


@lru_cache(maxsize=1)
def _known() -> dict[str, Callable[[Any], Any]]:
    """The functions without settings of their own, in the order in which they are tried; ``linear`` first."""
    known: dict[str, Callable[[Any], Any]] = {"linear": keras.activations.linear}
    for name in FUNCTIONS:
        if name == "gelu_tanh":
            known[name] = partial(keras.activations.gelu, approximate=True)
        elif name != "leaky_relu":
            known[name] = getattr(keras.activations, name)
    return known


def activation(name: str, **settings: float) -> Callable[[Any], Any]:
    """The function of that name, as `name_of` gives it.

    Raises:
        KeyError: there is none of that name.
    """
    if name == "leaky_relu":
        return partial(keras.activations.leaky_relu, negative_slope=settings["negative_slope"])
    if name == "elu":
        return partial(keras.activations.elu, alpha=settings.get("alpha", 1.0))
    return _known()[name]


def name_of(function: Callable[[Any], Any]) -> Recognised | None:
    """The name of an activation function by its values on a grid, with its settings; None where it has no name.

    ``("relu", {})``, ``("leaky_relu", {"negative_slope": 0.2})``, ``("elu", {"alpha": 0.5})``; what changes nothing
    is ``("linear", {})``.
    """
    try:
        values = np.asarray(function(keras.ops.convert_to_tensor(GRID)))
    except Exception:
        return None
    return name_of_values(GRID, values)


def name_of_values(inputs: np.ndarray, outputs: np.ndarray) -> Recognised | None:
    """The activation that makes ``outputs`` of ``inputs``; both of the shape ``(rows, columns)``."""
    if outputs.shape != inputs.shape:
        return None
    for name, known in _known().items():
        if same(np.asarray(known(keras.ops.convert_to_tensor(inputs))), outputs):
            return name, {}
    if not (inputs < -1e-6).any() or not (inputs > 1e-6).any():
        return None  # of one sign only, a bend at zero would be a guess: a scaling looks the same there
    lowest = np.unravel_index(np.argmin(inputs), inputs.shape)
    slope = float(f"{outputs[lowest] / inputs[lowest]:.4g}")
    alpha = float(f"{outputs[lowest] / np.expm1(inputs[lowest].astype(float)):.4g}")
    for name, settings in (("leaky_relu", {"negative_slope": slope}), ("elu", {"alpha": alpha})):
        if same(np.asarray(activation(name, **settings)(keras.ops.convert_to_tensor(inputs))), outputs):
            return name, settings
    return None


def scaling_of_values(inputs: np.ndarray, outputs: np.ndarray, by_column: bool) -> Recognised | None:
    """A scaling that makes ``outputs`` of ``inputs``: ``rescaling`` by one number, ``normalization`` by column.

    Args:
        inputs: ``(rows, columns)``.
        outputs: of the same shape.
        by_column: look for a scaling of each column, too. Only sound where the columns take both signs and many
            values, as the model's inputs do: elsewhere a bend that no value reaches looks like a scaling.
    """
    if outputs.shape != inputs.shape or inputs.ndim != 2:
        return None
    x, y = inputs.astype(float), outputs.astype(float)
    scale, offset = _line(x.reshape(-1, 1), y.reshape(-1, 1))
    if same(scale * x + offset, y):
        return "rescaling", {"scale": _short(scale[0]), "offset": _short(offset[0], np.abs(y).max())}
    if by_column:
        scale, offset = _line(x, y)
        if same(scale * x + offset, y) and np.all(scale != 0):
            mean, deviation = -offset / scale, 1 / scale
            return "normalization", {
                "mean": [_short(value, size) for value, size in zip(mean, np.abs(x).max(axis=0), strict=True)],
                "variance": [_short(value) for value in deviation**2],
            }
    return None


def dropout_of_values(inputs: np.ndarray, outputs: np.ndarray) -> Recognised | None:
    """Dropout that made ``outputs`` of ``inputs``: each number is zero or was divided by ``1 - rate``.

    The rate follows from that factor; rows and columns must not be dropped as a whole.
    """
    given = inputs != 0
    if outputs.shape != inputs.shape or inputs.ndim != 2 or not given.any():
        return None
    kept = given & (outputs != 0)
    if not kept.any() or kept.sum() == given.sum():
        return None
    factor = float(np.median(outputs[kept] / inputs[kept]))
    if factor <= 1 or not same(np.where(outputs != 0, factor * inputs, 0), outputs):
        return None
    rate, share = 1 - 1 / factor, 1 - kept.sum() / given.sum()
    # A share of n draws lies within five standard deviations of the rate.
    within = abs(share - rate) <= 5 * np.sqrt(rate * (1 - rate) / given.sum())
    dropped = given & ~kept
    of_its_own = all((kept.any(axis=axis) & dropped.any(axis=axis)).any() for axis in (0, 1))
    return ("dropout", {"rate": _short(rate)}) if within and of_its_own else None


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two arrays are equal up to what their precision loses on the way."""
    if a.shape != b.shape:
        return False
    tolerance = max(TOLERANCES.get(array.dtype.name, 1e-4) for array in (a, b))
    a, b = a.astype(float), b.astype(float)
    size = max(float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b))), 1e-12)
    smallest = tolerance * (1e-2 * min(size, 1.0) + 1e-3 * size)
    return bool(np.allclose(a, b, rtol=tolerance, atol=smallest, equal_nan=True))


def _line(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and intercept of the least-squares line of each column; a constant column has slope 1."""
    centred = x - x.mean(axis=0)
    spread = (centred**2).sum(axis=0)
    scale = np.where(spread > 0, (centred * y).sum(axis=0) / np.where(spread > 0, spread, 1), 1.0)
    return scale, y.mean(axis=0) - scale * x.mean(axis=0)


def _short(value: float, size: float = 0.0) -> float:
    """A number that was estimated from float32 values: four digits, and zero where it is nothing beside ``size``."""
    return 0.0 if abs(value) <= 1e-5 * size else float(f"{value:.4g}")
