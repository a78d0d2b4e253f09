"""How a model was trained, as far as it can be told afterwards: from the history, the optimizer and the model itself.

A history says how many epochs and steps there were, not on which rows. On which rows the validation loss was taken is
found by evaluating the trained model anew on the parts it could have been.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves

# Relative. Measured on both exercises: two evaluations of one model on the same rows, in batches of 16 up to all at
# once, differ by 3e-7 at most. Training and validation part come as near as 3e-5 where nothing overfits (rate 0.7).
SAME_LOSS, TIE = 1e-5, 1e-6
SPLITS = (0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.5)  # what people pass as `validation_split`
BATCH = 4096


@dataclass(frozen=True, eq=False)
class History:
    """What a history object tells.

    Attributes:
        kind: the type's name.
        from_fit: whether it is what Keras' ``fit`` returns.
        model: the model that ``fit`` trained, where it is known.
        series: the logged series by name.
        epochs: how many epochs were run.
        asked: how many epochs ``fit`` was asked for, or None.
        steps: steps in an epoch, or None.
        began: how many epochs were left out at the beginning (`initial_epoch`).
    """

    kind: str
    from_fit: bool
    model: Any
    series: Mapping[str, np.ndarray]
    epochs: int
    asked: int | None
    steps: int | None
    began: int = 0

    @property
    def lengths(self) -> set[int]:
        """How many values the series hold: one number where all is well."""
        return {len(values) for values in self.series.values()}

    @property
    def curves(self) -> LearningCurves | None:
        """The learning curves, or None where a loss is missing or the series differ in length."""
        try:
            return LearningCurves.from_history(dict(self.series))
        except ValueError:
            return None


def read_history(history: Any) -> History | None:
    """What a history object tells; None where it is nothing that could hold learning curves."""
    import keras

    from_fit = isinstance(history, keras.callbacks.History)
    logs = getattr(history, "history", history)
    if not hasattr(logs, "keys"):
        return None
    series = {}
    for name in logs.keys():  # noqa: SIM118 (a data frame, too)
        try:
            values = np.asarray(logs[name], dtype=float)
        except (TypeError, ValueError):
            continue
        if values.ndim == 1:
            series[str(name)] = values
    params = getattr(history, "params", None)
    params = params if isinstance(params, Mapping) else {}
    return History(
        kind=type(history).__name__,
        from_fit=from_fit,
        model=getattr(history, "model", None) if from_fit else None,
        series=series,
        epochs=len(getattr(history, "epoch", ())) if from_fit else len(series.get(LOGGED, ())),
        asked=params.get("epochs"),
        steps=params.get("steps"),
        began=next(iter(getattr(history, "epoch", ())), 0) if from_fit else 0,
    )


def predict(model: Any, X: np.ndarray) -> np.ndarray:
    """Predictions at inference, ``(rows, outputs)``, without a progress bar and without compiling anything."""
    X = np.asarray(X, np.float32)
    parts = [np.asarray(model(X[i : i + BATCH], training=False)) for i in range(0, len(X), BATCH)]
    predictions = np.concatenate(parts)
    return predictions[:, np.newaxis] if predictions.ndim == 1 else predictions


def mean_absolute_error(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """The mean absolute error of a model with one output, in the target's unit."""
    return float(np.abs(predict(model, X) - np.asarray(y, np.float32).reshape(len(y), -1)).mean())


def cross_entropy(model: Any, X: np.ndarray, y: np.ndarray, scores: bool = False) -> float:
    """The mean cross-entropy of kinds, numbers from 0, in nats; no number where there is no output for a kind.

    Args:
        model: gives a probability for each kind.
        X: the inputs.
        y: the kinds.
        scores: the model gives scores that no softmax has made probabilities of.
    """
    predictions, kinds = predict(model, X).astype(float), np.asarray(y).astype(int)
    if predictions.ndim != 2 or predictions.shape[1] <= kinds.max():
        return math.nan
    if scores:
        predictions = np.exp(predictions - predictions.max(axis=1, keepdims=True))
    shares = predictions / predictions.sum(axis=1, keepdims=True)
    of_kind = shares[np.arange(len(kinds)), kinds]
    return float(-np.log(np.clip(of_kind, 1e-7, 1)).mean())


def compiled_loss(model: Any, X: np.ndarray, y: np.ndarray) -> float:
    """The loss that the model is compiled with, at inference."""
    y = np.asarray(y, np.float32).reshape(len(y), -1)
    predictions = None
    if len(X) <= BATCH:  # as the model gives them: Keras finds the scores behind a softmax there, as `fit` does
        predictions = model(np.asarray(X, np.float32), training=False)
    if getattr(predictions, "ndim", None) != 2:
        predictions = predict(model, X)
    with warnings.catch_warnings(action="ignore"):  # of the loss that is judged elsewhere
        return float(model.compute_loss(y=y, y_pred=predictions, training=False))


def penalty(model: Any) -> float:
    """What the layers' regularizers make of the weights as they are now; Keras adds it to every loss that it logs."""
    penalized = ((weight, getattr(weight, "regularizer", None)) for weight in model.trainable_variables)
    return float(sum(float(of(weight)) for weight, of in penalized if of is not None))


def iterations(model: Any) -> int | None:
    """How many steps the model's optimizer has taken since it was compiled; None where there is no optimizer."""
    optimizer = getattr(model, "optimizer", None)
    return None if optimizer is None else int(np.asarray(optimizer.iterations))


def steps_of(rows: int, batch_size: int) -> int:
    """Steps in an epoch, the last one on what is left."""
    return math.ceil(rows / batch_size)


def batch_sizes(rows: int, steps: int) -> list[int]:
    """The batch sizes with which so many rows make so many steps, what is left over counted as a step or left out."""
    near = range(max(1, rows // (steps + 1)), rows // max(1, steps - 1) + 2)
    return [size for size in near if steps in (rows // size, steps_of(rows, size))]


def steps_counted(history: History, model: Any) -> int | None:
    """Steps in an epoch, as the history tells them or as the optimizer counted them; None where they do not agree.

    What was taken out of a history tells no steps. The optimizer's count agrees where it is whole epochs.
    """
    if history.steps:
        return history.steps
    taken = iterations(model)
    return taken // history.epochs if taken and history.epochs and taken % history.epochs == 0 else None


def measured_at_inference(history: History, model: Any, X: np.ndarray, y: np.ndarray) -> bool:
    """Whether the model has the training loss at inference that the history logs for one of its epochs."""
    logged = history.series.get(AT_INFERENCE, np.array([]))
    try:
        return bool(logged.size) and bool(np.isclose(logged, compiled_loss(model, X, y), rtol=SAME_LOSS, atol=0).any())
    except Exception:  # of another width, with several outputs: it cannot be told
        return False


def evaluated_on(
    history: History, model: Any, parts: Mapping[str, tuple[np.ndarray, np.ndarray]], loss_of: Any = None
) -> str | None:
    """The name of the part on which the history's validation loss was taken; None where it was none of them.

    ``loss_of`` measures the loss; without it, it is the one that the model is compiled with.

    The model's loss is compared with the last validation loss, and with the lowest (weights restored by early
    stopping). The nearest part counts; of parts that are equally near, the one named first.
    """
    validation = history.series.get(VALIDATION, np.array([]))
    finite = validation[np.isfinite(validation)]
    if not finite.size:
        return None
    distances = {}
    for name, (X, y) in parts.items():
        try:
            loss = (loss_of or compiled_loss)(model, X, y)
        except Exception:  # of another width, of another length: it was not this part
            continue
        if math.isfinite(loss):
            distances[name] = min(abs(loss - logged) / max(abs(loss), 1e-30) for logged in (finite[-1], finite.min()))
            if distances[name] <= TIE:  # none that follows can be nearer by more than that
                break
    nearest = min(distances.values(), default=math.inf)
    if nearest > SAME_LOSS:
        return None
    return next(name for name, distance in distances.items() if distance <= nearest + TIE)


def tails(steps: int | None, X: np.ndarray, y: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The last rows of the training part that ``validation_split`` may have set aside, by the usual shares.

    They are looked at only where the steps of an epoch are known, and where the rows that are left make as many in
    batches of some size: among so many parts, one may well have by chance the loss that somebody wrote by hand.
    """
    if not steps:
        return {}
    starts = {share: int(len(X) * (1 - share)) for share in SPLITS}
    return {
        f"split {share:.2g}": (X[start:], y[start:])
        for share, start in starts.items()
        if start and steps_of(start, math.ceil(start / steps)) == steps
    }
