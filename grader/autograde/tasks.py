"""What workers do: run a notebook, train a model. A training's key is what decides its numbers."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import logging
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropnorm.language import _
from dropnorm.language.catalogue import TRANSLATIONS
from grader.bands import TABLE
from grader.spec import ModelSpec
from grader.spec_rules import SpecError

if TYPE_CHECKING:
    from distributed import Client

    from grader.autograde.notebook_run import Job, Ran
    from grader.exercises.noun import Exercise
    from grader.trainings import Training

log = logging.getLogger(__name__)
TRIES = 2  # of a task that ends the process it runs in
HELD = 64  # trainings that a process keeps wanting, for workers that share no disk
COMPUTING = ("keras", "tensorflow", "numpy")
ROOT = Path(__file__).resolve().parents[2]
# They run notebooks, show lessons, and say in other words what was judged.
NOT_JUDGING = (
    *(ROOT / "grader" / name for name in ("autograde", "translating", "build.py")),
    ROOT / "dropnorm" / "lab",
    TRANSLATIONS,
)


def run(job: Job, shares: bool) -> Ran:
    """The task that runs a notebook; ``shares`` as `Cluster.shares`."""
    from distributed import get_client, get_worker, secede

    # It imports nbgrader, which a process that trains does without.
    from grader.autograde.notebook_run import Ran, run_notebook
    from grader.autograde.reception import Reception

    client, scratch = get_client(), get_worker().local_directory
    if not shares:
        secede()  # a training that it waits for may need this very thread
    wanted: list[str] = []

    def training(spec: ModelSpec, exercise: Exercise) -> Training:
        return train(client, shares, spec, exercise, wanted)

    try:
        ran = run_notebook(job, Reception(training), scratch)
        if ran.killed:  # by another, or by too little memory at that moment: what is its own doing, it does again
            ran = run_notebook(job, Reception(training), scratch)
    except Exception as error:  # whatever it is: Dask hands on no error whose traceback is a thousand calls deep
        log.warning("%s of %s was not run.", job.notebook, job.student, exc_info=error)
        told = _("Running it failed ({error}): its worker's log says more.")
        ran = Ran(job.content, failure=told.format(error=type(error).__name__))
    return replace(ran, trainings=tuple(wanted))


def train(client: Client, shares: bool, spec: ModelSpec, exercise: Exercise, wanted: list[str]) -> Training:
    """The training of a spec: read where this machine keeps it, else trained by a worker, once for all that want it.

    Its name is added to those that are ``wanted``.

    Raises:
        SpecError, DataError: as `grader.trainings.train`; also where training it ends its process, however often.
    """
    from distributed import KilledWorker

    from grader import trainings
    from grader.autograde.local_cluster import TRAINING

    name = trainings.key(spec, exercise)
    wanted.append(name)
    if kept := trainings.load(name):
        return kept
    resources = {TRAINING: 1} if shares else None
    for attempt in range(TRIES):
        key = f"training-{name}-{attempt}"
        asked = (spec.to_json(), exercise.name)
        future = client.submit(train_here, *asked, key=key, resources=resources, priority=10)
        _held[key] = future
        while len(_held) > HELD:
            _held.pop(next(iter(_held)))
        try:
            return trainings.Training.from_bytes(future.result())
        except KilledWorker:
            _held.pop(key, None)
    raise SpecError(_("Training this model ended the process that trained it, every time."))


def train_here(spec: str, exercise: str) -> bytes:
    """The task that trains. It is one for all who want it, so why there is none is told where it is read."""
    from grader import trainings
    from grader.exercises import EXERCISES

    return trainings.kept(ModelSpec.from_json(spec), EXERCISES[exercise]).to_bytes()


def sources() -> str:
    """A digest of the course's code and of what computes for it: workers must have the same."""
    return _code()


def rubric_version() -> str:
    """A digest of what makes points of an account: the code that judges and trains, what computes for it, the bands."""
    return hashlib.sha256((_code(NOT_JUDGING) + _digest(TABLE, TABLE.stat().st_mtime_ns)).encode()).hexdigest()


@cache
def _code(without: tuple[Path, ...] = ()) -> str:
    files = sorted(path for package in ("dropnorm", "grader") for path in (ROOT / package).rglob("*.py"))
    files += sorted(TRANSLATIONS.glob("*/*.mo"))
    files = [path for path in files if not any(path.is_relative_to(folder) for folder in without)]
    content = [path.relative_to(ROOT).as_posix().encode() + path.read_bytes() for path in files]
    content += [importlib.metadata.version(package).encode() for package in COMPUTING]
    return hashlib.sha256(b"".join(content)).hexdigest()


def box_lacks() -> dict[str, str]:
    """The layers of the box around notebooks that the system of this process does not have, each with the reason.

    Raises OSError where they cannot be tried.
    """
    from grader.autograde.box.layers import NEEDED, lacking_here

    return {layer: reason for layer, reason in lacking_here().items() if layer in NEEDED}


def data_in_use() -> dict[str, str]:
    """Of each exercise's data set the digest of the file in use: a run and a training hang on it."""
    from dropnorm import datasets
    from dropnorm.datasets import DataError
    from grader.exercises import EXERCISES

    found = {}
    for name in sorted({exercise.data_set for exercise in EXERCISES.values() if exercise.data_set}):
        with contextlib.suppress(DataError):  # then it is none, which is told in each notebook
            path = datasets.dataset(name).path
            found[name] = _digest(path, path.stat().st_mtime_ns)
    return found


@cache
def _digest(path: Path, changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


_held: dict[str, Any] = {}
