"""Observing a Keras model: what it does, by running it on a few rows and noting what it calls."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from grader.chain import Steps, follow, simplify
from grader.compiling import compile_facts
from grader.facts import ModelFacts, ObservationError
from grader.recording import Recorder, as_found, recording

ROWS = 16  # rows of X that are looked at; each also negated and shrunk
FACTORS = (1.0, -1.0, 0.3, -0.3, 0.03, -0.03, 0.003, -0.003)
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
__all__ = ["ObservationError", "observe"]


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a model on the probe: what it called and what it returned."""

    recorder: Recorder
    inputs: Any
    outputs: Any


def observe(model: Any, X: np.ndarray) -> ModelFacts:
    """The facts about a model.

    The model is run on rows of ``X``, once as in training and twice as at inference. Everything that this could move
    (weights, moving averages, seed streams) is put back; nothing is printed. A model that has not been built is built
    for the width of ``X``, as ``fit`` would.

    Args:
        model: a Keras model of one input and one output.
        X: rows of the kind that it is meant for, ``(rows, features)``.

    Raises:
        ObservationError: it is no model, or it cannot be run on such rows; one sentence, and a ``reason``.
    """
    check_model(model)
    probe = probe_rows(X)
    check_width(model, probe.shape[1])
    with _silence(), as_found():
        keeper = Recorder()
        try:
            built = _first_run(model, probe, keeper)
            training = _run(model, built, keeper, training=True)
            inference = _run(model, built, keeper, training=False)
            again = _run(model, built, keeper, training=False)
            return _facts(model, keeper, training, inference, again)
        finally:
            keeper.restore()


def probe_rows(X: Any) -> np.ndarray:
    """Rows that show what a model does: some of ``X``, the same negated and shrunk, and a row of zeros; float32."""
    X = np.nan_to_num(np.asarray(X, dtype=np.float32), posinf=0.0, neginf=0.0)
    chosen = X[np.linspace(0, len(X) - 1, min(ROWS, len(X))).astype(int)]
    return np.concatenate([factor * chosen for factor in FACTORS] + [np.zeros_like(chosen[:1])])


def check_model(model: Any) -> None:
    """Raise `ObservationError` for what is no Keras model."""
    kind = type(model).__name__
    if model is None:
        raise ObservationError("nothing", "`model` is None: give it your Keras model.", type=kind)
    if isinstance(model, type):
        raise ObservationError(
            "a_class", f"`model` is the class {model.__name__} itself: call it, `{model.__name__}(...)`.", type="type"
        )
    if isinstance(model, keras.Model):
        if isinstance(model, keras.Sequential) and not model.layers:
            raise ObservationError("no_layers", "This model has no layers yet: add them.", type=kind)
        return
    if isinstance(model, list | tuple | set | Mapping):
        items = list(model.values()) if isinstance(model, Mapping) else list(model)
        what = "with a model in it" if any(isinstance(item, keras.Model) for item in items) else "and not a model"
        raise ObservationError("in_a_list", f"`model` is a {kind} {what}: give the model itself.", type=kind)
    for cls in type(model).__mro__:
        library = cls.__module__.partition(".")[0]
        if library in OTHER_LIBRARIES and not isinstance(model, keras.layers.Layer) and not tf.is_tensor(model):
            name = OTHER_LIBRARIES[library]
            raise ObservationError("other_library", f"`model` is a {kind} of {name}: build it with Keras.", type=kind)
    if isinstance(model, keras.callbacks.History):
        message = "`model` is what `fit` returned, a History: keep the model and the history under two names."
    elif isinstance(model, keras.layers.Layer):
        message = f"`model` is a single layer ({kind}): make a model of it, for example with `keras.Sequential`."
    elif isinstance(model, keras.KerasTensor):
        message = "`model` is the output of a layer: make a model of it with `keras.Model(inputs, outputs)`."
    else:
        message = f"`model` is a {kind}, not a Keras model: give it what `keras.Sequential(...)` returns."
    raise ObservationError("not_a_model", message, type=kind)


def check_width(model: Any, width: int) -> None:
    """Raise `ObservationError` where the model was built for another number of features."""
    with contextlib.suppress(AttributeError, TypeError, IndexError):
        expected = model.input_shape[-1]
        if isinstance(expected, int) and len(model.input_shape) == 2 and expected != width:
            raise _wrong_width(expected, width)


def _wrong_width(expected: int, width: int) -> ObservationError:
    message = f"This model takes {expected} inputs, but each row of the data has {width}: change the input shape."
    return ObservationError("wrong_width", message, expected=expected, got=width)


def _first_run(model: Any, probe: np.ndarray, keeper: Recorder) -> np.ndarray:
    """Run the model, so that it is built; the rows on which it ran: the probe, or what part of it the model stands."""
    plain = probe[: len(probe) // len(FACTORS)]
    if not model.built:
        _call(model, plain, keeper, training=False)
    try:
        _call(model, probe, keeper, training=False)
    except ObservationError:
        _call(model, plain, keeper, training=False)
        return plain
    return probe


def _run(model: Any, rows: np.ndarray, keeper: Recorder, training: bool) -> Run:
    run = _call(model, rows, keeper, training)
    if not run.recorder.calls:  # the model's `call` may be compiled into a graph: look inside it
        eagerly = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            run = _call(model, rows, keeper, training)
        finally:
            tf.config.run_functions_eagerly(eagerly)
    return run


def _call(model: Any, rows: np.ndarray, keeper: Recorder, training: bool) -> Run:
    recorder = Recorder(originals=keeper.originals)
    recorder.remember(model.variables)
    inputs = tf.constant(rows)
    try:
        with recording(recorder):
            outputs = model(inputs, training=training)
    except Exception as error:
        raise _explained(error, rows.shape[1]) from error
    return Run(recorder, inputs, outputs)


def _explained(error: Exception, width: int) -> ObservationError:
    found = re.search(r"expected axis -1 of input shape to have value (\d+)", str(error))
    shape = re.search(r"received input with shape \((?:\d+|None), (\d+)\)", str(error))
    if found and shape and int(shape[1]) == width:
        return _wrong_width(int(found[1]), width)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = re.sub(r"\x1b\[[0-9;]*m", "", lines[0])[:200] if lines else ""
    message = f"This model raises an error when it is called on rows of {width} numbers ({type(error).__name__}: {said})."
    return ObservationError("raises", message, error=f"{type(error).__name__}: {said}")


def _facts(model: Any, keeper: Recorder, training: Run, inference: Run, again: Run) -> ModelFacts:
    steps = follow(model, training, inference)
    first, second = np.asarray(inference.outputs), np.asarray(again.outputs)
    return ModelFacts(
        operations=simplify(steps.operations),
        inputs=int(training.inputs.shape[1]),
        outputs=int(first.shape[1]) if first.ndim == 2 else None,
        chain=steps.chain,
        compiled=compile_facts(model),
        deterministic=bool(np.allclose(first, second, rtol=1e-5, atol=1e-6, equal_nan=True)),
        moving=_moving(steps, keeper),
        zeros=_zeros(steps),
        unjudged=steps.unjudged,
    )


def _moving(steps: Steps, keeper: Recorder) -> dict[str, bool]:
    """Whether the run in training mode moved the moving averages. Called before they are put back."""
    moving = {}
    for name, call in steps.calls_of("batch_normalization"):
        averages = [call.layer.moving_mean, call.layer.moving_variance]
        before = [keeper.originals[id(variable)][1] for variable in averages]
        moving[name] = any(not np.array_equal(np.asarray(v), b) for v, b in zip(averages, before, strict=True))
    return moving


def _zeros(steps: Steps) -> dict[str, float]:
    """The share of its non-zero inputs that each dropout-like layer set to zero in the run in training mode."""
    zeros: dict[str, float] = {}
    for name, call in steps.calls_of("dropout"):
        given, passed = np.asarray(call.inputs[0]) != 0, np.asarray(call.outputs[0]) == 0
        zeros[name] = float(np.mean(passed[given])) if given.any() else 0.0
    return zeros


@contextlib.contextmanager
def _silence() -> Any:
    """Keep what the model's own code prints or warns of off the page."""
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
