"""Learning curves: what a training logged epoch by epoch, and what can be said of its shape.

Keras logs two losses that are not alike: ``loss`` is taken while dropout is on and averaged over an epoch in
which the weights still move, ``val_loss`` is taken afterwards with dropout off. Their difference is therefore
no generalization gap. `LearningCurves` carries a third curve, the training loss *at inference* (the weights of
the epoch's end, dropout off, moving averages in use), and every gap in the course is taken from that one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.language import _, current

if TYPE_CHECKING:
    from dropnorm.diagnosis import Diagnosis

LOGGED, AT_INFERENCE, VALIDATION = "loss", "loss_at_inference", "val_loss"


@dataclass(frozen=True, eq=False)
class LearningCurves:
    """The curves of one or more runs of the same training.

    Each array has the shape ``(runs, epochs)``; one run a row. Epochs are counted from 1 wherever an epoch is
    named, as people count them. Losses are in the unit of the loss function (for ``mae``: the target's unit).

    Attributes:
        loss: the training loss as Keras logs it (dropout on, averaged over the epoch).
        val_loss: the validation loss.
        loss_at_inference: the training loss with dropout off, at each epoch's end; None where nobody measured it.
        metrics: any other logged series by name.
        seeds: the seed of each run, or an empty tuple where it is unknown.
    """

    loss: np.ndarray
    val_loss: np.ndarray
    loss_at_inference: np.ndarray | None = None
    metrics: Mapping[str, np.ndarray] = field(default_factory=dict)
    seeds: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        shape = np.atleast_2d(_numbers(LOGGED, self.loss)).shape
        if len(shape) != 2 or 0 in shape:
            raise ValueError(_("These curves hold no epoch: train for at least one."))
        arrays = {name: np.atleast_2d(_numbers(name, series)) for name, series in self._series().items()}
        for name, array in arrays.items():
            if array.shape != shape:
                said = _(
                    "'{name}' has the shape {shape}, 'loss' has {shape_of_loss}: one row a run, one number an epoch, "
                    "and all series of a training are equally long."
                )
                raise ValueError(said.format(name=name, shape=array.shape, shape_of_loss=shape))
        if self.seeds and len(self.seeds) != shape[0]:
            said = _("There are {seeds} seeds for {runs} runs: name one for each, or none.")
            raise ValueError(said.format(seeds=len(self.seeds), runs=shape[0]))
        for name in (LOGGED, VALIDATION, AT_INFERENCE):
            object.__setattr__(self, name, arrays.pop(name, None))
        object.__setattr__(self, "metrics", arrays)

    def _series(self) -> dict[str, np.ndarray]:
        series = {LOGGED: self.loss, VALIDATION: self.val_loss, **self.metrics}
        if self.loss_at_inference is not None:
            series[AT_INFERENCE] = self.loss_at_inference
        return series

    @classmethod
    def from_history(cls, history: Any, seed: int | None = None) -> LearningCurves:
        """Curves of one run, from what ``model.fit`` returned.

        Args:
            history: a Keras ``History``, its ``.history`` dictionary, or anything that maps names to series.
            seed: the run's seed, if it is known.

        Raises:
            ValueError: there is no ``loss`` or no ``val_loss`` in it, or the series differ in length.
        """
        logs = getattr(history, "history", history)
        if not isinstance(logs, Mapping) and not hasattr(logs, "keys"):
            said = _("Learning curves come from what `fit` returns; this is {kind}.")
            raise ValueError(said.format(kind=type(history).__name__))
        logs = {name: logs[name] for name in logs.keys()}  # noqa: SIM118 (a data frame, too)
        for name in (LOGGED, VALIDATION):
            if name not in logs:
                said = _("There is no '{name}' in this history: call `fit` with `validation_data=...`.")
                raise ValueError(said.format(name=name))
        loss, val_loss = logs.pop(LOGGED), logs.pop(VALIDATION)
        at_inference = logs.pop(AT_INFERENCE, None)
        return cls(loss, val_loss, at_inference, logs, () if seed is None else (seed,))

    @classmethod
    def stack(cls, runs: Sequence[LearningCurves]) -> LearningCurves:
        """The curves of several trainings as runs of one, in their order; metrics are left out.

        Raises:
            ValueError: there is none, or they differ in length or in what was measured.
        """
        if not runs or len({(each.epochs, each.loss_at_inference is None) for each in runs}) != 1:
            raise ValueError(
                _("Curves are stacked if there are some, equally long, all with the loss at inference or none.")
            )
        measured = runs[0].loss_at_inference is not None
        return cls(
            np.concatenate([each.loss for each in runs]),
            np.concatenate([each.val_loss for each in runs]),
            np.concatenate([each.loss_at_inference for each in runs]) if measured else None,
            seeds=tuple(seed for each in runs for seed in each.seeds),
        )

    # What can be said of the shape: each an array of the shape (runs,).

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.loss.shape[0]

    @property
    def epochs(self) -> int:
        """Number of epochs."""
        return self.loss.shape[1]

    @property
    def finite(self) -> np.ndarray:
        """Whether every logged and every validation loss is a finite number."""
        return np.isfinite(self.loss).all(axis=1) & np.isfinite(self.val_loss).all(axis=1)

    @property
    def best_epoch(self) -> np.ndarray:
        """The epoch (from 1) of the lowest validation loss; 0 where none is finite."""
        filled = np.where(np.isfinite(self.val_loss), self.val_loss, np.inf)
        return np.where(np.isfinite(filled).any(axis=1), filled.argmin(axis=1) + 1, 0)

    @property
    def best_val_loss(self) -> np.ndarray:
        """The lowest validation loss; infinite where none is finite."""
        return np.where(np.isfinite(self.val_loss), self.val_loss, np.inf).min(axis=1)

    @property
    def rise_after_best(self) -> np.ndarray:
        """How far the validation loss has risen from its best, as the mean of the last tenth of the epochs minus it.

        Never negative, for a minimum is a minimum; large where a network overfits. NaN or infinite where the training
        broke down.
        """
        with np.errstate(invalid="ignore"):
            return self.last(VALIDATION) - self.best_val_loss

    @property
    def gap(self) -> np.ndarray:
        """The generalization gap at the end: validation loss minus training loss *at inference*, last tenth averaged.

        Raises:
            ValueError: the training loss at inference was not measured (see `dropnorm.training.LossAtInference`).
        """
        with np.errstate(invalid="ignore"):
            return self.last(VALIDATION) - self.last(AT_INFERENCE)

    @property
    def logged_gap(self) -> np.ndarray:
        """Validation loss minus *logged* training loss, last tenth averaged: partly an artefact of dropout."""
        with np.errstate(invalid="ignore"):
            return self.last(VALIDATION) - self.last(LOGGED)

    @property
    def fall(self) -> np.ndarray:
        """The share of the first logged training loss that is gone at the end: 0.9 means that a tenth is left."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1.0 - self.last(LOGGED) / self.loss[:, 0]

    @property
    def still_falling(self) -> np.ndarray:
        """The share by which the validation loss fell from the last-but-one fifth of the epochs to the last fifth."""
        fifth = max(1, self.epochs // 5)
        before = self.val_loss[:, -2 * fifth : -fifth] if self.epochs >= 2 * fifth else self.val_loss[:, :fifth]
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1.0 - self.val_loss[:, -fifth:].mean(axis=1) / before.mean(axis=1)

    def last(self, name: str) -> np.ndarray:
        """The mean of a series over the last tenth of the epochs (at least one), which one epoch's noise moves little.

        Args:
            name: ``loss``, ``val_loss``, ``loss_at_inference`` or a metric's name.
        """
        series = self._series()
        if name not in series:
            said = _("These curves hold no '{name}', only {names}.")
            raise ValueError(said.format(name=name, names=current().between_items.join(sorted(series))))
        return np.atleast_2d(series[name])[:, -max(1, self.epochs // 10) :].mean(axis=1)

    def epochs_to(self, target: float) -> np.ndarray:
        """The first epoch (from 1) whose validation loss is at or below ``target``; 0 where it is never reached."""
        reached = self.val_loss <= target
        return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, 0)

    def diagnosis(self, baseline: float | None = None, reached: float | None = None) -> Diagnosis:
        """What these curves show to be wrong, if anything: a problem by its name, a sentence and the evidence.

        Args:
            baseline: the loss of the best constant prediction; needed to tell that a loss is high.
            reached: a validation loss that another network reached on the same data, for the same reason.
        """
        from dropnorm.diagnosis import diagnose  # which is about curves, and imports this module

        return diagnose(self, baseline, reached)

    def run(self, index: int) -> LearningCurves:
        """The curves of one run, as curves of their own."""
        pick = slice(index, index + 1) if index >= 0 else slice(index, index + 1 or None)
        at_inference = None if self.loss_at_inference is None else self.loss_at_inference[pick]
        metrics = {name: series[pick] for name, series in self.metrics.items()}
        return LearningCurves(self.loss[pick], self.val_loss[pick], at_inference, metrics, self.seeds[pick])

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, for JSON; `from_dict` reads them back."""
        series = {name: np.atleast_2d(values).tolist() for name, values in self._series().items()}
        return {"seeds": list(self.seeds), "series": series}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> LearningCurves:
        """What `to_dict` wrote."""
        series = dict(content["series"])
        loss, val_loss, at_inference = series.pop(LOGGED), series.pop(VALIDATION), series.pop(AT_INFERENCE, None)
        return cls(loss, val_loss, at_inference, series, tuple(content["seeds"]))


def _numbers(name: str, series: Any) -> np.ndarray:
    try:
        return np.asarray(series, dtype=float)
    except (TypeError, ValueError):
        said = _("'{name}' holds something other than one number an epoch.")
        raise ValueError(said.format(name=name)) from None
