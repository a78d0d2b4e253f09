"""What was judged of each submitted notebook, kept in the course's folder: for judging anew, and for saying why."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropnorm.files import write_atomically
from grader.judged import Judged

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

    def replaced(self, judged: Sequence[Judged]) -> Record:
        """The same notebook, judged anew."""
        return replace(self, judged=tuple(judged))

    def write(self, course: Path = Path()) -> None:
        """Keep it. Raises OSError where the folder cannot be written."""
        content = json.dumps({"judged": [each.to_dict() for each in self.judged]})
        write_atomically(course / self.path, content.encode())


def record_of(names: Mapping[str, str], judged: Sequence[Mapping[str, Any]]) -> Record:
    """The record of a notebook by nbgrader's names of it, and what was said of its test cells."""
    own = (names["assignment"], names["student"], names["notebook"])
    return Record(*own, tuple(Judged.from_dict(each) for each in judged))


def records(assignment: str, student: str = "*", course: Path = Path()) -> Iterator[Record | Path]:
    """The records of an assignment, learner by learner; the path of one that cannot be read."""
    for path in sorted((course / FOLDER / assignment).glob(f"{student}/*.json")):
        names = {"assignment": assignment, "student": path.parent.name, "notebook": path.stem}
        try:
            yield record_of(names, json.loads(path.read_bytes())["judged"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            yield path
