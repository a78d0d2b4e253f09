"""A spec trained anew from three seeds: what is judged is a network and its settings, and no draw of luck."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dropnorm.curves import LearningCurves
from grader.runs import SEEDS, middle, run
from grader.spec import ModelSpec
from grader.trained import steps_of

if TYPE_CHECKING:
    from grader.exercises.noun import Exercise

# So much is trained for one answer: some four times the work of the trainings that the answers are to mend, and two
# seconds a seed by the engine.
MULTIPLICATIONS, STEPS = 4_000_000_000, 6_000
WORK = 10  # times the exercise's own training: so much is trained anew for a model that is handed in
LIMITED = {"multiplications": MULTIPLICATIONS, "steps": STEPS}


@dataclass(frozen=True)
class Stop:
    """Early stopping as ``keras.callbacks.EarlyStopping`` does it; epochs are counted from 1 here.

    Attributes:
        monitor: the series that is watched: ``val_loss``, ``loss`` or ``loss_at_inference``.
        patience: after so many epochs without an improvement the training stops.
        min_delta: less than this is no improvement; not negative.
        restore: whether the weights of the best epoch come back.
        baseline: an improvement counts from this value on, or None.
        start_from_epoch: so many epochs are not watched.
    """

    monitor: str = "val_loss"
    patience: int = 0
    min_delta: float = 0.0
    restore: bool = False
    baseline: float | None = None
    start_from_epoch: int = 0

    def cut(self, curves: LearningCurves) -> LearningCurves:
        """The curves of one run up to the epoch whose weights the training leaves."""
        best_epoch, last = self._watch(curves)
        last = last or curves.epochs
        return _first_epochs(curves, min(best_epoch, last) if self.restore else last)

    def ends(self, curves: LearningCurves) -> bool:
        """Whether it ends the training within the epochs of these curves of one run."""
        return self._watch(curves)[1] is not None

    def _watch(self, curves: LearningCurves) -> tuple[int, int | None]:
        """The best epoch, and the one after which the training is stopped, or None."""
        best, best_epoch, wait = np.inf, self.start_from_epoch + 1, 0
        for epoch, value in enumerate(getattr(curves, self.monitor)[0], start=1):
            if epoch <= self.start_from_epoch:
                continue
            wait += 1
            if value < best - self.min_delta:
                best, best_epoch = value, epoch
                if self.baseline is None or value < self.baseline - self.min_delta:
                    wait = 0
            elif wait >= self.patience and epoch > 1:
                return best_epoch, epoch
        return best_epoch, None


def beyond(spec: ModelSpec, rows: int) -> tuple[str, float] | None:
    """What of a training is past the limit, and how many times the limit: ``multiplications`` or ``steps``; or None.

    Args:
        spec: with its fit settings.
        rows: of the training part.
    """
    work = _work_of_an_epoch(spec, rows)
    shares = {name: work[name] * spec.fit.epochs / LIMITED[name] for name in LIMITED}
    name = max(shares, key=lambda each: shares[each])
    return (name, shares[name]) if shares[name] > 1 else None


def within(spec: ModelSpec, rows: int) -> ModelSpec:
    """The spec with no more epochs than the limits allow, but at least one: as far as early stopping is waited for."""
    work = _work_of_an_epoch(spec, rows)
    most = max(1, min(LIMITED[name] // work[name] for name in LIMITED))
    return replace(spec, fit=replace(spec.fit, epochs=min(spec.fit.epochs, most)))


def too_much(spec: ModelSpec, asked: ModelSpec, rows: int) -> bool:
    """Whether a training takes more than `WORK` times what is asked for, by multiplications or by steps.

    Args:
        spec, asked: with their fit settings.
        rows: of the training part.
    """
    own, usual = _work_of_an_epoch(spec, rows), _work_of_an_epoch(asked, rows)
    return any(own[name] * spec.fit.epochs > WORK * usual[name] * asked.fit.epochs for name in LIMITED)


def weights_of(spec: ModelSpec) -> int:
    """What one row is multiplied by on its way through the network."""
    width, weights = spec.inputs, 0
    for operation in spec.operations:
        units = operation.settings["units"] if operation.kind == "dense" else width
        weights += width * units if operation.kind == "dense" else width
        width = units
    return weights


def _work_of_an_epoch(spec: ModelSpec, rows: int) -> dict[str, int]:
    return {"multiplications": weights_of(spec) * rows, "steps": steps_of(rows, spec.fit.batch_size)}


def retrained(spec: ModelSpec, exercise: Exercise, stop: Stop | None = None) -> LearningCurves:
    """The curves of the one of three runs whose best validation loss is the median. Raises DataError, SpecError.

    Each spec is trained once in a process. `beyond` must have found nothing: here nothing is limited.
    """
    runs = _runs(spec, exercise, exercise.fingerprint())
    runs = tuple(stop.cut(curves) for curves in runs) if stop else runs
    return runs[middle(runs)]


def ended(spec: ModelSpec, exercise: Exercise, stop: Stop) -> bool:
    """Whether early stopping ends all three runs before their last epoch is over. Raises DataError, SpecError."""
    return all(stop.ends(curves) for curves in _runs(spec, exercise, exercise.fingerprint()))


@lru_cache(maxsize=64)
def _runs(spec: ModelSpec, exercise: Exercise, fingerprint: str) -> tuple[LearningCurves, ...]:
    return tuple(trained(spec, exercise, seed) for seed in SEEDS)


def trained(spec: ModelSpec, exercise: Exercise, seed: int) -> LearningCurves:
    """The curves of a spec from one seed, on the exercise's split of the data in use. Raises DataError, SpecError."""
    return run(spec, exercise.data(), seed).curves


def _first_epochs(curves: LearningCurves, number: int) -> LearningCurves:
    parts = (curves.loss, curves.val_loss, curves.loss_at_inference)
    return LearningCurves(*(None if part is None else part[:, :number] for part in parts), seeds=curves.seeds)
