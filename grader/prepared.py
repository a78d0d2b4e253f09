"""The notebook's data beside the exercise's own: were they prepared as the exercise says?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dropnorm.split import Split

CLOSE = 1e-3  # standard deviations; float32 and another order of the arithmetic differ far less
MOST = 0.9  # of the targets: a few may be repaired, a scale or a function moves all of them but a few by chance
AT_ONCE = 1024  # columns that are compared together: pictures have many


@dataclass(frozen=True, eq=False)
class Data(Split):
    """The split as the notebook makes it, in float32.

    ``features`` names the columns. ``grouped_by`` is the column whose values never stand on both sides, or
    None; ``standardised`` says whether the numeric columns are scaled by the training part's mean and deviation.
    ``kinds`` is how many kinds the targets tell apart, as whole numbers from 0; 0 where a target is a measure.
    """

    features: tuple[str, ...]
    grouped_by: str | None = None
    standardised: bool = False
    kinds: int = 0

    @property
    def parts(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The parts by name: ``validation`` and ``training``."""
        return {"validation": (self.X_valid, self.y_valid), "training": (self.X_train, self.y_train)}


def found_in(names: Mapping[str, Any], data: Data, called: Sequence[str]) -> Data | None:
    """The notebook's own split, or None where a part of it is missing or is no table of numbers.

    Inputs of several axes count as rows; kinds that stand as one-hot rows count as their numbers.

    Args:
        names: the notebook's names.
        data: the exercise's own split.
        called: what the notebook calls the parts: training inputs and targets, then those of validation.
    """
    arrays = []
    for place, name in enumerate(called):
        value = names.get(name)
        try:
            array = None if value is None else np.asarray(value, dtype=np.float32)
        except (TypeError, ValueError):
            return None
        if array is None or array.ndim == 0:
            return None
        if place % 2:
            array = array.argmax(axis=1) if one_hot(array, data.kinds) else array.reshape(-1)
        arrays.append(array if place % 2 else array.reshape(len(array), -1))
    return Data(*arrays, features=data.features, kinds=data.kinds)


def one_hot(targets: Any, kinds: int) -> bool:
    """Whether targets are rows of zeros with a single one in them, one column for each of so many kinds."""
    targets = np.asarray(targets)
    shaped = kinds > 1 and targets.ndim == 2 and targets.shape[1] == kinds
    return shaped and bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all())


def difference(asked: Data, found: Data) -> str | None:
    """The misconception that tells the notebook's split from the exercise's, or None where they are the same.

    The order of the rows does not matter: `fit` shuffles them.
    """
    if _same(asked, found):
        return None
    if asked.X_train.shape[1] != found.X_train.shape[1] or found.X_train.shape[1] != found.X_valid.shape[1]:
        return "columns_changed"
    arrays = (found.X_train, found.X_valid, found.y_train, found.y_valid)
    if not all(np.isfinite(each).all() for each in arrays):
        return "data_no_numbers"
    if _same_apart(asked, found):
        return "targets_of_other_rows"
    inputs = _difference_of_inputs(asked, found)
    if inputs is None:
        return "target_scaled"
    return inputs if _same_values(asked, found) else "inputs_and_targets"


def _difference_of_inputs(asked: Data, found: Data) -> str | None:
    """What tells the rows of inputs from the exercise's; None where they are the same in the same order."""
    if asked.X_train.shape != found.X_train.shape or asked.X_valid.shape != found.X_valid.shape:
        rows = len(asked.X_train) + len(asked.X_valid), len(found.X_train) + len(found.X_valid)
        return ("split_not_by_group" if asked.grouped_by else "other_split") if rows[0] == rows[1] else "rows_changed"
    if not (_is_scaled(asked.X_train, found.X_train) and _is_scaled(asked.X_valid, found.X_valid)):
        return "split_not_by_group" if asked.grouped_by else "other_split"
    if not (_equal(asked.X_train, found.X_train) and _equal(asked.X_valid, found.X_valid)):
        return _scaling(asked, found)
    return None


def _same_apart(asked: Data, found: Data) -> bool:
    """Whether inputs and targets of each part are the exercise's own, but not beside one another."""
    pairs = ((asked.y_train, found.y_train), (asked.y_valid, found.y_valid))
    if not all(len(y) == len(y2) and _equal_targets(np.sort(y), np.sort(y2)) for y, y2 in pairs):
        return False
    inputs = ((asked.X_train, found.X_train), (asked.X_valid, found.X_valid))
    return all(X.shape == X2.shape and (_equal(X, X2) or _permuted(X, X2, X[:, 0], X2[:, 0])) for X, X2 in inputs)


def _same_values(asked: Data, found: Data) -> bool:
    """Whether the targets are the exercise's own, in whatever order and on whichever side; some may be missing."""
    own, given = (np.concatenate([data.y_train, data.y_valid]) for data in (asked, found))
    known = np.unique(np.round(own, 4))
    return bool(np.isin(np.round(given, 4), known).mean() >= MOST)


def _same(asked: Data, found: Data) -> bool:
    pairs = ((asked.X_train, found.X_train, asked.y_train, found.y_train),)
    pairs += ((asked.X_valid, found.X_valid, asked.y_valid, found.y_valid),)
    return all(
        X.shape == X2.shape
        and len(y) == len(y2)
        and ((_equal(X, X2) and _equal_targets(y, y2)) or _permuted(X, X2, y, y2))
        for X, X2, y, y2 in pairs
    )


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and bool((np.abs(a - b) <= CLOSE * np.maximum(a.std(axis=0), 1e-6)).all())


def _equal_targets(a: np.ndarray, b: np.ndarray) -> bool:
    return _equal(a[:, None], b[:, None])


def _permuted(X: np.ndarray, X2: np.ndarray, y: np.ndarray, y2: np.ndarray) -> bool:
    """Whether the rows, each with its target, are the same in another order."""
    a, b = (np.round(np.column_stack([inputs, targets]), 4) for inputs, targets in ((X, y), (X2, y2)))
    return _equal(a[np.lexsort(a.T)], b[np.lexsort(b.T)])


def _is_scaled(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether each column of ``b`` is the same column of ``a``, scaled and shifted."""
    return all(
        _columns_scaled(a[:, start : start + AT_ONCE], b[:, start : start + AT_ONCE])
        for start in range(0, a.shape[1], AT_ONCE)
    )


def _columns_scaled(a: np.ndarray, b: np.ndarray) -> bool:
    a, b = a.astype(float), b.astype(float)
    varies = (a.std(axis=0) > 0) & (b.std(axis=0) > 0)
    x, z = (part[:, varies] - part[:, varies].mean(axis=0) for part in (a, b))
    spread = np.sqrt((x**2).sum(axis=0) * (z**2).sum(axis=0))
    return bool((np.abs((x * z).sum(axis=0)) >= (1 - 1e-4) * spread).all())


def _scaling(asked: Data, found: Data) -> str:
    """What was done to columns that are the asked ones but for their scale."""
    if not asked.standardised:
        return "standardised_inputs"
    moved = ~np.isclose(asked.X_train.mean(axis=0), found.X_train.mean(axis=0), atol=1e-6)
    moved |= ~np.isclose(asked.X_train.std(axis=0), found.X_train.std(axis=0), atol=1e-6)
    if not moved.any():
        return "scaler_of_its_own"  # the training part is right, the validation part has another scale
    if _standard(found.X_train):
        return "standardised_too"  # each column by itself, those too that the exercise leaves as they are
    if _standard(found.X_train.reshape(-1, 1)):
        return "standardised_as_one" if asked.kinds else "not_standardised"
    everything = np.concatenate([found.X_train, found.X_valid])[:, moved]
    if _standard(everything):
        return "scaler_on_all"
    if _standard(found.X_valid[:, moved]):
        return "scaler_on_validation"
    return "not_standardised"


def _standard(X: np.ndarray) -> bool:
    X = X.astype(float)
    return bool(np.allclose(X.mean(axis=0), 0, atol=2e-3) and np.allclose(X.std(axis=0), 1, atol=2e-3))
