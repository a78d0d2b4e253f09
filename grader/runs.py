"""One training of a spec from one seed, and which of several counts.

By the sweep's engine where it knows the layers, by `dropnorm.training.train` where not.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dropnorm.curves import LearningCurves
from dropnorm.split import Split
from dropnorm.sweep.runs import trained as trained_by_engine
from grader.spec import ModelSpec
from grader.sweeping import plan_of

SEEDS = (0, 1, 2)
Weights = tuple[Mapping[str, np.ndarray], ...]


@dataclass(frozen=True, eq=False)
class Run:
    """A spec trained from one seed.

    Attributes:
        curves: of this run, without other metrics.
        weights: for each operation of the spec its arrays after the last epoch, by Keras' names and in its order:
            ``kernel``, ``bias``; ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``; none where it has none.
    """

    curves: LearningCurves
    weights: Weights


def run(spec: ModelSpec, data: Split, seed: int) -> Run:
    """Train a spec, which has fit settings, from one seed. Raises SpecError where Keras cannot build it."""
    plan = plan_of(spec, seed, "once")
    if plan is not None:
        network, curves = trained_by_engine(plan, data)
        return Run(curves, network.named_weights())
    return _by_keras(spec, data, seed)


def middle(runs: Sequence[LearningCurves]) -> int:
    """The place of the run whose best validation loss is the median; one that is never finite counts as infinite."""
    return sorted(range(len(runs)), key=lambda place: float(runs[place].best_val_loss[0]))[len(runs) // 2]


def _by_keras(spec: ModelSpec, data: Split, seed: int) -> Run:
    from dropnorm.training import train  # imports TensorFlow
    from grader.rebuilding import layers_of
    from grader.recording import as_found
    from grader.trained import penalty

    with as_found():  # the notebook's own random streams go on as if nothing had been
        random.seed(seed)  # of which Keras draws the seeds of initial weights and masks
        model = spec.build()
        curves = train(model, data, epochs=spec.fit.epochs, batch_size=spec.fit.batch_size, seed=seed)
        weights = tuple({each.name: np.array(each.numpy()) for each in layer.weights} for layer in layers_of(model))
        return Run(losses_alone(curves, penalty(model)), weights)


def losses_alone(curves: LearningCurves, penalty: float) -> LearningCurves:
    """The curves without a penalty on the weights, which Keras adds to every loss: what is judged is the error.

    The penalty is that of the trained weights, so it is exact at the end, where the curves are judged.
    """
    parts = (curves.loss, curves.val_loss, curves.loss_at_inference)
    return LearningCurves(*(part - penalty if penalty else part for part in parts), seeds=curves.seeds)
