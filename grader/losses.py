"""Losses by their values: the canonical name of what a model is compiled with, and the loss behind a name.

Names are Keras' own, with what was added behind colons: ``mean_absolute_error:sum``,
``sparse_categorical_crossentropy:logits``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np

from grader.spec_rules import CLASS_LOSSES, LOGITS, LOSSES, SUM

Batches = Callable[[], list[tuple[np.ndarray, np.ndarray]]]
# Names of losses of a measure and of kinds, in the order in which they are compared: where two agree the first counts.
MEASURES = (*LOSSES, *(f"{name}:{SUM}" for name in LOSSES))
KINDS = (
    *(added for name in CLASS_LOSSES for added in (name, f"{name}:{SUM}", f"{name}:{LOGITS}")),
    f"binary_crossentropy:{LOGITS}",
)
OF_KINDS = {
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "categorical_focal_crossentropy": keras.losses.CategoricalFocalCrossentropy,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
}


class Wrapped(keras.losses.Loss):
    """A loss function as `compile` wraps it: equal ranks first, then the mean (or the sum) over the batch."""

    def __init__(self, function: Any, reduction: str = "sum_over_batch_size") -> None:
        super().__init__(reduction=reduction)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)


def loss_name(loss: Any) -> str:
    """The canonical name of a loss by its values, however it was written; ``unknown`` where no known one agrees.

    ``mean_absolute_error:sum`` is the sum over the batch, which steps of SGD feel as a larger learning rate.
    """
    if loss is None:
        return "none"
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss[0]
    return _name_of_text(loss) if isinstance(loss, str) else _name_by_values(loss)


@cache
def _name_of_text(loss: str) -> str:
    """The name of a loss that was given as a text, which is one of Keras' own or none: found once for all models."""
    return _name_by_values(loss)


def _name_by_values(loss: Any) -> str:
    for batches, names in ((_of_measures, MEASURES), (_of_kinds, KINDS)):
        values = _values(loss, batches)
        if not np.isfinite(values).any() or not values.any():
            continue  # all zeros tell nothing: a loss of kinds is zero where there is one column
        for name in names:
            if np.allclose(values, _known(name, batches), rtol=1e-4, atol=1e-6, equal_nan=True):
                return name
    return "unknown"


def loss_of(name: str) -> Any:
    """The loss of a canonical name, as `compile` takes it."""
    plain, *added = name.split(":")
    loss = OF_KINDS[plain](from_logits=True) if LOGITS in added else plain
    if SUM not in added:
        return loss
    return Wrapped(keras.losses.get(loss) if isinstance(loss, str) else loss.call, SUM)


@cache
def _known(name: str, batches: Batches) -> np.ndarray:
    """The values of a known loss, by which it is told from the others; taken when it is first compared."""
    return _values(loss_of(name), batches)


def _values(loss: Any, batches: Batches) -> np.ndarray:
    """A loss of each batch; what raises, or takes no such batch, is no number."""
    try:
        if isinstance(loss, str):
            loss = keras.losses.get(loss)
    except ValueError:  # a name that Keras does not know
        return np.full(len(batches()), np.nan)
    if not isinstance(loss, keras.losses.Loss):
        loss = Wrapped(loss)
    values = []
    for y, prediction in batches():
        with warnings.catch_warnings(action="ignore"):  # of one column where there should be several
            try:
                values.append(float(loss(y, prediction)))
            except Exception:  # a loss that takes another form of targets
                values.append(np.nan)
    return np.array(values)


def _of_measures() -> list[tuple[np.ndarray, np.ndarray]]:
    """Three batches of targets and predictions, ``(rows, 1)``: small errors, large ones, both signs."""
    generator = np.random.default_rng(0)
    batches = []
    for rows, size in ((4, 0.3), (7, 3.0), (5, 40.0)):
        y, prediction = (generator.uniform(0.05, 0.95, (rows, 1)).astype(np.float32) for _ in range(2))
        batches.append((size * y, size * prediction))
    return batches


def _of_kinds() -> list[tuple[np.ndarray, np.ndarray]]:
    """Batches of three kinds, as numbers and as one-hot rows, with scores that are no probabilities yet."""
    generator = np.random.default_rng(1)
    batches = []
    for rows in (5, 8):
        y = generator.integers(0, 3, rows)
        scores = generator.uniform(0.05, 0.95, (rows, 3)).astype(np.float32)
        batches += [(y, scores), (np.eye(3, dtype=np.float32)[y], scores)]
    return batches
