"""Specs that the sweep can train: a chain of Dense, relu, Dropout and BatchNormalization, by Adam or SGD.

The sweep's engine is held equal to ``fit`` (tests/test_sweep.py) and needs no TensorFlow. What it does not know, such
as another normalization or a frozen layer, is trained by `dropnorm.training.train`.
"""

from __future__ import annotations

from typing import Literal

from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Layer, Plan, Relu, one_output
from grader.facts import Operation
from grader.spec import ModelSpec

NORM = {"axis": -1, "center": True, "scale": True}  # what the engine's BatchNorm takes for granted


def plan_of(spec: ModelSpec, seed: int, shuffle: Literal["once", "each epoch"]) -> Plan | None:
    """The plan of a spec from a seed, or None where the engine does not know what the spec asks for."""
    layers = [_layer(operation) for operation in spec.operations]
    compiled, fit = spec.compile, spec.fit
    known = compiled.optimizer in ("adam", "sgd") and compiled.loss == "mean_absolute_error" and not compiled.settings
    if not known or fit is None or None in layers or not one_output(layers):
        return None
    return Plan(
        tuple(layer for layer in layers if layer is not None),
        "adam" if compiled.optimizer == "adam" else "sgd",
        fit.epochs,
        fit.batch_size,
        seed,
        shuffle,
        compiled.learning_rate,
    )


def _layer(operation: Operation) -> Layer | None:
    settings = dict(operation.settings)
    if operation != Operation(operation.kind, "", operation.settings):
        return None  # frozen, or forced into one mode
    match operation.kind:
        case "dense" if set(settings) == {"units", "use_bias"}:
            return Dense(settings["units"], settings["use_bias"])
        case "activation" if settings == {"function": "relu"}:
            return Relu()
        case "dropout" if set(settings) == {"rate"} and 0 < settings["rate"] < 1:
            return Dropout(settings["rate"])
        case "batch_normalization" if settings.items() >= NORM.items():
            return BatchNorm(settings["momentum"], settings["epsilon"])
    return None
