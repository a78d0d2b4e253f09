"""What was judged of each submitted notebook, kept in the course's folder: for judging anew, and for saying why."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropnorm.files import write_atomically
from grader.account import VERSION
from grader.autograde.tasks import data_in_use
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
        data: of each data set the digest of the file that was in use; empty where that was not noted.
        silent: why others of its test cells handed over nothing, in the assignment's language; empty where all did, or
            nobody knows more.
    """

    assignment: str
    student: str
    notebook: str
    judged: tuple[Judged, ...]
    data: Mapping[str, str] = field(default_factory=dict)
    silent: str = ""

    @property
    def path(self) -> Path:
        """Where it is kept, from the course's folder."""
        return FOLDER / self.assignment / self.student / f"{self.notebook}.json"

    @property
    def outdated(self) -> bool:
        """Whether a test cell was handed over in a form, or for a rubric or an exercise, that there is no more.

        Or was trained on other data than are in use now: those curves are none to hold to the bands of these.
        """
        return any(
            each.account.get("version") != VERSION
            or each.rubric not in RUBRICS
            or str(each.account.get("exercise")) not in EXERCISES  # a kernel may have handed over anything
            or (each.trainings and self._on_other_data(EXERCISES[str(each.account["exercise"])].data_set))
            for each in self.judged
        )

    def _on_other_data(self, name: str | None) -> bool:
        return name in self.data and self.data[name] != data_in_use().get(name)

    def write(self, course: Path = Path()) -> None:
        """Keep it. Raises OSError where the folder cannot be written."""
        judged = [each.to_dict() for each in self.judged]
        content = json.dumps({"judged": judged, "data": dict(self.data), "silent": self.silent})
        write_atomically(course / self.path, content.encode())


def forget(assignment: str, student: str, notebook: str) -> None:
    """What was judged of an earlier hand-in counts no more: neither `rejudge` nor `why` shall find it."""
    with contextlib.suppress(OSError):
        Record(assignment, student, notebook, ()).path.unlink(missing_ok=True)


def record_of(
    names: Mapping[str, str],
    judged: Sequence[Mapping[str, Any]],
    data: Mapping[str, str] | None = None,
    silent: str = "",
) -> Record:
    """The record of a notebook by nbgrader's names of it, and what was said of its test cells; more as in `Record`."""
    own = (names["assignment"], names["student"], names["notebook"])
    return Record(*own, tuple(Judged.from_dict(each) for each in judged), dict(data or {}), silent)


def records(assignment: str, student: str = "*", course: Path = Path()) -> Iterator[Record | Path]:
    """The records of an assignment in all languages, learner by learner; the path of one that cannot be read."""
    for name in in_all_languages(assignment):
        for path in sorted((course / FOLDER / name).glob(f"{student}/*.json")):
            names = {"assignment": name, "student": path.parent.name, "notebook": path.stem}
            try:
                yield _read(names, path)
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                yield path


def record_kept(names: Mapping[str, str], course: Path = Path()) -> Record | None:
    """The record of a notebook by nbgrader's names of it; None where there is none that can be read."""
    path = Record(names["assignment"], names["student"], names["notebook"], ()).path
    try:
        return _read(names, course / path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read(names: Mapping[str, str], path: Path) -> Record:
    kept = json.loads(path.read_bytes())
    return record_of(names, kept["judged"], kept.get("data"), kept.get("silent", ""))
