"""Train what a class will hand in before it does: references, baselines, plausible answers.

A grader that meets one of these specs finds its training kept (`grader.trainings`), and trains only what nobody
foresaw. The command may be interrupted at any time and goes on where it stood.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from dropnorm import jobs, places
from dropnorm.datasets import DataError
from dropnorm.errors import PlainError
from dropnorm.language import _, current
from grader import trainings
from grader.assignments import assignments
from grader.candidates import CANDIDATES
from grader.exercises import EXERCISES, Exercise, exercise, rubric
from grader.languages import homework_of
from grader.mends import MENDS
from grader.plausible import PLAUSIBLE
from grader.spec import ModelSpec
from grader.trainings import Training

PRIORITY = 10  # of 19, the lowest: whatever else the instructor does goes first
FOLDERS = (places.EXERCISES, places.SOLUTIONS)


class UnknownAssignmentError(PlainError):
    """There is no such assignment; the sentence names those that there are."""


@dataclass(frozen=True)
class Job:
    """A spec to be trained, on the data of the exercise of that name."""

    exercise: str
    spec: ModelSpec


def exercises_of(assignment: str) -> list[Exercise]:
    """The exercises whose test cells stand in the assignment's notebooks, in their order.

    Raises:
        UnknownAssignmentError: there is no notebook of that assignment.
    """
    notebooks = [
        path for folder in FOLDERS for path in sorted(folder.glob("*/*.ipynb")) if path.parent.name == assignment
    ]
    if not notebooks:
        there = sorted({homework_of(name) for folder in FOLDERS for name in assignments(folder)})
        told = _("There is no assignment '{assignment}'; there are {assignments}.")
        names = current().between_items.join(there) or _("none")
        raise UnknownAssignmentError(told.format(assignment=assignment, assignments=names))
    found: dict[str, Exercise] = {}
    for path in notebooks:
        for cell in nbformat.read(path, as_version=4).cells:
            with contextlib.suppress(KeyError):  # no cell of nbgrader's, or a test cell without a rubric
                owner, __ = rubric(cell.metadata["nbgrader"]["grade_id"])
                found[owner.name] = owner
    return list(found.values())


def foreseen(asked: Exercise) -> list[ModelSpec]:
    """The specs that answers to an exercise, and the models given in its notebook, will have: its reference first.

    They are what the course declares: the references of all exercises on the same split (one's answer is another's
    baseline), the models that bands are fitted on, other plausible ones, and the changes that mend a training or do
    not.
    """
    same = [each for each in EXERCISES.values() if (each.data_set, each.prepare) == (asked.data_set, asked.prepare)]
    changes = [mend for number, mends in MENDS.items() if asked.name == f"mended_{number}" for mend in mends.values()]
    return [
        asked.reference,
        *(each.reference for each in same),
        *(candidate.spec for candidate in CANDIDATES.get(asked.name, {}).values()),
        *PLAUSIBLE.get(asked.name, {}).values(),
        *(spec for spec, _ in changes),
    ]


def wanted(exercises: list[Exercise]) -> dict[str, Job]:
    """What is to be trained, each once, by the names of its training: references before anything else.

    Raises DataError.
    """
    specs = [foreseen(each) for each in exercises]
    ordered = [Job(each.name, own[0]) for each, own in zip(exercises, specs, strict=True)]
    ordered += [Job(each.name, spec) for each, own in zip(exercises, specs, strict=True) for spec in own[1:]]
    jobs_by_name: dict[str, Job] = {}
    for job in ordered:
        jobs_by_name.setdefault(trainings.key(job.spec, exercise(job.exercise)), job)
    return jobs_by_name


def train(job: Job) -> Training:
    """Train a job in the process that this is called in."""
    return trainings.train(job.spec, exercise(job.exercise))


def pretrain(assignment: str, folder: Path = trainings.FOLDER, processes: int | None = None) -> int:
    """Train and keep what is foreseen of an assignment and not kept yet, and say in one line what came of it.

    Args:
        assignment: its name.
        folder: where trainings are kept.
        processes: trainings at once; one a core by default.

    Returns:
        the exit code.
    """
    trained = 0
    try:
        names = wanted(exercises_of(assignment))
        lacking = {job: name for name, job in names.items() if trainings.load(name, folder) is None}
        there = len(names) - len(lacking)
        done = jobs.finished(train, lacking, processes)
        for job, training in tqdm(done, total=len(lacking), desc=assignment, unit=_("training"), disable=not lacking):
            trainings.store(lacking[job], training, folder)
            trained += 1
    except KeyboardInterrupt:
        told = _("Interrupted: what was trained ({count}) is kept, and the same command goes on from there.")
        return _said(told.format(count=trained), 130)
    except (UnknownAssignmentError, DataError) as error:
        return _said(str(error))
    except BrokenProcessPool:
        told = _(
            "A process that trains was ended from outside, perhaps for lack of memory. What was trained ({count}) is "
            "kept; run the same command again, with --processes 1 if need be."
        )
        return _said(told.format(count=trained))
    except OSError as error:
        told = _("Trainings cannot be kept in {folder}: {reason}.")
        return _said(told.format(folder=folder, reason=error.strerror or error))
    told = _("{assignment}: {trained} trained, {there} were there.")
    print(told.format(assignment=assignment, trained=trained, there=there))
    return 0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("assignment", help=_("the assignment's name, such as dropout_and_batchnorm"))
    parser.add_argument("--processes", type=int, help=_("trainings at once (default: one a core)"))


def main(options: argparse.Namespace) -> int:
    """Run the command at low priority; returns the exit code."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has no `nice`
        os.nice(PRIORITY)  # the processes that train inherit it
    return pretrain(options.assignment, processes=options.processes)


def _said(sentence: str, code: int = 1) -> int:
    print(sentence, file=sys.stderr)
    return code
