"""A course in which one notebook of ada's is graded already, as a test says it was, and the page that she gets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.api import Gradebook, SubmittedNotebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from grader.autograde.feedback.step import FeedbackPage, WriteFeedback
from grader.autograde.judging import outputs
from grader.autograde.records import record_of
from grader.judged import Judged

UNIT, LEARNER = "unit", "ada"
HIDDEN = "assert square(-17) == 289, 'of negative numbers'"
TESTS = f"assert square(2) == 4\n### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS\nassert square(0) == 0"
BLOCKS = {"td", "th", "caption", "p", "h1", "h2", "h3", "h4", "li", "pre"}  # a space stands behind their texts


def cell(name: str, source: str, *outputs: NotebookNode, words: bool = False, **role: object) -> NotebookNode:
    """A cell of nbgrader's; ``role`` is what its metadata says of it."""
    told = {"grade_id": name, "schema_version": 3, "locked": False, "grade": False, "solution": False, "task": False}
    metadata = {"nbgrader": told | role}
    if words:
        return new_markdown_cell(source, metadata=metadata)
    return new_code_cell(source, metadata=metadata, outputs=list(outputs), execution_count=1)


def answer(name: str, source: str, *outputs: NotebookNode, **role: object) -> NotebookNode:
    """A cell in which the learner answers."""
    return cell(name, source, *outputs, solution=True, **role)


def test_cell(name: str, source: str, *outputs: NotebookNode, points: float = 1) -> NotebookNode:
    """A cell that tests."""
    return cell(name, source, *outputs, grade=True, locked=True, points=points)


test_cell.__test__ = False  # it is none of pytest's


def rubrics_cell(done: Judged) -> NotebookNode:
    """A test cell that has said a rubric's verdict."""
    return test_cell(done.rubric, "grade()", *outputs(done.rubric, done), points=done.verdict.maximum)


def raised(name: str, said: str, line: int, source: str = "…") -> NotebookNode:
    """The output of a cell that raised an error in that line, as IPython tells it."""
    traceback = [
        "\x1b[31m" + "-" * 75,
        f"\x1b[31m{name}\x1b[39m   Traceback (most recent call last)",
        f"\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[7]\x1b[39m\x1b[32m, line {line}\x1b[39m\n"
        f"\x1b[32m----> \x1b[39m\x1b[32m{line}\x1b[39m {source}",
        "\x1b[36mFile \x1b[39m\x1b[32m/opt/course/site-packages/secret/tests.py:12\x1b[39m, in f()",
        f"\x1b[31m{name}\x1b[39m: {said}",
    ]
    return new_output("error", ename=name, evalue=said, traceback=traceback)


def printed(text: str, stream: str = "stdout") -> NotebookNode:
    """What a cell printed."""
    return new_output("stream", name=stream, text=text)


def displayed(**data: str) -> NotebookNode:
    """What a cell displayed, by the kinds of it: ``text_html``, ``image_png``."""
    kinds = {kind.replace("_", "/", 1).replace("svg_xml", "svg+xml"): content for kind, content in data.items()}
    return new_output("display_data", data=kinds)


@cache
def empty_gradebook() -> bytes:
    """A gradebook as nbgrader makes it, which takes it a second or more."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradebook.db"
        Gradebook(f"sqlite:///{path}").close()
        return path.read_bytes()


@dataclass
class Course:
    """The course's folder."""

    root: Path
    notebook: str = "lesson"
    unit: str = UNIT
    settings: dict[str, dict[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.root / "gradebook.db").write_bytes(empty_gradebook())

    def graded(
        self,
        *cells: NotebookNode,
        scores: dict[str, float] | None = None,
        judged: Sequence[Judged] = (),
        silent: str = "",
        change: Callable[[SubmittedNotebook], None] = lambda notebook: None,
        **metadata: object,
    ) -> None:
        """Grade a notebook of these cells: with these scores, 0 where none is given, and these verdicts.

        ``silent`` as `Record.silent`.
        """
        names = {"assignment": self.unit, "student": LEARNER, "notebook": self.notebook}
        with Gradebook(f"sqlite:///{self.root / 'gradebook.db'}") as gradebook:
            gradebook.update_or_create_assignment(self.unit)
            gradebook.add_notebook(self.notebook, self.unit)
            for each in cells:
                role = each.metadata.get("nbgrader", {})
                own = (role.get("grade_id"), self.notebook, self.unit)
                if role.get("grade"):
                    gradebook.add_grade_cell(*own, max_score=role["points"], cell_type=each.cell_type)
                if role.get("solution"):
                    gradebook.add_solution_cell(*own)
                if role.get("task"):
                    gradebook.add_task_cell(*own, max_score=role["points"], cell_type=each.cell_type)
            gradebook.update_or_create_student(LEARNER)
            submission = gradebook.update_or_create_submission(self.unit, LEARNER)
            if self.notebook not in {each.name for each in submission.notebooks}:
                gradebook.remove_submission(self.unit, LEARNER)
                gradebook.add_submission(self.unit, LEARNER)
            submitted = gradebook.find_submission_notebook(self.notebook, self.unit, LEARNER)
            for grade in submitted.grades:
                grade.auto_score, grade.needs_manual_grade = (scores or {}).get(grade.name, 0.0), False
            change(submitted)
            gradebook.db.commit()
        if judged or silent:
            told = [json.loads(json.dumps(each.to_dict())) for each in judged]
            record_of(names, told, silent=silent).write(self.root)
        folder = self.root / "autograded" / LEARNER / self.unit
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(new_notebook(cells=list(cells), metadata=metadata), folder / f"{self.notebook}.ipynb")

    def page(self) -> str:
        """The page that ``nbgrader generate_feedback --force`` writes."""
        config = Config()
        config.CourseDirectory.root = str(self.root)
        config.GenerateFeedback.preprocessors = [WriteFeedback]
        config.GenerateFeedback.exporter_class = FeedbackPage
        for name, traits in self.settings.items():
            config[name].update(traits)
        made = NbGraderAPI(config=config).generate_feedback(self.unit, LEARNER)
        assert made["success"], made
        return (self.folder / f"{self.notebook}.html").read_text(encoding="utf-8")

    @property
    def folder(self) -> Path:
        """Where the pages are."""
        return self.root / "feedback" / LEARNER / self.unit


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """Such a course, on stand-ins; a test module takes it by this name."""
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    return Course(tmp_path)


class Read(HTMLParser):
    """A page as a browser takes it: its tags, their attributes, and its text by the region that it stands in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts = {"course": "", "yours": "", "": ""}
        self._sections: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "section":
            self._sections.append(str(dict(attrs)["class"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "section":
            self._sections.pop()
        elif tag in BLOCKS:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        self.texts[self._sections[-1] if self._sections else ""] += data

    @property
    def course(self) -> str:
        """What the course says, on one line."""
        return " ".join(self.texts["course"].split())

    @property
    def yours(self) -> str:
        """What is the learner's, on one line."""
        return " ".join(self.texts["yours"].split())
