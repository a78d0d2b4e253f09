"""What is noted in the record of verdicts, and when: as soon as the gradebook holds the points of a notebook.

Not later: should the submission's next notebook fail, or the command be killed, the points are in the gradebook all the
same. Who is killed in between grades the submission anew, of the kept run: it is noted then, and not twice, for a
verdict on the same run that says the same is one verdict.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from dropnorm.language import N_, _
from grader.autograde.handed_in import REFUSED
from grader.autograde.judging import JUDGED
from grader.autograde.ledger import ledger_of
from grader.autograde.noted import Noted, Points
from grader.autograde.pending import converter_of
from grader.autograde.records import Record
from grader.autograde.tasks import data_in_use, rubric_version
from grader.judged import Judged

RAN = "ran"  # among the resources that nbgrader's steps hand on: the name of the notebook's run
BEGAN = datetime.now(UTC).isoformat(timespec="seconds")  # this command
NOT_NOTED = N_(
    "The verdict on {notebook} of {student} is not in the record of verdicts ({reason}); its points are in the "
    "gradebook."
)


class NoteVerdict(NbGraderPreprocessor):
    """Notes the verdict on a notebook. Stands after all steps that write the gradebook."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Note it; the notebook is returned as it came."""
        own, converter = resources["nbgrader"], converter_of(self)
        if converter is not None:
            try:
                ledger = ledger_of(Path(converter.coursedir.root).resolve())
                for noted in _graded(converter, nb, resources):
                    ledger.append(noted)
            except Exception as error:  # whatever it is, the class goes on
                self.log.warning("%s", _not_noted(own["notebook"], own["student"], error))
        return nb, resources


def note_rejudged(
    course: CourseDirectory, gradebook: Gradebook, record: Record, changes: Mapping[Judged, Judged], log: logging.Logger
) -> None:
    """Note that a notebook was judged anew: of what is kept of it, whatever was handed in since."""
    names = (record.assignment, record.student, record.notebook)
    try:
        ledger = ledger_of(Path(course.root).resolve())
        last = ledger.last(names)
        ledger.append(
            Noted(
                "rejudge",
                BEGAN,
                *names,
                submitted=last and last.submitted,
                **_judged_by(),
                **_points(gradebook, *names),
                specs={new.rubric: sorted(new.trainings) for new in changes.values() if new.trainings},
                before={old.rubric: old.verdict.score for old in changes},
            )
        )
    except Exception as error:  # the points are written, and the other learners' are to be
        log.warning("%s", _not_noted(record.notebook, record.student, error))


def _graded(converter: Autograde, nb: NotebookNode, resources: Mapping[str, Any]) -> Iterator[Noted]:
    """The verdict on a notebook; before that on a submission's first one, those on the notebooks that it lacks."""
    own, course = resources["nbgrader"], converter.coursedir
    assignment, student, notebook = names = own["assignment"], own["student"], own["notebook"]
    folder = Path(course.format_path(course.submitted_directory, student, assignment))
    judged: Sequence[Mapping[str, Any]] = resources.get(JUDGED) or ()
    with Gradebook(own["db_url"]) as gradebook:
        if Path(converter.notebooks[0]).stem == notebook:
            for each in gradebook.find_assignment(assignment).notebooks:
                if not (folder / f"{each.name}.ipynb").exists():
                    lacking = (assignment, student, each.name)
                    points = _points(gradebook, *lacking)
                    yield Noted("autograde", BEGAN, *lacking, None, missing=True, **_judged_by(), **points)
        yield Noted(
            "autograde",
            BEGAN,
            *names,
            submitted=_digest(folder / f"{notebook}.ipynb", Path(resources["metadata"]["path"])),
            tests=_tests(nb),
            specs={each["rubric"]: sorted(each["trainings"]) for each in judged if each["trainings"]},
            ran=resources.get(RAN),
            refused=nb.metadata.get(REFUSED),
            **_judged_by(),
            **_points(gradebook, *names),
        )


def _digest(submitted: Path, graded: Path) -> str | None:
    """The digest of what was handed in; None where another file was put there while it was graded."""
    try:
        if submitted.stat().st_ctime > (graded / submitted.name).stat().st_mtime:  # that was written after it was read
            return None
        return hashlib.sha256(submitted.read_bytes()).hexdigest()
    except OSError:
        return None


def _tests(nb: NotebookNode) -> str:
    sources = [(cell.metadata.nbgrader.grade_id, cell.source) for cell in nb.cells if is_grade(cell) and _locked(cell)]
    return hashlib.sha256(repr(sources).encode()).hexdigest()


def _locked(cell: NotebookNode) -> bool:
    return not cell.metadata.nbgrader.get("solution", False)


def _judged_by() -> dict[str, str]:
    data = hashlib.sha256(repr(sorted(data_in_use().items())).encode()).hexdigest()
    return {"rubric": rubric_version(), "data": data}


def _points(gradebook: Gradebook, assignment: str, student: str, notebook: str) -> dict[str, Any]:
    """What the gradebook holds of a notebook."""
    found = gradebook.find_submission_notebook(notebook, assignment, student)
    cells = {
        grade.name: Points(
            float(grade.max_score),
            _float(grade.auto_score),
            _float(grade.manual_score),
            _float(grade.extra_credit) or None,
            bool(grade.needs_manual_grade),
        )
        for grade in sorted(found.grades, key=lambda grade: grade.name)
    }
    return {"cells": cells, "late": float(found.late_submission_penalty or 0.0)}


def _float(points: float | None) -> float | None:
    return None if points is None else float(points)


def _not_noted(notebook: str, student: str, error: Exception) -> str:
    reason = str(getattr(error, "strerror", None) or f"{type(error).__name__}: {error}".splitlines()[0])
    return _(NOT_NOTED).format(notebook=notebook, student=student, reason=reason)
