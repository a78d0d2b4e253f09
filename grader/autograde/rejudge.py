"""Judge a graded class anew, after a change of the rubric or of the bands: from what is kept, no notebook is run.

What would change is shown as a table; ``--write`` brings it into the gradebook and into the graded notebooks. Points
that a human gave stay.
"""

from __future__ import annotations

import argparse
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import OperationalError
from tqdm import tqdm

from dropnorm.datasets import DataError
from dropnorm.files import write_atomically
from dropnorm.language import _, ngettext, padded, spaced, width
from grader import trainings
from grader.autograde.courses import coursedir
from grader.autograde.gradebooks import wait_for_the_gradebook
from grader.autograde.journal import Journal
from grader.autograde.judging import outputs
from grader.autograde.ledger import ledger_of, told_head
from grader.autograde.noting import note_rejudged
from grader.autograde.records import Record, records
from grader.exercises import exercise
from grader.handed import Retrained
from grader.judged import Judged, judged, retrained_of
from grader.languages import in_language, titled
from grader.report import number
from grader.rubric import Status
from grader.spec import ModelSpec

log = logging.getLogger(__name__)


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
        now = number(new.score)
        now = _("{points} (open)").format(points=now) if new.status is Status.MANUAL else now
        return self.record.student, titled(self.old.rubric, self.record.assignment), number(old.score), now


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("assignment", help=_("its name, as for nbgrader autograde"))
    parser.add_argument("--write", action="store_true", help=_("bring the changes into the gradebook"))


def main(options: argparse.Namespace) -> int:
    """Judge anew; returns the exit code."""
    course = coursedir()
    wait_for_the_gradebook()
    lock = Journal(Path(course.root)).lock(log) if options.write else None  # before what is kept is read
    try:
        return _rejudged(options, course)
    finally:
        if lock is not None:
            lock.release()


def _rejudged(options: argparse.Namespace, course: Any) -> int:
    found = list(records(options.assignment, course=Path(course.root)))
    readable = [record for record in found if isinstance(record, Record)]
    if not readable:
        told = _("Nothing is kept of '{assignment}': run `nbgrader autograde {assignment}` first.")
        print(told.format(assignment=options.assignment))
        return 1
    old = [record for record in readable if record.outdated]
    readable = [record for record in readable if not record.outdated]
    try:
        for name in {each.account["exercise"] for record in readable for each in record.judged}:
            exercise(name).data()  # else every verdict would be left open for want of it
    except DataError as error:
        print(error)
        return 1
    changes = [
        change
        for record in tqdm(readable, desc=_("judging"), unit=_("notebook"), disable=None)
        for change in changes_of(record)
    ]
    for record in old:
        told = _("{notebook} of {student} was graded by another version, or on other data: grade it again.")
        print(told.format(notebook=titled(record.notebook, record.assignment), student=record.student))
    for path in (path for path in found if isinstance(path, Path)):
        print(_("{file} is damaged and was left out: grade that learner's notebook again.").format(file=path))
    print("\n".join(table(changes, len(readable))))
    if not (changes and options.write):
        if changes:
            print(_("Nothing was written; --write does."))
        return 0
    try:
        write(changes, course)
    except (OperationalError, sqlite3.OperationalError):
        print(_("The gradebook is in use by another program, or cannot be written: close that and run this again."))
        return 1
    except OSError as error:
        told = _("{file} cannot be written ({reason}): mend that and run this again.")
        print(spaced(told.format(file=error.filename or _("A file"), reason=error.strerror)))
        return 1
    print(_("Written. `nbgrader generate_feedback --force` makes the pages anew."))
    print(told_head(ledger_of(Path(course.root).resolve())))
    return 0


def changes_of(record: Record) -> Iterator[Change]:
    """The test cells of a notebook that are judged otherwise now. Raises DataError."""
    for old in record.judged:
        with in_language(record.assignment):  # not across the yield: this thread goes on in its own language there
            new = judged(old.account, lambda spec, exercise, old=old: _kept(old, spec, exercise))
        if new.verdict != old.verdict:
            yield Change(record, old, new)


def _kept(old: Judged, spec: ModelSpec, exercise: Any) -> Retrained:
    """What the verdict rested on; a spec that was not asked for then is trained."""
    return old.trainings.get(spec.digest) or retrained_of(trainings.kept(spec, exercise), spec, exercise)


def table(changes: list[Change], notebooks: int) -> list[str]:
    """The changes as lines: learner, test cell, points then and now."""
    if not changes:
        return [_("All verdicts on {notebooks} notebooks stay as they are.").format(notebooks=notebooks)]
    rows = [(_("learner"), _("test cell"), _("was"), _("is")), *(change.row for change in changes)]
    widths = [max(width(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(map(padded, row, widths)).rstrip() for row in rows]
    points = sum(change.new.verdict.score - change.old.verdict.score for change in changes)
    told = ngettext(
        "{count} verdict changes in {notebooks} notebooks; {points} points in all.",
        "{count} verdicts change in {notebooks} notebooks; {points} points in all.",
        len(changes),
    )
    return [*lines, told.format(count=len(changes), notebooks=notebooks, points=f"{points:+.2f}")]


def write(changes: list[Change], course: Any) -> None:
    """Bring changes into the gradebook, the graded notebooks, the record of verdicts, and what is kept, in this order.

    Who is interrupted runs the command again: what is kept is changed last, so what is missing is found again.
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
            note_rejudged(course, gradebook, record, anew, log)
            replace(record, judged=tuple(anew.get(each, each) for each in record.judged)).write(Path(course.root))


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
    with in_language(record.assignment):
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in new and cell.cell_type == "code":
                cell.outputs = outputs(name, new[name])
    write_atomically(path, nbformat.writes(notebook).encode())
    path.chmod(mode)
