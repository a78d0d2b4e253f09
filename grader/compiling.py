"""How a model was compiled: the optimizer, its settings, and the loss by its values."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

import keras
import numpy as np

from grader.facts import CompileFacts
from grader.layer_settings import plain
from grader.spec_rules import LOSSES

IGNORED = {"name", "learning_rate"}
SUM = "sum"


def compile_facts(model: Any) -> CompileFacts | None:
    """How ``model`` was compiled; None where it was not, or without an optimizer or a loss."""
    optimizer, loss = getattr(model, "optimizer", None), getattr(model, "loss", None)
    if not getattr(model, "compiled", False) or optimizer is None:
        return None
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = optimizer.inner_optimizer  # Keras wraps the one that was given where half precision is on
    settings = optimizer_settings(optimizer)
    weights = getattr(model, "_compile_config", None)
    weights = weights.config.get("loss_weights") if weights is not None else None
    if weights is not None and plain(weights) not in (1, 1.0, [1.0], [1]):
        settings["loss_weights"] = plain(weights)
    return CompileFacts(type(optimizer).__name__.lower(), learning_rate(optimizer), loss_name(loss), settings)


def learning_rate(optimizer: Any) -> float | None:
    """The learning rate; None where it follows a schedule."""
    if isinstance(optimizer._learning_rate, keras.Variable):
        return plain(float(optimizer._learning_rate.numpy()))
    return None


def optimizer_settings(optimizer: Any) -> dict[str, Any]:
    """The optimizer's settings that differ from Keras' defaults, but for its learning rate; a schedule by config."""
    config = optimizer.get_config()
    settings = {}
    parameters = inspect.signature(type(optimizer).__init__).parameters
    base = inspect.signature(keras.optimizers.Optimizer.__init__).parameters
    for name, value in config.items():
        parameter = parameters.get(name, base.get(name))
        default = None if parameter is None or parameter.default is parameter.empty else parameter.default
        if name not in IGNORED and plain(value) != plain(default):
            settings[name] = plain(value)
    if learning_rate(optimizer) is None:
        settings["learning_rate_schedule"] = plain(optimizer._learning_rate)
    return settings


def loss_name(loss: Any) -> str:
    """The canonical name of a loss by its values, however it was written; ``unknown`` where no known one agrees.

    ``mean_absolute_error:sum`` is the sum over the batch, which steps of SGD feel as a larger learning rate.
    """
    if loss is None:
        return "none"
    while isinstance(loss, list | tuple | dict) and len(loss) == 1:
        loss = next(iter(loss.values())) if isinstance(loss, dict) else loss[0]
    try:
        values = _on_batches(loss)
    except Exception:
        return "unknown"
    for name, known in _known().items():
        if np.allclose(values, known, rtol=1e-4, atol=1e-6):
            return name
    return "unknown"


def summed(name: str) -> keras.losses.Loss:
    """The loss of that name, summed over the batch."""
    return _Wrapped(keras.losses.get(name), SUM)


@lru_cache(maxsize=1)
def _known() -> dict[str, np.ndarray]:
    """The values of each known loss on the batches of `_on_batches`, by which each is told from the others."""
    means = {name: _on_batches(name) for name in LOSSES}
    return means | {f"{name}:{SUM}": _on_batches(summed(name)) for name in LOSSES}


class _Wrapped(keras.losses.Loss):
    """A loss function as `compile` wraps it: equal ranks first, then the mean (or the sum) over the batch."""

    def __init__(self, function: Any, reduction: str = "sum_over_batch_size") -> None:
        super().__init__(reduction=reduction)
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return self.function(y_true, y_pred)


def _on_batches(loss: Any) -> np.ndarray:
    """The loss of three batches of targets and predictions, ``(rows, 1)``: small errors, large ones, both signs."""
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if not isinstance(loss, keras.losses.Loss):
        loss = _Wrapped(loss)
    generator = np.random.default_rng(0)
    values = []
    for rows, size in ((4, 0.3), (7, 3.0), (5, 40.0)):
        y, prediction = (generator.uniform(0.05, 0.95, (rows, 1)).astype(np.float32) for _ in range(2))
        values.append(float(loss(size * y, size * prediction)))
    return np.array(values)
