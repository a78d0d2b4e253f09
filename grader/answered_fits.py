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
from weakref import WeakSet

import keras
import numpy as np

from dropnorm import figures
from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.datasets import DataError
from dropnorm.training import LossAtInference, note_training
from grader.channel import Channel, ChannelError, drivers_channel
from grader.exercises import EXERCISES
from grader.exercises.noun import Exercise
from grader.facts import ObservationError
from grader.fit_settings import BATCH
from grader.recording import Recorder, recording
from grader.runs import losses_alone
from grader.spec import FitSettings, ModelSpec
from grader.tracing import observe
from grader.trained import iterations, penalty, steps_of
from grader.trainings import Training

# They look on, and at nothing but the logs: told the same numbers, they do what they would have done.
TOLD_BY_LOGS = ("LossAtInference", "LiveCurves", "EpochProgress", "History", "CSVLogger", "ProgbarLogger")
THEIRS = ("dropnorm", "keras")  # whose they are: a learner's own class may have such a name, too
# What `fit` may be given; anything else, where it is not the default, makes another training.
GIVEN = {"self", "x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_data"}


class Noted(keras.callbacks.Callback):
    """Stands for a `LossAtInference` while a training is told: the value is known, and not taken of these weights."""

    def __init__(self, losses: np.ndarray) -> None:
        super().__init__()
        self.losses = losses

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        note_training(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if logs is not None:
            logs[AT_INFERENCE] = float(self.losses[epoch])


def begin() -> None:
    """From now on ``fit`` asks first, if this kernel has somebody to ask; and figures are told in words."""
    channel = drivers_channel()
    figures.in_words = channel is not None
    if channel is not None and not hasattr(keras.Model.fit, "asks"):
        keras.Model.fit = answering(keras.Model.fit, channel)


def answering(original: Callable[..., Any], channel: Channel) -> Callable[..., Any]:
    """``fit``, but answered by the channel where it can be."""

    signature = inspect.signature(original)
    begun: WeakSet[Any] = WeakSet()

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        curves = None
        try:
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            fresh = self not in begun  # a new `compile` lets the optimizer count from 0: the weights have learned
            begun.add(self)
            curves = _trained(self, bound.arguments, signature, channel) if fresh else None
        except (TypeError, ValueError, ObservationError, DataError, ChannelError):
            pass  # `fit` itself says what is wrong, if anything is
        return original(self, *args, **kwargs) if curves is None else _told(self, bound.arguments, curves)

    fit.asks = True
    return fit


def _trained(
    model: Any, given: Mapping[str, Any], signature: inspect.Signature, channel: Channel
) -> LearningCurves | None:
    """Ask for the training: the curves, where there is one, and the model has its weights; else nothing is changed."""
    if not _as_usual(model, given, signature):
        return None
    exercise = _exercise_on(given)
    if exercise is None:
        return None
    settings = FitSettings(given["epochs"], given["batch_size"] or BATCH)
    facts = observe(model, exercise.data().X_train)
    if any(each.startswith("activity") for each in facts.penalized):
        return None  # its penalty is not one of the weights alone
    spec = ModelSpec.of(facts, settings)
    answer, content = channel.ask({"ask": "fit", "exercise": exercise.name, "spec": spec.to_json()})
    if not answer.get("trained"):
        return None
    training = Training.from_bytes(content)
    if not _put(model, training, np.asarray(given["x"][:1], np.float32)):
        return None
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(_steps(given) * spec.fit.epochs)
    return losses_alone(training.curves, -penalty(model))  # `fit` logs losses with the penalty on the weights


def _steps(given: Mapping[str, Any]) -> int:
    """Steps in an epoch."""
    return steps_of(len(given["x"]), given["batch_size"] or BATCH)


def _as_usual(model: Any, given: Mapping[str, Any], signature: inspect.Signature) -> bool:
    """Whether this is the first training of a model, of arrays, and nothing in it is other than what can be told."""
    others = (name for name in given if name not in GIVEN)
    if any(given[name] is not signature.parameters[name].default for name in others):
        return False
    callbacks = given["callbacks"] or []
    if not isinstance(callbacks, list | tuple) or not all(map(_looks_on, callbacks)):
        return False
    pair = given["validation_data"]
    arrays = isinstance(pair, list | tuple) and len(pair) == 2
    if not arrays or not all(isinstance(each, np.ndarray) for each in (given["x"], given["y"], *pair)):
        return False
    if not getattr(model, "compiled", False) or iterations(model) != 0:
        return False
    metrics = model._compile_metrics  # what `compile` was given; there is no public way to ask
    return metrics is None or (metrics._user_metrics in (None, []) and metrics._user_weighted_metrics in (None, []))


def _looks_on(callback: Any) -> bool:
    """Whether a callback does the same if it is told of a training as if it saw one."""
    kind = type(callback)
    return kind.__name__ in TOLD_BY_LOGS and kind.__module__.partition(".")[0] in THEIRS


def _exercise_on(given: Mapping[str, Any]) -> Exercise | None:
    """An exercise whose split these arrays are, to the last digit."""
    width = given["x"].shape[1] if given["x"].ndim == 2 else None
    for exercise in EXERCISES.values():
        if exercise.data_set is None or exercise.reference.inputs != width:
            continue
        data, arrays = exercise.data(), (given["x"], given["y"], *given["validation_data"])
        pairs = zip((data.X_train, data.y_train, data.X_valid, data.y_valid), arrays, strict=True)
        if all(np.array_equal(own.reshape(-1), each.reshape(-1)) for own, each in pairs):
            return exercise
    return None


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


def _told(model: Any, given: Mapping[str, Any], curves: LearningCurves) -> keras.callbacks.History:
    """Tell the callbacks of each epoch, in their order; returns the history."""
    steps = _steps(given)
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
