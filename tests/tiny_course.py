"""A course of one assignment with two notebooks, whose answers need nothing but Python: graded in a second each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, SaveAutoGrades
from sqlalchemy import event
from sqlalchemy.engine import Engine
from traitlets.config import Config

from grader.autograde.converter import CarefulAutograde, careful_from_now_on
from grader.autograde.execute import WarmExecute

UNIT, ONE, TWO = "unit", "one", "two"
RIGHT = "answer, share = 42, 2.0"
TEST = "assert answer == 42"
PARTIAL = "min(max(share, 0.0), 2.0)"
NOT_RUN = {"Execute": {"enabled": False}}  # settings: graded as it stands


@contextlib.contextmanager
def hasty_gradebooks() -> Iterator[None]:
    """Gradebooks that do not wait for the disk: most of the time of many gradings would be spent on it."""

    def connected(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)


def cell(name: str, source: str, **nbgrader: object) -> nbformat.NotebookNode:
    """A cell of nbgrader's."""
    told = {"grade_id": name, "schema_version": 3, "locked": False, "grade": False, "solution": False, "task": False}
    return nbformat.v4.new_code_cell(source, id=name, metadata={"nbgrader": told | nbgrader})


def notebook(answer: str) -> nbformat.NotebookNode:
    """An assignment's notebook with an answer: one test of a point, and one of two points that gives shares."""
    cells = [
        cell("answer", answer, solution=True),
        cell("test", TEST, grade=True, locked=True, points=1),
        cell("share", PARTIAL, grade=True, locked=True, points=2),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


@dataclass
class TinyCourse:
    """A course in a folder of its own, with nbgrader's API on it."""

    root: Path
    stock: bool = False  # graded by nbgrader's own steps
    settings: dict[str, dict[str, object]] = field(default_factory=dict)

    def make(self, learners: dict[str, dict[str, str]]) -> None:
        """Generate the assignment and hand in what learners answer, by notebook."""
        source = self.root / "source" / UNIT
        source.mkdir(parents=True)
        (source / "data.txt").write_text("of the course")
        for name in (ONE, TWO):
            nbformat.write(notebook(RIGHT), source / f"{name}.ipynb")
        made = self.api().generate_assignment(UNIT)
        assert made["success"], made
        for learner, answers in learners.items():
            for name, answer in answers.items():
                self.hand_in(learner, name, answer)

    def hand_in(self, learner: str, name: str, answer: str, unit: str = UNIT) -> None:
        """Put one notebook where `collect` puts it."""
        folder = self.root / "submitted" / learner / unit
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook(answer), folder / f"{name}.ipynb")

    def config(self) -> Config:
        """nbgrader's settings."""
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.CourseDirectory.course_id = "tiny"
        config.CourseDirectory.assignment_id = UNIT
        steps = Autograde.autograde_preprocessors.default()
        if not self.stock:
            steps[steps.index(Execute)] = WarmExecute
            config.WarmExecute.workers = 1
        assert SaveAutoGrades in steps
        config.Autograde.autograde_preprocessors = steps
        config.Execute.timeout = 3
        config.Execute.iopub_timeout = 1
        for name, traits in self.settings.items():
            config[name].update(traits)
        return config

    def api(self) -> NbGraderAPI:
        """nbgrader's API on this course."""
        careful_from_now_on()
        return NbGraderAPI(config=self.config())

    def grade(self, force: bool = False, **selected: str) -> None:
        """What ``nbgrader autograde`` does; ``selected`` are traits of the course's folder."""
        api = self.api()
        for name, value in selected.items():
            setattr(api.coursedir, name, value)
        converter = (Autograde if self.stock else CarefulAutograde)(coursedir=api.coursedir, parent=api)
        converter.force = force
        converter.start()

    def scores(self) -> dict[tuple[str, str], tuple[float | None, ...]]:
        """The points of the two tests, by learner and notebook."""
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}", course_id="tiny") as gradebook:
            return {
                (submission.student.id, each.name): tuple(
                    grade.auto_score for grade in sorted(each.grades, key=lambda grade: grade.name)
                )[::-1]
                for submission in gradebook.assignment_submissions(UNIT)
                for each in submission.notebooks
            }

    def graded(self, learner: str) -> Path:
        """Where a learner's graded notebooks are."""
        return self.root / "autograded" / learner / UNIT
