"""How a model was compiled: the optimizer, its settings, and the loss."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from grader.facts import CompileFacts
from grader.layer_settings import plain
from grader.losses import loss_name

IGNORED = {"name", "learning_rate"}


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
