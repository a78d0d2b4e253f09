"""What was judged of each submitted notebook, kept in the course's folder: for judging anew, and for saying why."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropnorm.files import write_atomically
from grader.account import VERSION
from grader.exercises import EXERCISES, RUBRICS
from grader.judged import Judged
from grader.languages import in_all_languages

FOLDER = Path(".grading") / "judged"  # in the course's folder, where nbgrader runs


@dataclass(frozen=True, eq=False)
class Record:
    """What was judged of one notebook.

    Attributes:
        assignment, student, notebook: their names.
        judged: its test cells, in the notebook's order.
    """

    assignment: str
    student: str
    notebook: str
    judged: tuple[Judged, ...]

    @property
    def path(self) -> Path:
        """Where it is kept, from the course's folder."""
        return FOLDER / self.assignment / self.student / f"{self.notebook}.json"

    @property
    def of_another_version(self) -> bool:
        """Whether a test cell was handed over in a form, or for a rubric or an exercise, that there is no more."""
        return any(
            each.account.get("version") != VERSION
            or each.rubric not in RUBRICS
            or str(each.account.get("exercise")) not in EXERCISES  # a kernel may have handed over anything
            for each in self.judged
        )

    def write(self, course: Path = Path()) -> None:
        """Keep it. Raises OSError where the folder cannot be written."""
        content = json.dumps({"judged": [each.to_dict() for each in self.judged]})
        write_atomically(course / self.path, content.encode())


def forget(assignment: str, student: str, notebook: str) -> None:
    """What was judged of an earlier hand-in counts no more: neither `rejudge` nor `why` shall find it."""
    with contextlib.suppress(OSError):
        Record(assignment, student, notebook, ()).path.unlink(missing_ok=True)


def record_of(names: Mapping[str, str], judged: Sequence[Mapping[str, Any]]) -> Record:
    """The record of a notebook by nbgrader's names of it, and what was said of its test cells."""
    own = (names["assignment"], names["student"], names["notebook"])
    return Record(*own, tuple(Judged.from_dict(each) for each in judged))


def records(assignment: str, student: str = "*", course: Path = Path()) -> Iterator[Record | Path]:
    """The records of an assignment in all languages, learner by learner; the path of one that cannot be read."""
    for name in in_all_languages(assignment):
        for path in sorted((course / FOLDER / name).glob(f"{student}/*.json")):
            names = {"assignment": name, "student": path.parent.name, "notebook": path.stem}
            try:
                yield record_of(names, json.loads(path.read_bytes())["judged"])
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                yield path


def record_kept(names: Mapping[str, str], course: Path = Path()) -> Record | None:
    """The record of a notebook by nbgrader's names of it; None where there is none that can be read."""
    path = Record(names["assignment"], names["student"], names["notebook"], ()).path
    try:
        return record_of(names, json.loads((course / path).read_bytes())["judged"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
