"""Runs attacks in kernels, as grading does, and sees from the trusted side who has won.

Attacks that cannot disturb each other share a kernel; each has its own cells in it, and what they say is its own.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import time
from collections.abc import Iterator, Sequence
from functools import partial
from string import Template
from typing import Any

import nbformat
import numpy as np
import pytest
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import determine_grade

from dropnorm import places
from dropnorm.curves import LearningCurves
from grader.autograde import warm_kernels
from grader.autograde.judging import outputs
from grader.autograde.notebook_run import Job, Ran, run_notebook
from grader.autograde.reception import Reception
from grader.exercises.noun import Exercise
from grader.judged import Judged
from grader.spec import ModelSpec
from grader.trainings import Training

from .case import Case, Ours, Scene
from .defences import removed
from .grounds import Grounds

TIME = {"timeout": 60, "iopub_timeout": 2}
RAISED = "The trusted side raised"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def batches(cases: Sequence[Case], defended: bool) -> Iterator[list[Case]]:
    """Cases that one kernel takes: those that share no defence but the same ones, where those are removed."""
    shared: dict[Any, list[Case]] = {}
    for case in cases:
        if case.alone:
            yield [case]
        else:
            shared.setdefault(None if defended else case.by, []).append(case)
    yield from shared.values()


def attack(grounds: Grounds, cases: Sequence[Case], defended: bool) -> list[Scene]:
    """Run the cases of one batch in a kernel."""
    first, trained, notebook, parts = cases[0], [], empty_notebook(), []
    for case in cases:
        begins = len(notebook.cells)
        notebook.cells += cells_of(case, grounds)
        parts.append(slice(begins, len(notebook.cells)))
    off = frozenset() if defended else frozenset.union(*(case.ours for case in cases))
    settings = TIME | dict(first.settings) | ({"timeout": None} if Ours.TIME in off else {})
    job = Job("unit", "ada", "one", nbformat.writes(notebook), files_of(first, grounds), settings)
    began = time.monotonic()
    with removed(off), settings_that_name_no_folder(str(places.ROOT)) if first.cold else contextlib.nullcontext():
        try:
            ran = run_notebook(job, Reception(partial(train, trained)), box=first.box(defended))
        except Exception as error:  # then a whole command would have met it
            ran = Ran(job.content, failure=f"{RAISED} {error!r}")
    seconds = time.monotonic() - began
    gc.collect()  # nbclient's tasks tell their errors when they go: in the midst of a parse that ends Python 3.11's
    done, graded = (nbformat.reads(ran.notebook, as_version=4) for _ in range(2))
    if Ours.VERDICT not in off and ran.accounts is not None:
        _judge(graded, ran.accounts)
    return [
        Scene(grounds, ran, done.cells[part], points(graded.cells[part]), trained, word(case, grounds), seconds)
        for case, part in zip(cases, parts, strict=True)
    ]


def cells_of(case: Case, grounds: Grounds) -> list[NotebookNode]:
    """A case's cells: the learner's, then the test cells."""
    names = grounds.names | {"word": word(case, grounds)}
    cells = [nbformat.v4.new_code_cell(Template(source).substitute(names)) for source in case.cells]
    for name, source in case.tests.items():
        told = {"grade_id": name, "schema_version": 3, "locked": True, "grade": True, "solution": False, "task": False}
        cells.append(nbformat.v4.new_code_cell(source, metadata={"nbgrader": told | {"points": 10}}))
        if case.tags:
            cells[-1].metadata["tags"] = list(case.tags)
    return cells


def files_of(case: Case, grounds: Grounds) -> dict[str, bytes]:
    """What a case hands in beside the notebook."""
    return {name: Template(content.decode()).substitute(grounds.names).encode() for name, content in case.files.items()}


@contextlib.contextmanager
def settings_that_name_no_folder(course: str) -> Iterator[None]:
    """Kernels start by themselves, where Python's and IPython's settings mean whatever folder that is in.

    Args:
        course: the course's folder; nothing for one that is installed, as stock would have it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm_kernels, "safe_to_fork", lambda: False)
        patch.setenv("PYTHONPATH", os.pathsep.join(["", course]))
        patch.setenv("IPYTHONDIR", "")
        yield


def word(case: Case, grounds: Grounds) -> str:
    """What a case sends, where it sends something: nobody else does."""
    return f"{case.name}-{grounds.token[8:16]}"


def points(cells: Sequence[NotebookNode]) -> float:
    """What nbgrader reads from the test cells among these; nan where it raises, which ends its command."""
    found = 0.0
    for cell in cells:
        if cell.metadata.get("nbgrader"):
            try:
                found += determine_grade(cell)[0]
            except ValueError:
                return math.nan
    return found


def empty_notebook() -> NotebookNode:
    return nbformat.v4.new_notebook(metadata={"kernelspec": KERNEL})


def _judge(notebook: NotebookNode, accounts: list[dict[str, Any]]) -> None:
    found = {judged.rubric: judged for judged in map(Judged.from_dict, accounts)}
    for cell in notebook.cells:
        if name := cell.metadata.get("nbgrader", {}).get("grade_id"):
            cell.outputs = outputs(name, found.get(name))


def train(trained: list[ModelSpec], spec: ModelSpec, exercise: Exercise) -> Training:
    """Made-up curves: what is wanted for the exercise's own model, and overfitting for any other one."""
    trained.append(spec)
    end, gap = (0.18, 0.002) if spec == exercise.reference else (0.21, 0.05)
    falling = np.linspace(0.3, end, spec.fit.epochs if spec.fit else 1)
    runs = tuple(LearningCurves(falling, falling, falling - gap, seeds=(seed,)) for seed in range(3))
    return Training(runs, ({},) * len(spec.operations))
