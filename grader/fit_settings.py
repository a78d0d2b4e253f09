"""Reading a dictionary of settings for ``fit``: what of it can be repeated in grading, and what is wrong with it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dropnorm.language import _
from grader.criteria.errors import shortened
from grader.misconceptions import explain
from grader.retraining import Stop
from grader.rubric import Fault
from grader.spec import FitSettings
from grader.spec_rules import LIMITS

SETTINGS = "fit_settings"  # what the notebook calls them
BATCH = 32  # what `fit` takes where nobody says
# They change nothing of what is learned, or the notebook and grading give them anyway.
HARMLESS = {"verbose", "validation_data", "validation_batch_size", "callbacks", "epochs", "batch_size"}
# Callbacks that look on. What is not here may change the training.
ONLOOKERS = {
    *("LossAtInference", "LiveCurves", "History", "ProgbarLogger", "CSVLogger", "TensorBoard", "ModelCheckpoint"),
    *("TerminateOnNaN", "RemoteMonitor", "BackupAndRestore", "TqdmCallback"),
}
SERIES = ("val_loss", "loss", "loss_at_inference")


@dataclass(frozen=True)
class Given:
    """What was read of a learner's settings.

    Attributes:
        fit: epochs and batch size, or None where no training can be repeated from what is given.
        stop: early stopping, or None.
        faults: what is wrong, with the share of the criterion's points that it costs.
        batch_given: whether the batch size is the learner's own, and not what `fit` takes where nobody says.
    """

    fit: FitSettings | None
    stop: Stop | None = None
    faults: tuple[Fault, ...] = ()
    batch_given: bool = True


def read(settings: Any, original: FitSettings | None = None) -> Given:
    """What a learner's ``fit_settings`` hold.

    Where a key looks like a misspelt ``batch_size``, the batch size of the original is taken: the key is a fault by
    itself, and no change of the batches.
    """
    if settings is None:
        return Given(None, faults=(_fault("settings_missing"),))
    if not isinstance(settings, Mapping):
        return Given(None, faults=(_fault("settings_no_dict", kind=_kind(settings)),))
    faults = [fault for key in settings for fault in _of_key(key, settings[key])]
    counts = {name: _count(settings.get(name)) for name in ("epochs", "batch_size")}
    batch_given = settings.get("batch_size") is not None
    if not batch_given and original is not None and any(_nearest(key) == "batch_size" for key in settings):
        counts["batch_size"], batch_given = original.batch_size, True
    elif not batch_given:
        counts["batch_size"] = BATCH
    if "epochs" not in settings:
        faults.append(_fault("epochs_missing"))
    for name, value in counts.items():
        if value is None and name in settings:
            shown = shortened(repr(settings[name]), 40)
            faults.append(_fault("setting_no_count", setting=name, given=shown))
    stop, told = _callbacks(settings.get("callbacks"))
    faults += told
    epochs, batch = counts["epochs"], counts["batch_size"]
    if epochs is None or batch is None:
        return Given(None, stop, tuple(faults), batch_given)
    fit = FitSettings(min(epochs, LIMITS["epochs"]), min(batch, LIMITS["batch_size"]))
    return Given(fit, stop, tuple(faults), batch_given)


def _of_key(key: Any, value: Any) -> list[Fault]:
    """What is wrong with one key, its value aside where that is a matter of its own."""
    known = _arguments()
    if key in HARMLESS or (key == "shuffle" and value is True) or (key in known and value is None):
        return []
    if key in known:
        return [_fault("setting_not_repeated", 0.5, setting=key)]
    near = _nearest(key)
    hint = _(" (the nearest that it has is `{near}`)").format(near=near) if near else ""
    return [_fault("setting_unknown", setting=shortened(repr(key), 40), hint=hint)]


def _arguments() -> tuple[str, ...]:
    """The names of what `fit` takes."""
    import keras

    return tuple(inspect.signature(keras.Model.fit).parameters)[1:]


def _nearest(key: Any) -> str | None:
    """The argument of `fit` that a key which is none of them was probably meant to be; or None."""
    if key in _arguments():
        return None
    near = difflib.get_close_matches(str(key).lower().replace(" ", "_"), _arguments(), 1, 0.6)
    return near[0] if near else None


def _count(value: Any) -> int | None:
    """A whole number of at least 1, or None."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return int(value) if whole and value >= 1 else None


def _callbacks(given: Any) -> tuple[Stop | None, list[Fault]]:
    """Early stopping among the callbacks, and the faults of those that cannot be repeated."""
    import keras

    stop, faults = None, []
    for callback in given if isinstance(given, Iterable) and not isinstance(given, str) else [given]:
        kind = type(callback).__name__
        if (
            isinstance(callback, keras.callbacks.EarlyStopping)
            and callback.monitor in SERIES
            and callback.mode != "max"
        ):
            stop = Stop(
                callback.monitor,
                int(callback.patience),
                float(abs(callback.min_delta)),
                bool(callback.restore_best_weights),
                None if callback.baseline is None else float(callback.baseline),
                int(callback.start_from_epoch),
            )
        elif isinstance(callback, keras.callbacks.EarlyStopping):
            watched = f"{callback.monitor}, {callback.mode}" if callback.mode != "auto" else callback.monitor
            faults.append(_fault("stops_by_another_series", 0.5, watched=watched))
        elif callback is not None and kind not in ONLOOKERS:
            kind = callback.__name__ if isinstance(callback, type) else kind
            kind = shortened(repr(callback), 40) if isinstance(callback, str) else kind
            faults.append(_fault("callback_not_repeated", 0.5, kind=kind))
    return stop, faults


def _kind(value: Any) -> str:
    name = value.__name__ if isinstance(value, type) else type(value).__name__
    return (_("an {kind}") if name[:1] in "aeiouAEIOU" else _("a {kind}")).format(kind=name)


def _fault(key: str, cost: float = 1.0, **seen: object) -> Fault:
    return Fault(explain(key, **seen), cost, key)
