"""What grading a class takes at least, by arithmetic; and what more workers would make of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

import numpy as np

from benchmarks import a_class
from grader.candidates import CANDIDATES
from grader.exercises import exercise
from grader.runs import SEEDS
from grader.spec import ModelSpec

# Seconds of one core for a notebook (a forked kernel, its cells without training), and for a submission's rows in the
# gradebook: measured once, on warm kernels and on SQLite.
NOTEBOOK, GRADEBOOK = 0.7, 0.12
BASELINES = {"spotify_model": "no dropout", "concrete_model": "no batch normalization"}
SIDE, MULTIPLICATIONS = 1024, 8


def speed() -> float:
    """Floating-point operations a second of NumPy's float32 matrix products, on all cores."""
    left = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    seconds = []
    for _ in range(MULTIPLICATIONS):
        began = time.perf_counter()
        left @ left
        seconds.append(time.perf_counter() - began)
    return 2 * SIDE**3 / min(seconds)


def operations(name: str, spec: ModelSpec) -> float:
    """Floating-point operations of the matrix products in a training from every seed.

    Three products a weight and row to train on, and in each epoch one of both parts for the losses at inference.
    """
    data, weights, width = exercise(name).data(), 0, spec.inputs
    for operation in spec.operations:
        if operation.kind == "dense":
            weights += width * operation.settings["units"]
            width = operation.settings["units"]
    rows, others = len(data.X_train), len(data.X_valid)
    return 2.0 * weights * (3 * rows + rows + others) * spec.fit.epochs * len(SEEDS)


def floor(learners: Iterable[a_class.Learner]) -> dict[str, float]:
    """Seconds of all cores: each model is trained and each distinct code run once, each submission written down."""
    learners = list(learners)
    asked = {
        (exercise(name).data_set, spec): name for name in a_class.EXERCISES for spec in a_class.specs(learners, name)
    }
    baselines = {name: CANDIDATES[name][title].spec for name, title in BASELINES.items()}
    asked |= {(exercise(name).data_set, spec): name for name, spec in baselines.items()}
    flops, cores = speed(), os.cpu_count() or 1
    parts = {
        "trainings": sum(operations(name, spec) for (_, spec), name in asked.items()) / flops,
        "notebooks": NOTEBOOK * len(a_class.codes(learners)) / cores,
        "gradebook": GRADEBOOK * len(learners),
    }
    told = {part: round(seconds, 1) for part, seconds in parts.items()}
    return {**told, "together": round(sum(parts.values()), 1), "GFLOP/s": round(flops / 1e9)}


def projection(one: float, two: float, times: Mapping[str, Mapping[str, float]]) -> dict[str, object]:
    """Seconds with more workers: what nbgrader does by itself stays, the rest is divided, at least the longest run.

    Args:
        one, two: seconds with one worker and with two.
        times: of the run with two, as the course logged them.
    """
    alone = two - times["waited"]["seconds"]  # nbgrader waited for no notebook then: it sanitized, and wrote down
    longest = sum(times[part]["longest"] for part in ("start", "cells", "judging"))
    seconds = {str(workers): round(alone + max((one - alone) / workers, longest), 1) for workers in (4, 16, 64)}
    return {"nbgrader by itself, seconds": round(alone, 1), "seconds": seconds}
