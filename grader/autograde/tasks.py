"""What workers do: run a notebook, train a model. A training's key is what decides its numbers."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.autograde.notebook_run import Job, Ran, run_notebook
from grader.spec import ModelSpec
from grader.spec_rules import SpecError

if TYPE_CHECKING:
    from distributed import Client

    from grader.exercises.noun import Exercise
    from grader.trainings import Training

TRIES = 2  # of a task that ends the process it runs in
HELD = 64  # trainings that a process keeps wanting, for workers that share no disk
ROOT = Path(__file__).resolve().parents[2]


def run(job: Job, shares: bool) -> Ran:
    """The task that runs a notebook; ``shares`` as `Cluster.shares`."""
    from distributed import get_client, get_worker, secede

    from grader.autograde.reception import Reception

    client, scratch = get_client(), get_worker().local_directory
    if not shares:
        secede()  # a training that it waits for may need this very thread
    wanted: list[str] = []

    def training(spec: ModelSpec, exercise: Exercise) -> Training:
        return train(client, shares, spec, exercise, wanted)

    ran = run_notebook(job, Reception(training), scratch)
    if ran.killed:  # by another, or by too little memory at that moment: what is its own doing, it does again
        ran = run_notebook(job, Reception(training), scratch)
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
    raise SpecError("Training this model ended the process that trained it, every time.")


def train_here(spec: str, exercise: str) -> bytes:
    """The task that trains."""
    from grader import trainings
    from grader.exercises import EXERCISES

    return trainings.kept(ModelSpec.from_json(spec), EXERCISES[exercise]).to_bytes()


@cache
def sources() -> str:
    """A digest of the course's code: workers must have the same."""
    files = sorted(path for package in ("dropnorm", "grader") for path in (ROOT / package).rglob("*.py"))
    content = (path.relative_to(ROOT).as_posix().encode() + path.read_bytes() for path in files)
    return hashlib.sha256(b"".join(content)).hexdigest()


_held: dict[str, Any] = {}
