"""Bands for the statistics of learning curves: fitted on many seeds of the reference, checked on fresh ones.

    python -m grader.calibration [--source official|stand-in|drawn] [--exercise spotify_model] [--report]

The reference and the plausible wrong models of each exercise (`grader.candidates`) are trained by the sweep's engine
where it knows their layers (`grader.sweeping`), by `dropnorm.training.train` where not; both equal ``fit``, by which
networks that tell kinds apart are trained. Half of the runs repeat one order of the rows, as a seeded ``fit`` does,
half draw a new one each epoch, as an unseeded one does. `grader.fitting` makes of them the table ``grader/bands.csv``,
small and editable by hand, and the report ``grader/bands_report.md``. Every run is kept in the git-ignored cache: an
interrupted calibration goes on, and ``--report`` fits anew without training.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from tqdm import tqdm

from dropnorm import datasets, jobs
from dropnorm.curves import LearningCurves
from dropnorm.files import write_atomically
from dropnorm.places import CACHE
from dropnorm.sweep import run
from grader import fitting
from grader.candidates import CANDIDATES, REFERENCE
from grader.exercises import exercise
from grader.exercises.noun import DRAWN
from grader.prepared import Data
from grader.spec import ModelSpec
from grader.sweeping import plan_of

SOURCES = ("official", "stand-in")  # of data sets; what an exercise draws by code is the same everywhere
ORDERS: tuple[Literal["once", "each epoch"], ...] = ("once", "each epoch")
# Seeds of the reference, to fit the bands on and to check them by, and of each other candidate.
FITTED, FRESH, OTHERS = range(40), range(2000, 2300), range(30)
FEW = 2  # seeds of each wrong model that are trained before the fresh ones, so that a first table comes early


@dataclass(frozen=True)
class Trial:
    """One training: which candidate of which exercise, how its rows are ordered, from which seed."""

    exercise: str
    model: str
    order: Literal["once", "each epoch"]
    seed: int

    def path(self, source: str) -> Path:
        """Where its curves are kept. Another spec, or other data, is another file."""
        spec = CANDIDATES[self.exercise][self.model].spec.digest[:8]
        folder = CACHE / "calibration" / f"{self.exercise}-{source}-{_fingerprint(self.exercise, source)}"
        order = self.order.replace(" ", "-")
        return folder / f"{self.model.replace(' ', '-').replace(':', '')}-{spec}-{order}-{self.seed}.json"


def trials(exercises: Sequence[str]) -> list[Trial]:
    """All trainings of these exercises, what tells most first: the reference, a few of each wrong model, fresh ones."""
    staged: list[tuple[int, int, Trial]] = []
    for name in exercises:
        for stage, seeds in ((0, FITTED), (2, FRESH)):
            staged += [(stage, seed, Trial(name, REFERENCE, ORDERS[seed % 2], seed)) for seed in seeds]
        for model in CANDIDATES[name]:
            if model != REFERENCE:
                staged += [
                    (1 if seed < FEW else 3, seed, Trial(name, model, ORDERS[seed % 2], seed)) for seed in OTHERS
                ]
    return [trial for _, _, trial in sorted(staged, key=lambda entry: entry[:2])]


def curves_of(trial: Trial) -> LearningCurves:
    """Train it on the data in use."""
    candidate = CANDIDATES[trial.exercise][trial.model]
    data = candidate.data(_data(trial.exercise))
    plan = plan_of(candidate.spec, trial.seed, trial.order)
    if plan is not None:
        return run(plan, data)
    if data.kinds:
        return _fitted(candidate.spec, data, trial)
    import keras

    from dropnorm.training import train

    keras.utils.set_random_seed(trial.seed)
    model, fit = candidate.spec.build(), candidate.spec.fit
    return train(
        model,
        data,
        epochs=fit.epochs,
        batch_size=fit.batch_size,
        seed=trial.seed,
        shuffle=trial.order,
    )


def _fitted(spec: ModelSpec, data: Data, trial: Trial) -> LearningCurves:
    """Train by plain ``fit``, which a network of kinds can afford.

    An order for each epoch is drawn where TensorFlow has no seed, so such a run is not the same when it is repeated.
    """
    import keras
    import tensorflow as tf

    from dropnorm.training import LossAtInference

    keras.utils.clear_session()  # else what the run before was trained on stays in memory
    keras.utils.set_random_seed(trial.seed)
    model = spec.build()
    if trial.order == "each epoch":
        tf.random.set_seed(None)
    history = model.fit(
        data.X_train,
        data.y_train,
        validation_data=(data.X_valid, data.y_valid),
        batch_size=spec.fit.batch_size,
        epochs=spec.fit.epochs,
        verbose=0,
        callbacks=[LossAtInference(data.X_train, data.y_train)],
    )
    return LearningCurves.from_history(history, trial.seed)


def sources_of(name: str) -> tuple[str, ...]:
    """The sources of an exercise's data."""
    return (DRAWN,) if exercise(name).data_set is None else SOURCES


def train_lacking(exercises: Sequence[str], source: str, processes: int | None = None) -> None:
    """Train what the cache lacks of a source, with progress. ``DROPNORM_SOURCE`` must name that source."""
    lacking = [trial for trial in trials(exercises) if not trial.path(source).exists()]
    done = jobs.finished(curves_of, lacking, processes)
    for trial, curves in tqdm(done, total=len(lacking), desc=source, unit="run"):
        write_atomically(trial.path(source), json.dumps(curves.to_dict()).encode())


def collected(exercises: Sequence[str], source: str) -> list[fitting.Run]:
    """The runs of these exercises that the cache holds."""
    return [
        fitting.Run(
            trial.exercise,
            source,
            trial.model,
            trial.model == REFERENCE or CANDIDATES[trial.exercise][trial.model].right,
            trial.seed in FRESH,
            LearningCurves.from_dict(json.loads(trial.path(source).read_text())),
        )
        for trial in trials(exercises)
        if trial.path(source).exists()
    ]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m grader.calibration", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--source", choices=(*SOURCES, DRAWN), help="only this one (default: each that is here)")
    parser.add_argument("--exercise", choices=tuple(CANDIDATES), help="only this one (default: all)")
    parser.add_argument("--report", action="store_true", help="fit what the cache holds, train nothing")
    parser.add_argument("--processes", type=int, help="trainings at once (default: one a core)")
    options = parser.parse_args(arguments)
    chosen = [options.exercise] if options.exercise else list(CANDIDATES)
    runs: list[fitting.Run] = []
    for source in [options.source] if options.source else (*SOURCES, DRAWN):
        exercises = [name for name in chosen if source in sources_of(name)]
        if source != DRAWN:
            os.environ["DROPNORM_SOURCE"] = source  # the processes that train inherit it
        try:
            if not options.report:
                train_lacking(exercises, source, options.processes)
            runs += collected(exercises, source)
        except datasets.DataError as error:
            print(error, file=sys.stderr)
            if options.source:
                return 1
    for path, text in fitting.results(runs).items():
        write_atomically(path, text.encode())
        print(path)
    return 0


@lru_cache
def _data(name: str) -> Data:
    return exercise(name).data()


@lru_cache
def _fingerprint(name: str, source: str) -> str:
    return exercise(name).fingerprint()


if __name__ == "__main__":
    sys.exit(main())
