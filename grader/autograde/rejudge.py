"""Judge a graded class anew, after a change of the rubric or of the bands: from what is kept, no notebook is run.

What would change is shown as a table; ``--write`` brings it into the gradebook and into the graded notebooks. Points
that a human gave stay.
"""

from __future__ import annotations

import argparse
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import OperationalError
from tqdm import tqdm

from dropnorm.datasets import DataError
from dropnorm.files import write_atomically
from grader import trainings
from grader.autograde.courses import coursedir
from grader.autograde.journal import Journal
from grader.autograde.judging import outputs
from grader.autograde.records import Record, records
from grader.exercises import EXERCISES
from grader.handed import Retrained
from grader.judged import Judged, judged, retrained_of
from grader.report import number
from grader.rubric import Status
from grader.spec import ModelSpec

log = logging.getLogger(__name__)
SHEETS = {name: sheet for exercise in EXERCISES.values() for name, sheet in exercise.rubrics.items()}


@dataclass(frozen=True, eq=False)
class Change:
    """A test cell whose verdict is another one now."""

    record: Record
    old: Judged
    new: Judged

    @property
    def row(self) -> tuple[str, ...]:
        """What the table says of it."""
        old, new = self.old.verdict, self.new.verdict
        now = number(new.score) + (" (open)" if new.status is Status.MANUAL else "")
        return self.record.student, self.old.rubric, number(old.score), now


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("assignment", help="its name, as for nbgrader autograde")
    parser.add_argument("--write", action="store_true", help="bring the changes into the gradebook")


def main(options: argparse.Namespace) -> int:
    """Judge anew; returns the exit code."""
    course = coursedir()
    found = list(records(options.assignment, course=Path(course.root)))
    readable = [record for record in found if isinstance(record, Record)]
    if not readable:
        print(f"Nothing is kept of {options.assignment!r}: run `nbgrader autograde {options.assignment}` first.")
        return 1
    try:
        changes = [
            change
            for record in tqdm(readable, desc="judging", unit="notebook", disable=None)
            for change in changes_of(record)
        ]
    except DataError as error:
        print(error)
        return 1
    for path in (path for path in found if isinstance(path, Path)):
        print(f"{path} is damaged and was left out: grade that learner's notebook again.")
    print("\n".join(table(changes, len(readable))))
    if not (changes and options.write):
        if changes:
            print("Nothing was written; --write does.")
        return 0
    lock = Journal(Path(course.root)).lock(log)
    try:
        write(changes, course)
    except (OperationalError, sqlite3.OperationalError):
        print("The gradebook is in use by another program, or cannot be written: close that and run this again.")
        return 1
    finally:
        lock.release()
    print("Written. `nbgrader generate_feedback --force` makes the pages anew.")
    return 0


def changes_of(record: Record) -> Iterator[Change]:
    """The test cells of a notebook that are judged otherwise now. Raises DataError."""
    for old in record.judged:
        new = judged(old.account, lambda spec, exercise, old=old: _kept(old, spec, exercise))
        if new.verdict != old.verdict:
            yield Change(record, old, new)


def _kept(old: Judged, spec: ModelSpec, exercise: Any) -> Retrained:
    """What the verdict rested on; a spec that was not asked for then is trained."""
    return old.trainings.get(spec.digest) or retrained_of(trainings.kept(spec, exercise), spec, exercise)


def table(changes: list[Change], notebooks: int) -> list[str]:
    """The changes as lines: learner, test cell, points then and now."""
    if not changes:
        return [f"All verdicts on {notebooks} notebooks stay as they are."]
    rows = [("learner", "test cell", "was", "is"), *(change.row for change in changes)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    points = sum(change.new.verdict.score - change.old.verdict.score for change in changes)
    cells = "1 verdict changes" if len(changes) == 1 else f"{len(changes)} verdicts change"
    return [*lines, f"{cells} in {notebooks} notebooks; {points:+.2f} points in all."]


def write(changes: list[Change], course: Any) -> None:
    """Bring changes into the gradebook, the graded notebooks, and the records, in this order.

    Who is interrupted runs the command again: a record is changed last, so what is missing is found again.
    """
    by_record: dict[Record, list[Change]] = {}
    for change in changes:
        by_record.setdefault(change.record, []).append(change)
    with Gradebook(course.db_url, course.course_id) as gradebook:
        for record, own in by_record.items():
            for change in own:
                _into_gradebook(gradebook, change)
            gradebook.db.commit()
            _into_notebook(course, record, own)
            anew = {change.old: change.new for change in own}
            record.replaced([anew.get(each, each) for each in record.judged]).write(Path(course.root))


def _into_gradebook(gradebook: Gradebook, change: Change) -> None:
    record, verdict = change.record, change.new.verdict
    try:
        grade = gradebook.find_grade(change.new.rubric, record.notebook, record.assignment, record.student)
    except MissingEntry:  # a cell that the assignment has no more
        return
    grade.auto_score = verdict.score
    if grade.manual_score is None:
        grade.needs_manual_grade = verdict.status is Status.MANUAL


def _into_notebook(course: Any, record: Record, changes: list[Change]) -> None:
    folder = Path(course.format_path(course.autograded_directory, record.student, record.assignment))
    path = folder / f"{record.notebook}.ipynb"
    if not path.exists():
        return
    mode, notebook = path.stat().st_mode, nbformat.read(path, as_version=4)
    new = {change.new.rubric: change.new for change in changes}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in new and cell.cell_type == "code":
            cell.outputs = outputs(SHEETS[name], new[name])
    write_atomically(path, nbformat.writes(notebook).encode())
    path.chmod(mode)
