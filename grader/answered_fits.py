"""In a kernel that grades, ``fit`` is answered with a training that the trusted side has done already, where it can be.

A training is a function of the network, the data and the settings. So the first ``fit`` of a fresh model asks, with its
spec, for curves and weights; callbacks are told of each epoch as if it were trained now, and what comes later finds the
history and the trained model. What cannot be said as a spec (layers of one's own, other data, a callback that changes
the training, metrics) trains in the kernel, as ever.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.datasets import DataError
from dropnorm.training import LossAtInference
from grader.channel import Channel, ChannelError, drivers_channel
from grader.exercises import EXERCISES
from grader.exercises.noun import Exercise
from grader.facts import ObservationError
from grader.fit_settings import BATCH
from grader.recording import Recorder, recording
from grader.spec import FitSettings, ModelSpec
from grader.spec_rules import SpecError
from grader.trained import iterations, steps_of
from grader.trainings import Training

# They look on, and at nothing but the logs: told the same numbers, they do what they would have done.
TOLD_BY_LOGS = ("LossAtInference", "LiveCurves", "EpochProgress", "History", "CSVLogger", "ProgbarLogger")
# What `fit` may be given; anything else, where it is not the default, makes another training.
GIVEN = {"self", "x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_data"}


class Noted(keras.callbacks.Callback):
    """Stands for a `LossAtInference` while a training is told: the value is known, and not taken of these weights."""

    def __init__(self, losses: np.ndarray) -> None:
        super().__init__()
        self.losses = losses

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if logs is not None:
            logs[AT_INFERENCE] = float(self.losses[epoch])


def begin() -> None:
    """From now on ``fit`` asks first, if this kernel has somebody to ask."""
    channel = drivers_channel()
    if channel is not None and not hasattr(keras.Model.fit, "asks"):
        keras.Model.fit = answering(keras.Model.fit, channel)


def answering(original: Callable[..., Any], channel: Channel) -> Callable[..., Any]:
    """``fit``, but answered by the channel where it can be."""

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        history = None
        try:
            given = inspect.signature(original).bind(self, *args, **kwargs)
            given.apply_defaults()
            history = _answered(self, given.arguments, inspect.signature(original), channel)
        except (TypeError, ObservationError, SpecError, DataError, ChannelError):
            pass  # `fit` itself says what is wrong, if anything is
        return original(self, *args, **kwargs) if history is None else history

    fit.asks = True
    return fit


def _answered(model: Any, given: Mapping[str, Any], signature: inspect.Signature, channel: Channel) -> Any:
    if not _as_usual(model, given, signature):
        return None
    exercise = _exercise_on(given)
    if exercise is None:
        return None
    spec = _spec(model, given, exercise)
    if spec is None:
        return None
    answer, content = channel.ask({"ask": "fit", "exercise": exercise.name, "spec": spec.to_json()})
    if not answer.get("trained"):
        return None
    training = Training.from_bytes(content)
    if not _put(model, training, np.asarray(given["x"][:1], np.float32)):
        return None
    model.optimizer.build(model.trainable_variables)
    steps = steps_of(len(given["x"]), spec.fit.batch_size)
    model.optimizer.iterations.assign(steps * spec.fit.epochs)
    return _told(model, given, training.curves, steps)


def _as_usual(model: Any, given: Mapping[str, Any], signature: inspect.Signature) -> bool:
    """Whether this is the first training of a model, of arrays, and nothing in it is other than what can be told."""
    others = (name for name in given if name not in GIVEN)
    if any(given[name] is not signature.parameters[name].default for name in others):
        return False
    callbacks = given["callbacks"] or []
    if not isinstance(callbacks, list | tuple) or any(type(each).__name__ not in TOLD_BY_LOGS for each in callbacks):
        return False
    pair = given["validation_data"]
    arrays = isinstance(pair, list | tuple) and len(pair) == 2
    if not arrays or not all(isinstance(each, np.ndarray) for each in (given["x"], given["y"], *pair)):
        return False
    if not getattr(model, "compiled", False) or iterations(model) != 0:
        return False
    metrics = model._compile_metrics  # what `compile` was given; there is no public way to ask
    return metrics is None or (metrics._user_metrics in (None, []) and metrics._user_weighted_metrics in (None, []))


def _exercise_on(given: Mapping[str, Any]) -> Exercise | None:
    """An exercise whose split these arrays are, to the last digit."""
    width = given["x"].shape[1] if given["x"].ndim == 2 else None
    for exercise in EXERCISES.values():
        if exercise.data_set is None or exercise.reference.inputs != width:
            continue
        data = exercise.data()
        pairs = zip((data.X_train, data.y_train, data.X_valid, data.y_valid), _arrays(given), strict=True)
        if all(np.array_equal(own.reshape(-1), each.reshape(-1)) for own, each in pairs):
            return exercise
    return None


def _arrays(given: Mapping[str, Any]) -> tuple[np.ndarray, ...]:
    return given["x"], given["y"], *given["validation_data"]


def _spec(model: Any, given: Mapping[str, Any], exercise: Exercise) -> ModelSpec | None:
    from grader.tracing import observe

    settings = FitSettings(given["epochs"], given["batch_size"] or BATCH)
    return ModelSpec.of(observe(model, exercise.data().X_train), settings)


def _put(model: Any, training: Training, row: np.ndarray) -> bool:
    """Give the model's layers the trained weights; False where they do not fit, and nothing was changed."""
    model(row, training=False)  # builds it, where `fit` would have
    recorder = Recorder({})
    with recording(recorder):
        model(row, training=False)
    layers = [call.layer for call in recorder.calls if call.layer.weights]
    weights = [named for named in training.weights if named]
    known = sum(values.size for named in weights for values in named.values())
    if len(layers) != len(weights) or known != model.count_params():  # a layer of one's own may learn as well
        return False
    pairs = [
        (getattr(layer, name, None), value)
        for layer, named in zip(layers, weights, strict=True)
        for name, value in named.items()
    ]
    if any(variable is None or tuple(variable.shape) != value.shape for variable, value in pairs):
        return False
    for variable, value in pairs:
        variable.assign(value)
    return True


def _told(model: Any, given: Mapping[str, Any], curves: LearningCurves, steps: int) -> keras.callbacks.History:
    """Tell the callbacks of each epoch, in their order; returns the history."""
    asked = [
        Noted(curves.loss_at_inference[0]) if isinstance(each, LossAtInference) else each
        for each in given["callbacks"] or []
    ]
    shows = given["verbose"] not in (0, "0")
    verbose = {"auto": 1}.get(given["verbose"], given["verbose"])
    callbacks = keras.callbacks.CallbackList(
        asked, add_history=True, add_progbar=shows, verbose=verbose, epochs=curves.epochs, steps=steps, model=model
    )
    model.stop_training = False
    callbacks.on_train_begin()
    for epoch in range(curves.epochs):
        logs = {LOGGED: float(curves.loss[0, epoch])}
        callbacks.on_epoch_begin(epoch)
        callbacks.on_train_batch_begin(steps - 1)
        callbacks.on_train_batch_end(steps - 1, dict(logs))
        callbacks.on_epoch_end(epoch, logs | {VALIDATION: float(curves.val_loss[0, epoch])})
    callbacks.on_train_end(logs)
    return model.history
