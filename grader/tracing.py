"""Observing a Keras model: what it does, by running it on a few rows and noting what it calls."""

from __future__ import annotations

import contextlib
import io
import math
import re
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from dropnorm.language import _
from grader.activations import same
from grader.chain import follow, simplify
from grader.compiling import compile_facts
from grader.facts import ModelFacts, ObservationError
from grader.layer_settings import built_in_class
from grader.recording import Recorder, as_found, recording, restore
from grader.steps import changes_nothing

ROWS = 16  # rows of X that are looked at; each also negated, enlarged and shrunk
FACTORS = (1.0, -1.0, 10.0, -7.0, 0.3, -0.2, 0.03, -0.02, 0.003, -0.002)  # bends near zero and far out show
OTHER_LIBRARIES = {
    "torch": "PyTorch",
    "sklearn": "scikit-learn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "tf_keras": "the old tf_keras",
    "flax": "Flax",
    "statsmodels": "statsmodels",
    "tensorflow": "TensorFlow without Keras",
}
# What a class of one's own may override to train in its own way; what it then learns shows in no layer.
OWN_TRAINING = ("fit", "train_step", "compute_loss", "test_step", "predict_step", "predict")
_lock = threading.RLock()  # one observation at a time: it patches Keras and gathers what is printed
__all__ = ["ObservationError", "observe"]


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a model on the probe: what it called, on which tensor, and what it returned."""

    recorder: Recorder
    inputs: Any
    outputs: Any


def observe(model: Any, X: np.ndarray) -> ModelFacts:
    """The facts about a model.

    The model is run on rows of ``X`` in training mode and at inference. What this moves (weights, moving averages,
    seed streams) is put back; nothing is printed. Of a Sequential model that has not been built a copy is observed; a
    model of one's own class that has not been built is built for the width of ``X``, as ``fit`` would build it.

    Args:
        model: a Keras model of one input and one output.
        X: rows of the kind that it is meant for, ``(rows, features)``.

    Raises:
        ObservationError: it is no model, or it cannot be run on such rows; one sentence, and a ``reason``.
    """
    check_model(model)
    probe = probe_rows(X)
    check_width(model, probe.shape[1])
    originals: dict[int, tuple[Any, np.ndarray]] = {}
    with _lock, _silence(), as_found():
        tf.config.run_functions_eagerly(True)  # a `call` compiled into a graph would hide its layers
        try:
            observed = _copy_if_unbuilt(model)
            return _facts(model, observed, _runs(observed, probe, originals), originals)
        finally:
            restore(originals)


def probe_rows(X: Any) -> np.ndarray:
    """Rows that show what a model does: some of ``X``, the same negated, enlarged and shrunk, and a row of zeros.

    Raises:
        ValueError: ``X`` is not of the shape ``(rows, features)``.
    """
    X = np.asarray(X)
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(f"A model is observed on rows of features; these have the shape {X.shape}.")
    chosen = X[np.linspace(0, len(X) - 1, min(ROWS, len(X))).astype(int)].astype(np.float32)
    chosen = np.nan_to_num(chosen, posinf=0.0, neginf=0.0)
    return np.concatenate([factor * chosen for factor in FACTORS] + [np.zeros_like(chosen[:1])])


def check_model(model: Any) -> None:
    """Raise `ObservationError` for what is no Keras model."""
    kind = type(model).__name__
    a_kind = (_("an {kind}") if kind[0] in "aeiouAEIOU" else _("a {kind}")).format(kind=kind)
    if isinstance(model, keras.Model):
        if isinstance(model, keras.Sequential) and not model.layers:
            raise ObservationError("no_layers")
        if not hasattr(model, "built"):
            raise ObservationError("no_super", type=kind)
        return
    if model is None:
        raise ObservationError("nothing")
    if isinstance(model, type):
        raise ObservationError("a_class", type=model.__name__)
    if isinstance(model, list | tuple | set | Mapping):
        items = list(model.values()) if isinstance(model, Mapping) else list(model)
        if any(isinstance(item, keras.Model) for item in items):
            raise ObservationError("in_a_list", type=a_kind)
        if items and all(isinstance(item, keras.layers.Layer) for item in items):
            raise ObservationError("list_of_layers", type=a_kind)
    for cls in type(model).__mro__:
        library = cls.__module__.partition(".")[0]
        if library in OTHER_LIBRARIES and not isinstance(model, keras.layers.Layer) and not tf.is_tensor(model):
            raise ObservationError("other_library", type=a_kind, library=OTHER_LIBRARIES[library])
    if isinstance(model, keras.callbacks.History):
        raise ObservationError("history_for_model")
    if isinstance(model, keras.layers.Layer):
        raise ObservationError("layer_for_model", type=kind)
    if isinstance(model, keras.KerasTensor):
        raise ObservationError("output_for_model")
    raise ObservationError("not_a_model", type=a_kind)


def check_width(model: Any, width: int) -> None:
    """Raise `ObservationError` where the model was built for another number of features, or for no rows of features."""
    shape = getattr(model, "input_shape", None) if model.built else None
    if not isinstance(shape, tuple) or any(isinstance(side, tuple | list) for side in shape):
        return  # built by its first call, or with several inputs: the call tells
    if len(shape) != 2:
        flattened = None not in shape[1:] and math.prod(shape[1:]) == width
        raise ObservationError("input_not_flat" if flattened else "other_input_shape", expected=shape[1:], got=width)
    if shape[-1] not in (None, width):
        raise ObservationError("other_width", expected=shape[-1], got=width)


def _copy_if_unbuilt(model: Any) -> Any:
    """A copy of a Sequential model of built-in layers that has not been built, so that it stays so; else the model."""
    flat = type(model) is keras.Sequential and all(built_in_class(layer) is not None for layer in model.layers)
    if model.built or not flat:
        return model
    try:
        return keras.models.clone_model(model, clone_function=_clone_of)
    except Exception:  # a layer with a function in it that Keras cannot write down
        return model


def _clone_of(layer: Any) -> Any:
    """A new layer of the same settings; the layer itself where it has learned something already (``adapt``)."""
    return layer if layer.weights else type(layer).from_config(layer.get_config())


def _runs(model: Any, probe: np.ndarray, originals: dict) -> tuple[Run, Run, Run]:
    """Runs at inference, at inference again, and in training mode, on the probe or the part of it that it stands."""
    rows = probe[: len(probe) // len(FACTORS)]
    if not model.built:
        _run(model, rows, originals, training=False)
    try:
        inference = _run(model, probe, originals, training=False)
    except ObservationError:  # features that may not be negative, a category's number
        probe = rows
        inference = _run(model, probe, originals, training=False)
    again = _run(model, probe, originals, training=False)
    # Last, because it moves moving averages, which would make two runs at inference differ.
    return inference, again, _run(model, probe, originals, training=True)


def _run(model: Any, rows: np.ndarray, originals: dict, training: bool) -> Run:
    recorder = Recorder(originals)
    recorder.remember(model.variables)
    inputs = tf.constant(rows)
    try:
        with recording(recorder):
            outputs = model(inputs, training=training)
    except Exception as error:
        raise _explained(error, rows.shape[1]) from error
    if all(output is None for output in keras.tree.flatten(outputs)):
        raise ObservationError("returns_nothing", type=type(model).__name__)
    return Run(recorder, inputs, outputs)


def _explained(error: Exception, width: int) -> ObservationError:
    found = re.search(r"expected axis -1 of input shape to have value (\d+)", str(error))
    shape = re.search(r"received input with shape \((?:\d+|None), (\d+)\)", str(error))
    if found and shape and int(shape[1]) == width:
        return ObservationError("other_width", expected=int(found[1]), got=width)
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", str(error)).splitlines()]
    lines = [line for line in lines if line and not line.startswith("Exception encountered when calling")]
    said = lines[0][:160].rstrip(".") if lines else ""
    return ObservationError("raises", error=f"{type(error).__name__}: {said}", width=width)


def _facts(model: Any, observed: Any, runs: tuple[Run, Run, Run], originals: dict) -> ModelFacts:
    inference, again, training = runs

    def part() -> Run:
        rows = training.inputs.numpy()
        return _run(observed, rows[: len(rows) // 2], originals, training=False)

    steps = follow(observed, training, inference, part)
    outputs = [[np.asarray(tensor) for tensor in keras.tree.flatten(run.outputs)] for run in (inference, again)]
    return ModelFacts(
        operations=simplify(steps.operations),
        idle=tuple(operation for operation in steps.operations if changes_nothing(operation)),
        inputs=int(training.inputs.shape[1]),
        chain=steps.chain,
        compiled=compile_facts(model),
        deterministic=all(same(first, second) for first, second in zip(*outputs, strict=True)),
        moving=steps.moving(),
        zeros=steps.zeros(),
        shapes=tuple(tuple(values.shape[1:]) for values in outputs[0]),
        unjudged=(*(steps.unjudged or _own_weights(training)), *_own_training(model), *_own_losses(training)),
    )


def _own_training(model: Any) -> list[str]:
    """A reason for a human to look where the model's class trains or computes its loss in a way of its own."""
    own = [vars(model)]
    for cls in type(model).__mro__:
        if cls.__module__.startswith("keras."):
            break
        own.append(vars(cls))
    names = [name for name in OWN_TRAINING if any(name in attributes for attributes in own)]
    return [_("The model's class has its own `{name}`.").format(name=name) for name in names]


def _own_weights(run: Run) -> list[str]:
    """A reason for a human to look where a layer of one's own learns.

    Weights that begin as ones or zeros may change nothing yet: the values alone would not tell of them.
    """
    built_in = {id(call.layer) for call in run.recorder.calls}
    layers = {id(layer): layer for layer, _tensors in run.recorder.insides if id(layer) not in built_in}.values()
    own = [layer for layer in layers if any(weight.trainable for weight in layer._trainable_variables)]
    said = _("'{layer}' has weights of its own, which no built-in layer has.")
    return [said.format(layer=layer.name) for layer in own]


def _own_losses(run: Run) -> list[str]:
    """A reason for a human to look where a layer of one's own adds to the loss."""
    layers = {id(layer): layer for layer, _tensors in run.recorder.insides}.values()
    said = _("'{layer}' adds a term of its own to the loss.")
    return [said.format(layer=layer.name) for layer in layers if layer._losses]


@contextlib.contextmanager
def _silence() -> Any:
    """Keep what the model's own code prints or warns of off the page."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
